"""What happens in an animal's life: for each kind of event, where it is written, on which day, and how it is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased

from app.health.models import AnimalDisease, Disease, Treatment, Vaccination, Vaccine
from app.herd.models import (
    Animal,
    AnimalImage,
    AnimalStatusChange,
    AnimalTag,
    Breed,
    Control,
    GeneticImprovement,
)
from app.land.models import AnimalField, Field
from app.users.models import User

Father, Mother = aliased(Animal), aliased(Animal)
Apprentice, Instructor = aliased(User), aliased(User)


@dataclass(frozen=True)
class Kind:
    """One kind of event: rows of `model` that `owner` says are the animal's, on the day in the column `day`."""

    model: type[Any]
    day: ColumnElement[Any]
    owner: Callable[[int], ColumnElement[bool]]
    title: str
    columns: Mapping[str, Any]
    joins: Sequence[tuple[Any, ColumnElement[bool]]] = ()

    def told(self, details: Mapping[str, Any]) -> str:
        """The event in a line; what is not known is left out."""
        return self.title.format_map(
            {name: "" if value is None else value for name, value in details.items()}
        ).strip(" :")


def _columns(model: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(model, name) for name in names}


def _of(column: Any) -> Callable[[int], ColumnElement[bool]]:
    return lambda animal_id: column == animal_id


# In the order in which a day is told, the last first.
KINDS: dict[str, Kind] = {
    "birth": Kind(
        Animal,
        Animal.birth_date.expression,
        _of(Animal.id),
        "Nacimiento",
        {
            **_columns(Animal, "sex"),
            "breed": Breed.name,
            "father_id": Father.id,
            "father": Father.record,
            "mother_id": Mother.id,
            "mother": Mother.record,
        },
        (
            (Breed, Breed.id == Animal.breeds_id),
            (Father, Father.id == Animal.father_id),
            (Mother, Mother.id == Animal.mother_id),
        ),
    ),
    "child": Kind(
        Animal,
        Animal.birth_date.expression,
        lambda animal_id: or_(Animal.father_id == animal_id, Animal.mother_id == animal_id),
        "Cría: {record}",
        _columns(Animal, "record", "sex", "status", "father_id", "mother_id"),
    ),
    "tag": Kind(
        AnimalTag,
        AnimalTag.placed_on.expression,
        _of(AnimalTag.animal_id),
        "Identificación: {code}",
        {
            "type": AnimalTag.kind,
            **_columns(AnimalTag, "code", "issuer", "removed_on", "removal_reason", "notes"),
        },
    ),
    "status": Kind(
        AnimalStatusChange,
        AnimalStatusChange.date.expression,
        _of(AnimalStatusChange.animal_id),
        "Estado: {status}",
        {**_columns(AnimalStatusChange, "status", "reason", "user_id")},
    ),
    "stay": Kind(
        AnimalField,
        AnimalField.assignment_date.expression,
        _of(AnimalField.animal_id),
        "Potrero: {field}",
        {
            "field_id": AnimalField.field_id,
            "field": Field.name,
            **_columns(AnimalField, "removal_date", "notes"),
        },
        ((Field, Field.id == AnimalField.field_id),),
    ),
    "control": Kind(
        Control,
        Control.checkup_date.expression,
        _of(Control.animal_id),
        "Control: {health_status}",
        _columns(Control, "health_status", "weight", "height", "description"),
    ),
    "disease": Kind(
        AnimalDisease,
        AnimalDisease.diagnosis_date.expression,
        _of(AnimalDisease.animal_id),
        "Enfermedad: {disease}",
        {
            "disease_id": AnimalDisease.disease_id,
            "disease": Disease.name,
            "instructor_id": AnimalDisease.instructor_id,
            "instructor": Instructor.fullname,
            **_columns(AnimalDisease, "status", "notes"),
        },
        (
            (Disease, Disease.id == AnimalDisease.disease_id),
            (Instructor, Instructor.id == AnimalDisease.instructor_id),
        ),
    ),
    "treatment": Kind(
        Treatment,
        Treatment.treatment_date.expression,
        _of(Treatment.animal_id),
        "Tratamiento: {description}",
        _columns(
            Treatment,
            *(
                "description",
                "frequency",
                "dosis",
                "observations",
                "treatment_type",
                "veterinarian",
                "symptoms",
            ),
            *("treatment_plan", "cost", "status", "notes", "end_date", "follow_up_date"),
        ),
    ),
    "vaccination": Kind(
        Vaccination,
        Vaccination.vaccination_date.expression,
        _of(Vaccination.animal_id),
        "Vacuna: {vaccine}",
        {
            "vaccine_id": Vaccination.vaccine_id,
            "vaccine": Vaccine.name,
            "apprentice_id": Vaccination.apprentice_id,
            "apprentice": Apprentice.fullname,
            "instructor_id": Vaccination.instructor_id,
            "instructor": Instructor.fullname,
        },
        (
            (Vaccine, Vaccine.id == Vaccination.vaccine_id),
            (Apprentice, Apprentice.id == Vaccination.apprentice_id),
            (Instructor, Instructor.id == Vaccination.instructor_id),
        ),
    ),
    "improvement": Kind(
        GeneticImprovement,
        GeneticImprovement.date.expression,
        _of(GeneticImprovement.animal_id),
        "Mejora genética: {genetic_event_technique}",
        _columns(GeneticImprovement, "genetic_event_technique", "details", "results"),
    ),
    "image": Kind(
        AnimalImage,
        AnimalImage.created_at.expression,
        _of(AnimalImage.animal_id),
        "Imagen",
        _columns(AnimalImage, "filename", "filepath", "is_primary"),
    ),
}
