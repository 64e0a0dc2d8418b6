"""Password hashes (argon2id) and the rules of a good password. Stores nothing."""

import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import Invalid

LENGTHS = range(8, 129)
CLASSES = (r"[a-záéíóúñü]", r"[A-ZÁÉÍÓÚÑÜ]", r"\d", r"[^\w\s]|_")

_hasher = PasswordHasher()
# Checked when the account does not exist, so that a stranger cannot tell by the time it takes.
_nobody = _hasher.hash(secrets.token_urlsafe(16))


def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the one hashed; the same work when there is no hash."""
    try:
        return _hasher.verify(kept or _nobody, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def require_strong(password: str, field: str = "password") -> None:
    """Raises Invalid unless 8 to 128 characters of at least three kinds."""
    kinds = sum(bool(re.search(pattern, password)) for pattern in CLASSES)
    if len(password) not in LENGTHS or kinds < 3:
        raise Invalid(
            fields={
                field: "Use de 8 a 128 caracteres con tres de: mayúsculas, minúsculas, números y símbolos"
            }
        )
