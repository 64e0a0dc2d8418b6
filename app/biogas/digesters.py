"""Digesters and the devices that measure them. Knows no gas volumes."""

from typing import Any

from sqlalchemy import func, select

from app.biogas.metering import mark_all
from app.biogas.models import Digester, DigesterDevice, Filling
from app.core import records
from app.core.errors import Conflict, Invalid
from app.core.extensions import current_settings, db
from app.sensors.models import Device

# What the days' volumes were computed with.
METERING = {"timezone", "meter_temperature_c", "meter_pressure_hpa", "max_rate_m3h"}


def create_digester(devices: list[str] | None = None, timezone: str | None = None, **values: Any) -> Digester:
    """A new digester. The farm's first one takes every device that measures none yet."""
    first = db.session.scalar(select(func.count(Digester.id))) == 0
    digester = records.create(Digester, timezone=timezone or farm_zone(), **values)
    records.flush()
    if devices is not None:
        set_devices(digester, devices)
    elif first:
        digester.devices = list(db.session.scalars(_unattached()))
        records.flush()
    mark_all(digester)
    return digester


def update_digester(digester: Digester, **changes: Any) -> Digester:
    """Changes a digester; `devices`, when given, are all it has from now on. Its days are then metered again."""
    devices = changes.pop("devices", None)
    if devices is not None:
        set_devices(digester, devices)
    records.update(digester, **changes)
    if devices is not None or METERING & changes.keys():
        mark_all(digester)
    return digester


def redeclared(device: Device) -> None:
    """What a device's channels mean has changed: the digester it measures is metered again."""
    digester = db.session.scalars(
        select(Digester).join(DigesterDevice).where(DigesterDevice.device_id == device.id)
    ).first()
    if digester is not None:
        mark_all(digester)


def set_devices(digester: Digester, codes: list[str]) -> None:
    """Ties exactly these devices to the digester. Raises Invalid for an unknown one, Conflict for another's."""
    found = {
        device.code: device for device in db.session.scalars(select(Device).where(Device.code.in_(codes)))
    }
    unknown = [code for code in codes if code not in found]
    if unknown:
        raise Invalid(fields={"devices": f"No existe el dispositivo {', '.join(unknown)}"})
    ids = [device.id for device in found.values()]
    taken = select(DigesterDevice.device_id).where(
        DigesterDevice.device_id.in_(ids), DigesterDevice.digester_id != digester.id
    )
    if db.session.scalars(taken).first() is not None:
        raise Conflict("Un dispositivo ya mide otro biodigestor", field="devices")
    digester.devices = list(found.values())
    records.flush()


def adopt_device(device: Device) -> None:
    """A new device measures the farm's only digester, when there is only one; otherwise somebody must say."""
    ids = list(db.session.scalars(select(Digester.id).limit(2)))
    if len(ids) == 1:
        db.session.add(DigesterDevice(device_id=device.id, digester_id=ids[0]))
        records.flush()


def remove_digester(digester: Digester) -> None:
    """Deletes a digester that never had a filling."""
    count = db.session.scalar(select(func.count(Filling.id)).where(Filling.digester_id == digester.id))
    if count:
        raise Conflict(f"El biodigestor tiene {count} etapas; no se puede eliminar")
    records.remove(digester)


def only_digester() -> Digester:
    """The farm's digester when it has just one; otherwise somebody must say which."""
    found = list(db.session.scalars(select(Digester).order_by(Digester.id).limit(2)))
    if len(found) != 1:
        why = "Indique el biodigestor" if found else "Registre primero un biodigestor"
        raise Invalid(fields={"digester_id": why})
    return found[0]


def farm_zone() -> str:
    """The time zone of the farm."""
    return current_settings().farm_timezone


def _unattached() -> Any:
    return select(Device).where(Device.id.not_in(select(DigesterDevice.device_id)))
