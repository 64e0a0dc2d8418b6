"""The file of a backup: a ZIP whose last member tells the size and SHA-256 of every other, sealed where there is a key.

Streams in both directions: no member is ever held whole. What the members are about is the business of others; any
tool opens one that is not sealed.
"""

import errno
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from app.backup.encryption import SealedReader, SealedWriter, is_sealed
from app.core.errors import Forbidden, Malformed

MANIFEST = "manifest.json"
FORMAT = 1
BLOCK = 64 * 1024
MANIFEST_LIMIT = 256 * 1024 * 1024
# What zipfile may say about bytes that are not what they should be.
NONSENSE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class ArchiveWriter:
    """Members one after the other, then the manifest. `finish` makes it whole; without it there is no backup."""

    def __init__(self, target: BinaryIO, key: str | None) -> None:
        self._out = _Forward(target)
        self._sealed = SealedWriter(cast(BinaryIO, self._out), key) if key else None
        self._zip = zipfile.ZipFile(cast(BinaryIO, self._sealed or self._out), "w", zipfile.ZIP_DEFLATED)
        self.members: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(self, *_: object) -> None:
        # zipfile ends what it has begun, sooner or later; where that failed, it does so into nothing.
        self._out.target = None
        self._zip.close()

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """A function that adds bytes to the member `name`."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(_entry(name), "w", force_zip64=True) as out:

            def add(data: bytes) -> None:
                nonlocal size
                digest.update(data)
                size += len(data)
                out.write(data)

            yield add
        self.members[name] = {"size": size, "sha256": digest.hexdigest()}

    def finish(self, facts: dict[str, Any]) -> None:
        """Writes the manifest, `facts` and the members, and ends the archive."""
        manifest = {"format": FORMAT, **facts, "members": self.members}
        self._zip.writestr(_entry(MANIFEST), json.dumps(manifest, ensure_ascii=False, indent=1))
        self._zip.close()
        if self._sealed:
            self._sealed.finish()


class ArchiveReader:
    """A backup opened for reading; the manifest is read and judged at once, the members when they are asked for.

    Raises Malformed (damaged or cut) or Forbidden (the key).
    """

    def __init__(self, path: Path, key: str | None) -> None:
        self._file = path.open("rb")
        try:
            with _sense("no se reconoce como copia completa"):
                self._zip = zipfile.ZipFile(_plain(self._file, key))
                self.manifest = self._read_manifest()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "ArchiveReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def members(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.manifest["members"]
        return found

    def verify(self) -> dict[str, int]:
        """Reads every member against its size and SHA-256; how many lines each has. Raises Malformed."""
        present = [info.filename for info in self._zip.infolist()]
        if sorted(present) != sorted([*self.members, MANIFEST]):
            raise _damaged("sus partes no son las del manifiesto")
        return {name: sum(block.count(b"\n") for block in self.blocks(name)) for name in self.members}

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member; Malformed at its end, or before, when they are not those of the manifest."""
        expected, digest, left = self.members[name], hashlib.sha256(), self.members[name]["size"]
        with _sense(f"«{name}» no se puede leer"), self._zip.open(name) as source:
            while block := source.read(BLOCK):
                digest.update(block)
                left -= len(block)
                if left < 0:
                    raise _damaged(f"«{name}» no es lo que dice el manifiesto")
                yield block
        if left or digest.hexdigest() != expected["sha256"]:
            raise _damaged(f"«{name}» no es lo que dice el manifiesto")

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, however its blocks fall."""
        rest = b""
        for block in self.blocks(name):
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def _read_manifest(self) -> dict[str, Any]:
        if self._zip.getinfo(MANIFEST).file_size > MANIFEST_LIMIT:
            raise ValueError
        manifest = json.loads(self._zip.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise Malformed(f"Esta versión no lee copias de formato {manifest['format']}")
        for name, facts in manifest["members"].items():
            if not (
                isinstance(name, str) and isinstance(facts["size"], int) and isinstance(facts["sha256"], str)
            ):
                raise ValueError
        return cast(dict[str, Any], manifest)


def sealed(path: Path) -> bool:
    """Whether it takes a key to read it."""
    with path.open("rb") as file:
        return is_sealed(file.read(16))


def _plain(file: BinaryIO, key: str | None) -> BinaryIO:
    if not is_sealed(file.read(16)):
        file.seek(0)
        return file
    file.seek(0)
    if not key:
        raise Forbidden("La copia está cifrada: falta BACKUP_KEY")
    return cast(BinaryIO, io.BufferedReader(SealedReader(file, key)))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def _sense(otherwise: str) -> Iterator[None]:
    try:
        yield
    except NONSENSE as error:
        raise _damaged(otherwise) from error
    except OSError as error:
        # A place before the beginning; the disk's own troubles are told by others.
        if error.errno == errno.EINVAL:
            raise _damaged(otherwise) from error
        raise


def _damaged(what: str) -> Malformed:
    return Malformed(f"La copia está dañada o incompleta: {what}")


class _Forward(io.RawIOBase):
    """A file that is only ever added to, as a pipe is; without a target, what is written is gone."""

    def __init__(self, target: BinaryIO) -> None:
        self.target: BinaryIO | None = target

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self.target.write(data) if self.target else len(data)
