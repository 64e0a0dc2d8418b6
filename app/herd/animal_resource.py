"""HTTP door of animals: records, pedigree, tags."""

from typing import Any

from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.crud import crud
from app.core.http import gives
from app.core.lists import Listing
from app.core.plain import Reference
from app.core.relations import many, one
from app.herd import animals, counts, statuses
from app.herd.models import Animal, Breed, Species
from app.herd.schemas import AnimalIn, AnimalOut, AnimalsStatusOut, StatusChangeOut

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
    remove=animals.remove,
    keys=("record",),
    references={"breeds_id": Reference("breed", Breed, "name"), **BY_RECORD},
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


@ns.route("/<int:id>/statuses")
class AnimalStatuses(Resource):
    """What became of an animal, and when."""

    @allow("records.view")
    @gives(StatusChangeOut, many=True)
    def get(self, id: int) -> Any:
        """List the changes of an animal's status, the newest first."""
        return statuses.history(records.get(Animal, id, "El animal").id)
