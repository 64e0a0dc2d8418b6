"""Shapes of the room herd: its plain records. Those of pedigree, growth and tags are in files of their own."""

import datetime as dt
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, computed_field

from app.core.shapes import Moment, Shape, Text, partial
from app.herd.days import today

DAYS_IN_MONTH = 30.44
ADULT_FROM_MONTHS = 12

Key = Annotated[int, Field(ge=1, lt=2**31)]
Kilograms = Annotated[float, Field(gt=0, le=20_000)]
Sex = Literal["Hembra", "Macho"]
AnimalStatus = Literal["Vivo", "Vendido", "Muerto"]
HealthStatus = Literal["Excelente", "Bueno", "Regular", "Malo", "Sano"]


def _parent(wire: str, name: str) -> Any:
    """A parent's key, under the wire's name and ours."""
    return Field(
        default=None, validation_alias=AliasChoices(wire, name), serialization_alias=wire, ge=1, lt=2**31
    )


class SpeciesIn(Shape):
    """A species of livestock."""

    name: Text = Field(min_length=1, max_length=255)


class SpeciesOut(Shape):
    """A species of livestock."""

    id: int
    name: str
    created_at: Moment
    updated_at: Moment


class BreedIn(Shape):
    """A breed; its name is unique in its species."""

    name: Text = Field(min_length=1, max_length=255)
    species_id: Key = Field(title="especie")


class BreedOut(Shape):
    """A breed with the name of its species."""

    id: int
    name: str
    species_id: int
    species_name: str | None = None
    created_at: Moment
    updated_at: Moment


class AnimalIn(Shape):
    """An animal. A change of `status` is dated today unless `status_date` says otherwise."""

    record: Text = Field(min_length=1, max_length=255, title="registro")
    sex: Sex
    birth_date: dt.date
    weight: Kilograms
    status: AnimalStatus | None = None
    status_date: dt.date | None = None
    status_reason: Text | None = Field(default=None, max_length=255)
    breeds_id: int = Field(validation_alias=AliasChoices("breeds_id", "breed_id"), ge=1, lt=2**31)
    father_id: int | None = _parent("idFather", "father_id")
    mother_id: int | None = _parent("idMother", "mother_id")
    notes: Text | None = Field(default=None, max_length=5000)


class AnimalOut(Shape):
    """An animal; its age is of today, in the farm's days."""

    id: int
    record: str
    sex: Sex
    birth_date: dt.date
    weight: float
    status: AnimalStatus
    status_date: dt.date | None
    status_reason: str | None
    breeds_id: int
    breed_name: str | None = None
    species_id: int | None = None
    species_name: str | None = None
    father_id: int | None = _parent("idFather", "father_id")
    mother_id: int | None = _parent("idMother", "mother_id")
    notes: str | None
    created_at: Moment
    updated_at: Moment

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def age_in_days(self) -> int:
        """Days since birth."""
        return (today() - self.birth_date).days

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def age_in_months(self) -> int:
        """Months of 30.44 days since birth, rounded."""
        return round(self.age_in_days / DAYS_IN_MONTH)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_adult(self) -> bool:
        """Twelve months or older."""
        return self.age_in_months >= ADULT_FROM_MONTHS


class StatusChangeIn(Shape):
    """What became of an animal; on which day (today when it is not said), and why."""

    status: AnimalStatus
    date: dt.date | None = None
    reason: Text | None = Field(default=None, max_length=255)


class StatusChangeOut(Shape):
    """A change of an animal's status; `current` is the one that holds today."""

    id: int
    status: AnimalStatus
    date: dt.date
    reason: str | None
    user_id: int | None
    current: bool
    created_at: Moment


StatusChangeChanges = partial(StatusChangeIn, "StatusChangeChanges")


class AnimalsStatusOut(Shape):
    """How many animals there are, under the names of each client."""

    total: int
    total_animals: int
    activos: int
    inactivos: int
    by_status: dict[str, int]


class ControlIn(Shape):
    """A check-up; weight in kg, height in cm."""

    animal_id: Key
    checkup_date: dt.date
    health_status: HealthStatus
    weight: Kilograms | None = None
    height: float | None = Field(default=None, gt=0, le=1000)
    description: Text | None = Field(default=None, max_length=255)


class ControlOut(Shape):
    """A check-up with the tag of its animal."""

    id: int
    animal_id: int
    animal_record: str | None = None
    checkup_date: dt.date
    health_status: HealthStatus
    weight: float | None
    height: float | None
    description: str | None
    created_at: Moment
    updated_at: Moment


class GeneticImprovementIn(Shape):
    """A genetic technique applied to an animal, and what came of it."""

    animal_id: Key
    date: dt.date
    genetic_event_technique: Text = Field(min_length=1, max_length=255)
    details: Text = Field(min_length=1, max_length=255)
    results: Text = Field(min_length=1, max_length=255)


class GeneticImprovementOut(Shape):
    """A genetic improvement with the tag of its animal."""

    id: int
    animal_id: int
    animal_record: str | None = None
    date: dt.date
    genetic_event_technique: str
    details: str
    results: str
    created_at: Moment
    updated_at: Moment
