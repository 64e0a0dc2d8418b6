"""Breeds: a name is unique in its species, and a breed that has animals stays in the species it is of."""

from typing import Any

from sqlalchemy import select

from app.core import records
from app.core.errors import Invalid
from app.core.extensions import db
from app.herd.models import Animal, Breed, Species


def create(**fields: Any) -> Breed:
    """A new breed of a species that exists."""
    records.referred(Species, fields["species_id"], "species_id", "La especie")
    return records.create(Breed, **fields)


def update(breed: Breed, **changes: Any) -> Breed:
    """The breed changed. Its animals' parents are of its species, so it changes species only while it has none."""
    records.refuse_empty(breed, changes)
    if changes.get("species_id", breed.species_id) != breed.species_id:
        records.referred(Species, changes["species_id"], "species_id", "La especie")
        if db.session.scalar(select(Animal.id).where(Animal.breeds_id == breed.id).limit(1)):
            raise Invalid(fields={"species_id": "La raza tiene animales; no puede cambiar de especie"})
    return records.update(breed, **changes)
