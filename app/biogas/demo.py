"""A farm to try out: one digester, a filling twenty days old and the readings of those days, faults included."""

import datetime as dt
import math
import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select

from app.biogas.comparison import expected_of
from app.biogas.digesters import create_digester, farm_zone
from app.biogas.fillings import open_filling
from app.biogas.models import Digester, Filling
from app.core import times
from app.core.extensions import db
from app.sensors import rollups
from app.sensors.models import Device, DirtyBucket, Reading
from app.sensors.service import register_device

DAYS = 20
STEP_S = 300
DEVICE = "biodigestor-1"
KEYS = ("presion", "temperatura", "humedad", "calidad", "gas_total_m3", "biol_total_m3")
ROWS_AT_ONCE = 5000
# What happened to this digester: the node without power for some hours, and a meter set back to zero.
OUTAGE_DAY, RESET_DAY = 9, 14


def create_farm() -> bool:
    """Makes the demonstration farm unless there is a digester already; whether it did."""
    if db.session.scalar(select(Digester.id).limit(1)) is not None:
        return False
    device = register_device(
        DEVICE,
        "Nodo del biodigestor 1",
        [{"key": key} for key in KEYS],
        kind="gateway",
        place="Planta de biogás",
    )
    device.expected_interval_s = float(STEP_S)
    digester = create_digester(
        name="Biodigestor 1", volume_m3=60.0, place="Planta de biogás", devices=[DEVICE]
    )
    today = times.local_day(times.now(), farm_zone())
    filling = open_filling(
        digester.id,
        date=today - dt.timedelta(days=DAYS),
        people="Aprendices de la ficha 2890",
        material_type="bovino",
        material_amount_kg=14_000.0,
        material_humidity_pct=84.0,
        added_water_m3=12.0,
        temperature_c=33.0,
    )
    _store(device, filling)
    return True


def _store(device: Device, filling: Filling) -> None:
    ids = {channel.key: channel.id for channel in device.channels}
    rows: list[dict[str, Any]] = [
        {"channel_id": ids[key], "ts_ms": ts_ms, "value": value}
        for ts_ms, values in _readings(filling)
        for key, value in values.items()
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        db.session.execute(insert(Reading), rows[start : start + ROWS_AT_ONCE])
    buckets = sorted({(row["channel_id"], rollups.bucket_of(row["ts_ms"])) for row in rows})
    db.session.execute(insert(DirtyBucket), [{"channel_id": c, "bucket_ms": b} for c, b in buckets])
    device.last_seen_ms = rows[-1]["ts_ms"]


def _readings(filling: Filling) -> Iterator[tuple[int, dict[str, float]]]:
    """What the node sent from the filling's start to now: the expected curve with weather, noise and faults."""
    chance = random.Random(20)  # noqa: S311  # the same farm every time
    start_ms, end_ms = times.to_ms(filling.started_at), times.now_ms()
    daily_m3 = expected_of(filling, DAYS + 2).biogas_m3
    gas, biol = 0.0, 0.0
    for ts_ms in range(start_ms, end_ms, STEP_S * 1000):
        day, hour = divmod((ts_ms - start_ms) / 3_600_000, 24)
        sun = math.sin(2 * math.pi * (hour - 9) / 24)
        gas += daily_m3[int(day)] * (0.94 + 0.12 * sun + chance.uniform(-0.1, 0.1)) * STEP_S / 86_400
        biol += 0.05 * STEP_S / 3600
        if int(day) == RESET_DAY and hour < STEP_S / 3600:
            gas = 0.0
        if int(day) == OUTAGE_DAY and 10 <= hour < 16:
            continue
        yield (
            ts_ms,
            {
                "presion": round(1007 - 2 * sun + chance.uniform(-1, 1), 2),
                "temperatura": round(33 + 1.8 * sun + chance.uniform(-0.3, 0.3), 2),
                "humedad": round(68 - 9 * sun + chance.uniform(-2, 2), 1),
                "calidad": round(60 + 2 * math.sin(day / 3) + chance.uniform(-0.5, 0.5), 2),
                "gas_total_m3": round(gas, 4),
                "biol_total_m3": round(biol, 4),
            },
        )
