"""Stays of animals in paddocks: the rules of beginning, changing and ending one. Groups move by `moves`.

A stay holds from its first day until the day the animal leaves, which is no longer its own: on that day the next stay
may begin. An animal is in one paddock at a time, on every day, past or present.
"""

import datetime as dt
from typing import Any

from sqlalchemy import and_, or_, select

from app.core import records
from app.core.errors import Conflict, Invalid
from app.core.extensions import db
from app.herd.animals import animal_of, require_present
from app.herd.days import FUTURE, outside, today
from app.herd.models import Animal
from app.herd.statuses import ALIVE, absences
from app.land.capacity import overlapping, require_room
from app.land.models import AnimalField, Field
from app.land.schemas import FieldState

CLOSED = {FieldState.MAINTENANCE, FieldState.RESTRICTED, FieldState.DAMAGED}
PLACE = ("animal_id", "field_id", "assignment_date", "removal_date")


def field_of(field_id: int) -> Field:
    """The paddock with this id; Invalid when there is none."""
    return records.referred(Field, field_id, "field_id", "El potrero")


def begin(**values: Any) -> AnimalField:
    """A new stay, open or over. Raises Invalid for impossible dates, Conflict where animal or paddock cannot."""
    animal, field = animal_of(values["animal_id"]), field_of(values["field_id"])
    start, end = values["assignment_date"], values.get("removal_date")
    _lock(animal)
    _require_dates(animal, start, end)
    _require_alone(animal, field, start, end)
    if end is None:
        require_open(field)
    require_room(field, start, end)
    return records.create(AnimalField, **values, open_animal_id=animal.id if end is None else None)


def change(stay: AnimalField, /, **changes: Any) -> AnimalField:
    """The stay with the given fields changed, under the same rules; ending one asks no room."""
    records.refuse_empty(stay, changes)
    if not _differ(stay, changes):
        return records.update(stay, **changes)
    animal = animal_of(changes.get("animal_id", stay.animal_id))
    field = field_of(changes.get("field_id", stay.field_id))
    _lock(animal)
    db.session.refresh(stay)
    start, end = (changes.get(name, getattr(stay, name)) for name in ("assignment_date", "removal_date"))
    _require_dates(animal, start, end)
    _require_alone(animal, field, start, end, stay.id)
    moved = field.id != stay.field_id
    if end is None and (moved or stay.removal_date is not None):
        require_open(field)
    if moved or not _within(stay, start, end):
        require_room(field, start, end, ignoring=[stay.id])
    return records.update(stay, **changes, open_animal_id=animal.id if end is None else None)


def leave(animal: Animal, day: dt.date) -> None:
    """Ends the animal's stay on the day it died or was sold.

    An open stay that begins later cannot have been: it ends on its own first day, and counts on none.
    """
    _lock(animal)
    query = select(AnimalField).where(AnimalField.animal_id == animal.id, *overlapping(day, None))
    for stay in db.session.scalars(query):
        if stay.assignment_date <= day or stay.removal_date is None:
            records.update(stay, removal_date=max(day, stay.assignment_date), open_animal_id=None)


def stay_on(animal: Animal, day: dt.date, until: dt.date | None) -> None:
    """Lengthens the stay that ended on a day when the animal, as it turns out, did not leave the farm.

    It is left as it is where somebody has told of another place since, or the paddock would let nobody in.
    """
    _lock(animal)
    own = AnimalField.animal_id == animal.id
    stay = db.session.scalars(select(AnimalField).where(own, AnimalField.removal_date == day)).first()
    if stay is None:
        return
    later = select(AnimalField.id).where(own, AnimalField.id != stay.id, *overlapping(day, until))
    if db.session.scalar(later.limit(1)) is not None:
        return
    field = field_of(stay.field_id)
    try:
        if until is None:
            require_open(field)
        require_room(field, day, until, ignoring=[stay.id])
    except Conflict:
        return
    records.update(stay, removal_date=until, open_animal_id=animal.id if until is None else None)


def require_open(field: Field) -> None:
    """Raises Conflict when the paddock's state lets no animal in."""
    if field.state in CLOSED:
        raise Conflict(
            f"El potrero «{field.name}» está en estado {field.state} y no recibe animales",
            code="FIELD_CLOSED",
            field_id=field.id,
            state=field.state,
        )


def absent(animal: Animal, start: dt.date, end: dt.date | None) -> str:
    """Why the animal cannot stay on all days of [start, end): it was dead or sold on one; empty when it was not."""
    # Of most animals nothing was ever told but that they are alive.
    for gone, back in absences(animal.id) if animal.status_date else []:
        if (end is None or gone < end) and (back is None or start < back):
            return f"El animal no estuvo en la finca del {gone}" + (f" al {back}" if back else "")
    return ""


def _lock(animal: Animal) -> None:
    # Of two who place one animal at once, the second looks when the first has placed it.
    db.session.refresh(animal, with_for_update=True)


def _differ(stay: AnimalField, changes: dict[str, Any]) -> bool:
    return any(changes.get(name, getattr(stay, name)) != getattr(stay, name) for name in PLACE)


def _within(stay: AnimalField, start: dt.date, end: dt.date | None) -> bool:
    """Whether [start, end) has no day that the stay did not have before."""
    old = stay.removal_date
    return start >= stay.assignment_date and (old is None or (end is not None and end <= old))


def _require_dates(animal: Animal, start: dt.date, end: dt.date | None) -> None:
    wrong = {}
    if fault := outside(start, animal.birth_date):
        wrong["assignment_date"] = fault
    if end is not None and end < start:
        wrong["removal_date"] = f"No puede ser anterior al ingreso ({start})"
    elif end is not None and end > today():
        wrong["removal_date"] = FUTURE
    if wrong:
        raise Invalid(fields=wrong)
    require_present(animal, start, "assignment_date")
    if end is not None:
        require_present(animal, end, "removal_date")
    elif animal.status != ALIVE:
        raise Invalid(fields={"animal_id": f"El animal {animal.record} está {animal.status.lower()}"})
    if fault := absent(animal, start, end):
        raise Invalid(fields={"assignment_date": fault})


def _require_alone(
    animal: Animal, field: Field, start: dt.date, end: dt.date | None, own_id: int = 0
) -> None:
    same = and_(AnimalField.field_id == field.id, AnimalField.assignment_date == start)
    query = (
        select(AnimalField, Field.name)
        .join(Field, Field.id == AnimalField.field_id)
        .where(AnimalField.animal_id == animal.id, AnimalField.id != own_id)
        .where(or_(same, and_(*overlapping(start, end))))
        .order_by(AnimalField.assignment_date.desc())
    )
    if found := db.session.execute(query.limit(1)).first():
        raise _elsewhere(animal, *found)


def _elsewhere(animal: Animal, stay: AnimalField, field_name: str) -> Conflict:
    if stay.removal_date is None:
        where = f"está en el potrero «{field_name}» desde el {stay.assignment_date}; trasládelo o registre su salida"
    else:
        where = f"estuvo en el potrero «{field_name}» del {stay.assignment_date} al {stay.removal_date}"
    return Conflict(
        f"El animal {animal.record} {where}",
        code="ANIMAL_ELSEWHERE",
        animal_field_id=stay.id,
        field_id=stay.field_id,
        field_name=field_name,
        assignment_date=stay.assignment_date,
        removal_date=stay.removal_date,
    )
