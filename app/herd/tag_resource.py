"""HTTP door of the animals' tags: under each animal, all of them in one list, and the way from a tag to its animal."""

from typing import Any

from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.crud import crud, stored
from app.core.http import asks, gives, takes
from app.core.lists import PARAMETERS, Listing, list_response
from app.core.plain import Reference
from app.core.relations import one
from app.herd import tags
from app.herd.lookup import lookup
from app.herd.models import Animal, AnimalTag
from app.herd.tag_schemas import AnimalTagIn, AnimalTagOut, LookupOut, LookupQuery, NewTagIn, TagRemovalIn

ns = Namespace("animal-tags", description="Identificación de los animales: oficial, electrónica y visual")

TAGS = Listing(
    AnimalTag,
    AnimalTagOut,
    search=("code", "animal_record", "notes"),
    extra={"animal_record": Animal.record.expression, "active": AnimalTag.removed_on.is_(None)},
    joins=((Animal, AnimalTag.animal_id == Animal.id),),
    relations={"animal": one("animals", "animal_id", "id", "record", "sex", "status")},
)

crud(
    ns,
    "/animal-tags",
    TAGS,
    AnimalTagIn,
    label="Identificación",
    read="records.view",
    write="animals.write",
    create=tags.place,
    update=tags.change,
    keys=("animal_id", "kind", "code"),
    references={"animal_id": Reference("animal", Animal, "record")},
)


@ns.route("/animals/<int:id>/tags")
class TagsOfAnimal(Resource):
    """What an animal is known by."""

    @allow("records.view")
    @conditional("animal_tags", "animals")
    @ns.doc(params=PARAMETERS)
    @gives(AnimalTagOut, many=True)
    def get(self, id: int) -> Any:
        """List the tags an animal wears or wore, a page at a time."""
        animal = records.get(Animal, id, "El animal")
        return list_response(TAGS, where=[AnimalTag.animal_id == animal.id])

    @allow("animals.write")
    @takes(NewTagIn)
    @gives(AnimalTagOut, "Identificación colocada", status=201)
    def post(self, body: NewTagIn, id: int) -> Any:
        """Put a tag on an animal."""
        animal = records.get(Animal, id, "El animal")
        tag = tags.place(animal_id=animal.id, **body.model_dump())
        return stored(TAGS, tag, "Identificación colocada", 201)


@ns.route("/animals/tags/<int:id>")
class TagRemoval(Resource):
    """The end of a tag."""

    @allow("animals.write")
    @takes(TagRemovalIn)
    @gives(AnimalTagOut, "Identificación retirada")
    def put(self, body: TagRemovalIn, id: int) -> Any:
        """Say when and why a tag was taken off or lost; today, unless a day is said."""
        tag = records.get(AnimalTag, id, "La identificación")
        return stored(
            TAGS, tags.take_off(tag, body.removed_on, body.removal_reason), "Identificación retirada"
        )


@ns.route("/animals/lookup")
class Lookup(Resource):
    """From a tag to its animal."""

    @allow("records.view")
    @conditional("animals", "animal_tags")
    @asks(LookupQuery)
    @gives(LookupOut)
    def get(self, query: LookupQuery) -> Any:
        """The animal with this record or tag, in any spelling; who wears it now goes before who wore it once."""
        return lookup(query.tag)
