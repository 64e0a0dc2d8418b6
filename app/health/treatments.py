"""Treatments of animals, and the medications and vaccines each one uses."""

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from app.core import records
from app.core.errors import Invalid
from app.core.extensions import db
from app.health.models import Medication, Treatment, TreatmentMedication, TreatmentVaccine
from app.health.vaccinations import require_vaccine
from app.herd.animals import recordable
from app.herd.days import today

AFTERWARDS = ("end_date", "follow_up_date")
ACTIVE_DAYS = 30


def treat(**fields: Any) -> Treatment:
    """A new treatment of an animal that was alive and here that day."""
    recordable(fields["animal_id"], fields["treatment_date"], "treatment_date")
    _require_order(fields["treatment_date"], fields)
    return records.create(Treatment, **fields)


def change(treatment: Treatment, /, **changes: Any) -> Treatment:
    """The treatment changed; its days and its animal are checked as at the beginning."""
    records.refuse_empty(treatment, changes)
    animal_id = changes.get("animal_id", treatment.animal_id)
    day = changes.get("treatment_date", treatment.treatment_date)
    if (animal_id, day) != (treatment.animal_id, treatment.treatment_date):
        recordable(animal_id, day, "treatment_date")
    _require_order(day, {name: changes.get(name, getattr(treatment, name)) for name in AFTERWARDS})
    return records.update(treatment, **changes)


def figures() -> dict[str, int]:
    """How many are active: dated in the last thirty days."""
    recent = Treatment.treatment_date > today() - dt.timedelta(days=ACTIVE_DAYS)
    return {"active_treatments": db.session.scalar(select(func.count()).where(recent)) or 0}


def add_medication(**fields: Any) -> TreatmentMedication:
    """A medication used in a treatment."""
    _require_parts(fields)
    return records.create(TreatmentMedication, **fields)


def change_medication(link: TreatmentMedication, /, **changes: Any) -> TreatmentMedication:
    """Another medication, or another treatment."""
    records.refuse_empty(link, changes)
    _require_parts(changes)
    return records.update(link, **changes)


def add_vaccine(**fields: Any) -> TreatmentVaccine:
    """A vaccine used in a treatment."""
    _require_parts(fields)
    return records.create(TreatmentVaccine, **fields)


def change_vaccine(link: TreatmentVaccine, /, **changes: Any) -> TreatmentVaccine:
    """Another vaccine, dose or treatment."""
    records.refuse_empty(link, changes)
    _require_parts(changes)
    return records.update(link, **changes)


def _require_parts(fields: dict[str, Any]) -> None:
    """Raises Invalid unless what is joined exists."""
    if "treatment_id" in fields:
        records.referred(Treatment, fields["treatment_id"], "treatment_id", "El tratamiento")
    if "medication_id" in fields:
        records.referred(Medication, fields["medication_id"], "medication_id", "El medicamento")
    if "vaccine_id" in fields:
        require_vaccine(fields["vaccine_id"])


def _require_order(day: dt.date, fields: dict[str, Any]) -> None:
    early = [name for name in AFTERWARDS if fields.get(name) and fields[name] < day]
    if early:
        raise Invalid(fields=dict.fromkeys(early, f"No puede ser anterior al tratamiento ({day})"))
