"""What the indexes lack and what they could do without: from the models, and from a database where there is one.

`flask check-indexes` is the door. Wrong are foreign keys without an index, indexes that others contain, and a database
that lacks the models' indexes; worth knowing are filters without an index, and indexes that nobody has used.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import click
from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    MetaData,
    Table,
    TypeDecorator,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from app.core.extensions import db
from app.core.plain import PLAIN

# Every list's own order leads through these.
ORDERING = {"created_at", "updated_at"}


@dataclass(frozen=True, order=True)
class Finding:
    """Something about the indexes of a table; `wrong` is for somebody to mend, the others for somebody to weigh."""

    wrong: bool
    table: str
    what: str


@dataclass(frozen=True)
class Key:
    """Columns in the order in which the database can look them up."""

    name: str
    columns: tuple[str, ...]
    unique: bool


@click.command("check-indexes")
@click.option("--models-only", is_flag=True, help="Sin mirar la base de datos")
@click.option("--strict", is_flag=True, help="Sale con 1 también por lo que solo conviene saber")
def check_indexes(models_only: bool, strict: bool) -> None:
    """Show foreign keys and filters without an index, and indexes that are redundant, missing or never used."""
    findings = list(of_models(db.metadata))
    if not models_only:
        try:
            with db.engine.connect() as connection:
                findings += of_database(connection, db.metadata)
        except SQLAlchemyError as error:
            raise click.ClickException(f"La base de datos no responde ({type(error).__name__})") from error
    for finding in sorted(findings, key=lambda found: (not found.wrong, found.table, found.what)):
        click.echo(f"{'ERROR' if finding.wrong else 'aviso'}  {finding.table}: {finding.what}")
    wrong = sum(finding.wrong for finding in findings)
    click.echo(f"{wrong} errores, {len(findings) - wrong} avisos")
    if wrong or (strict and findings):
        raise SystemExit(1)


def of_models(metadata: MetaData) -> Iterator[Finding]:
    """What the tables themselves and the lists over them tell."""
    for table in metadata.sorted_tables:
        keys = keys_of(table)
        yield from _foreign_keys(table, keys)
        yield from _redundant(table, keys)
        yield from _filters(table, keys)


def keys_of(table: Table) -> list[Key]:
    """Primary key, unique constraints and indexes, by their columns."""
    primary = Key("PRIMARY", tuple(column.name for column in table.primary_key), True)
    uniques = [
        Key(str(found.name), tuple(column.name for column in found.columns), True)
        for found in table.constraints
        if isinstance(found, UniqueConstraint)
    ]
    indexes = [
        Key(str(found.name), tuple(column.name for column in found.columns), bool(found.unique))
        for found in table.indexes
    ]
    return [primary, *sorted(uniques, key=_name), *sorted(indexes, key=_name)]


def _name(key: Key) -> str:
    return key.name


def _foreign_keys(table: Table, keys: list[Key]) -> Iterator[Finding]:
    for constraint in table.foreign_key_constraints:
        columns = tuple(constraint.column_keys)
        if not any(set(key.columns[: len(columns)]) == set(columns) for key in keys):
            yield Finding(True, table.name, f"clave foránea sin índice ({', '.join(columns)})")


def _redundant(table: Table, keys: list[Key]) -> Iterator[Finding]:
    for place, key in enumerate(keys):
        for other_place, other in enumerate(keys):
            same = key.columns == other.columns
            if key.unique or key is other or other.columns[: len(key.columns)] != key.columns:
                continue
            # Of two that are the same, the later one goes.
            if not same or other.unique or other_place < place:
                yield Finding(True, table.name, f"{key.name} sobra: {other.name} empieza igual")
                break


def _filters(table: Table, keys: list[Key]) -> Iterator[Finding]:
    firsts = {key.columns[0] for key in keys if key.columns}
    # An index on the parent's key and the column serves the list of one parent, which is how dates are asked for.
    seconds = {key.columns[1] for key in keys if len(key.columns) > 1}
    for name in sorted(_filtered(table) - firsts - seconds):
        yield Finding(False, table.name, f"se filtra por {name} sin índice")


def _filtered(table: Table) -> set[str]:
    """The columns that a list is commonly filtered by: days, moments, and words out of a few."""
    plain = PLAIN.get(table.name)
    if plain is None:
        return set()
    fields = plain.listing.shape.model_fields
    shown = [table.columns[name] for name in plain.listing.columns if name in table.columns]
    return {
        column.name for column in shown if _is_time(column.type) or _is_choice(fields[column.name].annotation)
    } - ORDERING


def _is_time(kind: Any) -> bool:
    return isinstance(kind.impl if isinstance(kind, TypeDecorator) else kind, Date | DateTime)


def _is_choice(annotation: Any) -> bool:
    kinds = [annotation, *get_args(annotation)]
    return any(
        get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)) for kind in kinds
    )


def of_database(connection: Connection, metadata: MetaData) -> Iterator[Finding]:
    """Where the database differs from the models, and what its own counts say."""
    present = inspect(connection)
    tables = set(present.get_table_names()) & set(metadata.tables)
    ours: dict[str, set[str]] = {}
    for name in sorted(tables):
        there = {str(index["name"]) for index in present.get_indexes(name) if not index["unique"]}
        ours[name] = {str(index.name) for index in metadata.tables[name].indexes}
        for missing in sorted(ours[name] - there):
            yield Finding(True, name, f"falta {missing} (python run_migration.py)")
        # MariaDB makes an index of its own for a foreign key that has none, under the key's name.
        implicit = {str(constraint.name) for constraint in metadata.tables[name].foreign_key_constraints}
        for extra in sorted(there - ours[name] - implicit):
            yield Finding(False, name, f"{extra} no está en los modelos")
    yield from _unused(connection, ours)


def _unused(connection: Connection, ours: dict[str, set[str]]) -> Iterator[Finding]:
    if connection.dialect.name == "sqlite":
        return
    used = _used(connection)
    if used is None:
        yield Finding(False, "(servidor)", "no lleva la cuenta del uso de los índices (userstat=1)")
        return
    for table, names in ours.items():
        for name in sorted(names - {index for owner, index in used if owner == table}):
            yield Finding(False, table, f"{name} sin uso desde que arrancó el servidor")


def _used(connection: Connection) -> set[tuple[str, str]] | None:
    """The indexes that have been read, by table, where MariaDB (userstat) or MySQL (performance_schema) counts them."""
    switches = dict(
        _pairs(connection, "SHOW GLOBAL VARIABLES WHERE variable_name IN ('userstat', 'performance_schema')")
    )
    if switches.get("userstat") == "ON":
        return set(
            _pairs(
                connection,
                "SELECT table_name, index_name FROM information_schema.index_statistics"
                " WHERE table_schema = DATABASE()",
            )
        )
    if switches.get("performance_schema") == "ON":
        return set(
            _pairs(
                connection,
                "SELECT object_name, index_name FROM performance_schema.table_io_waits_summary_by_index_usage"
                " WHERE object_schema = DATABASE() AND index_name IS NOT NULL AND count_star > 0",
            )
        )
    return None


def _pairs(connection: Connection, sql: str) -> Iterable[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in connection.execute(text(sql))]
