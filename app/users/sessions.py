"""Login sessions: begun, listed, ended. How a session is prolonged is `refresh`'s part."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.sql import ColumnElement

from app.core import cache, times
from app.core.errors import NotFound
from app.core.extensions import current_settings, db
from app.core.transaction import after_commit
from app.users.models import User
from app.users.token_models import LoginSession, RefreshToken
from app.users.tokens import ENDED_SESSIONS

SHOWN = 100


@dataclass(frozen=True)
class Opened:
    """A session that its holder has just proved or prolonged, and the secret that will prolong it next."""

    user: User
    session: LoginSession
    refresh_token: str


def begin(user: User, device: str, address: str) -> Opened:
    """A new session for a person who has proved who they are."""
    session = LoginSession(
        user_id=user.id,
        token_version=user.token_version,
        device=device[:255],
        address=address[:45],
        expires_at=times.now() + timedelta(days=current_settings().refresh_token_days),
    )
    db.session.add(session)
    db.session.flush()
    return Opened(user, session, new_refresh_token(session.id))


def new_refresh_token(session_id: int) -> str:
    """A new secret of the session. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    db.session.add(RefreshToken(session_id=session_id, digest=digest(token)))
    return token


def digest(token: str) -> str:
    """The SHA-256 under which a token is kept: the secret is random, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(refresh_token: str) -> str:
    """The value that proves a page could read the cookies beside this refresh token."""
    return hashlib.sha256(b"csrf:" + refresh_token.encode()).hexdigest()[:32]


def open_sessions(user_id: int) -> Sequence[LoginSession]:
    """The person's living sessions, the last used first."""
    query = (
        select(LoginSession)
        .join(User, User.id == LoginSession.user_id)
        .where(LoginSession.user_id == user_id, LoginSession.token_version == User.token_version)
        .where(LoginSession.ended_at.is_(None), LoginSession.expires_at > times.now())
        .order_by(LoginSession.last_used_at.desc(), LoginSession.id.desc())
    )
    return db.session.scalars(query.limit(SHOWN)).all()


def end_own(user_id: int, session_id: int) -> None:
    """Ends one session of the person; NotFound when it is not theirs or is over."""
    if not _end(LoginSession.id == session_id, LoginSession.user_id == user_id, reason="closed"):
        raise NotFound(f"La sesión {session_id} no existe o ya terminó")


def end(session_id: int, reason: str) -> None:
    """Ends a session; its access tokens and refresh tokens are worth nothing from then on."""
    _end(LoginSession.id == session_id, reason=reason)


def end_all(user: User, reason: str) -> None:
    """Ends every session and every token of the person, also those that no table knows."""
    user.token_version = User.token_version + 1
    db.session.flush()
    db.session.refresh(user)
    _end(LoginSession.user_id == user.id, reason=reason)


def end_by_refresh_token(token: str, reason: str) -> None:
    """Ends the session a refresh token belongs to, whatever the token's state; nothing for an unknown one."""
    found = select(RefreshToken.session_id).where(RefreshToken.digest == digest(token))
    session_id = db.session.scalar(found)
    if session_id is not None:
        end(session_id, reason)


def _end(*which: ColumnElement[bool], reason: str) -> int:
    statement = update(LoginSession).where(*which, LoginSession.ended_at.is_(None))
    result = db.session.execute(statement.values(ended_at=times.now(), end_reason=reason))
    after_commit(partial(cache.touch, ENDED_SESSIONS))
    return int(result.rowcount)  # type: ignore[attr-defined]
