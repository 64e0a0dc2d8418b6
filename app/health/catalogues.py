"""Medications and vaccines of the catalogue: what they point at must exist."""

from typing import Any

from app.core import records
from app.health.models import Disease, Medication, RouteAdministration, Vaccine


def add_medication(**fields: Any) -> Medication:
    """A new medication."""
    _require_known(fields)
    return records.create(Medication, **fields)


def add_vaccine(**fields: Any) -> Vaccine:
    """A new vaccine."""
    _require_known(fields)
    return records.create(Vaccine, **fields)


def change(record: Medication | Vaccine, /, **changes: Any) -> Medication | Vaccine:
    """The medication or vaccine changed."""
    _require_known(changes)
    return records.update(record, **changes)


def _require_known(fields: dict[str, Any]) -> None:
    if fields.get("route_administration_id") is not None:
        key = fields["route_administration_id"]
        records.referred(RouteAdministration, key, "route_administration_id", "La vía de administración")
    if fields.get("target_disease_id") is not None:
        records.referred(Disease, fields["target_disease_id"], "target_disease_id", "La enfermedad")
