"""Counts of the herd."""

from sqlalchemy import func, select

from app.core.extensions import db
from app.herd.models import Animal
from app.herd.statuses import ALIVE, DEAD, SOLD


def by_status() -> dict[str, object]:
    """How many animals are alive, sold and dead."""
    rows = db.session.execute(select(Animal.status, func.count()).group_by(Animal.status)).all()
    found = {ALIVE: 0, SOLD: 0, DEAD: 0} | dict(iter(rows))
    total = sum(found.values())
    return {
        "total": total,
        "total_animals": total,
        "activos": found[ALIVE],
        "inactivos": total - found[ALIVE],
        "by_status": found,
    }


def relatives(animal: Animal) -> dict[str, int | None]:
    """An animal's parents and the number of its calves, as the dialog of its family tree reads them."""
    query = select(
        select(func.count()).where(Animal.father_id == animal.id).scalar_subquery(),
        select(func.count()).where(Animal.mother_id == animal.id).scalar_subquery(),
    )
    fathered, borne = db.session.execute(query).one()
    return {
        "father_id": animal.father_id,
        "mother_id": animal.mother_id,
        "children_as_father": fathered,
        "children_as_mother": borne,
    }
