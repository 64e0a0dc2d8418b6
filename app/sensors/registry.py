"""Which device and channel a code and a key mean, creating them on first sight. Knows no reading."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import times
from app.core.settings import Settings
from app.sensors import keys
from app.sensors.models import Channel, Device

STALE_MS = 2000


@dataclass(slots=True, eq=False)
class KnownChannel:
    """What ingest and its watchers need of a channel."""

    id: int
    key: str
    name: str
    quantity: str
    kind: str
    unit: str
    low: float
    high: float

    def refusal(self, value: float) -> str | None:
        """Why the channel cannot have this value, if it cannot."""
        if self.low <= value <= self.high:
            return None
        return "negative" if self.low == 0 > value else "out_of_range"


@dataclass(slots=True, eq=False)
class KnownDevice:
    """What ingest and its watchers need of a device. `channels` is keyed by every spelling met so far."""

    id: int
    code: str
    name: str
    status: str
    online: bool
    last_seen_ms: int
    expected_interval_s: float
    channels: dict[str, KnownChannel] = field(default_factory=dict)
    channels_loaded: bool = False


DEVICE_COLUMNS = (
    Device.id,
    Device.code,
    Device.name,
    Device.status,
    Device.online,
    Device.last_seen_ms,
    Device.expected_interval_s,
)
CHANNEL_COLUMNS = (
    Channel.id,
    Channel.key,
    Channel.name,
    Channel.quantity,
    Channel.kind,
    Channel.unit,
    Channel.min_value,
    Channel.max_value,
)


class Registry:
    """Devices and channels, remembered for two seconds. Used by one thread, within its transaction."""

    def __init__(self, settings: Settings, new_device: Callable[[Device], None]) -> None:
        self._settings = settings
        self._new_device = new_device
        self._devices: dict[str, KnownDevice] = {}
        self._loaded_ms = 0

    def forget(self) -> None:
        """Read everything anew: a transaction was undone, or somebody else changed a device."""
        self._loaded_ms = 0

    def prepare(self, session: Session, codes: Iterable[str]) -> None:
        """Makes the devices of these codes, and their channels, known."""
        now_ms = times.now_ms()
        if not 0 <= now_ms - self._loaded_ms < STALE_MS:
            rows = session.execute(select(*DEVICE_COLUMNS)).all()
            self._devices = {row.code.lower(): _known_device(row) for row in rows}
            self._loaded_ms = now_ms
        known = {self._devices[code.lower()] for code in codes if code.lower() in self._devices}
        self._load_channels(session, {device.id: device for device in known if not device.channels_loaded})

    def _load_channels(self, session: Session, devices: dict[int, KnownDevice]) -> None:
        if not devices:
            return
        wanted = select(Channel.device_id, *CHANNEL_COLUMNS).where(Channel.device_id.in_(devices))
        for row in session.execute(wanted):
            _add_channel(devices[row.device_id], _known_channel(row))
        for device in devices.values():
            device.channels_loaded = True

    def find(self, code: str) -> KnownDevice | None:
        """The device of this code, if there is one. Case does not distinguish devices."""
        return self._devices.get(code.lower())

    def find_or_create(self, session: Session, code: str) -> KnownDevice | None:
        """The device of this code, created at first sight; None when there are too many."""
        device = self.find(code)
        if device is not None or len(self._devices) >= self._settings.sensors_max_devices:
            return device
        row = Device(code=code, name=code)
        row.status = "active" if self._settings.sensors_auto_register else "pending"
        session.add(row)
        session.flush()
        self._new_device(row)
        device = KnownDevice(row.id, code, row.name, row.status, False, 0, row.expected_interval_s)
        device.channels_loaded = True
        self._devices[code.lower()] = device
        return device

    def recheck(self, session: Session, device: KnownDevice) -> None:
        """Reads the device's status and locks it: an approval waits for our messages, or we see it."""
        fresh = select(Device.status).where(Device.id == device.id).with_for_update()
        device.status = session.execute(fresh).scalar_one_or_none() or "disabled"

    def channel(self, session: Session, device: KnownDevice, key: str) -> KnownChannel | None:
        """The device's channel of this key, created at first sight; None when the device has too many."""
        known = device.channels.get(key) or device.channels.get(keys.fold(key) or "")
        if known is None:
            if len({id(c) for c in device.channels.values()}) >= self._settings.sensors_max_channels:
                return None
            known = self._create_channel(session, device, key)
        device.channels[key] = known
        return known

    def _create_channel(self, session: Session, device: KnownDevice, key: str) -> KnownChannel:
        declared = keys.declare(key, self._settings.caudal_gas_kind)
        row = Channel(
            device_id=device.id,
            key=key,
            name=declared.name,
            quantity=declared.quantity,
            kind=declared.kind,
            unit=declared.unit,
            min_value=declared.minimum,
            max_value=declared.maximum,
        )
        session.add(row)
        session.flush()
        known = _known_channel(row)
        _add_channel(device, known)
        return known


def _known_device(row: tuple[int, str, str, str, bool, int | None, float]) -> KnownDevice:
    device_id, code, name, status, online, last_seen_ms, interval_s = row
    return KnownDevice(device_id, code, name, status, online, last_seen_ms or 0, interval_s)


def _known_channel(row: Any) -> KnownChannel:
    low = -inf if row.min_value is None else row.min_value
    high = inf if row.max_value is None else row.max_value
    return KnownChannel(row.id, row.key, row.name, row.quantity, row.kind, row.unit, low, high)


def _add_channel(device: KnownDevice, channel: KnownChannel) -> None:
    device.channels[channel.key] = channel
    device.channels[keys.fold(channel.key) or channel.key] = channel
