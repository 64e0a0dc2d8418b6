"""How a session is prolonged: each refresh token is used once, and one used twice ends its whole family."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.core import times
from app.core.errors import DomainError
from app.core.extensions import current_settings, db
from app.users import incidents, sessions
from app.users.models import User
from app.users.sessions import Opened
from app.users.token_models import LoginSession, RefreshToken
from app.users.tokens import is_open, revoked


def renew(token: str, device: str, address: str) -> Opened | DomainError:
    """The session with a new refresh token in place of this one, or why not.

    A refusal is returned, not raised: ending the family of a stolen token must be committed.
    """
    now = times.now()
    kept = db.session.scalar(select(RefreshToken).where(RefreshToken.digest == sessions.digest(token)))
    if kept is None:
        return revoked()
    session = db.session.get_one(LoginSession, kept.session_id)
    user = db.session.get_one(User, session.user_id)
    if (refusal := _refusal(user, session, now)) is not None:
        return refusal
    if not (_rotate(kept, now) or _in_grace(kept, session, device, now)):
        return _reused(user, session, address)
    session.last_used_at, session.address = now, address[:45]
    return Opened(user, session, sessions.new_refresh_token(session.id))


def _refusal(user: User, session: LoginSession, now: datetime) -> DomainError | None:
    known = user.status and user.approved and user.token_version == session.token_version
    if session.ended_at is not None or not known:
        return revoked()
    if not is_open(session, now):
        return revoked("La sesión expiró; inicie sesión de nuevo", code="TOKEN_EXPIRED")
    return None


def _rotate(kept: RefreshToken, now: datetime) -> bool:
    """Whether this call is the first to use the token: of several at once, the database lets one through."""
    statement = update(RefreshToken).where(RefreshToken.id == kept.id, RefreshToken.rotated_at.is_(None))
    result = db.session.execute(
        statement.values(rotated_at=now), execution_options={"synchronize_session": False}
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _in_grace(kept: RefreshToken, session: LoginSession, device: str, now: datetime) -> bool:
    """Whether this is another tab of the same browser that asked at nearly the same moment."""
    db.session.refresh(kept)
    grace = timedelta(seconds=current_settings().refresh_grace_seconds)
    late = grace == timedelta(0) or kept.rotated_at is None or now - kept.rotated_at > grace
    return not late and session.device == device[:255]


def _reused(user: User, session: LoginSession, address: str) -> DomainError:
    sessions.end(session.id, "reused")
    incidents.report("refresh_reuse", user_id=user.id, address=address)
    return revoked()
