"""Files the application writes (reports now, uploads later), kept under one root folder.

What the files mean, who may read them and how long they live is decided by the rooms that own them.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_TEMPORARY = ".partial-"


class StorageError(OSError):
    """The file could not be written, read or removed: disk full, permissions, a broken mount."""


class FileStorage:
    """Files addressed by relative POSIX paths ("reports/pdf/reporte_7.pdf") inside `root`.

    Every method raises ValueError for a path that is not one (empty, absolute, "..", backslash, control
    characters, hidden temporary names) or that leaves the root through a symbolic link.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def save(self, relative_path: str, content: bytes) -> None:
        """Write the whole file or nothing: readers see the old content until the new one is on disk.

        Raises StorageError when it cannot be written; the previous file, if any, is then untouched.
        """
        target = self._locate(relative_path)
        partial = target.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(partial, content)
            os.replace(partial, target)
            _sync_folder(target.parent)
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise StorageError(error.errno, f"no se pudo guardar: {error.strerror}", relative_path) from error

    def open(self, relative_path: str) -> BinaryIO:
        """The file opened for reading in binary; FileNotFoundError when it does not exist."""
        return self._locate(relative_path).open("rb")

    def read(self, relative_path: str) -> bytes:
        """The whole content; FileNotFoundError when it does not exist."""
        return self._locate(relative_path).read_bytes()

    def exists(self, relative_path: str) -> bool:
        return self._locate(relative_path).is_file()

    def size(self, relative_path: str) -> int:
        """Bytes on disk; FileNotFoundError when it does not exist."""
        return self._locate(relative_path).stat().st_size

    def delete(self, relative_path: str) -> None:
        """Remove the file; a file that is already gone is not an error."""
        target = self._locate(relative_path)
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(error.errno, f"no se pudo borrar: {error.strerror}", relative_path) from error

    def list(self, folder: str = "") -> list[str]:
        """Relative paths of the files under `folder`, sorted; unfinished writes and links are left out."""
        start = self._locate(folder) if folder else self.root
        return sorted(
            found.relative_to(self.root).as_posix()
            for found in start.rglob("*")
            if found.is_file() and not found.is_symlink() and not found.name.startswith(_TEMPORARY)
        )

    def _locate(self, relative_path: str) -> Path:
        _check_path(relative_path)
        target = self.root / relative_path
        if not target.resolve().is_relative_to(self.root.resolve()):
            raise ValueError(f"ruta fuera del almacenamiento: {relative_path!r}")
        return target


def _check_path(relative_path: str) -> None:
    parts = relative_path.split("/")
    if any(part in ("", ".", "..") for part in parts) or PurePosixPath(relative_path).is_absolute():
        raise ValueError(f"ruta no válida: {relative_path!r}")
    if "\\" in relative_path or ":" in parts[0] or not relative_path.isprintable():
        raise ValueError(f"ruta no válida: {relative_path!r}")
    if parts[-1].startswith(_TEMPORARY):
        raise ValueError(f"nombre reservado: {relative_path!r}")


def _write_synced(path: Path, content: bytes) -> None:
    # "xb": a name that already exists must not be followed, it could be somebody's link.
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
