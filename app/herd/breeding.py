"""Inbreeding of an animal, and of a calf before the service is made, in the farm's words and with its limits.

The numbers come from inbreeding.py and kinship.py; only the ancestors of those asked about are read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from app.core.errors import Conflict, Invalid, NotFound
from app.core.extensions import current_settings, db
from app.core.records import id_in
from app.herd.days import today
from app.herd.inbreeding import PedigreeLoop
from app.herd.kinship import (
    CommonAncestor,
    CommonAncestors,
    Completeness,
    Level,
    Path,
    common_ancestors,
    expected_completeness,
    level,
)
from app.herd.lineage import Lineage, lineage_of
from app.herd.models import Animal, Breed
from app.herd.pedigree import FEMALE, MALE
from app.herd.statuses import ALIVE

ADULT_DAYS = 365
NOTHING = CommonAncestors(0.0, (), 0.0, truncated=False)
OF_ANIMAL = {
    Level.OK: "Consanguinidad de {pct}: dentro de lo aceptable.",
    Level.UNKNOWN: "No se conoce consanguinidad, pero solo se conocen {known} de {possible} antepasados: no es seguro.",
    Level.WARN: "Consanguinidad de {pct}: alta; conviene aparearlo con animales no emparentados.",
    Level.BLOCK: "Consanguinidad de {pct}: supera el límite de la finca; cuide su descendencia.",
}
OF_CALF = {
    Level.OK: "La cría tendría una consanguinidad de {pct}: se puede hacer el servicio.",
    Level.UNKNOWN: "No se conoce parentesco entre los dos, pero solo se conocen {known} de {possible} antepasados: "
    "averigüe su origen antes del servicio.",
    Level.WARN: "La cría tendría una consanguinidad de {pct}: es mejor buscar otro reproductor.",
    Level.BLOCK: "La cría tendría una consanguinidad de {pct}, por encima del límite de la finca: no lo haga.",
}


def inbreeding_of(animal: Animal) -> dict[str, Any]:
    """F of an animal, with the common ancestors it comes through and how much of the pedigree is known."""
    return {"animal": _named(animal), **_judged(animal.father_id, animal.mother_id, OF_ANIMAL)}


def mating(sire: Animal, dam: Animal) -> dict[str, Any]:
    """What a calf of these two would be. Raises Invalid when they cannot have one: by sex, species, or having left."""
    _require_pair(sire, dam)
    judged = _judged(sire.id, dam.id, OF_CALF)
    young = [one.record for one in (sire, dam) if (today() - one.birth_date).days < ADULT_DAYS]
    return {
        "sire": _named(sire),
        "dam": _named(dam),
        "allowed": judged["level"] != Level.BLOCK,
        "warnings": [f"El animal {record} tiene menos de doce meses" for record in young],
        **judged,
    }


def partner(text: str, id: int | None, record: str | None, field: str) -> Animal:
    """The animal a parameter names: `text` is an id or a tag, and an error where it could be both of two animals."""
    if id is not None:
        query = select(Animal).where(Animal.id == id)
    elif record is not None:
        query = select(Animal).where(Animal.record == record)
    elif text:
        query = select(Animal).where(or_(Animal.record == text, Animal.id == (id_in(text) or 0)))
    else:
        raise Invalid(fields={field: "Este campo es obligatorio"})
    found = db.session.scalars(query.order_by(Animal.id).limit(2)).all()
    if len(found) > 1:
        raise Conflict(
            f"«{text}» es el id de un animal y el registro de otro; use {field}_id o {field}_record",
            code="AMBIGUOUS_ANIMAL",
            animals=[_named(one) for one in found],
        )
    if not found:
        raise NotFound(f"El animal «{id or record or text}» no existe")
    return found[0]


def _require_pair(sire: Animal, dam: Animal) -> None:
    wrong = {}
    for animal, field, sex, noun in ((sire, "sire", MALE, "macho"), (dam, "dam", FEMALE, "hembra")):
        if animal.sex != sex:
            wrong[field] = f"El animal {animal.record} no es {noun}"
        elif animal.status != ALIVE:
            wrong[field] = f"El animal {animal.record} figura como {animal.status}"
    species = {one.id: db.session.get_one(Breed, one.breeds_id).species_id for one in (sire, dam)}
    if not wrong and species[sire.id] != species[dam.id]:
        wrong["dam"] = f"Los animales {sire.record} y {dam.record} son de especies distintas"
    if wrong:
        raise Invalid(". ".join(wrong.values()), fields=wrong)


def _judged(sire: int | None, dam: int | None, words: Mapping[Level, str]) -> dict[str, Any]:
    settings = current_settings()
    lineage = lineage_of(one for one in (sire, dam) if one)
    known = expected_completeness(lineage.parents, sire, dam)
    common = _common(lineage, sire, dam)
    found = level(common.inbreeding, known, warn=settings.inbreeding_warning, block=settings.inbreeding_limit)
    percent = f"{100 * common.inbreeding:.2f} %".replace(".", ",")
    return {
        "inbreeding": common.inbreeding,
        "inbreeding_pct": 100 * common.inbreeding,
        "level": found,
        "advice": words[found].format(pct=percent, known=known.known, possible=known.possible),
        "limits": {"warning": settings.inbreeding_warning, "block": settings.inbreeding_limit},
        "completeness": _completeness(known),
        "common_ancestors": [_ancestor(one, lineage.records) for one in common.ancestors],
        "unlisted": common.unlisted,
        "truncated": common.truncated,
    }


def _common(lineage: Lineage, sire: int | None, dam: int | None) -> CommonAncestors:
    if sire is None or dam is None:
        return NOTHING
    try:
        return common_ancestors(lineage.parents, sire, dam)
    except PedigreeLoop as error:
        loop = _line(error.loop, lineage.records)
        way = " → ".join(one["record"] for one in loop)
        raise Conflict(
            f"La genealogía tiene un ciclo que hay que corregir: {way}", code="PEDIGREE_LOOP", loop=loop
        )


def _completeness(known: Completeness) -> dict[str, Any]:
    return {
        "known": known.known,
        "possible": known.possible,
        "fraction": known.fraction,
        "by_generation": known.by_generation,
    }


def _ancestor(one: CommonAncestor, tags: Mapping[int, str]) -> dict[str, Any]:
    return {
        "animal": {"id": one.animal, "record": tags[one.animal]},
        "inbreeding": one.inbreeding,
        "contribution": one.contribution,
        "paths": [_path(path, tags) for path in one.paths],
    }


def _path(path: Path, tags: Mapping[int, str]) -> dict[str, Any]:
    return {
        "sire_line": _line(path.sire_line, tags),
        "dam_line": _line(path.dam_line, tags),
        "n1": path.n1,
        "n2": path.n2,
        "contribution": path.contribution,
    }


def _line(ids: Sequence[int], tags: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"id": id, "record": tags[id]} for id in ids]


def _named(animal: Animal) -> dict[str, Any]:
    return {"id": animal.id, "record": animal.record}
