"""What a person is told when a record cannot be stored: which value is taken, which record is not there."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, literal, select, union_all

from app.core.errors import Conflict, Invalid
from app.core.plain import PLAIN, Plain
from app.core.records import MAX_ID
from app.core.rowview import wire_name
from app.core.transaction import reading

# How a field without a title of its own is called.
WORDS = {"name": "nombre", "code": "código", "number": "número", "date": "fecha", "email": "correo"}


@contextmanager
def clashes_named(plain: Plain, values: Mapping[str, Any]) -> Iterator[None]:
    """A Conflict raised inside tells the field in words, its value, and what to do; unless it says so already."""
    try:
        yield
    except Conflict as clash:
        conflict = clash.details.get("conflict", {})
        field = conflict.get("field")
        if field in plain.into.model_fields and "suggestion" not in conflict:
            raise _named(clash, plain, field, conflict.get("value") or values.get(field)) from clash
        raise


def _named(clash: Conflict, plain: Plain, field: str, value: Any) -> Conflict:
    label = _called(plain, field)
    details = {
        **clash.details,
        "conflict": {
            "field": wire_name(plain.into, field),
            "label": label,
            "value": value,
            "suggestion": f"Use otro valor de «{label}», o busque y edite el registro que ya lo tiene",
        },
    }
    return Conflict(_told(clash, plain, field, value), code=clash.code, **details)


def _told(clash: Conflict, plain: Plain, field: str, value: Any) -> str:
    """What is taken: a value, or of several that are unique together only all of them."""
    if together := _together(plain, field):
        *others, last = [_called(plain, name) for name in together]
        # A key means nothing to people.
        shown = "" if value is None or isinstance(value, int) else f" «{value}»"
        return f"{plain.label}: ya existe un registro con lo mismo en {', '.join(others)} y {last}{shown}"
    if value is None:
        return clash.message
    return f"{plain.label}: ya existe un registro con {_called(plain, field)} «{value}»"


def _together(plain: Plain, field: str) -> Sequence[str]:
    """The fields that are unique together, of which the database names the last; () when it is unique by itself."""
    for one in plain.model.__table__.constraints:
        names = [column.name for column in one.columns]
        if isinstance(one, UniqueConstraint) and names[-1] == field and len(names) > 1:
            return names if set(names) <= set(plain.into.model_fields) else ()
    return ()


def _called(plain: Plain, field: str) -> str:
    return plain.into.model_fields[field].title or WORDS.get(field, field)


def refuse_missing(plain: Plain, values: Mapping[str, Any]) -> None:
    """Raises Invalid, naming the fields, when the values point at records that are not there."""
    if lost := missing(plain, [values]):
        raise Invalid(fields={name: text for _, name, text in lost})


def missing(plain: Plain, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
    """(row, field, what to say) for everything rows point at that is not there; one query for all of them."""
    keys = list(_keys_from(plain))
    there = _there(keys, rows)
    return [
        (number, wire_name(plain.into, key.parent.name), f"{_label(key)} {value} no existe")
        for number, row in enumerate(rows)
        for key in keys
        if isinstance(value := row.get(key.parent.name), int) and (key.parent.name, value) not in there
    ]


def _keys_from(plain: Plain) -> Iterator[ForeignKey]:
    fields = plain.into.model_fields
    for key in plain.model.__table__.foreign_keys:
        if key.parent.name in fields and key.column is key.column.table.c.get("id"):
            yield key


def _there(keys: Sequence[ForeignKey], rows: Sequence[Mapping[str, Any]]) -> set[tuple[str, int]]:
    """(field, id) of every record pointed at that is there."""
    queries = []
    for key in keys:
        ids = {row.get(key.parent.name) for row in rows}
        possible = [id for id in ids if isinstance(id, int) and 0 < id <= MAX_ID]
        if possible:
            queries.append(select(literal(key.parent.name), key.column).where(key.column.in_(possible)))
    if not queries:
        return set()
    with reading() as connection:
        return {(name, id) for name, id in connection.execute(union_all(*queries))}


def _label(key: ForeignKey) -> str:
    table = key.column.table.name
    return PLAIN[table].label if table in PLAIN else "El registro"
