"""Backups: made, looked at, verified, restored. How each part is done is the business of the other `backup_` files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection

from app.backup.archive import ArchiveReader, ArchiveWriter, sealed
from app.backup.files import MEDIA, StagedFiles, dump_files, sweep
from app.backup.restore import member_of, restore_tables
from app.backup.shelf import Shelf, disk_errors
from app.backup.snapshot import snapshot
from app.backup.tables import dump, revision_of, tables_of
from app.core import times
from app.core.errors import Conflict, Malformed
from app.core.health import VERSION
from app.core.settings import Settings
from app.core.storage import FileStorage


@dataclass(frozen=True)
class Backup:
    """One backup: where it is and what it says of itself. `left_out` are files the application cannot name."""

    path: Path
    manifest: dict[str, Any]
    removed: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table["rows"] for table in self.manifest["tables"].values())

    @property
    def files(self) -> int:
        return sum(name.startswith(MEDIA) for name in self.manifest["members"])


@dataclass(frozen=True)
class Restored:
    """What a restore brought; `strangers` are tables of the backup that are not this application's."""

    backup: Backup
    strangers: list[str]


def create(url: URL, settings: Settings) -> Backup:
    """Makes a backup of the database at `url` and of the media, reads it back, and removes those that are too old."""
    shelf, made_at = _shelf(settings), times.now()
    with shelf.alone():
        with shelf.partial() as (partial, file):
            with ArchiveWriter(file, settings.backup_key) as archive:
                with snapshot(url, settings.database_hosts) as connection:
                    facts = _dump_tables(connection, archive)
                    files, left_out = dump_files(FileStorage(settings.media_dir), archive)
                archive.finish({"version": VERSION, "made_at": times.iso(made_at), **facts, "files": files})
            file.flush()
            made = verify(partial, settings.backup_key)
        with disk_errors(shelf.folder):
            path = shelf.keep(partial, made_at, sealed=bool(settings.backup_key))
            removed = shelf.prune(settings.backup_keep_daily, settings.backup_keep_weekly)
    return Backup(path, made.manifest, tuple(removed), tuple(left_out))


def look(path: Path, key: str | None) -> Backup:
    """What a backup says of itself, without reading all of it."""
    with disk_errors(path), ArchiveReader(path, key) as archive:
        return Backup(path, archive.manifest)


def verify(path: Path, key: str | None) -> Backup:
    """Reads every byte of a backup against its manifest. Raises Malformed, or Forbidden for another key."""
    with disk_errors(path), ArchiveReader(path, key) as archive:
        _verify(archive)
        return Backup(path, archive.manifest)


def restore(path: Path, url: URL, settings: Settings, *, replace: bool = False) -> Restored:
    """Verifies all of the backup, then restores rows and files: both or neither."""
    with disk_errors(path.parent), ArchiveReader(path, settings.backup_key) as archive:
        _verify(archive)
        storage = FileStorage(settings.media_dir)
        with disk_errors(settings.media_dir):
            settings.media_dir.mkdir(parents=True, exist_ok=True)
            sweep(settings.media_dir)
            with StagedFiles(archive, storage, replace=replace) as files:
                try:
                    strangers = restore_tables(
                        archive, url, hosts=settings.database_hosts, replace=replace, last=files.place
                    )
                except BaseException:
                    files.take_back()
                    raise
        return Restored(Backup(path, archive.manifest), strangers)


def is_sealed(path: Path) -> bool:
    """Whether it takes the key to look into it."""
    with disk_errors(path):
        return sealed(path)


def shelf_of(settings: Settings) -> Shelf:
    """Where the backups of these settings are."""
    return Shelf(settings.backup_dir)


def _shelf(settings: Settings) -> Shelf:
    if settings.backup_dir.resolve().is_relative_to(settings.media_dir.resolve()):
        raise Conflict("BACKUP_DIR no puede estar dentro de MEDIA_DIR")
    return Shelf(settings.backup_dir)


def _dump_tables(connection: Connection, archive: ArchiveWriter) -> dict[str, Any]:
    revision = revision_of(connection)
    if revision is None:
        raise Conflict("La base de datos no tiene migraciones: no hay nada que copiar (flask db upgrade)")
    tables = {}
    for table in tables_of(connection):
        with archive.member(member_of(table.name)) as add:
            rows = dump(connection, table, add)
        tables[table.name] = {"rows": rows, "columns": table.columns}
    return {"database": connection.dialect.name, "revision": revision, "tables": tables}


def _verify(archive: ArchiveReader) -> None:
    lines = archive.verify()
    for name, table in archive.manifest["tables"].items():
        if lines.get(member_of(name)) != table["rows"]:
            raise Malformed(f"La copia está dañada o incompleta: «{name}» no tiene las filas que dice")
