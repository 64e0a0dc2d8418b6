"""What a new or returning screen needs to draw at once: devices, channels and their recent readings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, union_all

from app.core import times
from app.core.errors import Invalid
from app.core.extensions import db
from app.core.records import id_in
from app.sensors.models import Channel, Device, Reading

RECENT = 60
CATCH_UP = 3600
# However many channels there are, a screen is sent no more than this at once.
MOST_POINTS = 40_000
MOST_DEVICES = 100
MOST_CHANNELS = 400
LARGEST_MS = 2**53

Since = int | dict[int, int] | None
CHANNEL_COLUMNS = (
    Channel.id,
    Channel.device_id,
    Channel.key,
    Channel.name,
    Channel.quantity,
    Channel.kind,
    Channel.unit,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription asks for. Without rooms it means every active device.

    `since` in ms since 1970: one moment for all, or the newest reading the screen has of each channel.
    """

    rooms: list[str] = field(default_factory=list)
    device_ids: list[int] = field(default_factory=list)
    digester_ids: list[int] = field(default_factory=list)
    since: Since = None


def device_room(device_id: int) -> str:
    """The Socket.IO room of those who follow a device."""
    return f"device:{device_id}"


def digester_room(digester_id: int) -> str:
    """The Socket.IO room of those who follow a digester."""
    return f"digester:{digester_id}"


def read_request(wanted: Any, devices_of_digester: Callable[[int], list[int]]) -> Wanted:
    """`{devices: [id or code], digesters: [id], since}` understood. Raises Invalid naming the field, or NotFound."""
    asked = wanted if isinstance(wanted, dict) else {}
    digesters = [_digester_id(value) for value in _list(asked, "digesters")]
    devices = [_device_id(value) for value in _list(asked, "devices")]
    measuring = [device for digester in digesters for device in devices_of_digester(digester)]
    rooms = [device_room(i) for i in devices] + [digester_room(i) for i in digesters]
    return Wanted(rooms, sorted({*devices, *measuring}), digesters, _since(asked.get("since")))


def picture(wanted: Wanted) -> dict[str, Any]:
    """The devices asked for with each channel's readings: the last ones, or all after the moment given.

    Three queries, whatever the number of channels. `truncated` says that not all could be sent at once.
    """
    devices = list(db.session.execute(_devices(wanted)).mappings())
    channels = list(db.session.execute(_channels([device["id"] for device in devices])).mappings())
    points = _points(channels, wanted.since)
    drawn: dict[int, list[Any]] = {device["id"]: [] for device in devices[:MOST_DEVICES]}
    for channel in channels[:MOST_CHANNELS]:
        if channel["device_id"] in drawn:
            drawn[channel["device_id"]].append({**channel, **points[channel["id"]]})
    now = times.now_ms()
    return {
        "at": times.iso_ms(now),
        "at_ms": now,
        "devices": [{**device, "channels": drawn[device["id"]]} for device in devices[:MOST_DEVICES]],
        "truncated": len(devices) > MOST_DEVICES or len(channels) > MOST_CHANNELS,
    }


def _devices(wanted: Wanted) -> Any:
    query = select(Device.id, Device.code, Device.name, Device.online, Device.last_seen_ms)
    query = query.where(Device.status == "active").order_by(Device.code).limit(MOST_DEVICES + 1)
    return query.where(Device.id.in_(wanted.device_ids)) if wanted.rooms else query


def _channels(device_ids: list[int]) -> Any:
    query = select(*CHANNEL_COLUMNS).where(Channel.device_id.in_(device_ids))
    return query.order_by(Channel.device_id, Channel.key).limit(MOST_CHANNELS + 1)


def _points(channels: list[Any], since: Since) -> dict[int, dict[str, Any]]:
    """For each channel id its points [ts_ms, value] by time, and whether there were more since the moment given."""
    starts = {c["id"]: since.get(c["id"]) if isinstance(since, dict) else since for c in channels}
    catch_up = min(CATCH_UP, MOST_POINTS // max(len(channels), 1))
    most = {i: RECENT if start is None else catch_up for i, start in starts.items()}
    found: dict[int, list[list[float]]] = {i: [] for i in starts}
    if starts:
        parts = [select(_newest(i, start, most[i]).subquery()) for i, start in starts.items()]
        for channel_id, ts_ms, value in db.session.execute(union_all(*parts)):
            found[channel_id].append([ts_ms, value])
    return {
        i: {
            "points": sorted(points)[-most[i] :],
            "truncated": starts[i] is not None and len(points) > most[i],
        }
        for i, points in found.items()
    }


def _newest(channel_id: int, start_ms: int | None, most: int) -> Any:
    query = select(Reading.channel_id, Reading.ts_ms, Reading.value).where(Reading.channel_id == channel_id)
    if start_ms is not None:
        query = query.where(Reading.ts_ms > start_ms)
    return query.order_by(Reading.ts_ms.desc()).limit(most + 1)


def _device_id(named: Any) -> int:
    """The id of a device given by id or code."""
    known = None
    if isinstance(named, int | str) and not isinstance(named, bool):
        same = Device.code == named if isinstance(named, str) else Device.id == id_in(str(named))
        known = db.session.scalar(select(Device.id).where(same))
    if known is None:
        raise Invalid(fields={"devices": f"No existe el dispositivo {str(named)[:64]}"})
    return known


def _digester_id(value: Any) -> int:
    number = id_in(str(value))
    if number is None:
        raise Invalid(fields={"digesters": "Debe contener números de identificación"})
    return number


def _list(asked: dict[str, Any], name: str) -> list[Any]:
    value = asked.get(name) or []
    if not isinstance(value, list) or len(value) > MOST_DEVICES:
        raise Invalid(fields={name: f"Debe ser una lista de hasta {MOST_DEVICES} elementos"})
    return value


def _since(value: Any) -> Since:
    try:
        if isinstance(value, dict):
            return {int(channel): _moment_ms(moment) for channel, moment in value.items()}
        return None if value in (None, "") else _moment_ms(value)
    except (ValueError, TypeError, OverflowError):
        raise Invalid(fields={"since": "Debe ser una fecha ISO 8601, milisegundos, o milisegundos por canal"})


def _moment_ms(value: Any) -> int:
    if isinstance(value, int | float) or str(value).isdigit():
        return min(max(int(value), 0), LARGEST_MS)
    moment = datetime.fromisoformat(str(value))
    return times.to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
