"""Password hashes of the earlier systems, believed until their owner's next login. New ones are `passwords`' part."""

import base64
import hashlib
import hmac
import re

import bcrypt

# A hash that asks for more work than this was not made by any of those systems.
MOST_ROUNDS = 5_000_000
# bcrypt never looked further; its library now refuses what its earlier versions cut.
BCRYPT_BYTES = 72
BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
PASSLIB = re.compile(
    r"\$pbkdf2-sha256\$(?P<rounds>\d{1,7})\$(?P<salt>[./A-Za-z0-9]*)\$(?P<sum>[./A-Za-z0-9]+)"
)
WERKZEUG = re.compile(r"pbkdf2:sha256:(?P<rounds>\d{1,7})\$(?P<salt>[^$]+)\$(?P<sum>[0-9a-f]{64})")
DJANGO = re.compile(r"pbkdf2_sha256\$(?P<rounds>\d{1,7})\$(?P<salt>[^$]+)\$(?P<sum>[A-Za-z0-9+/]{43}=)")


def is_earlier(kept: str) -> bool:
    """Whether the hash is of one of the known earlier kinds: bcrypt, or PBKDF2 of passlib, Werkzeug or Django."""
    return any(kind.fullmatch(kept) for kind in (BCRYPT, PASSLIB, WERKZEUG, DJANGO))


def matches(password: str, kept: str) -> bool:
    """Whether the password is the one behind an earlier hash; False for a hash of any other kind."""
    if BCRYPT.fullmatch(kept):
        return bcrypt.checkpw(password.encode()[:BCRYPT_BYTES], kept.encode())
    if found := PASSLIB.fullmatch(kept):
        return _same(password, found["rounds"], _passlib_bytes(found["salt"]), _passlib_bytes(found["sum"]))
    if found := WERKZEUG.fullmatch(kept):
        return _same(password, found["rounds"], found["salt"].encode(), bytes.fromhex(found["sum"]))
    if found := DJANGO.fullmatch(kept):
        return _same(password, found["rounds"], found["salt"].encode(), base64.b64decode(found["sum"]))
    return False


def _same(password: str, rounds: str, salt: bytes, kept: bytes) -> bool:
    if not 0 < int(rounds) <= MOST_ROUNDS:
        return False
    return hmac.compare_digest(hashlib.pbkdf2_hmac("sha256", password.encode(), salt, int(rounds)), kept)


def _passlib_bytes(text: str) -> bytes:
    """Passlib's base64: '.' for '+', and no padding."""
    try:
        return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""
