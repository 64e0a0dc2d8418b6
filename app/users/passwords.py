"""Password hashes (argon2id) and the rules of a good password. Stores nothing."""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import Invalid

LENGTHS = range(8, 129)
CLASSES = (r"[a-záéíóúñü]", r"[A-ZÁÉÍÓÚÑÜ]", r"\d", r"[^\w\s]|_")
COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
# What people write for a letter; l and i share their substitutes, so they are one.
SUBSTITUTES = str.maketrans("0134578@$!|+l", "oieastbasiiti")
# Shorter words (Ana, de) would forbid too much.
SHORTEST_OWN_WORD = 4

_hasher = PasswordHasher()


# Checked when the account does not exist, so that a stranger cannot tell by the time it takes.
@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the one hashed; the same work when there is no hash."""
    try:
        return _hasher.verify(kept or _nobody(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was not made as `hashed` makes them now."""
    try:
        return _hasher.check_needs_rehash(kept)
    except InvalidHashError:
        return True


def require_strong(password: str, field: str = "password", *, own: Iterable[object] = ()) -> None:
    """Raises Invalid unless 8 to 128 characters of at least three kinds, not common, not the person's `own` names."""
    kinds = sum(bool(re.search(pattern, password)) for pattern in CLASSES)
    fault = ""
    if len(password) not in LENGTHS or kinds < 3:
        fault = "Use de 8 a 128 caracteres con tres de: mayúsculas, minúsculas, números y símbolos"
    elif is_common(password):
        fault = "Esta contraseña es muy común; elija otra"
    elif tells(password, own):
        fault = "La contraseña no debe contener su nombre ni su identificación"
    if fault:
        raise Invalid(fields={field: fault})


def is_common(password: str) -> bool:
    """Whether it is a listed password, or one with digits and symbols behind: `C0ntraseña-2026!` is `contraseña`."""
    letters = len(re.sub(r"[\W\d_]+$", "", password)) or len(password)
    return any(_folded(password[:length]) in _common() for length in range(letters, len(password) + 1))


def tells(password: str, own: Iterable[object]) -> bool:
    """Whether a word of the person's own names, or a number, stands in the password, substitutes included."""
    words = [word for value in own if value for word in re.split(r"[\W_]+", str(value))]
    folded = _folded(password)
    return any(_folded(word) in folded for word in words if len(word) >= SHORTEST_OWN_WORD)


@cache
def _common() -> frozenset[str]:
    return frozenset(map(_folded, COMMON_FILE.read_text(encoding="utf-8").split()))


def _folded(text: str) -> str:
    """Without case, accents and the common substitutions, so that all spellings of a word are one."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(SUBSTITUTES)
