"""Shapes of the room health: its catalogues. What the animals had and were given is in `record_schemas`."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.core.shapes import Moment, Shape, Text

Key = Annotated[int, Field(ge=1, lt=2**31)]
Short = Annotated[Text | None, Field(max_length=255)]


class VaccineType(StrEnum):
    """How a vaccine is made."""

    ATTENUATED = "Atenuada"
    INACTIVATED = "Inactivada"
    TOXOID = "Toxoide"
    SUBUNIT = "Subunidad"
    CONJUGATE = "Conjugada"
    RECOMBINANT = "Recombinante"
    DNA = "Adn"
    RNA = "Arn"


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Interval = Annotated[Annotated[int, Field(ge=0, le=36_500)] | None, BeforeValidator(_blank_is_none)]


class DiseaseIn(Shape):
    """A disease that animals may have."""

    name: Text = Field(min_length=3, max_length=100)
    symptoms: Short = None
    details: Short = None


class DiseaseOut(Shape):
    """A disease that animals may have."""

    id: int
    name: str
    symptoms: str | None
    details: str | None
    created_at: Moment
    updated_at: Moment


class RouteAdministrationIn(Shape):
    """A way of giving a medication or vaccine."""

    name: Text = Field(min_length=1, max_length=50)
    description: Short = None
    status: bool = True


class RouteAdministrationOut(Shape):
    """A way of giving a medication or vaccine."""

    id: int
    name: str
    description: str | None
    status: bool
    created_at: Moment
    updated_at: Moment


class MedicationIn(Shape):
    """A medication."""

    name: Text = Field(min_length=1, max_length=100)
    description: Short = None
    indications: Short = None
    contraindications: Short = None
    dosis: Text | None = Field(default=None, max_length=50)
    route_administration_id: Key | None = None
    availability: bool = True


class MedicationOut(Shape):
    """A medication, with the name of its route."""

    id: int
    name: str
    description: str | None
    indications: str | None
    contraindications: str | None
    dosis: str | None
    route_administration_id: int | None
    route_administration_name: str | None
    availability: bool
    created_at: Moment
    updated_at: Moment


class VaccineIn(Shape):
    """A vaccine; the interval between doses in days, 0 or nothing for one that is not repeated."""

    name: Text = Field(min_length=1, max_length=100)
    dosis: Short = None
    route_administration_id: Key | None = None
    vaccination_interval: Interval = None
    type: VaccineType | None = None
    national_plan: bool = False
    target_disease_id: Key | None = None


class VaccineOut(Shape):
    """A vaccine, with the names of its route and disease."""

    id: int
    name: str
    dosis: str | None
    route_administration_id: int | None
    route_administration_name: str | None
    vaccination_interval: int | None
    type: VaccineType | None
    national_plan: bool
    target_disease_id: int | None
    target_disease_name: str | None
    created_at: Moment
    updated_at: Moment
