"""Shapes of the room health: what the animals had and were given."""

import datetime as dt
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from app.core.shapes import Moment, Shape, Text
from app.health.schemas import Key, Short


class DiagnosisStatus(StrEnum):
    """How a disease of an animal stands."""

    ACTIVE = "Activo"
    IN_TREATMENT = "En tratamiento"
    RECOVERED = "Recuperado"
    TREATED = "Tratado"
    OBSERVED = "Observación"
    CHRONIC = "Crónico"


class AnimalDiseaseIn(Shape):
    """A diagnosis: an animal has a disease since a day, as an instructor says."""

    animal_id: Key = Field(title="animal")
    disease_id: Key = Field(title="enfermedad")
    instructor_id: Key
    diagnosis_date: dt.date = Field(title="fecha del diagnóstico")
    status: DiagnosisStatus = DiagnosisStatus.ACTIVE
    notes: Text | None = Field(default=None, max_length=5000)


class AnimalDiseaseOut(Shape):
    """A diagnosis, with the names of what it joins."""

    id: int
    animal_id: int
    disease_id: int
    instructor_id: int
    diagnosis_date: dt.date
    status: DiagnosisStatus
    notes: str | None
    animal_record: str | None
    disease_name: str | None
    instructor_name: str | None
    instructor_fullname: str | None
    created_at: Moment
    updated_at: Moment


class VaccinationIn(Shape):
    """A dose given to an animal. An apprentice who names nobody gave it himself."""

    animal_id: Key
    vaccine_id: Key
    vaccination_date: dt.date
    apprentice_id: Key | None = None
    instructor_id: Key | None = None


class VaccinationOut(Shape):
    """A dose given to an animal, with the names of what it joins."""

    id: int
    animal_id: int
    vaccine_id: int
    vaccination_date: dt.date
    apprentice_id: int | None
    instructor_id: int | None
    animal_record: str | None
    vaccine_name: str | None
    apprentice_name: str | None
    instructor_name: str | None
    created_at: Moment
    updated_at: Moment


class TreatmentIn(Shape):
    """A treatment of an animal; `cost` in pesos. `diagnosis` is another name of `description`."""

    animal_id: Key
    treatment_date: dt.date
    description: Text = Field(min_length=1, max_length=255)
    frequency: Short = None
    dosis: Short = None
    observations: Short = None
    treatment_type: Text | None = Field(default=None, max_length=100)
    veterinarian: Text | None = Field(default=None, max_length=120)
    symptoms: Text | None = Field(default=None, max_length=500)
    treatment_plan: Text | None = Field(default=None, max_length=500)
    cost: float | None = Field(default=None, ge=0, le=1e12)
    status: Text | None = Field(default=None, max_length=50)
    notes: Text | None = Field(default=None, max_length=5000)
    end_date: dt.date | None = None
    follow_up_date: dt.date | None = None

    @model_validator(mode="before")
    @classmethod
    def _described_by_diagnosis(cls, values: Any) -> Any:
        """No alias: what is exported has both, and must come in again."""
        if isinstance(values, dict) and values.get("diagnosis") and not values.get("description"):
            return {**values, "description": values["diagnosis"]}
        return values


class TreatmentOut(Shape):
    """A treatment of an animal."""

    id: int
    animal_id: int
    animal_record: str | None
    treatment_date: dt.date
    end_date: dt.date | None
    follow_up_date: dt.date | None
    description: str
    diagnosis: str
    frequency: str | None
    dosis: str | None
    observations: str | None
    treatment_type: str | None
    veterinarian: str | None
    symptoms: str | None
    treatment_plan: str | None
    cost: float | None
    status: str | None
    notes: str | None
    created_at: Moment
    updated_at: Moment


class TreatmentMedicationIn(Shape):
    """A medication that a treatment uses."""

    treatment_id: Key = Field(title="tratamiento")
    medication_id: Key = Field(title="medicamento")


class TreatmentMedicationOut(Shape):
    """A medication that a treatment uses, with the names of what it joins."""

    id: int
    treatment_id: int
    medication_id: int
    treatment_diagnosis: str | None
    medication_name: str | None
    animal_record: str | None
    created_at: Moment
    updated_at: Moment


class TreatmentVaccineIn(Shape):
    """A vaccine that a treatment uses."""

    treatment_id: Key = Field(title="tratamiento")
    vaccine_id: Key = Field(title="vacuna")
    dose: Short = None


class TreatmentVaccineOut(Shape):
    """A vaccine that a treatment uses, with the names of what it joins."""

    id: int
    treatment_id: int
    vaccine_id: int
    dose: str | None
    treatment_diagnosis: str | None
    vaccine_name: str | None
    animal_record: str | None
    created_at: Moment
    updated_at: Moment


class DueIn(Shape):
    """Which doses: due within so many days, those overdue included."""

    days: int = Field(default=30, ge=0, le=3650)
    animal_id: Key | None = None
    vaccine_id: Key | None = None
    page: int = Field(default=1, ge=1, lt=10**9)
    limit: int = Field(default=50, ge=1, le=1000)


class DueOut(Shape):
    """A dose that is due: of the newest one that the animal was given, by the vaccine's interval."""

    animal_id: int
    animal_record: str
    vaccine_id: int
    vaccine_name: str
    national_plan: bool
    last_vaccination_id: int
    last_date: dt.date
    vaccination_interval: int
    next_due: dt.date
    overdue_days: int
