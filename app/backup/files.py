"""The files of `MEDIA_DIR` on their way into a backup and back: each whole, none overwritten unless asked for."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from app.backup.archive import BLOCK, ArchiveReader, ArchiveWriter
from app.core.errors import Conflict, Malformed
from app.core.storage import FileStorage

MEDIA = "media/"
STAGE = ".partial-restore-"


def dump_files(storage: FileStorage, archive: ArchiveWriter) -> tuple[int, list[str]]:
    """How many files were taken, and which have names that the application would not serve either."""
    number, strange = 0, []
    for path in storage.list():
        try:
            source = storage.open(path)
        except FileNotFoundError:
            # Deleted since the list was made, and so from the database a moment after the snapshot.
            continue
        except ValueError:
            strange.append(path)
            continue
        with source, archive.member(MEDIA + path) as add:
            while block := source.read(BLOCK):
                add(block)
        number += 1
    return number, strange


class StagedFiles:
    """A backup's files beside their places, on the same disk: putting them there takes no more room and no time."""

    def __init__(self, archive: ArchiveReader, storage: FileStorage, *, replace: bool) -> None:
        self._root = storage.root
        self._folder = storage.root / f"{STAGE}{secrets.token_hex(8)}"
        self._paths = list(_wanted(archive, storage, replace=replace))
        self._placed: list[str] = []
        self._archive = archive

    def __enter__(self) -> "StagedFiles":
        try:
            for path in self._paths:
                self._stage(path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def place(self) -> None:
        """Puts every file where it belongs; those it replaces are kept until the end."""
        for path in self._paths:
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                (self._folder / "old" / path).parent.mkdir(parents=True, exist_ok=True)
                os.link(target, self._folder / "old" / path)
            self._placed.append(path)
            os.replace(self._folder / "new" / path, target)

    def take_back(self) -> None:
        """As it was before `place`."""
        for path in self._placed:
            old = self._folder / "old" / path
            if old.exists():
                os.replace(old, self._root / path)
            else:
                (self._root / path).unlink(missing_ok=True)

    def _stage(self, path: str) -> None:
        target = self._folder / "new" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for block in self._archive.blocks(MEDIA + path):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())


def _wanted(archive: ArchiveReader, storage: FileStorage, *, replace: bool) -> Iterator[str]:
    """The files that are not there yet. Raises Conflict when another stands in the place of one."""
    for name, facts in archive.members.items():
        if not name.startswith(MEDIA):
            continue
        path = name.removeprefix(MEDIA)
        try:
            there = storage.exists(path)
        except ValueError as error:
            raise Malformed(f"La copia trae un archivo de nombre no permitido: {path!r}") from error
        if there and _digest(storage, path) == facts["sha256"]:
            continue
        if there and not replace:
            raise Conflict(
                f"En {storage.root} ya hay otro archivo «{path}»; vacíe la carpeta o use --force-empty"
            )
        yield path


def _digest(storage: FileStorage, path: str) -> str:
    digest = hashlib.sha256()
    with storage.open(path) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sweep(root: Path) -> None:
    """Removes what a restore that was killed has left."""
    for left in root.glob(f"{STAGE}*"):
        shutil.rmtree(left, ignore_errors=True)
