"""What a database's integrity error means to a person: a value that is taken, a record that is not there or needed."""

import re

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError

from app.core.errors import Conflict, Invalid
from app.core.extensions import db

DUPLICATE = re.compile(
    r"UNIQUE constraint failed: (?P<sqlite>[\w., ]+)|for key '(?:\w+\.)?uq_(?P<mysql>\w+)'"
)
EMPTY = re.compile(r"NOT NULL constraint failed: \w+\.(?P<sqlite>\w+)|Column '(?P<mysql>\w+)' cannot be null")
# A row that points at nothing: MariaDB says through which column, SQLite only that it is so.
LOST = re.compile(r"a child row: .*FOREIGN KEY \(`(?P<column>\w+)`\)|FOREIGN KEY constraint failed")
WRITTEN = re.compile(r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE)\s+[`\"]?(?P<table>\w+)", re.IGNORECASE)
NEEDED = "La operación choca con otros registros que dependen de este o que no existen"


def refusal_of(error: IntegrityError) -> Conflict | Invalid:
    """Conflict for a value taken or a record needed by others, Invalid for one that is not there or left empty."""
    text = str(error.orig)
    if match := DUPLICATE.search(text):
        field = _taken(match)
        return Conflict(f"Ya existe un registro con el mismo valor en «{field}»", field=field)
    if match := EMPTY.search(text):
        return Invalid(fields={match["sqlite"] or match["mysql"]: "Este campo es obligatorio"})
    written = WRITTEN.match(error.statement or "")
    if written and (match := LOST.search(text)):
        field = match["column"] or _only_key(db.metadata.tables.get(written["table"]))
        return Invalid(fields={field: "El registro al que apunta no existe"})
    return Conflict(NEEDED)


def _taken(match: re.Match[str]) -> str:
    """The unique field; of several together the last, which is the one that was chosen."""
    if match["sqlite"]:
        return match["sqlite"].split(",")[-1].split(".")[-1].strip()
    for table in sorted(db.metadata.tables, key=len, reverse=True):
        if match["mysql"].startswith(table + "_"):
            columns = match["mysql"][len(table) + 1 :]
            names = [c.name for c in db.metadata.tables[table].columns if columns.endswith(c.name)]
            return max(names, key=len, default=columns)
    return match["mysql"]


def _only_key(table: Table | None) -> str:
    """The foreign key of a table that has but one, else the whole of what was sent."""
    keys = [key.parent.name for key in table.foreign_keys] if table is not None else []
    return keys[0] if len(keys) == 1 else "body"
