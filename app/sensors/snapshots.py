"""What a new or returning screen needs to draw at once: devices, channels and their recent readings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, union_all

from app.core import times
from app.core.errors import Invalid
from app.core.extensions import db
from app.core.records import MAX_ID
from app.sensors.models import Channel, Device, Reading

RECENT = 60
CATCH_UP = 3600
MOST = 100
MOST_CHANNELS = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription asks for. Without devices it means every active one."""

    device_ids: list[int] = field(default_factory=list)
    digester_ids: list[int] = field(default_factory=list)
    since_ms: int | None = None

    @property
    def rooms(self) -> list[str]:
        """The Socket.IO rooms it means."""
        return [f"device:{i}" for i in self.device_ids] + [f"digester:{i}" for i in self.digester_ids]


def read_request(wanted: Any, devices_of_digester: Callable[[int], list[int]]) -> Wanted:
    """`{devices: [id or code], digesters: [id], since: ISO or ms}` understood. Raises Invalid naming the field."""
    asked = wanted if isinstance(wanted, dict) else {}
    digesters = [_whole(value, "digesters") for value in _list(asked, "digesters")]
    devices = _device_ids(_list(asked, "devices"))
    of_digesters = [device for digester in digesters for device in devices_of_digester(digester)]
    return Wanted(sorted({*devices, *of_digesters}), digesters, _since(asked.get("since")))


def picture(wanted: Wanted) -> dict[str, Any]:
    """The devices asked for with each channel's readings: the last ones, or all since the moment given.

    Three queries, whatever the number of channels. `truncated` says that a channel had more than we send at once.
    """
    devices = list(db.session.execute(_devices(wanted)).mappings())
    channels = list(
        db.session.execute(
            select(
                Channel.id,
                Channel.device_id,
                Channel.key,
                Channel.name,
                Channel.quantity,
                Channel.kind,
                Channel.unit,
            )
            .where(Channel.device_id.in_([device["id"] for device in devices]))
            .order_by(Channel.device_id, Channel.key)
            .limit(MOST_CHANNELS)
        ).mappings()
    )
    most = CATCH_UP if wanted.since_ms is not None else RECENT
    points = _points([channel["id"] for channel in channels], wanted.since_ms, most)
    drawn: dict[int, list[Any]] = {device["id"]: [] for device in devices}
    for channel in channels:
        found = points.get(channel["id"], [])
        drawn[channel["device_id"]].append({**channel, "points": found, "truncated": len(found) >= most})
    now = times.now_ms()
    return {
        "at": times.iso_ms(now),
        "at_ms": now,
        "devices": [{**device, "channels": drawn[device["id"]]} for device in devices],
    }


def _devices(wanted: Wanted) -> Any:
    query = select(Device.id, Device.code, Device.name, Device.online, Device.last_seen_ms)
    query = query.where(Device.status == "active").order_by(Device.code).limit(MOST)
    if wanted.device_ids or wanted.digester_ids:
        query = query.where(Device.id.in_(wanted.device_ids))
    return query


def _points(channel_ids: list[int], since_ms: int | None, most: int) -> dict[int, list[list[float]]]:
    if not channel_ids:
        return {}
    parts = []
    for channel_id in channel_ids:
        part = select(Reading.channel_id, Reading.ts_ms, Reading.value).where(
            Reading.channel_id == channel_id
        )
        part = part.where(Reading.ts_ms > since_ms) if since_ms is not None else part
        parts.append(select(part.order_by(Reading.ts_ms.desc()).limit(most).subquery()))
    points: dict[int, list[list[float]]] = {}
    for channel_id, ts_ms, value in db.session.execute(union_all(*parts)):
        points.setdefault(channel_id, []).append([ts_ms, value])
    return {channel_id: sorted(found) for channel_id, found in points.items()}


def _device_ids(named: list[Any]) -> list[int]:
    ids = [value for value in named if isinstance(value, int) and 0 < value <= MAX_ID]
    codes = [str(value)[:64] for value in named if not isinstance(value, int)]
    found = db.session.scalars(select(Device.id).where(Device.id.in_(ids) | Device.code.in_(codes)))
    return list(found) if named else []


def _list(asked: dict[str, Any], name: str) -> list[Any]:
    value = asked.get(name) or []
    if not isinstance(value, list) or len(value) > MOST:
        raise Invalid(fields={name: f"Debe ser una lista de hasta {MOST} elementos"})
    return value


def _whole(value: Any, name: str) -> int:
    if not str(value).isdigit() or not 0 < int(value) <= MAX_ID:
        raise Invalid(fields={name: "Debe contener números de identificación"})
    return int(value)


def _since(value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        if isinstance(value, int | float) or str(value).isdigit():
            return min(max(int(value), 0), 2**53)
        moment = datetime.fromisoformat(str(value))
        return times.to_ms(moment if moment.tzinfo else moment.replace(tzinfo=times.UTC))
    except (ValueError, OverflowError):
        raise Invalid(fields={"since": "Debe ser una fecha ISO 8601 o milisegundos"})
