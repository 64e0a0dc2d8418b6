"""Check-ups. The weight of an animal's newest weighed check-up becomes the animal's weight."""

from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import records
from app.core.extensions import db
from app.herd.animals import animal_of, recordable, require_day
from app.herd.growth import Weighing, implausible
from app.herd.models import Animal, Control

# A weight is judged by its four nearest neighbours in time.
NEIGHBOURS = 4


def create(**fields: Any) -> Control:
    """A new check-up of an animal that was alive and here that day."""
    if fields.get("weight") is None:
        recordable(fields["animal_id"], fields["checkup_date"], "checkup_date")
        return records.create(Control, **fields)
    animal = animal_of(fields["animal_id"])
    _hold(animal)
    require_day(animal, fields["checkup_date"], "checkup_date")
    newest = _newest(animal.id)
    if newest is None or newest.checkup_date <= fields["checkup_date"]:
        animal.weight = fields["weight"]
    return records.create(Control, **fields)


def update(control: Control, **changes: Any) -> Control:
    """The check-up changed, and with it the weight of the animal it was of and of the one it is of."""
    records.refuse_empty(control, changes)
    before = records.get(Animal, control.animal_id)
    after = animal_of(changes.get("animal_id", before.id))
    day = changes.get("checkup_date", control.checkup_date)
    _hold(before, after)
    if (after.id, day) != (before.id, control.checkup_date):
        require_day(after, day, "checkup_date")
    was_newest = _is(_newest(before.id), control)
    records.update(control, **changes)
    _follow(before, control, was_newest=was_newest)
    if after is not before:
        _follow(after, control, was_newest=False)
    return control


def remove(control: Control) -> None:
    """Deletes a check-up; its animal has the weight of the newest one left, or keeps its own when none was weighed."""
    animal = records.get(Animal, control.animal_id)
    _hold(animal)
    was_newest = _is(_newest(animal.id), control)
    records.remove(control)
    _follow(animal, control, was_newest=was_newest)


def warnings(control: Control) -> list[str]:
    """What is strange about a stored check-up: a weight that its neighbours in time contradict."""
    if control.weight is None:
        return []
    own = Weighing(control.checkup_date, control.weight)
    if own not in implausible(_around(control.animal_id, control.checkup_date)):
        return []
    return [f"El peso de {control.weight:g} kg no concuerda con los otros pesos del animal; revíselo"]


def weighings(animal_id: int) -> Any:
    """The weighed check-ups of an animal, as a query of (id, day, kg)."""
    return select(Control.id, Control.checkup_date, Control.weight).where(
        Control.animal_id == animal_id, Control.weight.is_not(None)
    )


def _around(animal_id: int, day: date) -> list[Weighing]:
    found = weighings(animal_id)
    until = found.where(Control.checkup_date <= day).order_by(Control.checkup_date.desc(), Control.id.desc())
    since = found.where(Control.checkup_date > day).order_by(Control.checkup_date, Control.id)
    rows = [*db.session.execute(until.limit(2 * NEIGHBOURS)), *db.session.execute(since.limit(NEIGHBOURS))]
    return [Weighing(day, kg) for _, day, kg in rows]


def _hold(*animals: Animal) -> None:
    """Of two check-ups of an animal at once, the second is stored when the first is, and neither while it dies; by
    id, so that nobody waits for somebody who waits.
    """
    for animal in sorted(set(animals), key=lambda one: one.id):
        db.session.refresh(animal, ("weight", "status", "status_date"), with_for_update=True)


def _follow(animal: Animal, control: Control, *, was_newest: bool) -> None:
    """Gives the animal the newest weight if this check-up has it, or had it before."""
    newest = _newest(animal.id)
    if newest and (was_newest or _is(newest, control)) and animal.weight != newest.weight:
        records.update(animal, weight=newest.weight)


def _newest(animal_id: int) -> Any:
    query = weighings(animal_id).order_by(Control.checkup_date.desc(), Control.id.desc())
    return db.session.execute(query.limit(1)).first()


def _is(found: Any, control: Control) -> bool:
    return found is not None and found.id == control.id
