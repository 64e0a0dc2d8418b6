"""Writes docs/schema.md, the page of the tables, from the models: `python -m scripts.schema_page`. A test compares."""

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Column, Table, UniqueConstraint
from sqlalchemy.dialects import mysql

# Importing the list of namespaces imports every room, and with it every table.
import app.api  # noqa: F401
from app.core.extensions import Base

PAGE = Path(__file__).resolve().parents[1] / "docs" / "schema.md"
# From the ground up, as in docs/architecture.md.
ROOMS = (
    *("users", "activity", "herd", "sensors", "equipment"),
    *("health", "land", "feeding", "biogas", "campaigns"),
)
HEAD = """# Tables

Every table by room, as the models declare it (`app/<room>/models.py`); types are those of MariaDB/MySQL. Written by
`python -m scripts.schema_page`: do not edit. In the database the migrations make them, `migrations/versions/`, one file
per change.

Names ending in `_ms` are milliseconds since 1970-01-01 UTC; dates with time are UTC too. Days (`day`, `date`) are local
days of the digester or of the farm. Units stand in the names.
"""


def page() -> str:
    """The whole page."""
    lines = [line for room, tables in _rooms() for line in _room(room, tables)]
    return "\n".join([HEAD, *lines]).rstrip() + "\n"


def _rooms() -> Iterator[tuple[str, list[tuple[Table, str]]]]:
    found: dict[str, list[tuple[Table, str]]] = {}
    for mapper in Base.registry.mappers:
        room = mapper.class_.__module__.split(".")[1]
        entry = (mapper.local_table, inspect.cleandoc(mapper.class_.__doc__ or ""))
        found.setdefault(room, []).append(entry)
    for room in (*(room for room in ROOMS if room in found), *sorted(found.keys() - set(ROOMS))):
        yield room, sorted(found[room], key=lambda entry: entry[0].name)


def _room(room: str, tables: Iterable[tuple[Table, str]]) -> Iterator[str]:
    yield f"## {room}\n"
    for table, meaning in tables:
        yield f"### `{table.name}`\n\n{meaning}\n"
        yield "| column | type | empty? | |\n|---|---|---|---|"
        yield from (_row(column) for column in table.columns)
        yield "\n" + " ".join(rules) + "\n" if (rules := list(_rules(table))) else ""


def _row(column: Column[object]) -> str:
    kind = column.type.compile(dialect=mysql.dialect())
    return f"| `{column.name}` | {kind} | {'yes' if column.nullable else ''} | {', '.join(_notes(column))} |"


def _notes(column: Column[object]) -> Iterator[str]:
    if column.primary_key:
        yield "key"
    for key in column.foreign_keys:
        yield f"→ `{key.target_fullname}`" + (f" ({key.ondelete.lower()})" if key.ondelete else "")
    if column.unique:
        yield "unique"
    elif column.index:
        yield "indexed"


def _rules(table: Table) -> Iterator[str]:
    """What the table, not a column of it, declares unique or indexed."""
    unique = [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    for word, rules in (("Unique", unique), ("Indexed", table.indexes)):
        for rule in sorted(rules, key=lambda rule: str(rule.name)):
            columns = list(rule.columns)
            if len(columns) > 1 or not (columns[0].unique or columns[0].index):
                yield f"{word}: {', '.join(f'`{column.name}`' for column in columns)}."


if __name__ == "__main__":
    PAGE.write_text(page())
