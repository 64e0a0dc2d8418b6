"""A stream sealed with a passphrase: AES-256-GCM in chunks, so that nothing is believed before it is proven whole.

The key is scrypt's of the passphrase and a salt of the file's own. Each chunk's nonce holds its number and whether it
is the last: chunks that are changed, moved, left out or cut off are noticed. Chunks are of one size, so one may jump.

    magic 8 | salt 16 | check 16 | nonce prefix 7 | chunk | chunk | ... | last chunk (may be short)
"""

import hmac
import io
import os
import secrets
from functools import lru_cache
from hashlib import scrypt
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import Forbidden, Malformed

MAGIC = b"BFSEAL1\n"
SALT, CHECK, PREFIX, TAG = 16, 16, 7, 16
HEADER = len(MAGIC) + SALT + CHECK + PREFIX
CHUNK = 64 * 1024
DAMAGED = "La copia está dañada o incompleta: un trozo cifrado no es auténtico"


def is_sealed(head: bytes) -> bool:
    """Whether a file that begins like this is a sealed one."""
    return head.startswith(MAGIC)


class SealedWriter(io.RawIOBase):
    """Seals what is written into `target`; whole only after `close`, which leaves `target` open."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        salt, prefix = secrets.token_bytes(SALT), secrets.token_bytes(PREFIX)
        key, check = _keys(passphrase, salt)
        self._header = MAGIC + salt + check + prefix
        self._cipher, self._prefix, self._target = AESGCM(key), prefix, target
        self._waiting = bytearray()
        self._number = 0
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._waiting += data
        # A full chunk waits for company: the last one must know that it is.
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Seals what is left as the last chunk. Without it the file counts as cut."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last)
        self._target.write(self._cipher.encrypt(nonce, chunk, self._header))
        self._number += 1


class SealedReader(io.RawIOBase):
    """The plain bytes of a sealed file, from any position. Raises Forbidden for another key, Malformed for damage."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        self._header = source.read(HEADER)
        if len(self._header) < HEADER or not is_sealed(self._header):
            raise Malformed(DAMAGED)
        salt = self._header[len(MAGIC) :][:SALT]
        key, check = _keys(passphrase, salt)
        if not hmac.compare_digest(check, self._header[len(MAGIC) + SALT :][:CHECK]):
            raise Forbidden("La clave BACKUP_KEY no es la de esta copia")
        self._cipher, self._prefix = AESGCM(key), self._header[-PREFIX:]
        sealed = source.seek(0, os.SEEK_END) - HEADER
        self._chunks = max(1, -(-sealed // (CHUNK + TAG)))
        self._size = sealed - self._chunks * TAG
        self._position, self._loaded, self._chunk = 0, -1, b""
        # The last one says that nothing was cut off; it is looked at before anything is believed.
        self._load(self._chunks - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, CHUNK)
        self._load(number)
        found = self._chunk[start : start + len(buffer)]
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)

    def _load(self, number: int) -> None:
        if number == self._loaded:
            return
        self._source.seek(HEADER + number * (CHUNK + TAG))
        nonce = _nonce(self._prefix, number, number == self._chunks - 1)
        try:
            self._chunk = self._cipher.decrypt(nonce, self._source.read(CHUNK + TAG), self._header)
        except (InvalidTag, ValueError):
            raise Malformed(DAMAGED) from None
        self._loaded = number


@lru_cache(maxsize=4)
def _keys(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """The key, and what tells a wrong passphrase from a damaged file without saying anything about the key."""
    made = scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32 + CHECK)
    return made[:32], made[32:]


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
