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
