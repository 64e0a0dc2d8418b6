"""Devices and channels as people see and declare them. Storing readings is ingest's part."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, select

from app.core import records, times
from app.core.errors import Conflict, Invalid, NotFound
from app.core.extensions import current_settings, db
from app.sensors import keys
from app.sensors.models import Channel, Device, Message, Reading, RejectCount, Rollup

DAYS_SHOWN = 30
Replay = Callable[[Device], None]


def register_device(
    code: str, name: str | None = None, channels: Sequence[dict[str, Any]] = (), **values: Any
) -> Device:
    """A device known before it publishes. Raises Conflict when the code is taken."""
    device = records.create(Device, code=code, name=name or code, **values)
    declare_channels(device, channels)
    return device


def update_device(
    device: Device, replay: Replay, channels: Sequence[dict[str, Any]] = (), **changes: Any
) -> Device:
    """Changes a device and its channels; approving a quarantined one stores what it sent meanwhile."""
    approved = device.status == "pending" and changes.get("status") == "active"
    records.update(device, **changes)
    declare_channels(device, channels)
    if approved:
        replay(device)
        db.session.refresh(device)
    return device


def declare_channels(device: Device, declared: Sequence[dict[str, Any]]) -> None:
    """Sets what each channel, found by its key, means; a new key is a new channel."""
    known = {channel.key: channel for channel in device.channels}
    for values in declared:
        key = values["key"]
        channel = known.get(key) or _new_channel(device, key)
        _require_order({**{n: getattr(channel, n) for n in ("min_value", "max_value")}, **values})
        records.update(channel, **values)
    db.session.expire(device, ["channels"])


def _new_channel(device: Device, key: str) -> Channel:
    if keys.fold(key) is None:
        raise Invalid(fields={"channels.key": "Use letras, números y guiones, hasta 64 caracteres"})
    meant = keys.declare(key, current_settings().caudal_gas_kind)
    return records.create(
        Channel,
        device=device,
        key=key,
        name=meant.name,
        quantity=meant.quantity,
        kind=meant.kind,
        unit=meant.unit,
        min_value=meant.minimum,
        max_value=meant.maximum,
    )


def _require_order(values: dict[str, Any]) -> None:
    low, high = values.get("min_value"), values.get("max_value")
    if low is not None and high is not None and low >= high:
        raise Invalid(fields={"channels.min_value": "Debe ser menor que max_value"})


def remove_device(device: Device) -> None:
    """Deletes a device that never stored a reading; one that did is disabled instead, its data stay."""
    has_readings = select(exists().where(Reading.channel_id.in_(_channel_ids(device))))
    if db.session.scalar(has_readings):
        raise Conflict("El dispositivo tiene lecturas guardadas; desactívelo en lugar de eliminarlo")
    db.session.execute(delete(Rollup).where(Rollup.channel_id.in_(_channel_ids(device))))
    db.session.execute(delete(Message).where(Message.device_id == device.id))
    records.remove(device)


def device_named(name: str) -> Device:
    """The device with this code, or else with this id."""
    found = db.session.scalars(select(Device).where(Device.code == name)).first()
    if found is None and (number := records.id_in(name)) is not None:
        found = db.session.get(Device, number)
    if found is None:
        raise NotFound(f"El dispositivo {name} no existe")
    return found


def channels_of(device: Device, name: str | None) -> list[Channel]:
    """The device's channels, or the one with this key or id."""
    if name is None:
        return list(device.channels)
    found = [channel for channel in device.channels if name in (channel.key, str(channel.id))]
    if not found:
        raise NotFound(f"El dispositivo no tiene el canal {name}")
    return found


def latest(device_id: int | None = None) -> Sequence[Any]:
    """The newest reading of every channel in one query: one step down the clustered key for each."""
    newest = (
        select(func.max(Reading.ts_ms))
        .where(Reading.channel_id == Channel.id)
        .correlate(Channel)
        .scalar_subquery()
    )
    query = (
        select(
            Device.id.label("device_id"), Device.code.label("device"), Device.online,
            Channel.id.label("channel_id"), Channel.key, Channel.name, Channel.quantity, Channel.kind, Channel.unit,
            Reading.value, Reading.ts_ms,
        )
        .join(Channel, Channel.device_id == Device.id)
        .join(Reading, and_(Reading.channel_id == Channel.id, Reading.ts_ms == newest))
        .order_by(Device.code, Channel.key)
        .limit(10_000)
    )  # fmt: skip
    return db.session.execute(query if device_id is None else query.where(Device.id == device_id)).all()


def stats() -> dict[str, Any]:
    """Messages of the last minute and hour, readings of each of the last days, devices and refusals."""
    now = times.now_ms()
    per_hour = _messages_since(now - 3_600_000)
    last = db.session.scalar(select(func.max(Device.last_seen_ms)))
    return {
        "messages_last_minute": _messages_since(now - 60_000),
        "messages_per_minute": round(per_hour / 60, 2),
        "readings_per_day": _readings_per_day(now),
        "devices": _counted(select(Device.status, func.count()).group_by(Device.status)),
        "rejects": reject_counts(),
        "last_message_at": times.iso_ms(last) if last else None,
    }


def reject_counts() -> dict[str, int]:
    """How many messages or values were refused, by reason."""
    return _counted(select(RejectCount.reason, RejectCount.count))


def _counted(query: Select[str, int]) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _messages_since(start_ms: int) -> int:
    # By device, so that each count is a range of the clustered key and not a scan of every message.
    found = db.session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.device_id.in_(select(Device.id)), Message.ts_ms > start_ms)
    )
    return found or 0


def _readings_per_day(now: int) -> list[dict[str, Any]]:
    """Counted on the rollups, at most 96 rows a channel and day; days are UTC."""
    day = (Rollup.bucket_ms - Rollup.bucket_ms % times.DAY_MS).label("day")
    start = (now // times.DAY_MS - DAYS_SHOWN + 1) * times.DAY_MS
    query = select(day, func.sum(Rollup.n)).where(
        Rollup.channel_id.in_(select(Channel.id)), Rollup.bucket_ms >= start
    )
    rows = db.session.execute(query.group_by(day).order_by(day))
    return [{"date": times.from_ms(int(d)).date().isoformat(), "readings": int(n)} for d, n in rows]


def _channel_ids(device: Device) -> list[int]:
    return [channel.id for channel in device.channels]
