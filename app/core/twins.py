"""Values that people take for the same although case or accents differ: SQLite would let both stand in a unique column.

MariaDB's collation does not. A farm that begins on SQLite must be able to move there with all it has, and nobody wants
a breed «Cebú» beside «cebu» in the meantime.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, String, Table, UniqueConstraint, inspect, select
from sqlalchemy.dialects import mysql

from app.core.errors import Conflict
from app.core.extensions import db
from app.core.folding import fold, folded

MARIADB = mysql.dialect()


def refuse_twin(record: Any) -> None:
    """Raises Conflict, as the database itself would, when another record has the same but for case and accents.

    Asks only SQLite, and only about what is new. It has one writer at a time, so nobody comes between.
    """
    if db.engine.dialect.name != "sqlite":
        return
    table: Table = type(record).__table__
    for columns in _texts_that_tell_apart(table):
        values = {column: getattr(record, column.key) for column in columns}
        history = inspect(record).attrs
        if None in values.values() or not any(history[c.key].history.has_changes() for c in columns):
            continue
        same = [fold(c) == folded(v) if _is_folded(c) else c == v for c, v in values.items()]
        if record.id is not None:
            same.append(table.c.id != record.id)
        # Not through the session: it would send the record before it is known to be welcome.
        if db.session.connection().execute(select(table.c.id).where(*same).limit(1)).first():
            field = columns[-1].name
            raise Conflict(f"Ya existe un registro con el mismo valor en «{field}»", field=field)


@lru_cache
def _texts_that_tell_apart(table: Table) -> list[list[Column[Any]]]:
    """The columns of each unique key that has a text among them, in the key's order."""
    return [columns for columns in _keys(table) if any(map(_is_folded, columns))]


def _keys(table: Table) -> Iterator[list[Column[Any]]]:
    for constraint in sorted(table.constraints, key=lambda one: str(one.name)):
        if isinstance(constraint, UniqueConstraint):
            yield list(constraint.columns)


def _is_folded(column: Column[Any]) -> bool:
    """Whether MariaDB compares it by its own collation; codes are compared to the letter everywhere."""
    real = column.type.dialect_impl(MARIADB)
    return isinstance(real, String) and real.collation is None
