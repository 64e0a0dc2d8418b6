"""Diagnoses: a disease of an animal that was alive and here that day, told by somebody who teaches."""

from typing import Any

from app.core import records
from app.health.models import AnimalDisease, Disease
from app.health.people import require_changed, require_instructor
from app.herd.animals import recordable


def diagnose(**fields: Any) -> AnimalDisease:
    """A new diagnosis."""
    recordable(fields["animal_id"], fields["diagnosis_date"], "diagnosis_date")
    _require_disease(fields["disease_id"])
    require_instructor(fields["instructor_id"])
    return records.create(AnimalDisease, **fields)


def change(diagnosis: AnimalDisease, /, **changes: Any) -> AnimalDisease:
    """The diagnosis changed; what is new of it is checked as at the beginning."""
    records.refuse_empty(diagnosis, changes)
    wanted = (
        changes.get("animal_id", diagnosis.animal_id),
        changes.get("diagnosis_date", diagnosis.diagnosis_date),
    )
    if wanted != (diagnosis.animal_id, diagnosis.diagnosis_date):
        recordable(*wanted, "diagnosis_date")
    if changes.get("disease_id", diagnosis.disease_id) != diagnosis.disease_id:
        _require_disease(changes["disease_id"])
    require_changed(diagnosis, changes)
    return records.update(diagnosis, **changes)


def _require_disease(disease_id: int) -> None:
    records.referred(Disease, disease_id, "disease_id", "La enfermedad")
