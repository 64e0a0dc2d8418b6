"""A farm for tests of land, health and history: animals and paddocks, made quickly and not through the door."""

import datetime as dt
from typing import Any

from biogas.plant import today
from flask import Flask

from app.core.transaction import transaction
from app.herd import animals
from app.herd.models import Animal, Breed, Species
from app.land.models import Field


def day(days_ago: int) -> dt.date:
    """The farm's day so many days ago."""
    return today() - dt.timedelta(days=days_ago)


def herd(app: Flask, count: int = 1, age_days: int = 1000) -> list[int]:
    """New living animals, born so many days ago: their ids."""
    with app.app_context(), transaction() as session:
        breed = session.query(Breed).first() or Breed(name="Cebú", species_id=_species(session))
        session.add(breed)
        session.flush()
        start = session.query(Animal).count() + 1
        made = [
            Animal(
                record=f"REC-{number:03d}",
                sex="Hembra",
                birth_date=day(age_days),
                weight=300.0,
                status="Vivo",
                breeds_id=breed.id,
            )
            for number in range(start, start + count)
        ]
        session.add_all(made)
        session.flush()
        return [animal.id for animal in made]


def _species(session: Any) -> int:
    species = Species(name="Bovino")
    session.add(species)
    session.flush()
    return species.id


def paddock(app: Flask, name: str = "Loma", capacity: int | None = None, state: str = "Activo") -> int:
    """A new paddock: its id."""
    with app.app_context(), transaction() as session:
        field = Field(name=name, capacity=capacity, state=state)
        session.add(field)
        session.flush()
        return field.id


def become(app: Flask, animal_id: int, status: str, on: dt.date) -> None:
    """The animal dies, is sold, or comes back."""
    with app.app_context(), transaction() as session:
        animal = session.get(Animal, animal_id)
        animals.revise(animal, status=status, status_date=on, status_reason="Prueba")


def data(answer: Any, status: int = 200) -> Any:
    """What a good answer holds."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json["data"]


def refused(answer: Any, code: str) -> Any:
    """The details of a conflict."""
    assert (answer.status_code, answer.json["error"]["code"]) == (409, code), answer.get_data(as_text=True)
    return answer.json["error"]["details"]


def wrong(answer: Any) -> set[str]:
    """The fields that a refusal names."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return set(answer.json["error"]["details"]["validation_errors"])
