"""Applies add_performance_indexes.sql to a database that predates these indexes. `python run_migration.py --dry-run`

Idempotent: an index that exists is left alone, a table that does not exist yet is passed over. Each index is made by
itself and told with its time; what is made stays if a later one fails. MariaDB and MySQL make them while the farm goes
on reading and writing. `--write` makes the file anew from the models.
"""

import argparse
import re
import sys
import time
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Index, inspect
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from app.core.extensions import db, writing
from app.core.settings import ROOT

FILE = ROOT / "add_performance_indexes.sql"
STATEMENT = re.compile(r"CREATE (?:UNIQUE )?INDEX (?P<name>\w+) ON (?P<table>\w+) \((?P<columns>[\w, ]+)\);")
HEADING = """-- The models' performance indexes, for a database that predates them.
-- Apply with `python run_migration.py`, which passes over those that exist. Made by `python run_migration.py --write`.
"""
ONLINE = " ALGORITHM=INPLACE LOCK=NONE"
# What MySQL's family says when the table cannot have an index made that way, and when another was quicker to make it.
CANNOT_ONLINE = {1221, 1845, 1846}
ALREADY_THERE = {1061}
LOCK_WAIT_S = 10


@dataclass(frozen=True)
class Missing:
    """An index that the database does not have yet."""

    table: str
    name: str
    columns: str
    sql: str


def main() -> None:
    """Creates what is missing, telling each step. Exits with 1 when the database refuses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="dice qué haría, sin hacerlo")
    parser.add_argument(
        "--write", action="store_true", help="escribe de nuevo el archivo SQL desde los modelos"
    )
    options = parser.parse_args()
    app = create_app()
    if options.write:
        FILE.write_text(models_sql())
        return
    try:
        with app.app_context(), db.engine.connect() as connection:
            made = apply(connection, FILE.read_text(), dry_run=options.dry_run)
    except SQLAlchemyError as error:
        sys.exit(f"La base de datos no lo permitió: {getattr(error, 'orig', None) or type(error).__name__}")
    print(f"{len(made)} índices {'faltan' if options.dry_run else 'creados'}")


def models_sql() -> str:
    """The CREATE INDEX statements of every model, in order of table and name."""
    indexes = [
        (table.name, str(index.name), _statement(table.name, index))
        for table in db.metadata.tables.values()
        for index in table.indexes
    ]
    return HEADING + "".join(statement for *_, statement in sorted(indexes))


def apply(connection: Connection, sql: str, *, dry_run: bool) -> list[str]:
    """Runs the statements whose index does not exist yet, each in its own transaction; the names of those."""
    missing = missing_of(connection, sql)
    if connection.dialect.name != "sqlite" and not dry_run:
        # An index that waits for a long reader, a backup, makes everybody else wait behind it: rather not today.
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_S}")
        connection.commit()
    for number, index in enumerate(missing, start=1):
        print(f"[{number}/{len(missing)}] {index.table}: {index.name} ({index.columns})", end="", flush=True)
        if dry_run:
            print()
            continue
        began = time.monotonic()
        how = _create(connection, index)
        print(f"  {how}, {time.monotonic() - began:.2f} s", flush=True)
    return [index.name for index in missing]


def missing_of(connection: Connection, sql: str) -> list[Missing]:
    """The statements of `sql` whose table exists and whose index does not."""
    present = inspect(connection)
    tables = set(present.get_table_names())
    there = {
        (table, index["name"])
        for table in {found["table"] for found in STATEMENT.finditer(sql)} & tables
        for index in present.get_indexes(table)
    }
    connection.rollback()
    return [
        Missing(found["table"], found["name"], found["columns"], found.group().rstrip(";"))
        for found in STATEMENT.finditer(sql)
        if found["table"] in tables and (found["table"], found["name"]) not in there
    ]


def _create(connection: Connection, index: Missing) -> str:
    if connection.dialect.name == "sqlite":
        return _run(connection, index.sql, "creado")
    try:
        return _run(connection, index.sql + ONLINE, "creado en línea")
    except SQLAlchemyError as error:
        connection.rollback()
        number = _number(error)
        if number in ALREADY_THERE:
            return "ya estaba"
        if number not in CANNOT_ONLINE:
            raise
    return _run(connection, index.sql, "creado, con la tabla bloqueada")


def _run(connection: Connection, sql: str, how: str) -> str:
    token = writing.set(True)
    try:
        connection.exec_driver_sql(sql)
        connection.commit()
    finally:
        writing.reset(token)
    return how


def _number(error: SQLAlchemyError) -> int | None:
    arguments = getattr(getattr(error, "orig", None), "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _statement(table: str, index: Index) -> str:
    columns = [expression for expression in index.expressions if isinstance(expression, Column)]
    if len(columns) != len(index.expressions):
        raise ValueError(f"{index.name}: an index on expressions has to be written for each database")
    names = ", ".join(column.name for column in columns)
    unique = "UNIQUE " if index.unique else ""
    return f"CREATE {unique}INDEX {index.name} ON {table} ({names});\n"


if __name__ == "__main__":
    main()
