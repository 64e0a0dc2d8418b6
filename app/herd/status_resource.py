"""HTTP door of the history of an animal's status: what became of it and when, written down late or put right."""

from typing import Any

from flask_restx import Namespace, Resource
from pydantic import BaseModel

from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.errors import NotFound
from app.core.http import gives, takes
from app.core.repetition import repeatable
from app.herd import statuses
from app.herd.days import today
from app.herd.models import Animal, AnimalStatusChange
from app.herd.schemas import StatusChangeChanges, StatusChangeIn, StatusChangeOut
from app.herd.statuses import Change

ns = Namespace("animal-statuses", description="Historia del estado de los animales")


@ns.route("/<int:id>/statuses")
class AnimalStatuses(Resource):
    """What became of an animal, and when."""

    @allow("records.view")
    @conditional("animals", "animal_status_changes")
    @gives(StatusChangeOut, many=True)
    def get(self, id: int) -> Any:
        """List the changes of an animal's status, the newest first."""
        return statuses.history(_animal(id).id)

    @allow("animals.write")
    @repeatable
    @takes(StatusChangeIn)
    @gives(StatusChangeOut, "Cambio de estado registrado", status=201)
    def post(self, body: StatusChangeIn, id: int) -> Any:
        """Write down a change; a late one of an old day leaves today's status as it is."""
        animal = _animal(id)
        entry = statuses.add(animal, Change(body.status, body.date or today(), body.reason))
        return statuses.told(entry)


@ns.route("/<int:id>/statuses/<int:status_id>")
class AnimalStatusEntry(Resource):
    """One change of an animal's status."""

    @allow("animals.write")
    @takes(StatusChangeChanges)
    @gives(StatusChangeOut, "Cambio de estado corregido")
    def put(self, body: BaseModel, id: int, status_id: int) -> Any:
        """Correct it: the animal's status follows the newest entry."""
        animal = _animal(id)
        entry = _entry(animal, status_id)
        return statuses.told(statuses.correct(animal, entry, **body.model_dump(exclude_unset=True)))

    patch = put

    @allow("animals.write")
    @gives(None, "Cambio de estado retirado")
    def delete(self, id: int, status_id: int) -> Any:
        """Take out one that never was; the animal's status follows the newest entry left."""
        animal = _animal(id)
        statuses.withdraw(animal, _entry(animal, status_id))
        return {"deleted_id": status_id}


def _animal(id: int) -> Animal:
    return records.get(Animal, id, "El animal")


def _entry(animal: Animal, id: int) -> AnimalStatusChange:
    entry = records.get(AnimalStatusChange, id, "El cambio de estado")
    if entry.animal_id != animal.id:
        raise NotFound(f"El cambio de estado {id} no existe")
    return entry
