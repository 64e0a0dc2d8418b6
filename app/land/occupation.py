"""Where the animals were on a day, past or present: head of each paddock, who was in it, where one animal was.

A stay counts from its first day until the one before the animal leaves, and only while the animal is born and neither
dead nor sold, as the history of its status says.
"""

import datetime as dt
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.sql import ColumnElement

from app.core.errors import Invalid
from app.core.extensions import db
from app.herd.days import FUTURE, today
from app.herd.models import Animal, AnimalStatusChange
from app.herd.statuses import ALIVE
from app.land.capacity import overlapping
from app.land.models import AnimalField, Field

NOT_BORN, NOWHERE = "Aún no había nacido", "No tenía potrero asignado"


def day_asked(day: dt.date | None) -> dt.date:
    """The day, or today when none is said; Invalid for one that has not come."""
    if day is not None and day > today():
        raise Invalid(fields={"date": FUTURE})
    return day or today()


def status_on(day: dt.date) -> ColumnElement[str]:
    """The status that the animal of the outer query had on a day; living when nothing else was ever told."""
    newest = (
        select(AnimalStatusChange.status)
        .where(AnimalStatusChange.animal_id == Animal.id, AnimalStatusChange.date <= day)
        .order_by(AnimalStatusChange.date.desc(), AnimalStatusChange.id.desc())
        .limit(1)
        .correlate(Animal)
        .scalar_subquery()
    )
    return func.coalesce(newest, ALIVE)


def there_on(day: dt.date) -> ColumnElement[bool]:
    """Whether the stay and the animal of the outer query make one head on a day."""
    return and_(
        AnimalField.assignment_date <= day,
        *overlapping(day, None),
        Animal.birth_date <= day,
        status_on(day) == ALIVE,
    )


def head_on(day: dt.date) -> ColumnElement[int]:
    """How many animals the paddock of the outer query held on a day."""
    return _head(there_on(day))


def head_now() -> ColumnElement[int]:
    """How many living animals are in the paddock of the outer query now."""
    return _head(and_(AnimalField.removal_date.is_(None), Animal.status == ALIVE))


def _head(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return (
        select(func.count(AnimalField.animal_id.distinct()))
        .join(Animal, Animal.id == AnimalField.animal_id)
        .where(AnimalField.field_id == Field.id, condition)
        .correlate(Field)
        .scalar_subquery()
    )


def animals_in(field_id: int, day: dt.date) -> ColumnElement[bool]:
    """Whether the animal of the outer query was in the paddock on a day."""
    stays = select(AnimalField.id).where(
        AnimalField.animal_id == Animal.id, AnimalField.field_id == field_id, there_on(day)
    )
    return stays.correlate(Animal).exists()


def location(animal: Animal, day: dt.date) -> dict[str, Any]:
    """The paddock an animal was in on a day, since when and for how many days by then; else the reason why in none."""
    found = {"animal_id": animal.id, "animal_record": animal.record, "date": day}
    if day < animal.birth_date:
        return {**found, "reason": NOT_BORN}
    status = db.session.scalar(select(status_on(day)).where(Animal.id == animal.id))
    if status != ALIVE:
        return {**found, "reason": f"Ya estaba {str(status).lower()}"}
    return {**found, **(_stay_on(animal, day) or {"reason": NOWHERE})}


def _stay_on(animal: Animal, day: dt.date) -> dict[str, Any] | None:
    query = (
        select(AnimalField, Field.name)
        .join(Field, Field.id == AnimalField.field_id)
        .where(
            AnimalField.animal_id == animal.id, AnimalField.assignment_date <= day, *overlapping(day, None)
        )
    )
    row = db.session.execute(query.limit(1)).first()
    if row is None:
        return None
    stay, name = row
    return {
        "animal_field_id": stay.id,
        "field_id": stay.field_id,
        "field_name": name,
        "since": stay.assignment_date,
        "until": stay.removal_date,
        "days": (day - stay.assignment_date).days,
    }
