"""Tags: what an animal wears, or wore, to be known by. How codes are written is tag_codes.py's part.

One code of a kind is on one animal at a time: `active_code` holds it while it is worn, unique in the database.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import records
from app.core.errors import Conflict, Invalid
from app.core.extensions import current_settings, db
from app.herd.animals import animal_of, require_day
from app.herd.days import outside, today
from app.herd.models import Animal, AnimalTag
from app.herd.tag_codes import InvalidTag, official, parse

OFFICIAL, ELECTRONIC, VISUAL = "official", "electronic", "visual"


def place(**fields: Any) -> AnimalTag:
    """A new tag of an animal; Conflict while another animal wears it."""
    animal = animal_of(fields["animal_id"])
    code, issuer = _read(fields["kind"], fields["code"])
    wanted = {**fields, "code": code, "issuer": issuer, "placed_on": fields.get("placed_on") or today()}
    require_day(animal, wanted["placed_on"], "placed_on")
    _require_removal(animal, wanted)
    wanted["active_code"] = _active(wanted)
    _require_free(None, wanted)
    return _stored(lambda: records.create(AnimalTag, **wanted))


def change(tag: AnimalTag, **changes: Any) -> AnimalTag:
    """The tag changed: corrected, taken off, or put on again when `removed_on` becomes empty."""
    records.refuse_empty(tag, changes)
    wanted = {column.name: getattr(tag, column.name) for column in AnimalTag.__table__.columns} | changes
    wanted["code"], wanted["issuer"] = _read(wanted["kind"], wanted["code"])
    animal = animal_of(wanted["animal_id"])
    if (animal.id, wanted["placed_on"]) != (tag.animal_id, tag.placed_on):
        require_day(animal, wanted["placed_on"], "placed_on")
    _require_removal(animal, wanted)
    wanted["active_code"] = _active(wanted)
    _require_free(tag, wanted)
    new = {name: value for name, value in wanted.items() if value != getattr(tag, name)}
    return _stored(lambda: records.update(tag, **new))


def take_off(tag: AnimalTag, removed_on: date | None, reason: str | None) -> AnimalTag:
    """The tag is no longer worn, since today unless another day is said."""
    return change(
        tag, removed_on=removed_on or tag.removed_on or today(), removal_reason=reason or tag.removal_reason
    )


def _read(kind: str, text: str) -> tuple[str, int | None]:
    """The normal form of a code and, of an electronic one, its issuer; Invalid on `code` with the reason."""
    try:
        if kind == ELECTRONIC:
            code = parse(text)
            return code.digits, code.prefix
        return official(text, current_settings().official_tag_pattern if kind == OFFICIAL else None), None
    except InvalidTag as reason:
        raise Invalid(fields={"code": str(reason)}) from None


def _require_removal(animal: Animal, wanted: Mapping[str, Any]) -> None:
    removed_on = wanted.get("removed_on")
    if removed_on is None:
        if wanted.get("removal_reason"):
            raise Invalid(fields={"removed_on": "Falta la fecha en que se retiró"})
        return
    wrong = outside(removed_on, animal.birth_date)
    if removed_on < wanted["placed_on"]:
        wrong = f"No puede ser anterior a su colocación ({wanted['placed_on']})"
    if wrong:
        raise Invalid(fields={"removed_on": wrong})


def _active(wanted: Mapping[str, Any]) -> str | None:
    return None if wanted.get("removed_on") else str(wanted["code"])


def _require_free(tag: AnimalTag | None, wanted: Mapping[str, Any]) -> None:
    if wanted["active_code"] is None:
        return
    query = select(AnimalTag).where(
        AnimalTag.kind == wanted["kind"], AnimalTag.active_code == wanted["active_code"]
    )
    other = db.session.scalar(query)
    if other is not None and other is not tag:
        wearer = records.get(Animal, other.animal_id)
        raise _taken(wanted["code"], f": la lleva el animal {wearer.record}", animal_id=wearer.id)


def _stored(store: Any) -> AnimalTag:
    try:
        found: AnimalTag = store()
    except Conflict as clash:
        if clash.details.get("conflict", {}).get("field") != "active_code":
            raise
        raise _taken(None, " en este momento") from clash
    return found


def _taken(code: str | None, how: str, **details: Any) -> Conflict:
    return Conflict(f"La identificación ya está en uso{how}", field="code", value=code, **details)
