"""HTTP door of animals: records, pedigree, tags."""

from typing import Any

from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.crud import crud
from app.core.errors import Malformed
from app.core.http import asks, gives
from app.core.lists import Listing
from app.core.plain import Reference
from app.core.relations import many, one
from app.herd import animals, breeding, counts, trees, weights
from app.herd.models import Animal, Breed, Species
from app.herd.pedigree_schemas import GrowthOut, InbreedingOut, MatingOut, MatingQuery, TreeOut, TreeQuery
from app.herd.schemas import AnimalIn, AnimalOut, AnimalsStatusOut

ns = Namespace("animals", description="Animales, genealogía e identificación")

BY_RECORD = {
    "father_id": Reference("father", Animal, "record"),
    "mother_id": Reference("mother", Animal, "record"),
}

crud(
    ns,
    "",
    Listing(
        Animal,
        AnimalOut,
        search=("record", "notes"),
        extra={
            "breed_name": Breed.name.expression,
            "species_id": Breed.species_id.expression,
            "species_name": Species.name.expression,
        },
        joins=((Breed, Animal.breeds_id == Breed.id), (Species, Breed.species_id == Species.id)),
        aliases={"breed_id": "breeds_id", "idFather": "father_id", "idMother": "mother_id"},
        # The older, the earlier born.
        instead=dict.fromkeys(("age_in_days", "age_in_months", "is_adult"), "-birth_date"),
        relations={
            "breed": one("breeds", "breeds_id", "id", "name", "species_id"),
            "father": one("animals", "father_id", "id", "record", "sex"),
            "mother": one("animals", "mother_id", "id", "record", "sex"),
            "treatments": many("treatments", "animal_id", "id", "treatment_date", "description"),
            "vaccinations": many("vaccinations", "animal_id", "id", "vaccination_date", "vaccine_id"),
            "diseases": many("animal_diseases", "animal_id", "id", "disease_id", "diagnosis_date", "status"),
            "controls": many(
                "controls", "animal_id", "id", "checkup_date", "health_status", "weight", "height"
            ),
            "images": many("animal_images", "animal_id", "id", "filename", "filepath", "is_primary"),
        },
    ),
    AnimalIn,
    label="Animal",
    read="records.view",
    write="animals.write",
    create=animals.register,
    update=animals.revise,
    keys=("record",),
    references={"breeds_id": Reference("breed", Breed, "name"), **BY_RECORD},
    relatives=counts.relatives,
    warnings=animals.warnings,
)


@ns.route("/status")
class AnimalsStatus(Resource):
    """How many animals there are."""

    @allow("records.view")
    @conditional("animals")
    @gives(AnimalsStatusOut)
    def get(self) -> Any:
        """Count the animals by status."""
        return counts.by_status()


@ns.route("/tree/ancestors")
class Ancestors(Resource):
    """Whom an animal descends from."""

    @allow("records.view")
    @conditional("animals", "breeds")
    @asks(TreeQuery)
    @gives(TreeOut)
    def get(self, query: TreeQuery) -> Any:
        """The ancestors of an animal as a graph."""
        return _tree(query, "ancestors")


@ns.route("/tree/descendants")
class Descendants(Resource):
    """Who descends from an animal."""

    @allow("records.view")
    @conditional("animals", "breeds")
    @asks(TreeQuery)
    @gives(TreeOut)
    def get(self, query: TreeQuery) -> Any:
        """The descendants of an animal as a graph."""
        return _tree(query, "descendants")


@ns.route("/<int:id>/inbreeding")
class AnimalInbreeding(Resource):
    """How related an animal's parents are."""

    @allow("records.view")
    @conditional("animals")
    @gives(InbreedingOut)
    def get(self, id: int) -> Any:
        """Wright's F, with the common ancestors and how much of the pedigree is known."""
        return breeding.inbreeding_of(_animal(id))


@ns.route("/mating")
class Mating(Resource):
    """A service that has not been made."""

    @allow("records.view")
    @asks(MatingQuery)
    @gives(MatingOut)
    def get(self, query: MatingQuery) -> Any:
        """The inbreeding that a calf of two animals would have, and whether to advise the service."""
        sire = breeding.partner(query.sire, query.sire_id, query.sire_record, "sire")
        return breeding.mating(sire, breeding.partner(query.dam, query.dam_id, query.dam_record, "dam"))


@ns.route("/<int:id>/growth")
class AnimalGrowth(Resource):
    """What an animal weighed and gained."""

    @allow("records.view")
    @conditional("animals", "controls")
    @gives(GrowthOut)
    def get(self, id: int) -> Any:
        """The weights of an animal and its daily gains."""
        return weights.growth_of(_animal(id))


def _animal(id: int) -> Animal:
    return records.get(Animal, id, "El animal")


def _tree(query: TreeQuery, direction: trees.Direction) -> dict[str, Any]:
    if query.animal_id is None:
        raise Malformed("Falta «animal_id»: de qué animal")
    fields = [name.strip() for name in (query.fields or "").split(",") if name.strip()]
    return trees.tree(query.animal_id, direction, query.max_depth, fields)
