"""An animal's status: alive, sold or dead since a day. Every change is kept; the newest by its date holds today."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select

from app.core import records
from app.core.actor import acting
from app.core.errors import Conflict, Invalid
from app.core.extensions import db
from app.herd.days import outside, today
from app.herd.models import Animal, AnimalStatusChange

ALIVE, SOLD, DEAD = "Vivo", "Vendido", "Muerto"
FIELDS = ("status", "status_date", "status_reason")
HISTORY_LIMIT = 1000
# First days and the days after the last ones; None: no end.
Spans = list[tuple[date, date | None]]
BACK_WITHOUT_REASON = "Un animal muerto vuelve a estar vivo solo con un motivo, aquí o en las notas"

# Called as f(animal, day) when an animal is sold or dies, or when the day on which it did is corrected.
departed: list[Callable[[Animal, date], None]] = []
# Called as f(animal, day, until) when it turns out that it did not leave on `day`, but later, or not at all (None).
remained: list[Callable[[Animal, date, date | None], None]] = []


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
        found["status_reason"] = BACK_WITHOUT_REASON
    return found


def _is_late(animal: Animal | None, change: Change) -> bool:
    return bool(animal and animal.status_date and change.date < animal.status_date)


def keep(animal: Animal, change: Change) -> AnimalStatusChange:
    """Stores a change, and makes the newest of all the animal's status; a late entry of an old one changes no today."""
    with _settling(animal):
        entry = _newest(animal.id) if change.amends else None
        if entry is None:
            entry = AnimalStatusChange(animal_id=animal.id, status=change.status)
            db.session.add(entry)
        _write(entry, date=change.date, reason=change.reason)
    return entry


def add(animal: Animal, change: Change) -> AnimalStatusChange:
    """A change written down on its own, late or new. Raises Invalid, or Conflict when it is already known."""
    _hold(animal)
    if wrong := problems(animal, change, animal.birth_date):
        raise Invalid(fields={name.removeprefix("status_"): text for name, text in wrong.items()})
    _refuse_twice(animal.id, change.status, change.date)
    return keep(animal, change)


def correct(animal: Animal, entry: AnimalStatusChange, **changes: Any) -> AnimalStatusChange:
    """An entry of the animal's history put right: what it became, on which day, why."""
    records.refuse_empty(entry, changes)
    _hold(animal)
    status, day, reason = (changes.get(name, getattr(entry, name)) for name in ("status", "date", "reason"))
    if wrong := outside(day, animal.birth_date):
        raise Invalid(fields={"date": wrong})
    if (entry.status, status) == (DEAD, ALIVE) and not reason:
        raise Invalid(fields={"reason": BACK_WITHOUT_REASON})
    if (status, day) != (entry.status, entry.date):
        _refuse_twice(animal.id, status, day)
    with _settling(animal):
        _write(entry, status=status, date=day, reason=reason)
    return entry


def withdraw(animal: Animal, entry: AnimalStatusChange) -> None:
    """Takes out an entry that should not be there; without any, the animal is simply alive."""
    with _settling(animal):
        records.remove(entry)


@contextmanager
def _settling(animal: Animal) -> Iterator[None]:
    """Inside, the animal's history changes; then its status follows, and the rooms above hear what it means to them."""
    _hold(animal)
    before = _away(animal)
    yield
    _settle(animal)
    _tell_remained(animal, before)


def _away(animal: Animal) -> Spans:
    """The absences that lasted: who is put down as dead and as alive on one day was never away."""
    return [(gone, back) for gone, back in absences(animal.id) if back is None or back > gone]


def _tell_remained(animal: Animal, before: Spans) -> None:
    after = _away(animal)
    for gone, _ in before:
        if not any(left <= gone and (back is None or gone < back) for left, back in after):
            until = min((left for left, _ in after if left > gone), default=None)
            for hear in remained:
                hear(animal, gone, until)


def _hold(animal: Animal) -> None:
    """Of two changes at once, the second looks when the first is stored."""
    db.session.refresh(animal, with_for_update=True)


def _write(entry: AnimalStatusChange, **values: Any) -> None:
    for name, value in values.items():
        setattr(entry, name, value)
    entry.user_id = acting.get().id
    records.flush()


def _refuse_twice(animal_id: int, status: str, day: date) -> None:
    entry = AnimalStatusChange
    same = select(entry.id).where(entry.animal_id == animal_id, entry.status == status, entry.date == day)
    if db.session.scalar(same.limit(1)) is not None:
        raise Conflict(f"Ya está registrado que el animal pasó a {status} el {day}")


def absences(animal_id: int) -> Spans:
    """The spans in which the animal was sold or dead, as its whole history tells; the last may have no end."""
    entry = AnimalStatusChange
    query = select(entry.date, entry.status).where(entry.animal_id == animal_id)
    found: Spans = []
    for day, status in db.session.execute(query.order_by(entry.date, entry.id)):
        away = bool(found) and found[-1][1] is None
        if status != ALIVE and not away:
            found.append((day, None))
        elif status == ALIVE and away:
            found[-1] = (found[-1][0], day)
    return found


def _settle(animal: Animal) -> None:
    newest = _newest(animal.id)
    if newest is None:
        records.update(animal, status=ALIVE, status_date=None, status_reason=None)
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
    return [_told(entry, place == 0) for place, entry in enumerate(_history(animal_id, HISTORY_LIMIT))]


def told(entry: AnimalStatusChange) -> dict[str, Any]:
    """One change as the history tells it."""
    return _told(entry, entry is _newest(entry.animal_id))


def _told(entry: AnimalStatusChange, current: bool) -> dict[str, Any]:
    names = ("id", "status", "date", "reason", "user_id", "created_at")
    return {**{name: getattr(entry, name) for name in names}, "current": current}
