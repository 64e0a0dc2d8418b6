"""Whether an animal, as it is to be stored, fits its parents and its calves. The rules are in pedigree.py."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import or_, select

from app.core import records
from app.core.extensions import db
from app.herd.lineage import Lineage, lineage_of
from app.herd.models import Animal, Breed
from app.herd.pedigree import FATHER, MALE, MOTHER, Facts, Problem, own_problems, parent_problems

# A change of any of these may contradict parents or calves.
FIELDS = ("father_id", "mother_id", "sex", "birth_date", "breeds_id")
CALVES_READ = 100


def problems(animal: Animal | None, wanted: Mapping[str, Any]) -> list[Problem]:
    """What speaks against storing an animal like `wanted`; `animal` is what is stored of it, None for a new one.

    Raises Invalid when its breed or a parent does not exist.
    """
    child = Facts(animal.id if animal else None, wanted["record"], wanted["sex"], wanted["birth_date"])
    breed = records.referred(Breed, wanted["breeds_id"], "breeds_id", "La raza")
    father, mother = _parent(wanted.get("father_id"), FATHER), _parent(wanted.get("mother_id"), MOTHER)
    # Of a new animal nobody can descend.
    above = lineage_of(one.id for one in (father, mother) if one) if animal else Lineage({}, {})
    found = parent_problems(
        child,
        _facts(father) if father else None,
        _facts(mother) if mother else None,
        above.parents,
        above.records,
    )
    found += _of_other_species(breed, ((father, FATHER), (mother, MOTHER)))
    return found + _calves_problems(animal, child, breed) if animal else found


def _parent(id: int | None, field: str) -> Animal | None:
    return None if id is None else records.referred(Animal, id, field, "El animal")


def _facts(animal: Animal) -> Facts:
    return Facts(animal.id, animal.record, animal.sex, animal.birth_date)


def _of_other_species(breed: Breed, parents: Iterable[tuple[Animal | None, str]]) -> list[Problem]:
    return [
        Problem(field, f"El animal {parent.record} es de otra especie")
        for parent, field in parents
        if parent and _species_of(parent) != breed.species_id
    ]


def _species_of(animal: Animal) -> int:
    return records.get(Breed, animal.breeds_id).species_id


def _calves_problems(animal: Animal, child: Facts, breed: Breed) -> list[Problem]:
    found: list[Problem] = []
    if (child.sex, child.birth_date) != (animal.sex, animal.birth_date):
        calves = _contradicting(animal.id, child)
        found += own_problems(child, calves[FATHER], calves[MOTHER])
    if breed.species_id != _species_of(animal) and _has_calves(animal.id):
        found.append(Problem("breeds_id", "Tiene crías de otra especie"))
    return found


def _contradicting(id: int, child: Facts) -> dict[str, list[Facts]]:
    """The calves who do not let their parent be like that, by what it is to them; the first hundred do."""
    wrong_role = Animal.mother_id if child.sex == MALE else Animal.father_id
    query = (
        select(Animal)
        .where(or_(Animal.father_id == id, Animal.mother_id == id))
        .where(or_(Animal.birth_date <= child.birth_date, wrong_role == id))
    )
    calves: dict[str, list[Facts]] = {FATHER: [], MOTHER: []}
    for calf in db.session.scalars(query.order_by(Animal.id).limit(CALVES_READ)):
        calves[FATHER if calf.father_id == id else MOTHER].append(_facts(calf))
    return calves


def _has_calves(id: int) -> bool:
    query = select(Animal.id).where(or_(Animal.father_id == id, Animal.mother_id == id)).limit(1)
    return db.session.scalar(query) is not None
