"""An animal's status: alive, sold or dead since a day. Every change is kept; the newest by its date holds today."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select

from app.core import records
from app.core.actor import acting
from app.core.extensions import db
from app.herd.days import outside, today
from app.herd.models import Animal, AnimalStatusChange

ALIVE, SOLD, DEAD = "Vivo", "Vendido", "Muerto"
FIELDS = ("status", "status_date", "status_reason")
HISTORY_LIMIT = 1000

# Called as f(animal, day) when an animal is sold or dies, or when the day on which it did is corrected.
departed: list[Callable[[Animal, date], None]] = []


class Change(NamedTuple):
    """An animal became `status` on `date`. `amends`: it says better what is stored as the present status."""

    status: str
    date: date
    reason: str | None
    amends: bool = False


def first(fields: Mapping[str, Any]) -> Change | None:
    """The change of status with which a new animal arrives; None for one that is simply alive."""
    status = fields.get("status") or ALIVE
    day, reason = fields.get("status_date"), fields.get("status_reason")
    if status == ALIVE and not day and not reason:
        return None
    return Change(status, day or today(), reason)


def wanted(animal: Animal, changes: Mapping[str, Any]) -> Change | None:
    """The change of status that new values of an animal's fields mean; None when they leave it as it is."""
    status = changes.get("status") or animal.status
    if status != animal.status:
        return Change(status, changes.get("status_date") or today(), _reason(animal, changes))
    day = changes.get("status_date") or animal.status_date
    reason = changes.get("status_reason", animal.status_reason)
    if (day, reason) == (animal.status_date, animal.status_reason):
        return None
    return Change(status, day or today(), reason, amends=True)


def _reason(animal: Animal, changes: Mapping[str, Any]) -> str | None:
    """The reason given. The farm's web client has no box for it: there, what is written into the notes is one."""
    notes = changes.get("notes")
    return changes.get("status_reason") or (notes[:255] if notes and notes != animal.notes else None)


def problems(animal: Animal | None, change: Change, birth_date: date) -> dict[str, str]:
    """What speaks against a change, by field."""
    found = {}
    if wrong := outside(change.date, birth_date):
        found["status_date"] = wrong
    back = animal is not None and (animal.status, change.status) == (DEAD, ALIVE)
    if back and not change.reason and not _is_late(animal, change):
        found["status_reason"] = (
            "Un animal muerto vuelve a estar vivo solo con un motivo, aquí o en las notas"
        )
    return found


def _is_late(animal: Animal | None, change: Change) -> bool:
    return bool(animal and animal.status_date and change.date < animal.status_date)


def keep(animal: Animal, change: Change) -> None:
    """Stores a change, and makes the newest of all the animal's status; a late entry of an old one changes no today."""
    # Of two changes at once, the second looks when the first is stored.
    db.session.refresh(animal, with_for_update=True)
    entry = _newest(animal.id) if change.amends else None
    if entry is None:
        entry = AnimalStatusChange(animal_id=animal.id, status=change.status)
        db.session.add(entry)
    entry.date, entry.reason, entry.user_id = change.date, change.reason, acting.get().id
    records.flush()
    _settle(animal)


def first_day(animal_id: int) -> date | None:
    """The day of the oldest change of an animal's status."""
    query = select(func.min(AnimalStatusChange.date)).where(AnimalStatusChange.animal_id == animal_id)
    return db.session.scalar(query)


def _settle(animal: Animal) -> None:
    newest = _newest(animal.id)
    if newest is None:
        return
    before = (animal.status, animal.status_date)
    records.update(animal, status=newest.status, status_date=newest.date, status_reason=newest.reason)
    if newest.status != ALIVE and before != (newest.status, newest.date):
        for hear in departed:
            hear(animal, newest.date)


def _newest(animal_id: int) -> AnimalStatusChange | None:
    return next(iter(_history(animal_id, 1)), None)


def _history(animal_id: int, limit: int) -> list[AnimalStatusChange]:
    query = select(AnimalStatusChange).where(AnimalStatusChange.animal_id == animal_id)
    newest_first = (AnimalStatusChange.date.desc(), AnimalStatusChange.id.desc())
    return list(db.session.scalars(query.order_by(*newest_first).limit(limit)))


def history(animal_id: int) -> list[dict[str, Any]]:
    """Every change of an animal's status, the newest by date first."""
    return [
        {**{name: getattr(entry, name) for name in ("id", "status", "date", "reason", "user_id", "created_at")},
         "current": place == 0}
        for place, entry in enumerate(_history(animal_id, HISTORY_LIMIT))
    ]  # fmt: skip
