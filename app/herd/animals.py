"""Animals: the rules of registering, changing and removing one, and what the rooms above ask before a record of one."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import records
from app.core.errors import Invalid
from app.core.extensions import db
from app.herd import parents, statuses
from app.herd.days import FUTURE, outside, today
from app.herd.models import Animal
from app.herd.recorded import Span, in_herd
from app.herd.statuses import ALIVE, Change, absences, departed

__all__ = [
    "animal_of",
    "departed",
    "recordable",
    "recorded",
    "register",
    "require_day",
    "require_present",
    "revise",
    "warnings",
]

# Called as f(animal_id): the first and last day of what the rooms above have recorded of an animal.
recorded: list[Callable[[int], Span]] = []


def animal_of(animal_id: int, *, held: bool = False) -> Animal:
    """The animal a record belongs to; Invalid on `animal_id` when there is none. `held` as in `records.referred`."""
    return records.referred(Animal, animal_id, "animal_id", "El animal", held=held)


def recordable(animal_id: int, on: date, field: str) -> Animal:
    """The animal of a record of that day; Invalid as `animal_of` and `require_day` say.

    It is held as it is until the record is stored, so that it does not die meanwhile.
    """
    # What an import gathers is held already.
    animal = animal_of(animal_id, held=not records.is_gathering())
    require_day(animal, on, field)
    return animal


def require_present(animal: Animal, on: date, field: str) -> None:
    """Raises Invalid on `field` for a day when the animal was dead or sold; the day it left or came back is fine."""
    if animal.status != ALIVE and not (animal.status_date and on <= animal.status_date):
        since = f" desde el {animal.status_date}" if animal.status_date else ""
        raise Invalid(fields={field: f"El animal {animal.record} figura como {animal.status}{since}"})
    # Of most animals nothing was ever told but that they are alive.
    for gone, back in absences(animal.id) if animal.status_date else []:
        if gone < on and (back is None or on < back):
            until = f" al {back}" if back else ""
            raise Invalid(
                fields={field: f"El animal {animal.record} no estuvo en la finca del {gone}{until}"}
            )


def require_day(animal: Animal, on: date, field: str) -> None:
    """Raises Invalid on `field` unless the animal was born, on the farm and alive, and the day is not to come."""
    if wrong := outside(on, animal.birth_date):
        raise Invalid(fields={field: wrong})
    require_present(animal, on, field)


def register(**fields: Any) -> Animal:
    """A new animal. Raises Invalid naming every field that contradicts its parents or the calendar."""
    change = statuses.first(fields)
    held = _held_parents(fields)
    _require_sound(None, fields, change)
    held.clear()
    fields.update(status=change.status if change else ALIVE)
    fields.update(status_date=change and change.date, status_reason=change and change.reason)
    animal = records.create(Animal, **fields)
    if change:
        records.flush()
        statuses.keep(animal, change)
    return animal


def revise(animal: Animal, **changes: Any) -> Animal:
    """The animal changed. Raises Invalid as `register` does, and for what its calves and own records contradict."""
    records.refuse_empty(animal, changes)
    held = _locked(animal, changes)
    change = statuses.wanted(animal, changes)
    present = {column.name: getattr(animal, column.name) for column in Animal.__table__.columns}
    _require_sound(animal, {**present, **changes}, change)
    records.update(animal, **{name: value for name, value in changes.items() if name not in statuses.FIELDS})
    if change:
        statuses.keep(animal, change)
    held.clear()
    return animal


def warnings(animal: Animal) -> list[str]:
    """What is strange about a stored animal: records of days on which it was dead or sold."""
    if animal.status == ALIVE or animal.status_date is None:
        return []
    days = (known(animal.id)[1] for known in (in_herd, *recorded))
    last = max((day for day in days if day), default=animal.status_date)
    if last <= animal.status_date:
        return []
    return [
        f"Figura como {animal.status} desde el {animal.status_date} y hay registros hasta el {last}; revíselos"
    ]


def _held_parents(fields: Mapping[str, Any]) -> list[Animal]:
    """The parents as they are now, and nobody makes of a father a cow before the calf is stored."""
    ids = {fields.get("father_id"), fields.get("mother_id")} - {None}
    if not ids or records.is_gathering():
        return []
    query = select(Animal).where(Animal.id.in_(ids)).order_by(Animal.id).with_for_update(read=True)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _locked(animal: Animal, changes: Mapping[str, Any]) -> list[Animal]:
    """The animal as it is now, if its status is told, and its parents too, if its pedigree is touched; nobody else
    changes them meanwhile.

    In the order of their ids, so that two changes wait for each other one way round.
    """
    ids: set[int | None] = {animal.id}
    if _touched(animal, changes):
        ids |= {changes.get(name, getattr(animal, name)) for name in ("father_id", "mother_id")}
    elif not changes.keys() & set(statuses.FIELDS):
        return []
    query = select(Animal).where(Animal.id.in_(sorted(ids - {None}))).order_by(Animal.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _touched(animal: Animal, wanted: Mapping[str, Any]) -> bool:
    return any(name in wanted and wanted[name] != getattr(animal, name) for name in parents.FIELDS)


def _require_sound(animal: Animal | None, wanted: Mapping[str, Any], change: Change | None) -> None:
    wrong: dict[str, str] = {}
    if animal is None or _touched(animal, wanted):
        for field, sentence in parents.problems(animal, wanted):
            wrong[field] = f"{wrong[field]}. {sentence}" if field in wrong else sentence
        wrong.update(_birth_problems(animal, wanted["birth_date"]))
    if change:
        wrong.update(statuses.problems(animal, change, wanted["birth_date"]))
    if wrong:
        raise Invalid(". ".join(wrong.values()), fields=wrong)


def _birth_problems(animal: Animal | None, birth_date: date) -> dict[str, str]:
    if birth_date > today():
        return {"birth_date": FUTURE}
    if animal is None or birth_date <= animal.birth_date:
        return {}
    days = (known(animal.id)[0] for known in (in_herd, *recorded))
    earliest = min((day for day in days if day), default=birth_date)
    return {"birth_date": f"Hay registros del animal desde el {earliest}"} if earliest < birth_date else {}
