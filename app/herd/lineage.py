"""The stored pedigree above some animals, by one recursive query. What follows from it is not decided here."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select

from app.core.extensions import db
from app.herd.models import Animal


class Lineage(NamedTuple):
    """Parents (father, mother) and tags of some animals and all their ancestors."""

    parents: dict[int, tuple[int | None, int | None]]
    records: dict[int, str]


def lineage_of(ids: Iterable[int]) -> Lineage:
    """What is stored of these animals and of everybody above them; UNION ends also where a loop was stored."""
    ids = sorted(ids)
    if not ids:
        return Lineage({}, {})
    start = select(Animal.id).where(Animal.id.in_(ids))
    above = start.cte("above", recursive=True)
    fathers = (
        select(Animal.father_id).join(above, Animal.id == above.c.id).where(Animal.father_id.is_not(None))
    )
    mothers = (
        select(Animal.mother_id).join(above, Animal.id == above.c.id).where(Animal.mother_id.is_not(None))
    )
    above = above.union(fathers, mothers)
    query = select(Animal.id, Animal.record, Animal.father_id, Animal.mother_id).join(
        above, Animal.id == above.c.id
    )
    rows = db.session.execute(query).all()
    return Lineage(
        {id: (father, mother) for id, _, father, mother in rows}, {id: record for id, record, *_ in rows}
    )
