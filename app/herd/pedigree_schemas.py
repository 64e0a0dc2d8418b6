"""Shapes of what is computed of animals: trees, inbreeding, matings, growth."""

import datetime as dt
from typing import Any

from pydantic import Field

from app.core.shapes import Shape, Text
from app.herd.kinship import Level

Id = Field(default=None, ge=1, lt=2**31)


class TreeQuery(Shape):
    """Of which animal, how many generations (at most 20), and which fields of each."""

    animal_id: int | None = Id
    max_depth: int = 5
    fields: Text | None = None


class TreeEdgeOut(Shape):
    """From parent to child."""

    parent: int = Field(validation_alias="from", serialization_alias="from")
    child: int = Field(validation_alias="to", serialization_alias="to")
    relation: str


class TreeOut(Shape):
    """An animal's relatives as a graph. `truncated`: there are more animals than are shown."""

    root_id: int = Field(validation_alias="rootId", serialization_alias="rootId")
    nodes: dict[str, dict[str, Any]]
    edges: list[TreeEdgeOut]
    depth: int
    counts: dict[str, int]
    summary: dict[str, Any]
    edge_examples: dict[str, Any]
    truncated: bool
    generated_at: int


class NamedAnimalOut(Shape):
    """An animal by its id and its tag."""

    id: int
    record: str


class CompletenessOut(Shape):
    """How many of the 14 ancestors of three generations are known."""

    known: int
    possible: int
    fraction: float
    by_generation: list[int]


class KinshipPathOut(Shape):
    """From the sire up to the common ancestor, and from the dam; contributes (1/2)^(n1+n2+1) (1+F)."""

    sire_line: list[NamedAnimalOut]
    dam_line: list[NamedAnimalOut]
    n1: int
    n2: int
    contribution: float


class CommonAncestorOut(Shape):
    """An ancestor of both parents, its own inbreeding, and what comes through it."""

    animal: NamedAnimalOut
    inbreeding: float
    contribution: float
    paths: list[KinshipPathOut]


class KinshipOut(Shape):
    """Wright's F with where it comes from. `unlisted` is what comes through paths not shown."""

    inbreeding: float
    inbreeding_pct: float
    level: Level
    advice: str
    limits: dict[str, float]
    completeness: CompletenessOut
    common_ancestors: list[CommonAncestorOut]
    unlisted: float
    truncated: bool


class InbreedingOut(KinshipOut):
    """An animal's inbreeding."""

    animal: NamedAnimalOut


class MatingQuery(Shape):
    """Sire and dam by id or by tag; where that is ambiguous, by the parameter that says which."""

    sire: Text = ""
    sire_id: int | None = Id
    sire_record: Text | None = None
    dam: Text = ""
    dam_id: int | None = Id
    dam_record: Text | None = None


class MatingOut(KinshipOut):
    """What a calf of these two would be."""

    sire: NamedAnimalOut
    dam: NamedAnimalOut
    allowed: bool
    warnings: list[str]


class WeightOut(Shape):
    """A weight of a check-up; an implausible one is in no figure."""

    control_id: int
    date: dt.date
    kg: float
    implausible: bool


class GainOut(Shape):
    """Kilograms a day: numerator / denominator, between two days. Where it is null, `reason` says why."""

    value: float | None
    reason: str | None
    numerator: float | None
    denominator: float | None
    units: tuple[str, str]
    start: dt.date | None
    end: dt.date | None
    weights: int


class GrowthOut(Shape):
    """An animal's weights and daily gains."""

    animal: NamedAnimalOut
    weights: list[WeightOut]
    first_to_last: GainOut
    last_interval: GainOut
    least_squares: GainOut
