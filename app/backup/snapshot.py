"""A connection that sees the database as it was at one instant, while everybody else goes on writing."""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from app.core.database_hosts import Host, Hosts
from app.core.errors import Malformed, NotFound, Unavailable

COPY = ".partial-backup-"
SERVER_TIMEOUT_S = 3600
LEFT_S = 86_400


@contextmanager
def snapshot(url: URL, hosts: Sequence[Host] = ()) -> Iterator[Connection]:
    """The database at `url` as it is now. SQLite: from a copy made beside it; MariaDB/MySQL: one transaction."""
    if url.get_backend_name() == "sqlite":
        with (
            _copied(sqlite_file(url)) as copy,
            engine_of(url.set(database=str(copy))).connect() as connection,
        ):
            yield connection
        return
    with engine_of(url, hosts).connect() as connection:
        # Moments are kept without a zone; a column of type TIMESTAMP would be told in the session's.
        connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        yield connection


def engine_of(url: URL, hosts: Sequence[Host] = ()) -> Engine:
    """An engine for long work: connections of its own, closed after use, and an hour instead of a minute to answer."""
    # What fails is told with the statement; rows are not for everybody's eyes.
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        return create_engine(url, **options)
    patience = {"connect_timeout": 5, "read_timeout": SERVER_TIMEOUT_S, "write_timeout": SERVER_TIMEOUT_S}
    if hosts:
        options["creator"] = Hosts(url.render_as_string(hide_password=False), hosts, **patience)
    else:
        options["connect_args"] = patience
    return create_engine(url, isolation_level="REPEATABLE READ", **options)


def sqlite_file(url: URL) -> Path:
    """The file of a SQLite database. Raises Malformed where it has none."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Malformed("Una base SQLite sin archivo propio no se puede copiar")
    return Path(url.database)


def remove_sqlite(path: Path) -> None:
    """The file and what SQLite keeps beside it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        path.with_name(name).unlink(missing_ok=True)


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    if not path.is_file():
        raise NotFound(f"No hay base de datos en {path}")
    _sweep(path.parent)
    copy = path.with_name(f"{COPY}{secrets.token_hex(8)}.sqlite3")
    try:
        _copy(path, copy)
        yield copy
    finally:
        remove_sqlite(copy)


def _sweep(folder: Path) -> None:
    """Copies of yesterday or before are those of backups that were killed."""
    for left in folder.glob(f"{COPY}*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_S:
                left.unlink()


def _copy(path: Path, copy: Path) -> None:
    """By SQLite's own backup: whole transactions only, without stopping those who write."""
    copy.touch(0o600)
    try:
        with closing(sqlite3.connect(path, timeout=15)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            found = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise Unavailable(f"SQLite no pudo copiar la base de datos ({error}); no se guardó nada") from error
    if found != "ok":
        raise Malformed(f"La base de datos SQLite está dañada: {found}")
