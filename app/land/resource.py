"""HTTP door of the land: paddocks, forages, and which animals are or were where."""

from typing import Any

from flask import request
from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow
from app.core.crud import crud
from app.core.http import asks, gives, takes
from app.core.lists import MAX_LIMIT, PAGE_NAMES, PARAMETERS, list_response
from app.core.plain import PLAIN, Reference
from app.herd.models import Animal
from app.land import capacity, fields, food_types, moves, stays
from app.land.listings import ANIMAL_FIELDS, FIELDS, FOOD_TYPES, head_counts
from app.land.models import Field, FoodType
from app.land.occupation import animals_in, day_asked, location
from app.land.schemas import (
    AnimalFieldIn,
    FieldAnimalOut,
    FieldIn,
    FoodTypeIn,
    HeadCountOut,
    LocationOut,
    MoveIn,
    MoveOut,
    OnDate,
)

ns = Namespace("land", description="Potreros, forrajes y ocupación")

crud(
    ns,
    "/food_types",
    FOOD_TYPES,
    FoodTypeIn,
    label="Forraje",
    read="records.view",
    write="catalogues.write",
    create=food_types.sow,
    update=food_types.change,
    keys=("food_type",),
)
crud(
    ns,
    "/fields",
    FIELDS,
    FieldIn,
    label="Potrero",
    read="records.view",
    write="catalogues.write",
    create=fields.fence,
    update=fields.change,
    keys=("name",),
    references={"food_type_id": Reference("food_type", FoodType, "food_type")},
    warnings=capacity.warnings,
)
crud(
    ns,
    "/animal-fields",
    ANIMAL_FIELDS,
    AnimalFieldIn,
    label="Ocupación",
    read="records.view",
    write="records.write",
    edit="records.edit",
    create=stays.begin,
    update=stays.change,
    keys=("animal_id", "field_id", "assignment_date"),
    references={
        "animal_id": Reference("animal", Animal, "record", altered=True),
        "field_id": Reference("field", Field, "name", altered=True),
    },
)


def _whole() -> dict[str, str]:
    """A paddock, and a farm's paddocks, are looked at whole unless pages are asked for."""
    paged = any(request.args.get(name) for name in PAGE_NAMES)
    return {} if paged else {"limit": str(MAX_LIMIT)}


@ns.route("/animal-fields/move")
class GroupMove(Resource):
    """Animals that go together to another paddock."""

    @allow("records.write")
    @takes(MoveIn)
    @gives(MoveOut, "Traslado registrado", status=201)
    def post(self, body: MoveIn) -> Any:
        """Move a group: ends their stays on the day and begins the new ones, all or none."""
        return moves.move(**body.model_dump())


@ns.route("/fields/head-counts")
class HeadCounts(Resource):
    """The head of every paddock."""

    @allow("records.view")
    @ns.doc(params=PARAMETERS)
    @asks(OnDate)
    @gives(HeadCountOut, many=True)
    def get(self, query: OnDate) -> Any:
        """How many living animals each paddock has today, or had on `date`."""
        return list_response(head_counts(day_asked(query.date)), unless_said=_whole())


@ns.route("/fields/<int:id>/animals")
class FieldAnimals(Resource):
    """The animals of a paddock."""

    @allow("records.view")
    @ns.doc(params=PARAMETERS)
    @asks(OnDate)
    @gives(FieldAnimalOut, many=True)
    def get(self, query: OnDate, id: int) -> Any:
        """The living animals that are in the paddock today, or were on `date`."""
        field = records.get(Field, id, "El potrero")
        return list_response(
            PLAIN["animals"].listing,
            where=[animals_in(field.id, day_asked(query.date))],
            unless_said={"include_relations": "true", **_whole()},
            counted_as="count",
        )


@ns.route("/animals/<int:id>/location")
class AnimalLocation(Resource):
    """Where an animal is."""

    @allow("records.view")
    @asks(OnDate)
    @gives(LocationOut)
    def get(self, query: OnDate, id: int) -> Any:
        """The paddock the animal is in today, or was in on `date`, and since when."""
        return location(records.get(Animal, id, "El animal"), day_asked(query.date))
