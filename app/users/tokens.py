"""Access tokens, signed and checked, and the person behind one. What may be done with one is the guard's part."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import jwt

from app.core import stamps, times
from app.core.bodies import STALE_SECONDS
from app.core.cache import AWAY
from app.core.errors import Unauthenticated
from app.core.extensions import current_settings, db
from app.core.records import id_in
from app.users import grants
from app.users.models import User
from app.users.token_models import LoginSession

ALGORITHM = "HS256"
LEEWAY_S = 5
PRINCIPAL_SECONDS = 60
# For longer only while the database is away: for as long as old answers are kept.
PRINCIPAL_KEPT_S = int(STALE_SECONDS)
# Given a new stamp whenever a session ends, so that no cache remembers it alive.
ENDED_SESSIONS = "ended_sessions"
# The stamp of all that decides who somebody is. It outlasts the others, or people would be forgotten with them.
PEOPLE = "people"
stamps.follow(PEOPLE, *grants.TABLES, ENDED_SESSIONS)


class Facts(NamedTuple):
    """What the database says of a person, as the cache keeps it."""

    id: int
    fullname: str
    role: str
    version: int
    permissions: list[str]


@dataclass(frozen=True)
class Principal:
    """Who is asking: the person as the database has it, not as an old token says."""

    id: int
    fullname: str
    role: str
    permissions: frozenset[str]
    token_version: int
    expires_at: int
    session_id: int = 0
    csrf: str = ""

    @cached_property
    def tag(self) -> str:
        """What tells one reader's answers from another's in an ETag."""
        return f"{self.id}.{self.token_version}.{self.role}.{self.rights}"

    @cached_property
    def rights(self) -> str:
        """The same for answers that are one for all who hold the same permissions."""
        return _digest(self.permissions)

    def may(self, permission: str) -> bool:
        """Whether the person holds the permission; '' is held by everybody who is logged in."""
        return not permission or permission in self.permissions


@lru_cache(maxsize=256)
def _digest(permissions: frozenset[str]) -> str:
    return hashlib.blake2b("|".join(sorted(permissions)).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True)
class AccessToken:
    """A signed token, and the value that proves a page could read its cookies."""

    text: str
    csrf: str


def key_id(key: str) -> str:
    """The public name of a signing key."""
    return hashlib.sha256(b"kid:" + key.encode()).hexdigest()[:12]


def access_token(user: User, session: LoginSession) -> AccessToken:
    """A token for the person; it names them and carries no right of its own. It does not outlive the session."""
    settings, now, csrf = current_settings(), int(time.time()), secrets.token_urlsafe(24)
    claims = {
        "sub": str(user.id),
        "id": user.id,
        "identification": user.identification,
        "role": user.role,
        "fullname": user.fullname,
        "ver": user.token_version,
        "sid": session.id,
        "type": "access",
        "jti": secrets.token_urlsafe(16),
        "csrf": csrf,
        "iat": now,
        "exp": min(now + settings.access_token_minutes * 60, int(session.expires_at.timestamp())),
    }
    key = settings.signing_key
    return AccessToken(jwt.encode(claims, key, ALGORITHM, headers={"kid": key_id(key)}), csrf)


def principal_of(token: str) -> Principal:
    """The person an access token belongs to. Raises Unauthenticated with the code the clients react to."""
    claims = claims_of(token)
    found = principal(id_in(str(claims["sub"])) or 0, id_in(str(claims.get("sid"))) or 0, claims)
    if found is None or found.session_id == 0 or found.token_version != claims.get("ver"):
        raise revoked()
    return found


def claims_of(token: str, *, even_expired: bool = False) -> dict[str, Any]:
    """The claims of a token that we signed; Unauthenticated for any other, and for one of another type."""
    try:
        claims = dict(_signed_claims(token, tuple(current_settings().verifying_keys)))
        expired = int(claims["exp"]) <= time.time() - LEEWAY_S
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError):
        raise Unauthenticated("El token no es válido", code="JWT_ERROR")
    if expired and not even_expired:
        raise Unauthenticated(
            "La sesión expiró", code="TOKEN_EXPIRED", token_type="access",  # noqa: S106
            client_action="ATTEMPT_REFRESH", should_clear_auth=False, refresh_url="/auth/refresh",
        )  # fmt: skip
    if claims["type"] != "access":
        raise Unauthenticated("El token no es de acceso", code="JWT_ERROR")
    return claims


@lru_cache(maxsize=2048)
def _signed_claims(token: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """The claims of a token signed with one of the keys; that stays so, whatever else ends its life."""
    key = {key_id(one): one for one in reversed(keys)}[str(jwt.get_unverified_header(token).get("kid"))]
    # When it was signed does not matter: our clock may have been ahead then, or be behind now.
    options: Any = {"require": ["exp", "sub", "jti", "type"], "verify_exp": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], leeway=LEEWAY_S, options=options)
    return claims


def revoked(message: str = "La sesión ya no es válida", code: str = "TOKEN_REVOKED") -> Unauthenticated:
    """The refusal after which a client forgets its tokens and asks for the password again."""
    return Unauthenticated(message, code=code, client_action="CLEAR_AUTH_AND_RELOGIN", should_clear_auth=True)


def principal(user_id: int, session_id: int, claims: dict[str, Any] | None = None) -> Principal | None:
    """The active person, when the session (0: none is needed) lives; None otherwise."""
    known = _known(user_id, session_id)
    if known is None:
        return None
    exp, csrf = (int(claims["exp"]), str(claims.get("csrf", ""))) if claims else (0, "")
    permissions = frozenset(known.permissions)
    return Principal(known.id, known.fullname, known.role, permissions, known.version, exp, session_id, csrf)


def _known(user_id: int, session_id: int) -> Facts | None:
    """What a principal is made of; from the cache while no person, right or ended session has changed."""
    key = f"principal:{user_id}:{session_id}:person"
    now, kept = stamps.reading_with(key, [PEOPLE])
    known = Facts(*kept[1]) if now and kept and kept[0] == now.text else None
    if known and time.time() < kept[2] + PRINCIPAL_SECONDS:
        return known
    try:
        facts = _looked_up(user_id, session_id)
    except AWAY:
        # The database is away, so nothing has changed; the stamp would say what had before, or by another process.
        db.session.rollback()
        if known is None:
            raise
        return known
    if now and facts:
        stamps.keep(key, (now.text, tuple(facts), time.time()), PRINCIPAL_KEPT_S)
    return facts


def _looked_up(user_id: int, session_id: int) -> Facts | None:
    user = db.session.get(User, user_id)
    if user is None or not (user.status and user.approved and _lives(user_id, session_id)):
        return None
    permissions = sorted(grants.permissions_of(user.id, user.role))
    return Facts(user.id, user.fullname, user.role, user.token_version, permissions)


def _lives(user_id: int, session_id: int) -> bool:
    if session_id == 0:
        return True
    session = db.session.get(LoginSession, session_id)
    return session is not None and session.user_id == user_id and is_open(session, times.now())


def is_open(session: LoginSession, now: datetime) -> bool:
    """Whether the session may still be used at `now`, as far as the session itself says."""
    return session.ended_at is None and session.expires_at > now
