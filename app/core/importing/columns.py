"""Which columns a plain record's spreadsheet may have, what each is called, and how its cells are read."""

import datetime as dt
import difflib
import json
import re
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from app.core.errors import Invalid
from app.core.plain import Plain, Reference

DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
WORDS = {"sí": True, "si": True, "verdadero": True, "x": True, "no": False, "falso": False}


@dataclass(frozen=True)
class Column:
    """A column: the field it fills, the name it is shown under, and for a readable key what that refers to."""

    field: str
    header: str
    reference: Reference | None
    required: bool
    kinds: frozenset[Any]
    choices: tuple[str, ...]


def columns_of(plain: Plain) -> list[Column]:
    """Every column that an import of the record understands, `id` left out: first readable keys, then fields."""
    made = []
    for name, info in plain.into.model_fields.items():
        reference = plain.references.get(name)
        kinds = kinds_of(info.annotation)
        if reference:
            made.append(Column(name, reference.header, reference, info.is_required(), kinds, ()))
        choices = choices_of(info.annotation)
        made.append(Column(name, wire_name(name, info), None, info.is_required(), kinds, choices))
    return made


def match_header(plain: Plain, header: Sequence[str]) -> list[Column | None]:
    """The column each title means; None for `id` and for those that exports show and imports do not read.

    Raises Invalid naming every title that means nothing, stands twice or is missing.
    """
    known = {_plainly(name): column for column in columns_of(plain) for name in _names(plain, column)}
    shown = _shown(plain)
    proper = {_plainly(column.header) for column in known.values()}
    present = {known[_plainly(title)] for title in header if _plainly(title) in proper}
    wrong: dict[str, str] = {}
    found: list[Column | None] = []
    for title in header:
        name = _plainly(title)
        column = known.get(name)
        if column is None and name not in shown:
            wrong[title[:60]] = _unknown(title, known)
        if column in present and name in shown - proper:
            # An export shows some fields twice, under an earlier client's name too.
            column = None
        if column is not None and column in found:
            wrong[title[:60]] = "La columna está repetida"
        found.append(column)
    if not wrong and not any(found):
        wrong["file"] = "Ninguna columna del archivo corresponde a este registro"
    if wrong:
        raise Invalid("Las columnas del archivo no son las esperadas", fields=wrong)
    return found


def _shown(plain: Plain) -> set[str]:
    """The titles of an export."""
    shape = plain.listing.shape
    fields = {_plainly(wire_name(name, info)) for name, info in shape.model_fields.items()}
    return fields | {_plainly(name) for name in shape.model_computed_fields} | {"id", ""}


def id_column(header: Sequence[str]) -> int | None:
    """Where the record's own id stands, if it does."""
    return next((place for place, title in enumerate(header) if _plainly(title) == "id"), None)


def read_cell(column: Column, cell: Any) -> Any:
    """The cell as the record's shape can read it: local dates, decimal commas and Spanish words made plain."""
    if column.reference is not None:
        return cell
    if isinstance(cell, dt.datetime) and dt.date in column.kinds and dt.datetime not in column.kinds:
        return cell.date()
    if isinstance(cell, dt.date) and str in column.kinds:
        return cell.isoformat()
    return _read_text(column, cell) if isinstance(cell, str) else cell


def _read_text(column: Column, text: str) -> Any:
    kinds = column.kinds
    if dt.date in kinds and (match := DAY_FIRST.fullmatch(text)):
        day, month, year = match.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    if bool in kinds:
        return WORDS.get(text.casefold(), text)
    if kinds & {int, float} and DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    if text[0] in "{[" and str not in kinds:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return _choice(column, text)


def _choice(column: Column, text: str) -> str:
    """People write «vivo» for «Vivo»."""
    return next((choice for choice in column.choices if choice.casefold() == text.casefold()), text)


def wire_name(name: str, info: FieldInfo) -> str:
    """What a field is called outside."""
    return info.serialization_alias or info.alias or name


def kinds_of(annotation: Any) -> frozenset[Any]:
    """The types a field's value may have, unions and annotations opened."""
    return frozenset(_opened(annotation, lambda kind: [kind]))


def choices_of(annotation: Any) -> tuple[str, ...]:
    """The values an enumerated field may have; () for any other."""

    def values(kind: Any) -> list[str]:
        if isinstance(kind, type) and issubclass(kind, Enum):
            return [str(one.value) for one in kind]
        return (
            [str(one) for one in typing.get_args(kind)] if typing.get_origin(kind) is typing.Literal else []
        )

    return tuple(_opened(annotation, values))


def _opened(annotation: Any, leaf: Callable[[Any], list[Any]]) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _opened(typing.get_args(annotation)[0], leaf)
    if origin in (typing.Union, types.UnionType):
        return [one for part in typing.get_args(annotation) for one in _opened(part, leaf)]
    return leaf(annotation)


def _names(plain: Plain, column: Column) -> list[str]:
    if column.reference:
        return [column.header]
    info = plain.into.model_fields[column.field]
    alias = info.validation_alias
    choices = [str(one) for one in alias.choices] if isinstance(alias, AliasChoices) else [str(alias or "")]
    others = [other for other, field in plain.listing.aliases.items() if field == column.field]
    return [name for name in (column.field, column.header, *choices, *others) if name]


def _plainly(title: str) -> str:
    return re.sub(r"[\s_*-]+", "", title).casefold()


def _unknown(title: str, known: dict[str, Column]) -> str:
    near = difflib.get_close_matches(_plainly(title), known, n=1)
    return "Columna desconocida" + (f"; ¿quiso decir «{known[near[0]].header}»?" if near else "")
