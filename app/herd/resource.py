"""HTTP door of the herd's plain records: species, breeds, check-ups, genetic improvements."""

from typing import Any

from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.crud import crud
from app.core.http import gives
from app.core.lists import PARAMETERS, Listing, list_response
from app.core.plain import Reference
from app.core.relations import many, one
from app.herd import breeds, controls, improvements
from app.herd.models import Animal, Breed, Control, GeneticImprovement, Species
from app.herd.schemas import (
    BreedIn,
    BreedOut,
    ControlIn,
    ControlOut,
    GeneticImprovementIn,
    GeneticImprovementOut,
    SpeciesIn,
    SpeciesOut,
)

ns = Namespace("herd", description="Especies, razas, controles y mejoras genéticas")

ANIMAL = one("animals", "animal_id", "id", "record", "sex", "status")
ANIMAL_BY_RECORD = {"animal_id": Reference("animal", Animal, "record")}
BREEDS = Listing(
    Breed,
    BreedOut,
    search=("name",),
    extra={"species_name": Species.name.expression},
    joins=((Species, Breed.species_id == Species.id),),
    relations={
        "species": one("species", "species_id", "id", "name"),
        "animals": many("animals", "breeds_id", "id", "record", "sex", "status"),
    },
)

crud(
    ns,
    "/species",
    Listing(
        Species,
        SpeciesOut,
        search=("name",),
        relations={"breeds": many("breeds", "species_id", "id", "name", "species_id")},
    ),
    SpeciesIn,
    label="Especie",
    read="records.view",
    write="catalogues.write",
    keys=("name",),
)

crud(
    ns,
    "/breeds",
    BREEDS,
    BreedIn,
    label="Raza",
    read="records.view",
    write="catalogues.write",
    create=breeds.create,
    update=breeds.update,
    keys=("species_id", "name"),
    references={"species_id": Reference("species", Species, "name")},
)

crud(
    ns,
    "/controls",
    Listing(
        Control,
        ControlOut,
        search=("description", "animal_record"),
        extra={"animal_record": Animal.record.expression},
        joins=((Animal, Control.animal_id == Animal.id),),
        relations={"animals": ANIMAL},
    ),
    ControlIn,
    label="Control",
    read="records.view",
    write="records.write",
    edit="records.edit",
    create=controls.create,
    update=controls.update,
    remove=controls.remove,
    warnings=controls.warnings,
    keys=("animal_id", "checkup_date"),
    references={"animal_id": Reference("animal", Animal, "record", altered=True)},
)

crud(
    ns,
    "/genetic-improvements",
    Listing(
        GeneticImprovement,
        GeneticImprovementOut,
        search=("details", "results", "genetic_event_technique", "animal_record"),
        extra={"animal_record": Animal.record.expression},
        joins=((Animal, GeneticImprovement.animal_id == Animal.id),),
        relations={"animals": ANIMAL},
    ),
    GeneticImprovementIn,
    label="Mejora genética",
    read="records.view",
    write="records.write",
    edit="records.edit",
    create=improvements.create,
    update=improvements.update,
    keys=("animal_id", "date", "genetic_event_technique"),
    references=ANIMAL_BY_RECORD,
)


@ns.route("/breeds/by-species/<int:id>")
class BreedsOfSpecies(Resource):
    """The breeds of a species."""

    @allow("records.view")
    @conditional("breeds", "species")
    @ns.doc(params=PARAMETERS)
    @gives(BreedOut, many=True)
    def get(self, id: int) -> Any:
        """List the breeds of one species, a page at a time."""
        records.get(Species, id, "La especie")
        return list_response(BREEDS, where=[Breed.species_id == id])
