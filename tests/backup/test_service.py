"""Backups of whole databases, with rows of every kind of trouble, restored into empty servers of both kinds."""

import os
import re
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import odd_rows
import pytest
from conftest import settings_for
from flask import Flask
from servers import MariaDB
from sqlalchemy import URL, Connection, make_url, text

from app import create_app
from app.backup import service as backup
from app.backup.archive import ArchiveReader, ArchiveWriter
from app.backup.snapshot import engine_of, snapshot
from app.backup.tables import tables_of
from app.core.errors import Conflict, DomainError, Malformed, NotFound, Unavailable
from app.core.extensions import db
from app.core.settings import Settings

KINDS = ["sqlite", pytest.param("mariadb", marks=pytest.mark.services)]
OTHER = {"sqlite": "mariadb", "mariadb": "sqlite"}
FILES = {"reports/pdf/reporte_7.pdf": bytes(range(256)) * 1000, "animals/1/ñandú 🐄.webp": b"", "a": b"a"}


@dataclass
class Server:
    """A database and a folder of files, and what is in them."""

    url: URL
    settings: Settings

    def rows(self) -> dict[str, Any]:
        with engine_of(self.url).connect() as connection:
            return odd_rows.stored(connection)

    def files(self) -> dict[str, bytes]:
        root = self.settings.media_dir
        return {
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
        }

    def do(self, sql: str, **values: Any) -> None:
        with engine_of(self.url).begin() as connection:
            connection.execute(text(sql), values)


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, str], Server]:
    """A new server of a kind, under a name."""

    def make(kind: str, name: str, **others: Any) -> Server:
        folder = tmp_path / name
        folder.mkdir()
        uri = f"sqlite:///{folder / 'farm.sqlite3'}"
        if kind == "mariadb":
            uri = request.getfixturevalue("mariadb").create_database(f"backup_{name}")
        settings = settings_for(folder, database_url=uri, backup_dir=tmp_path / "backups", **others)
        return Server(make_url(uri), settings)

    return make


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def farm(kind: str, empty: Any) -> Iterator[Server]:
    """A server with rows in every table, and files; its application is at work."""
    from flask_migrate import upgrade

    server = empty(kind, "farm")
    with bound(server).app_context():
        upgrade()
        db.engine.dispose()
        with engine_of(server.url).connect() as connection:
            odd_rows.fill(connection, micros="123456" if kind == "sqlite" else "000000")
        for name, content in FILES.items():
            path = server.settings.media_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield server


def bound(server: Server) -> Flask:
    return create_app(server.settings)


def made(server: Server) -> Path:
    return backup.create(server.url, server.settings).path


def test_an_empty_server_gets_the_same_rows_and_files(farm: Server, kind: str, empty: Any) -> None:
    before = farm.rows()
    assert all(len(rows) >= odd_rows.ROWS for name, rows in before.items() if name != odd_rows.KEPT)
    done = backup.create(farm.url, farm.settings)
    assert done.rows == sum(map(len, before.values())) - 1
    assert done.files == len(FILES)
    new = empty(kind, "new")
    assert backup.restore(done.path, new.url, new.settings).strangers == []
    assert new.rows() == before == farm.rows()
    assert new.files() == FILES == farm.files()
    assert [path.name for path in done.path.parent.iterdir() if path.name != ".lock"] == [done.path.name]
    with pytest.raises(Conflict, match="no está vacía"):
        backup.restore(done.path, new.url, new.settings)


@pytest.mark.services
def test_the_other_kind_of_database_reads_it_too(farm: Server, kind: str, empty: Any) -> None:
    new, back = empty(OTHER[kind], "new"), empty(kind, "back")
    backup.restore(made(farm), new.url, new.settings)
    backup.restore(made(new), back.url, back.settings)
    assert to_the_second(back.rows()) == to_the_second(farm.rows())
    assert back.files() == FILES


def to_the_second(rows: dict[str, Any]) -> dict[str, str]:
    """MariaDB's moments have no fractions of a second."""
    return {name: re.sub(r"(:\d\d)\.\d{6}'", r"\1'", repr(found)) for name, found in rows.items()}


def test_a_database_with_rows_is_left_alone_unless_told(farm: Server, kind: str) -> None:
    path, before = made(farm), farm.rows()
    farm.do("UPDATE users SET fullname = 'Otra'")
    farm.do("INSERT INTO leases (name, renewed_ms) VALUES ('nueva', 1)")
    changed = farm.rows()
    (farm.settings.media_dir / "a").write_bytes(b"other")
    (farm.settings.media_dir / "newer").write_bytes(b"newer")
    with pytest.raises(Conflict, match=r"no está vacía|ya hay otro archivo"):
        backup.restore(path, farm.url, farm.settings)
    assert farm.rows() == changed
    assert farm.files()["a"] == b"other"
    backup.restore(path, farm.url, farm.settings, replace=True)
    assert farm.rows() == before
    assert farm.files() == {**FILES, "newer": b"newer"}
    if kind == "sqlite":
        assert len(list(farm.settings.instance_dir.glob("farm.sqlite3.before-*"))) == 1


def test_what_fails_halfway_leaves_nothing(farm: Server, kind: str, empty: Any) -> None:
    good, new = made(farm), empty(kind, "new")
    bad = rewritten(good, "tables/visits.jsonl", lambda lines: lines[:-1] + lines[:1])
    with pytest.raises(Exception, match=r"UNIQUE|Duplicate"):
        backup.restore(bad, new.url, new.settings)
    assert new.files() == {}
    if kind == "sqlite":
        assert [path.name for path in new.settings.instance_dir.iterdir()] == ["media"]
    else:
        assert new.rows() == {}
    before = farm.rows()
    with pytest.raises(Exception, match=r"UNIQUE|Duplicate"):
        backup.restore(bad, farm.url, farm.settings, replace=True)
    assert farm.rows() == before
    assert farm.files() == FILES
    backup.restore(good, new.url, new.settings)
    assert new.rows() == before


def rewritten(path: Path, member: str, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    """A backup that is whole, sums and all, but says something else."""
    new = path.with_name("rewritten.zip")
    with ArchiveReader(path, None) as old, new.open("xb") as file, ArchiveWriter(file, None) as archive:
        for name in old.members:
            lines = list(old.lines(name)) if name == member else []
            with archive.member(name) as add:
                blocks = [line + b"\n" for line in change(lines)] if lines else old.blocks(name)
                for block in blocks:
                    add(block)
        archive.finish(
            {key: value for key, value in old.manifest.items() if key not in ("format", "members")}
        )
    return new


def test_a_backup_is_of_one_instant(farm: Server) -> None:
    with snapshot(farm.url) as connection:
        farm.do("INSERT INTO leases (name, renewed_ms) VALUES ('late', 1)")
        farm.do("DELETE FROM reject_counts")
        assert names(connection) >= {"users", "readings"}
        assert connection.scalar(text("SELECT count(*) FROM leases WHERE name = 'late'")) == 0
        assert connection.scalar(text("SELECT count(*) FROM reject_counts")) == odd_rows.ROWS
    assert not list(farm.settings.instance_dir.glob(".partial*"))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_a_killed_one_left_is_removed(farm: Server) -> None:
    old, new = (farm.settings.instance_dir / f".partial-backup-{age}.sqlite3" for age in ("old", "new"))
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    path = made(farm)
    assert (old.exists(), new.exists()) == (False, True)
    left = farm.settings.instance_dir / ".partial-restore-x.sqlite3-wal"
    left.touch()
    backup.restore(path, farm.url, farm.settings, replace=True)
    assert not left.exists()


@pytest.mark.services
def test_of_several_hosts_one_is_enough(mariadb: MariaDB) -> None:
    url = make_url(mariadb.create_database("backup_hosts"))
    with snapshot(url.set(port=1), [("127.0.0.1", 1), ("127.0.0.1", mariadb.port)]) as connection:
        assert connection.scalar(text("SELECT database()")) == "backup_hosts"


def names(connection: Connection) -> set[str]:
    return {table.name for table in tables_of(connection)}


def test_tables_of_others_are_told_and_computed_columns_computed_again(
    farm: Server, kind: str, empty: Any
) -> None:
    farm.do("CREATE TABLE strangers (id INTEGER PRIMARY KEY, twice INTEGER AS (id * 2) STORED)")
    farm.do("INSERT INTO strangers (id) VALUES (1)")
    done, new = backup.create(farm.url, farm.settings), empty(kind, "new")
    assert done.manifest["tables"]["strangers"] == {"rows": 1, "columns": ["id"]}
    assert backup.restore(done.path, new.url, new.settings).strangers == ["strangers"]
    assert "strangers" not in new.rows()


@pytest.fixture
def full_disk() -> Iterator[None]:
    """The kernel refuses to let this process's files grow, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def everything(folder: Path) -> set[Path]:
    return {
        path for path in folder.rglob("*") if path.is_file() and not path.name.endswith((".lock", "-shm"))
    }


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_a_full_disk_is_told_and_leaves_no_half_backup(
    farm: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    big = farm.settings.media_dir / "big"
    big.write_bytes(random_bytes(200_000))
    before = everything(tmp_path)
    request.getfixturevalue("full_disk")
    with pytest.raises(Unavailable, match="no se guardó nada"):
        backup.create(farm.url, farm.settings)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("files_fit", [True, False])
def test_a_full_disk_is_told_and_leaves_no_half_restore(
    farm: Server, empty: Any, request: pytest.FixtureRequest, *, files_fit: bool
) -> None:
    if files_fit:
        (farm.settings.media_dir / "reports/pdf/reporte_7.pdf").unlink()
    path, new = made(farm), empty("sqlite", "new")
    request.getfixturevalue("full_disk")
    with pytest.raises(Unavailable, match="no cambió nada" if files_fit else "no se guardó nada"):
        backup.restore(path, new.url, new.settings)
    assert everything(new.settings.instance_dir) == set()


def random_bytes(number: int) -> bytes:
    import random

    return random.Random(5).randbytes(number)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_cannot_be_backed_up_or_restored_says_so(farm: Server, empty: Any) -> None:
    new = empty("sqlite", "new")
    with pytest.raises(NotFound, match="No hay base de datos"):
        backup.create(new.url, new.settings)
    assert not (new.settings.instance_dir / "farm.sqlite3").exists()
    with pytest.raises(Malformed, match="sin archivo"):
        backup.create(make_url("sqlite://"), new.settings)
    inside = farm.settings.model_copy(update={"backup_dir": farm.settings.media_dir / "backups"})
    with pytest.raises(Conflict, match="MEDIA_DIR"):
        backup.create(farm.url, inside)
    farm.do("UPDATE alembic_version SET version_num = 'f000'")
    with pytest.raises(Malformed, match="f000"):
        backup.restore(made(farm), new.url, new.settings)
    farm.do("DROP TABLE alembic_version")
    with pytest.raises(Conflict, match="no tiene migraciones"):
        backup.create(farm.url, farm.settings)
    assert new.files() == {}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_database_in_use_is_not_replaced(farm: Server) -> None:
    path = made(farm)
    with engine_of(farm.url).connect() as connection:
        connection.execute(text("SELECT * FROM users"))
        with pytest.raises(Conflict, match="en uso"):
            backup.restore(path, farm.url, farm.settings, replace=True)
    assert farm.rows()["users"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_damaged_database_is_noticed_before_it_is_kept(farm: Server) -> None:
    file = farm.settings.instance_dir / "farm.sqlite3"
    with engine_of(farm.url).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'users'").scalar()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)
    with pytest.raises(DomainError, match=r"dañada|SQLite"):
        backup.create(farm.url, farm.settings)
    assert backup.shelf_of(farm.settings).backups() == []
