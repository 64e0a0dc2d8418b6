"""Tokens and signed links: made here, checked here. Who may do what is the guard's part."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jwt import ExpiredSignatureError, PyJWTError

from app.core import cache
from app.core.errors import Unauthenticated
from app.core.extensions import db
from app.core.records import id_in
from app.core.settings import Settings
from app.users.grants import TABLES, permissions_of
from app.users.models import User

PRINCIPAL_SECONDS = 60


@dataclass(frozen=True)
class Principal:
    """Who is asking: the person as the database has it, not as an old token says."""

    id: int
    fullname: str
    role: str
    permissions: frozenset[str]
    token_version: int
    expires_at: int

    @property
    def tag(self) -> str:
        """What tells one reader's answers from another's in an ETag."""
        held = hashlib.blake2b(",".join(sorted(self.permissions)).encode(), digest_size=8).hexdigest()
        return f"{self.id}.{self.token_version}.{self.role}.{held}"

    def may(self, permission: str) -> bool:
        """Whether the person holds the permission; '' is held by everybody who is logged in."""
        return not permission or permission in self.permissions


def access_token(user: User) -> str:
    """A signed access token for the person; it names them and carries no right of its own."""
    claims = {
        "id": user.id,
        "identification": user.identification,
        "role": user.role,
        "fullname": user.fullname,
        "ver": user.token_version,
    }
    return str(create_access_token(identity=str(user.id), additional_claims=claims))


def principal_of(token: str) -> Principal:
    """The person an access token belongs to. Raises Unauthenticated with the code the clients react to."""
    claims = _claims(token)
    subject = id_in(str(claims.get("sub")))
    known = _person(subject) if subject else None
    if claims.get("type") != "access" or known is None or known[3] != claims.get("ver"):
        raise Unauthenticated(
            "La sesión ya no es válida", code="TOKEN_REVOKED",
            client_action="CLEAR_AUTH_AND_RELOGIN", should_clear_auth=True,
        )  # fmt: skip
    id_, fullname, role, version, permissions = known
    return Principal(id_, fullname, role, permissions, version, int(claims["exp"]))


def _claims(token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = decode_token(token)
    except ExpiredSignatureError:
        raise Unauthenticated(
            "La sesión expiró", code="TOKEN_EXPIRED", token_type="access",  # noqa: S106
            client_action="ATTEMPT_REFRESH", should_clear_auth=False, refresh_url="/auth/refresh",
        )  # fmt: skip
    except (PyJWTError, JWTExtendedException, ValueError, TypeError, KeyError):
        raise Unauthenticated("El token no es válido", code="JWT_ERROR")
    return claims


def _person(user_id: int) -> tuple[int, str, str, int, frozenset[str]] | None:
    """id, name, role, token version and permissions of an active person; cached until people or grants change."""
    stamp = cache.stamps(TABLES)
    key = f"principal:{hashlib.blake2b(str(stamp).encode(), digest_size=8).hexdigest()}:{user_id}"
    if stamp and (found := cache.fetch(key)):
        return tuple(found)
    user = db.session.get(User, user_id)
    if user is None or not user.status or not user.approved:
        return None
    permissions = permissions_of(user.id, user.role)
    facts = (user.id, user.fullname, user.role, user.token_version, permissions)
    if stamp:
        cache.keep(key, facts, PRINCIPAL_SECONDS)
    return facts


def sign_path(settings: Settings, path: str, user_id: int) -> str:
    """`path` with a short-lived signature, for links a browser opens without headers."""
    return f"{path}?sig={_signer(settings).dumps([path, user_id])}"


def signed_user(settings: Settings, path: str, signature: str) -> int | None:
    """The person who was given this signed path, or None when the signature is wrong or too old."""
    try:
        signed, user_id = _signer(settings).loads(signature, max_age=settings.signed_url_minutes * 60)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(user_id) if signed == path else None


def signed_principal(settings: Settings, path: str, signature: str) -> Principal | None:
    """The principal behind a signed path, if that person is still active."""
    user_id = signed_user(settings, path, signature)
    known = _person(user_id) if user_id else None
    return Principal(known[0], known[1], known[2], known[4], known[3], 0) if known else None


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.signing_key, salt="signed-path")
