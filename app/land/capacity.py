"""Whether a paddock has room for more animals over a whole period. Asks the stays; changes nothing."""

import datetime as dt
from collections.abc import Collection, Iterable

from sqlalchemy import or_, select
from sqlalchemy.sql import ColumnElement

from app.core.errors import Conflict
from app.core.extensions import db
from app.herd.days import today
from app.herd.models import Animal
from app.land.models import AnimalField, Field

# From the first day, inclusive, to the last, exclusive; None: no end.
Span = tuple[dt.date, dt.date | None]


def overlapping(start: dt.date, end: dt.date | None) -> list[ColumnElement[bool]]:
    """The stays that have a day in common with [start, end)."""
    still_there = or_(AnimalField.removal_date.is_(None), AnimalField.removal_date > start)
    return [still_there] if end is None else [still_there, AnimalField.assignment_date < end]


def require_room(
    field: Field, start: dt.date, end: dt.date | None, coming: int = 1, ignoring: Collection[int] = ()
) -> None:
    """Raises Conflict when on some day of [start, end) the paddock would hold more than its capacity.

    `ignoring` are the ids of stays that are about to change. Locks the paddock, so that two who come at once are
    counted one after the other.
    """
    if start == end:
        return
    db.session.refresh(field, with_for_update=True)
    if field.capacity is None:
        return
    day, head = peak(_spans(field.id, start, end, ignoring), start)
    if head + coming > field.capacity:
        raise Conflict(
            f"El potrero «{field.name}» no tiene cupo: el {day} ya tiene {head} de {field.capacity} animales"
            + (f" y llegarían {coming}" if coming > 1 else ""),
            code="FIELD_FULL",
            field_id=field.id,
            capacity=field.capacity,
            head=head,
            date=day,
        )


def warnings(field: Field) -> list[str]:
    """What is strange about a stored paddock: that it holds more than its capacity, today or on a day to come."""
    if field.capacity is None:
        return []
    _, head = peak(_spans(field.id, today(), None, ()), today())
    if head <= field.capacity:
        return []
    return [f"Tiene {head} animales y cupo para {field.capacity}; traslade los que sobran o corrija el cupo"]


def _spans(field_id: int, start: dt.date, end: dt.date | None, ignoring: Collection[int]) -> list[Span]:
    """The days animals occupy the paddock: none after they died or were sold, whatever the stay says."""
    query = (
        select(AnimalField.assignment_date, AnimalField.removal_date, Animal.status, Animal.status_date)
        .join(Animal, Animal.id == AnimalField.animal_id)
        .where(AnimalField.field_id == field_id, *overlapping(start, end))
    )
    if ignoring:
        query = query.where(AnimalField.id.not_in(ignoring))
    return [
        (begun, removed or (None if status == "Vivo" else left or begun))
        for begun, removed, status, left in db.session.execute(query)
    ]


def peak(spans: Iterable[Span], start: dt.date) -> tuple[dt.date, int]:
    """The first day from `start` on with the most spans at once, and how many; a span's end is no longer its own."""
    steps = []
    for begun, ended in spans:
        if ended is None or ended > max(begun, start):
            steps.append((max(begun, start), 1))
            steps += [(ended, -1)] if ended else []
    head, best = 0, (start, 0)
    # On one day those who leave make room for those who come.
    for day, step in sorted(steps):
        head += step
        best = (day, head) if head > best[1] else best
    return best
