"""From when to when there are records of an animal: what a later birth, or an earlier death, contradicts."""

from datetime import date
from typing import Any

from sqlalchemy import func, select, union_all

from app.core import times
from app.core.extensions import current_settings, db
from app.herd.models import AnimalImage, AnimalStatusChange, AnimalTag, Control, GeneticImprovement

# The first and the last day of some records, where there are any.
Span = tuple[date | None, date | None]


def span(animal_id: int, *days: Any) -> Span:
    """The first and the last day that these columns, of tables with an `animal_id`, have for the animal."""
    parts = [
        select(func.min(day).label("first"), func.max(day).label("last")).where(
            day.class_.animal_id == animal_id
        )
        for day in days
    ]
    found = union_all(*parts).subquery()
    first, last = db.session.execute(select(func.min(found.c.first), func.max(found.c.last))).one()
    return first, last


def in_herd(animal_id: int) -> Span:
    """That of the work the herd itself has recorded; the first day is also that of a status or a picture."""
    first, last = span(animal_id, Control.checkup_date, GeneticImprovement.date, AnimalTag.placed_on)
    told, _ = span(animal_id, AnimalStatusChange.date)
    query = select(func.min(AnimalImage.created_at)).where(AnimalImage.animal_id == animal_id)
    moment = db.session.scalar(query)
    pictured = times.local_day(moment, current_settings().farm_timezone) if moment else None
    return min((day for day in (first, told, pictured) if day), default=None), last
