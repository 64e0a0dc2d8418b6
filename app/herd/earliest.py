"""Since when there are records of an animal: what a later birth date would contradict. Reads; changes nothing."""

from datetime import date
from typing import Any

from sqlalchemy import func, select, union_all

from app.core import times
from app.core.extensions import current_settings, db
from app.herd.models import AnimalImage, AnimalStatusChange, AnimalTag, Control, GeneticImprovement


def first_day(animal_id: int, *days: Any) -> date | None:
    """The first day that any of these columns, of tables with an `animal_id`, has for the animal."""
    parts = [select(func.min(day).label("day")).where(day.class_.animal_id == animal_id) for day in days]
    found: date | None = db.session.scalar(select(func.min(union_all(*parts).subquery().c.day)))
    return found


def first_in_herd(animal_id: int) -> date | None:
    """The first day of what the herd itself has recorded of the animal, pictures included."""
    first = first_day(
        animal_id,
        *(Control.checkup_date, GeneticImprovement.date, AnimalTag.placed_on, AnimalStatusChange.date),
    )
    query = select(func.min(AnimalImage.created_at)).where(AnimalImage.animal_id == animal_id)
    moment = db.session.scalar(query)
    pictured = times.local_day(moment, current_settings().farm_timezone) if moment else None
    return min((day for day in (first, pictured) if day), default=None)
