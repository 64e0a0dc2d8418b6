"""A backup's rows into an empty database, or into none: the schema of their revision first, then all rows at once.

SQLite: a new file beside the place, renamed when it is whole. MariaDB/MySQL: one transaction; the tables that were made
for it are dropped when it fails.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, MetaData, inspect
from sqlalchemy.exc import SQLAlchemyError

from app.backup.archive import ArchiveReader
from app.backup.snapshot import engine_of, remove_sqlite, sqlite_file
from app.backup.tables import Table, count, load, revision_of, tables_of
from app.core import times
from app.core.database_hosts import Host
from app.core.errors import Conflict, Malformed, Unavailable
from app.core.settings import ROOT

SIDE = ".partial-restore-"
PREFIX, SUFFIX = "tables/", ".jsonl"
NOT_EMPTY = (
    "La base de datos no está vacía: restaure en una nueva, o reemplace lo que tiene con --force-empty"
)


def restore_tables(
    archive: ArchiveReader,
    url: URL,
    *,
    hosts: Sequence[Host] = (),
    replace: bool,
    last: Callable[[], None],
) -> list[str]:
    """Restores every table, calling `last` just before it counts. Names the backup's tables that are not ours.

    Raises Conflict when the database is not empty and `replace` does not allow it. Nothing has changed if it raises.
    """
    _check_revision(archive.manifest["revision"])
    if url.get_backend_name() == "sqlite":
        return _into_file(archive, sqlite_file(url), replace, last)
    return _into_server(archive, engine_of(url, hosts), replace, last)


def member_of(table: str) -> str:
    """Where a table's rows are in the archive."""
    return f"{PREFIX}{table}{SUFFIX}"


def _check_revision(revision: str) -> None:
    try:
        ScriptDirectory.from_config(_alembic()).get_revision(revision)
    except CommandError as error:
        raise Malformed(f"La copia es de otra versión del programa (migración {revision})") from error


def _into_file(archive: ArchiveReader, path: Path, replace: bool, last: Callable[[], None]) -> list[str]:
    _check_file(path, replace)
    for left in path.parent.glob(f"{SIDE}*.sqlite3*"):
        # Of a restore that was killed.
        left.unlink(missing_ok=True)
    side = path.with_name(f"{SIDE}{secrets.token_hex(8)}.sqlite3")
    try:
        with _sqlite_errors():
            strangers = _fill_file(archive, side)
        _sync(side)
        last()
        _put_in_place(side, path)
    finally:
        remove_sqlite(side)
    return strangers


def _fill_file(archive: ArchiveReader, side: Path) -> list[str]:
    engine = engine_of(URL.create("sqlite", database=str(side)))
    with engine.connect() as connection:
        _migrate(connection, archive.manifest["revision"])
    with engine.connect() as connection:
        # Past SQLAlchemy: inside a transaction, which it would begin, SQLite does not hear this.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        strangers = _fill(connection, archive)
        if wrong := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise Malformed(f"La copia no es coherente: filas de «{wrong[0]}» apuntan a filas que no tiene")
        connection.commit()
    # One file, without a journal beside it, so that a rename moves all of it.
    with closing(sqlite3.connect(side)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")
    return strangers


def _check_file(path: Path, replace: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=1)) as database:
            # Refused while anybody has it open; and afterwards no journal is left for the new file to inherit.
            database.execute("PRAGMA journal_mode=DELETE")
            used = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        raise Conflict(
            f"La base de datos está en uso o no se puede leer ({error}): detenga el servidor"
        ) from error
    if used and not replace:
        raise Conflict(NOT_EMPTY)


def _put_in_place(side: Path, path: Path) -> None:
    if path.exists() and path.stat().st_size:
        # What is replaced stays beside it, for whoever regrets.
        os.link(path, path.with_name(f"{path.name}.before-{times.now():%Y%m%dT%H%M%S%f}"))
    os.replace(side, path)
    _sync(path.parent)


def _into_server(
    archive: ArchiveReader, engine: Engine, replace: bool, last: Callable[[], None]
) -> list[str]:
    revision = archive.manifest["revision"]
    with engine.connect() as connection:
        made_for_it = not inspect(connection).get_table_names()
        if not (made_for_it or replace):
            raise Conflict(NOT_EMPTY)
        if not made_for_it and (there := revision_of(connection)) != revision:
            raise Conflict(
                f"La base está en la migración {there} y la copia es de la {revision}: use una base vacía"
            )
    try:
        if made_for_it:
            with engine.connect() as connection:
                _migrate(connection, revision)
        return _fill_server(archive, engine, last)
    except BaseException:
        if made_for_it:
            _drop_everything(engine)
        raise


def _fill_server(archive: ArchiveReader, engine: Engine, last: Callable[[], None]) -> list[str]:
    with engine.connect() as connection:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0, time_zone = '+00:00'")
        # A key of 0 is a key, not a request for the next one.
        connection.exec_driver_sql(
            "SET SESSION sql_mode = CONCAT_WS(',', @@sql_mode, 'NO_AUTO_VALUE_ON_ZERO')"
        )
        strangers = _fill(connection, archive)
        last()
        connection.commit()
    return strangers


def _fill(connection: Connection, archive: ArchiveReader) -> list[str]:
    """Every table of the schema gets the backup's rows and no others; counted before anybody believes it."""
    told: dict[str, Any] = archive.manifest["tables"]
    present = {table.name: table for table in tables_of(connection)}
    if missing := sorted(present.keys() - told.keys()):
        raise Malformed(f"A la copia le faltan tablas: {', '.join(missing)}")
    for name, table in present.items():
        columns = tuple(told[name]["columns"])
        if set(columns) != set(table.columns):
            raise Malformed(f"Las columnas de «{name}» en la copia no son las de su migración")
        connection.execute(table.clause.delete())
        load(connection, Table(name, columns), archive.lines(member_of(name)))
        if (number := count(connection, table)) != told[name]["rows"]:
            raise Malformed(f"«{name}» quedó con {number} filas en lugar de {told[name]['rows']}")
    return sorted(told.keys() - present.keys())


def _migrate(connection: Connection, revision: str) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def _drop_everything(engine: Engine) -> None:
    """Back to the empty database there was; where that fails too, the first failure is the one to tell."""
    with suppress(Exception), engine.connect() as connection:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        made = MetaData()
        made.reflect(connection)
        made.drop_all(connection)
        connection.commit()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _sqlite_errors() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError) as error:
        # The cause alone: SQLAlchemy's own text shows the rows.
        reason = getattr(error, "orig", None) or error
        raise Unavailable(f"SQLite no pudo escribir la base nueva ({reason}); no cambió nada") from error
