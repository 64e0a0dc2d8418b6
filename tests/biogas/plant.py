"""What the tests of digesters stand on: things registered through the door, meters read, marks settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from conftest import Caller
from flask import Flask
from sqlalchemy import delete, insert

from app import wiring
from app.core import times
from app.core.transaction import transaction
from app.sensors import rollups
from app.sensors.models import DirtyBucket, Lease, Reading

FARM = "America/Bogota"
GAS = {"key": "gas_total_m3"}
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def made(answer: Any, status: int = 201) -> Any:
    """The data of an answer that must have gone well."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json["data"]


def new_device(caller: Caller, code: str = "medidor", channels: Iterable[dict[str, Any]] = (GAS,)) -> Any:
    body = {"code": code, "expected_interval_s": 3600, "channels": list(channels)}
    return made(caller.post("/sensors", json=body))


def new_digester(caller: Caller, name: str = "Uno", **values: Any) -> Any:
    return made(caller.post("/biogas/digesters", json={"name": name, "volume_m3": 50, **values}))


def new_filling(caller: Caller, **values: Any) -> Any:
    return made(caller.post("/biogas/fillings", json={**FEED, **values}))


FEED = {"material_type": "bovino", "material_amount_kg": 1000, "material_humidity_pct": 80}


def today(zone: str = FARM) -> dt.date:
    return times.local_day(times.now(), zone)


def days_ago(days: int, zone: str = FARM) -> dt.date:
    return today(zone) - dt.timedelta(days=days)


def local_ms(day: dt.date, hour: float = 0.0, zone: str = FARM) -> int:
    """The instant of an hour of a local day."""
    midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
    return times.to_ms(midnight) + round(hour * HOUR_MS)


@dataclass
class Plant:
    """A digester with one device and a filling begun some days ago, and what its meter says."""

    app: Flask
    caller: Caller
    device: Any
    digester: Any
    filling: Any

    @property
    def first_day(self) -> dt.date:
        return dt.date.fromisoformat(self.filling["date"])

    def channel(self, key: str = "gas_total_m3") -> int:
        return int(next(c["id"] for c in self.device["channels"] if c["key"] == key))

    def read(self, samples: Iterable[tuple[int, float]], key: str = "gas_total_m3") -> None:
        """Stores readings and marks their buckets, as ingest does; computes nothing."""
        channel = self.channel(key)
        rows = [{"channel_id": channel, "ts_ms": ts, "value": value} for ts, value in samples]
        buckets = {(channel, rollups.bucket_of(row["ts_ms"])) for row in rows}
        with self.app.app_context(), transaction() as session:
            session.execute(insert(Reading), rows)
            session.execute(
                insert(DirtyBucket), [{"channel_id": c, "bucket_ms": b} for c, b in sorted(buckets)]
            )

    def settle(self) -> None:
        settle(self.app)

    def production(self) -> Any:
        return made(self.caller.get(f"/biogas/fillings/{self.filling['id']}/production"), 200)

    def actual(self) -> Any:
        return self.production()["actual"]


def settle(app: Flask) -> None:
    """Rolls up and computes all that is marked, without waiting for the lease of a turn just done."""
    with app.app_context():
        with transaction() as session:
            session.execute(delete(Lease))
        wiring.settle_everything()


def new_plant(
    app: Flask,
    caller: Caller,
    days: int = 3,
    channels: Iterable[dict[str, Any]] = (GAS,),
    **digester: Any,
) -> Plant:
    """A plant whose filling began `days` ago at local midnight."""
    device = new_device(caller, channels=channels)
    made_digester = new_digester(caller, devices=["medidor"], **digester)
    zone = made_digester["timezone"]
    filling = new_filling(caller, digester_id=made_digester["id"], date=str(days_ago(days, zone)))
    return Plant(app, caller, device, made_digester, filling)


def climbing(
    start_ms: int, hours: int, first: float = 100.0, per_hour: float = 0.5
) -> list[tuple[int, float]]:
    """An hourly register that climbs steadily from `start_ms` on, both ends included."""
    return [(start_ms + n * HOUR_MS, first + n * per_hour) for n in range(hours + 1)]
