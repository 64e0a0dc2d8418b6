"""Vaccinations: a dose given to an animal that was alive and here that day. Which are due is `due`'s part."""

from typing import Any

from app.core import records
from app.health.models import Vaccination, Vaccine
from app.health.people import acting_apprentice, require_apprentice, require_changed, require_instructor
from app.herd.animals import recordable


def vaccinate(**fields: Any) -> Vaccination:
    """A new dose. An apprentice who names nobody is the one who gave it."""
    recordable(fields["animal_id"], fields["vaccination_date"], "vaccination_date")
    require_vaccine(fields["vaccine_id"])
    require_instructor(fields.get("instructor_id"))
    if fields.get("apprentice_id") is None:
        fields["apprentice_id"] = acting_apprentice()
    else:
        require_apprentice(fields["apprentice_id"])
    return records.create(Vaccination, **fields)


def change(vaccination: Vaccination, /, **changes: Any) -> Vaccination:
    """The dose changed; what is new of it is checked as at the beginning."""
    records.refuse_empty(vaccination, changes)
    wanted = (
        changes.get("animal_id", vaccination.animal_id),
        changes.get("vaccination_date", vaccination.vaccination_date),
    )
    if wanted != (vaccination.animal_id, vaccination.vaccination_date):
        recordable(*wanted, "vaccination_date")
    if changes.get("vaccine_id", vaccination.vaccine_id) != vaccination.vaccine_id:
        require_vaccine(changes["vaccine_id"])
    require_changed(vaccination, changes)
    return records.update(vaccination, **changes)


def require_vaccine(vaccine_id: int) -> Vaccine:
    """The vaccine; Invalid when there is none."""
    return records.referred(Vaccine, vaccine_id, "vaccine_id", "La vacuna")
