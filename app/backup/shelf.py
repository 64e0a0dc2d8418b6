"""The folder where backups are kept: their names, one at a time, whole or not at all, and how many stay."""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from app.core.errors import Conflict, NotFound, Unavailable

NAME = re.compile(r"backfinca-(\d{8}T\d{6})Z\.zip(\.enc)?")
MOMENT = "%Y%m%dT%H%M%S"
PARTIAL = ".partial-"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, order=True)
class Kept:
    """A backup in the folder."""

    made_at: datetime
    path: Path


class Shelf:
    """The backups of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def backups(self) -> list[Kept]:
        """Those that are there, the newest first; files of other names are nobody's business."""
        names = self.folder.iterdir() if self.folder.is_dir() else iter(())
        return sorted((Kept(moment, path) for path in names if (moment := _moment(path))), reverse=True)

    def find(self, name: str | None) -> Path:
        """The backup of that name or at that path; the newest without one. Raises NotFound."""
        if name is None:
            for kept in self.backups():
                return kept.path
            raise NotFound(f"No hay copias en {self.folder}")
        for path in (self.folder / name, Path(name)):
            if path.is_file():
                return path
        raise NotFound(f"No existe la copia «{name}»")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the folder for one backup at a time, and clears what a killed one left. Raises Conflict."""
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.folder / ".lock").open("ab")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("Ya se está haciendo otra copia")
            for left in self.folder.glob(f"{PARTIAL}*"):
                left.unlink(missing_ok=True)
            yield

    @contextmanager
    def partial(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file of no name yet; on disk when the block ends, gone when it fails."""
        path = self.folder / f"{PARTIAL}{secrets.token_hex(8)}"
        try:
            with disk_errors(self.folder), open(path, "xb", opener=_private) as file:
                yield path, file
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def keep(self, partial: Path, made_at: datetime, *, sealed: bool) -> Path:
        """Gives a finished file its name; the next second's when that one is taken."""
        while (path := self.folder / _name(made_at, sealed)).exists() or (
            self.folder / _name(made_at, not sealed)
        ).exists():
            made_at += timedelta(seconds=1)
        os.replace(partial, path)
        _sync_folder(self.folder)
        return path

    def prune(self, daily: int, weekly: int) -> list[Path]:
        """Removes the backups that retention does not keep; which those were."""
        gone = expired(self.backups(), daily, weekly)
        for kept in gone:
            kept.path.unlink(missing_ok=True)
        return [kept.path for kept in gone]


def expired(backups: Iterable[Kept], daily: int, weekly: int) -> list[Kept]:
    """Those that are neither the newest of one of the last `daily` days nor of one of the last `weekly` weeks.

    Days and weeks (from Monday, UTC) without a backup do not count, so that a machine that was off keeps its own.
    """
    newest = sorted(backups, reverse=True)
    by_day = _firsts(newest, lambda kept: kept.made_at.date())
    by_week = _firsts(newest, lambda kept: kept.made_at.isocalendar()[:2])
    stay = {*newest[:1], *by_day[:daily], *by_week[:weekly]}
    return [kept for kept in newest if kept not in stay]


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """What the disk says, in words. Raises Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Unavailable(f"No hay espacio en el disco de {folder}; no se guardó nada") from error
        raise Unavailable(
            f"No se pudo leer o escribir {error.filename or folder}: {error.strerror}"
        ) from error


def _firsts(newest: list[Kept], period: Callable[[Kept], object]) -> list[Kept]:
    found: dict[object, Kept] = {}
    for kept in newest:
        found.setdefault(period(kept), kept)
    return list(found.values())


def _moment(path: Path) -> datetime | None:
    if not (match := NAME.fullmatch(path.name)):
        return None
    try:
        return datetime.strptime(match[1], MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _name(made_at: datetime, sealed: bool) -> str:
    return f"backfinca-{made_at.astimezone(UTC):{MOMENT}}Z.zip{'.enc' if sealed else ''}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
