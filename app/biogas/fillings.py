"""Fillings ("etapas"): the rules of opening, changing and closing. Computes no gas."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.biogas.digesters import only_digester
from app.biogas.materials import material_called
from app.biogas.models import Digester, Filling, Report
from app.biogas.parameters import overlaid
from app.core import records, times
from app.core.errors import Conflict, Invalid, NotFound
from app.core.extensions import db

NOBODY_NAMED = "Sin especificar"


def open_filling(digester_id: int | None = None, **values: Any) -> Filling:
    """Opens a filling. Raises Conflict when the digester has an active one or the dates overlap an earlier one."""
    digester = (
        only_digester() if digester_id is None else records.get(Digester, digester_id, "El biodigestor")
    )
    material = material_called(values.pop("material_type"))
    given = values.pop("date", None) or times.local_day(times.now(), digester.timezone)
    # Of two requests at once, the second looks when the first has opened its filling.
    db.session.execute(select(Digester.id).where(Digester.id == digester.id).with_for_update())
    if active_filling(digester.id):
        raise Conflict("El biodigestor ya tiene una etapa activa; ciérrela primero", code="FILLING_ACTIVE")
    return records.create(
        Filling,
        digester=digester,
        active_digester_id=digester.id,
        number=_number(digester.id, values.pop("number", None)),
        date=given,
        started_at=_start(digester, given),
        people=values.pop("people", None) or NOBODY_NAMED,
        material=material,
        material_type=material.key,
        parameters=overlaid(material.parameters, values.pop("parameters", None) or {}, material.key),
        **values,
    )


def update_filling(filling: Filling, **changes: Any) -> Filling:
    """Changes an active filling. Raises Conflict when it is closed."""
    _require_active(filling)
    if changes.pop("digester_id", filling.digester_id) not in (None, filling.digester_id):
        raise Conflict("Una etapa no cambia de biodigestor", field="digester_id")
    if changes.get("material_type"):
        material = material_called(changes["material_type"])
        filling.material, filling.parameters = material, dict(material.parameters)
        changes["material_type"] = material.key
    parameters = changes.pop("parameters", None)
    if parameters:
        filling.parameters = overlaid(filling.parameters, parameters, filling.material_type)
    if changes.get("date"):
        changes["started_at"] = _start(filling.digester, changes["date"])
    if "number" in changes and not changes["number"]:
        del changes["number"]
    if "people" in changes:
        changes["people"] = changes["people"] or NOBODY_NAMED
    return records.update(filling, **changes)


def close_filling(filling: Filling, ended_at: datetime | None = None) -> Filling:
    """Ends a filling now, or at a moment after its start. From then on it does not change."""
    _require_active(filling)
    end = (ended_at or times.now()).replace(microsecond=0)
    if not filling.started_at < end <= times.now():
        raise Invalid(fields={"ended_at": "Debe ser posterior al inicio de la etapa y no estar en el futuro"})
    return records.update(filling, ended_at=end, active=False, active_digester_id=None)


def remove_filling(filling: Filling) -> None:
    """Deletes an active filling opened by mistake. Raises Conflict when it is closed or has reports."""
    _require_active(filling)
    reports = db.session.scalar(select(func.count(Report.id)).where(Report.filling_id == filling.id))
    if reports:
        raise Conflict(f"La etapa tiene {reports} reportes; no se puede eliminar")
    records.remove(filling)


def active_filling(digester_id: int | None = None) -> Filling | None:
    """The active filling of a digester, or the newest active one of the farm."""
    query = select(Filling).where(Filling.active_digester_id.is_not(None)).order_by(Filling.id.desc())
    if digester_id is not None:
        query = query.where(Filling.digester_id == digester_id)
    return db.session.scalars(query.limit(1)).first()


def current_filling(digester_id: int | None = None) -> Filling:
    """The active filling; NotFound when there is none."""
    found = active_filling(digester_id)
    if found is None:
        raise NotFound("No hay una etapa activa", code="NO_ACTIVE_FILLING")
    return found


def _number(digester_id: int, number: int | None) -> int:
    if number and number > 0:
        return number
    last = db.session.scalar(select(func.max(Filling.number)).where(Filling.digester_id == digester_id))
    return (last or 0) + 1


def _start(digester: Digester, day: date) -> datetime:
    """Midnight of the day, or the end of the filling before when that was on the same day."""
    midnight = datetime.combine(day, time.min, ZoneInfo(digester.timezone)).astimezone(UTC)
    last = db.session.scalar(select(func.max(Filling.ended_at)).where(Filling.digester_id == digester.id))
    last = last.replace(tzinfo=UTC) if last and last.tzinfo is None else last
    if midnight > times.now():
        raise Invalid(fields={"date": "No puede estar en el futuro"})
    if last and last > midnight:
        if times.local_day(last, digester.timezone) > day:
            raise Conflict("La fecha cae dentro de una etapa anterior", field="date", value=str(day))
        return last
    return midnight


def _require_active(filling: Filling) -> None:
    # As it is now, and nobody else closes it meanwhile.
    db.session.refresh(filling, with_for_update=True)
    if not filling.active:
        raise Conflict("La etapa está cerrada y no se puede modificar", code="FILLING_CLOSED")
