"""Shapes of the room land. A paddock's capacity and area travel as text, as the earlier client reads them."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, PlainSerializer

from app.core.shapes import Moment, Shape, Text

Id = Annotated[int, Field(ge=1, lt=2**31)]


class FieldState(StrEnum):
    """What a paddock is said to be; told by people, never computed."""

    FREE = "Disponible"
    TAKEN = "Ocupado"
    MAINTENANCE = "Mantenimiento"
    RESTRICTED = "Restringido"
    DAMAGED = "Dañado"
    ACTIVE = "Activo"


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _blank_is_zero(value: Any) -> Any:
    return 0 if value is None or value == "" else value


def _digits(number: float | None) -> str | None:
    """30 and 30.0 are "30", 12.5 is "12.5"."""
    if number is None:
        return None
    return str(int(number)) if float(number).is_integer() else repr(number)


Head = Annotated[Annotated[int, Field(ge=0, le=1_000_000)] | None, BeforeValidator(_blank_is_none)]
HeadText = Annotated[int | None, PlainSerializer(_digits, return_type=str | None)]
AreaText = Annotated[float, PlainSerializer(_digits, return_type=str)]


class FoodTypeIn(Shape):
    """A forage or crop; area in m2."""

    food_type: Text = Field(
        min_length=1, max_length=255, validation_alias=AliasChoices("food_type", "name"), title="nombre"
    )
    sowing_date: dt.date | None = None
    harvest_date: dt.date | None = None
    area: float | None = Field(default=None, gt=0, le=1e9)
    handlings: Text | None = Field(
        default=None, max_length=255, validation_alias=AliasChoices("handlings", "description")
    )
    gauges: Text | None = Field(default=None, max_length=255)


class FoodTypeOut(Shape):
    """A forage or crop; area in m2."""

    id: int
    food_type: str
    sowing_date: dt.date | None
    harvest_date: dt.date | None
    area: float | None
    handlings: str | None
    gauges: str | None
    created_at: Moment
    updated_at: Moment


class FieldIn(Shape):
    """A paddock. `capacity` in head; without it there is no limit."""

    name: Text = Field(min_length=1, max_length=255)
    ubication: Text | None = Field(default=None, max_length=255)
    capacity: Head = None
    state: FieldState = FieldState.ACTIVE
    handlings: Text | None = Field(default=None, max_length=255)
    gauges: Text | None = Field(default=None, max_length=255)
    area: Annotated[float, BeforeValidator(_blank_is_zero)] = Field(default=0.0, ge=0, le=1e9)
    food_type_id: Id | None = None


class FieldOut(Shape):
    """A paddock, and how many living animals are in it."""

    id: int
    name: str
    ubication: str | None
    capacity: HeadText
    state: FieldState
    handlings: str | None
    gauges: str | None
    area: AreaText
    food_type_id: int | None
    food_type_name: str | None
    animal_count: int
    created_at: Moment
    updated_at: Moment


class HeadCountOut(Shape):
    """The living animals of a paddock on a day."""

    id: int
    name: str
    state: FieldState
    capacity: HeadText
    head: int


class FieldAnimalOut(Shape):
    """An animal of a paddock; the answer has all that the list of animals shows, with what is related to it."""

    id: int
    record: str
    sex: str
    status: str
    birth_date: dt.date
    weight: float
    breeds_id: int


class AnimalFieldIn(Shape):
    """A stay of an animal in a paddock; without a removal date it is there now."""

    animal_id: Id = Field(title="animal")
    field_id: Id = Field(title="potrero")
    assignment_date: dt.date = Field(title="fecha de ingreso")
    removal_date: dt.date | None = None
    notes: Text | None = Field(default=None, max_length=5000)


class AnimalFieldOut(Shape):
    """A stay of an animal in a paddock."""

    id: int
    animal_id: int
    field_id: int
    assignment_date: dt.date
    removal_date: dt.date | None
    notes: str | None
    animal_record: str | None
    field_name: str | None
    is_active: bool
    created_at: Moment
    updated_at: Moment


class MoveIn(Shape):
    """Animals that go together to a paddock; today when no date is said."""

    animal_ids: list[Id] = Field(min_length=1, max_length=1000)
    field_id: Id
    date: dt.date | None = None
    notes: Text | None = Field(default=None, max_length=5000)


class MovedOut(Shape):
    """A move that was made: whence each animal came, and its new stay."""

    animal_id: int
    animal_record: str
    from_field_id: int | None
    from_field_name: str | None
    animal_field_id: int


class MoveOut(Shape):
    """A group's move."""

    field_id: int
    field_name: str
    date: dt.date
    moved: int
    animals: list[MovedOut]


class OnDate(Shape):
    """On which day; today when it is not said."""

    date: dt.date | None = None


class LocationOut(Shape):
    """Where an animal was on a day. Where there is no paddock, `reason` says why; `days` it had been there."""

    animal_id: int
    animal_record: str
    date: dt.date
    animal_field_id: int | None = None
    field_id: int | None = None
    field_name: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    days: int | None = None
    reason: str | None = None
