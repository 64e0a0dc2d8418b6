"""A group of animals moved to a paddock on one day: their open stays end, new ones begin. All of them, or none."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_, select

from app.core import records
from app.core.errors import Conflict, Invalid
from app.core.extensions import db
from app.herd.days import FUTURE, outside, today
from app.herd.models import Animal
from app.herd.statuses import ALIVE
from app.land.capacity import overlapping, require_room
from app.land.models import AnimalField, Field
from app.land.stays import absent, field_of, require_open


@dataclass
class Mover:
    """An animal of the group, and its stays that reach past the day of the move."""

    animal: Animal
    stays: list[AnimalField] = field(default_factory=list)

    @property
    def left(self) -> AnimalField | None:
        """The stay that the move ends."""
        return self.stays[0] if self.stays else None


def move(
    animal_ids: Sequence[int], field_id: int, date: dt.date | None = None, notes: str | None = None
) -> dict[str, Any]:
    """Moves the animals. Raises Conflict with a reason for each animal that cannot go, and then moves none."""
    day = date or today()
    if day > today():
        raise Invalid(fields={"date": FUTURE})
    target = field_of(field_id)
    group = _group(sorted(set(animal_ids)))
    _refuse_unless_all_may(animal_ids, group, target, day)
    require_open(target)
    require_room(target, day, None, coming=len(group))
    origins = [mover.left.field_id if mover.left else None for mover in group]
    begun = _carry_out(group, target, day, notes)
    return _told(group, origins, begun, target, day)


def _group(animal_ids: list[int]) -> list[Mover]:
    """The animals as they are now, locked in the order of their ids so that two moves do not wait for each other."""
    query = select(Animal).where(Animal.id.in_(animal_ids)).order_by(Animal.id).with_for_update()
    locked = query.execution_options(populate_existing=True)
    return [Mover(animal) for animal in db.session.scalars(locked)]


def _refuse_unless_all_may(
    animal_ids: Sequence[int], group: list[Mover], target: Field, day: dt.date
) -> None:
    by_id = {mover.animal.id: mover for mover in group}
    same = and_(AnimalField.field_id == target.id, AnimalField.assignment_date == day)
    later = or_(same, and_(*overlapping(day, None)))
    stays = select(AnimalField).where(AnimalField.animal_id.in_(by_id), later)
    for stay in db.session.scalars(stays.order_by(AnimalField.assignment_date)):
        by_id[stay.animal_id].stays.append(stay)
    refused = [
        {
            "animal_id": wanted,
            "animal_record": by_id[wanted].animal.record if wanted in by_id else None,
            "message": fault,
        }
        for wanted in dict.fromkeys(animal_ids)
        if (fault := _fault(by_id.get(wanted), target, day))
    ]
    if refused:
        raise Conflict(
            f"No se trasladó ningún animal: {len(refused)} de {len(set(animal_ids))} no pueden; "
            + "; ".join(
                f"{one['animal_record'] or one['animal_id']}: {one['message']}" for one in refused[:3]
            ),
            code="MOVE_REFUSED",
            errors=refused,
        )


def _fault(mover: Mover | None, target: Field, day: dt.date) -> str:
    """Why the animal cannot go; empty when it can."""
    if mover is None:
        return "El animal no existe"
    if mover.animal.status != ALIVE:
        return f"El animal está {mover.animal.status.lower()}"
    if fault := outside(day, mover.animal.birth_date) or absent(mover.animal, day, None):
        return fault
    return _clash(mover.stays, target, day)


def _clash(stays: list[AnimalField], target: Field, day: dt.date) -> str:
    for stay in stays:
        if stay.assignment_date > day:
            return f"Tiene una ocupación posterior, desde el {stay.assignment_date}"
        if stay.field_id == target.id and stay.assignment_date == day and stay.removal_date == day:
            return f"Ya entró ese día al potrero «{target.name}»"
        if stay.removal_date is not None:
            return f"Tiene una ocupación que terminó después, el {stay.removal_date}"
        if stay.field_id == target.id:
            return f"Ya está en el potrero «{target.name}» desde el {stay.assignment_date}"
    return ""


def _carry_out(group: list[Mover], target: Field, day: dt.date, notes: str | None) -> list[AnimalField]:
    for mover in group:
        if mover.left:
            mover.left.removal_date, mover.left.open_animal_id = day, None
    # The open places must be free before they are taken.
    records.flush()
    begun = [
        AnimalField(
            animal_id=mover.animal.id,
            open_animal_id=mover.animal.id,
            field_id=target.id,
            assignment_date=day,
            notes=notes,
        )
        for mover in group
    ]
    db.session.add_all(begun)
    records.flush()
    return begun


def _told(
    group: list[Mover], origins: list[int | None], begun: list[AnimalField], target: Field, day: dt.date
) -> dict[str, Any]:
    names = dict(
        db.session.execute(select(Field.id, Field.name).where(Field.id.in_(set(origins) - {None}))).all()
    )
    animals = [
        {
            "animal_id": mover.animal.id,
            "animal_record": mover.animal.record,
            "from_field_id": origin,
            "from_field_name": names.get(origin) if origin else None,
            "animal_field_id": stay.id,
        }
        for mover, origin, stay in zip(group, origins, begun, strict=True)
    ]
    return {
        "field_id": target.id,
        "field_name": target.name,
        "date": day,
        "moved": len(begun),
        "animals": animals,
    }
