"""The weights of an animal's check-ups in the order of their days, with its daily gains. growth.py computes those."""

from typing import Any

from app.core.extensions import db
from app.herd.controls import weighings
from app.herd.growth import Weighing, growth
from app.herd.models import Animal, Control

MOST = 1000


def growth_of(animal: Animal) -> dict[str, Any]:
    """The newest thousand weights of an animal, oldest first, and what it gained a day."""
    newest = weighings(animal.id).order_by(Control.checkup_date.desc(), Control.id.desc()).limit(MOST)
    rows = list(reversed(db.session.execute(newest).all()))
    found = growth(Weighing(day, kg) for _, day, kg in rows)
    return {
        "animal": {"id": animal.id, "record": animal.record},
        "weights": [
            {"control_id": id, "date": day, "kg": kg, "implausible": Weighing(day, kg) in found.implausible}
            for id, day, kg in rows
        ],
        "first_to_last": found.first_to_last._asdict(),
        "last_interval": found.last_interval._asdict(),
        "least_squares": found.least_squares._asdict(),
    }
