"""Genetic improvements: what was done to an animal that was alive and here that day."""

from typing import Any

from app.core import records
from app.herd.animals import recordable
from app.herd.models import GeneticImprovement


def create(**fields: Any) -> GeneticImprovement:
    """A new genetic improvement."""
    recordable(fields["animal_id"], fields["date"], "date")
    return records.create(GeneticImprovement, **fields)


def update(improvement: GeneticImprovement, **changes: Any) -> GeneticImprovement:
    """The improvement changed; a new day, or another animal, is checked as at the beginning."""
    records.refuse_empty(improvement, changes)
    wanted = (changes.get("animal_id", improvement.animal_id), changes.get("date", improvement.date))
    if wanted != (improvement.animal_id, improvement.date):
        recordable(*wanted, "date")
    return records.update(improvement, **changes)
