"""Shapes of the animals' tags."""

import datetime as dt
from contextlib import suppress
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, computed_field, model_validator

from app.core.shapes import Moment, Shape, Text
from app.herd.tag_codes import MANUFACTURERS, TEST_PREFIX, InvalidTag, Issuer, official, parse

Kind = Literal["official", "electronic", "visual"]
Code = Annotated[Text, Field(min_length=1, max_length=80)]


class NewTagIn(Shape):
    """A tag that an animal wears from a day on; today, when it is not said."""

    kind: Kind
    code: Code
    placed_on: dt.date | None = None
    notes: Text | None = Field(default=None, max_length=1000)

    @model_validator(mode="after")
    def _in_normal_form(self) -> Self:
        """One code, one spelling, so that imports know it again. What cannot be read is refused by the service."""
        if self.code and self.kind:
            with suppress(InvalidTag):
                self.code = parse(self.code).digits if self.kind == "electronic" else official(self.code)
        return self


class AnimalTagIn(NewTagIn):
    """A tag an animal wears, or wore until `removed_on`."""

    animal_id: int = Field(ge=1, lt=2**31)
    removed_on: dt.date | None = None
    removal_reason: Text | None = Field(default=None, max_length=255)


class TagRemovalIn(Shape):
    """When and why a tag was taken off or lost; today, when it is not said."""

    removed_on: dt.date | None = Field(default=None, validation_alias=AliasChoices("removed_on", "date"))
    removal_reason: Text | None = Field(
        default=None, max_length=255, validation_alias=AliasChoices("removal_reason", "reason")
    )


class AnimalTagOut(Shape):
    """A tag. `issuer`: the country or manufacturer of an electronic one."""

    id: int
    animal_id: int
    animal_record: str | None = None
    kind: Kind
    code: str
    issuer: int | None
    placed_on: dt.date
    removed_on: dt.date | None
    removal_reason: str | None
    notes: str | None
    created_at: Moment
    updated_at: Moment

    @computed_field  # type: ignore[prop-decorator]
    @property
    def active(self) -> bool:
        """Whether the animal wears it."""
        return self.removed_on is None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def issuer_kind(self) -> str | None:
        """Who vouches for the code: a country, a manufacturer, or nobody (`test`)."""
        if self.issuer is None:
            return None
        if self.issuer == TEST_PREFIX:
            return Issuer.TEST.value
        return (Issuer.MANUFACTURER if self.issuer in MANUFACTURERS else Issuer.COUNTRY).value


class LookupQuery(Shape):
    """Whatever is written on the animal, in any spelling."""

    tag: Text = Field(default="", max_length=255)


class FoundAnimalOut(Shape):
    """The animal that was looked up."""

    id: int
    record: str
    sex: str
    birth_date: dt.date
    weight: float
    status: str
    breeds_id: int


class LookupOut(Shape):
    """The animal of a tag. `historic`: nobody wears it now; it is the one who did. `kind` may be `record`."""

    animal: FoundAnimalOut
    kind: str
    code: str
    tag_id: int | None
    historic: bool
    placed_on: dt.date | None
    removed_on: dt.date | None
