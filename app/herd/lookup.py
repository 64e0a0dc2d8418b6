"""Finding an animal by whatever is written on it: its record, or any tag, in any spelling."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, and_, or_, select

from app.core.errors import Conflict, Invalid, NotFound
from app.core.extensions import db
from app.herd.models import Animal, AnimalTag
from app.herd.tag_codes import InvalidTag, official, parse
from app.herd.tags import ELECTRONIC, OFFICIAL, VISUAL

RECORD = "record"
# More animals than this need not be named to say that a tag is ambiguous.
MOST = 20


def lookup(text: str) -> dict[str, Any]:
    """The animal that wears this tag or has this record; else the one that wore it, marked as historic.

    Conflict when that is several animals, NotFound when it is none.
    """
    if not text:
        raise Invalid(fields={"tag": "Este campo es obligatorio"})
    for historic in (False, True):
        found = _found(text, historic)
        animals = {one["animal"].id: one["animal"] for one in found}
        if len(animals) > 1:
            raise _ambiguous(text, animals.values())
        if found:
            return found[0]
    raise NotFound(f"Ningún animal tiene la identificación «{text}»")


def _found(text: str, historic: bool) -> list[dict[str, Any]]:
    by_record = [] if historic else list(db.session.scalars(_with_record(text)))
    rows = [_row(animal, RECORD, animal.record) for animal in by_record]
    for tag, animal in db.session.execute(_with_tag(text, historic)):
        rows.append(_row(animal, tag.kind, tag.code, tag))
    return rows


def _with_record(text: str) -> Select[Any]:
    spellings = sorted({text, text.upper(), text.lower(), " ".join(text.split())})
    return select(Animal).where(Animal.record.in_(spellings)).order_by(Animal.id).limit(MOST)


def _with_tag(text: str, historic: bool) -> Select[AnimalTag, Animal]:
    worn = AnimalTag.active_code.is_(None) if historic else AnimalTag.active_code.is_not(None)
    tests = [and_(AnimalTag.kind.in_(kinds), AnimalTag.code == code) for kinds, code in _readings(text)]
    query = select(AnimalTag, Animal).join(Animal, AnimalTag.animal_id == Animal.id).where(worn, or_(*tests))
    return query.order_by(AnimalTag.removed_on.desc(), AnimalTag.id.desc()).limit(MOST)


def _readings(text: str) -> list[tuple[tuple[str, ...], str]]:
    """(kinds, normal form) for every way the text can be read."""
    found: list[tuple[tuple[str, ...], str]] = []
    try:
        found.append(((OFFICIAL, VISUAL), official(text)))
    except InvalidTag:
        found.append(((OFFICIAL, VISUAL), text))
    try:
        found.append(((ELECTRONIC,), parse(text).digits))
    except InvalidTag:
        pass
    return found


def _row(animal: Animal, kind: str, code: str, tag: AnimalTag | None = None) -> dict[str, Any]:
    return {
        "animal": animal,
        "kind": kind,
        "code": code,
        "tag_id": tag and tag.id,
        "historic": tag is not None and tag.active_code is None,
        "placed_on": tag and tag.placed_on,
        "removed_on": tag and tag.removed_on,
    }


def _ambiguous(text: str, animals: Iterable[Animal]) -> Conflict:
    several = list(animals)
    return Conflict(
        f"La identificación «{text}» es de varios animales: {', '.join(one.record for one in several)}",
        code="AMBIGUOUS_TAG",
        animals=[{"id": one.id, "record": one.record, "status": one.status} for one in several],
    )
