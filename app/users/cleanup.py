"""What may be forgotten: finished tokens and sessions, used links, sent mail, old failures, incidents, request keys.

A rotated token is kept for a while on purpose: used again, it gives the thief away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, delete, func, or_, select
from sqlalchemy.sql import ColumnElement

from app.core import repetition
from app.core.extensions import db
from app.users.token_models import (
    Incident,
    LoginFailure,
    LoginSession,
    OutgoingMail,
    RefreshToken,
    ResetToken,
    Tally,
)

KEEP_EXPIRED_DAYS = 30
KEEP_REVOKED_DAYS = 7
LISTED = 100
# Of the rest: so long after they have served.
KEEP_REST_DAYS = 7
KEEP_INCIDENTS_DAYS = 365


@dataclass(frozen=True)
class Terms:
    """How many days after their end tokens are kept; with `older_than_days`, only those made before that go."""

    keep_expired_days: int = KEEP_EXPIRED_DAYS
    keep_revoked_days: int = KEEP_REVOKED_DAYS
    older_than_days: int | None = None


def terms(older_than_days: int | None, keep_expired_days: int | None, keep_revoked_days: int | None) -> Terms:
    """The terms that the options mean: their age alone decides when only that is given."""
    expired, revoked = (0, 0) if older_than_days is not None else (KEEP_EXPIRED_DAYS, KEEP_REVOKED_DAYS)
    return Terms(
        expired if keep_expired_days is None else keep_expired_days,
        revoked if keep_revoked_days is None else keep_revoked_days,
        older_than_days,
    )


def found(which: Terms, now: datetime) -> int:
    """How many refresh tokens may go."""
    query = select(func.count()).select_from(RefreshToken).join(LoginSession)
    return db.session.scalar(query.where(_over(which, now))) or 0


def sample(which: Terms, now: datetime) -> Sequence[Row[Any]]:
    """The first of them: id, person, hash, made, expires, why."""
    reason = case((LoginSession.expires_at < now, "expired"), else_="revoked").label("reason")
    made = RefreshToken.created_at.label("made_at")
    columns = (
        RefreshToken.id,
        LoginSession.user_id,
        RefreshToken.digest,
        made,
        LoginSession.expires_at,
        reason,
    )
    query = select(*columns).join(LoginSession, LoginSession.id == RefreshToken.session_id)
    return db.session.execute(query.where(_over(which, now)).order_by(RefreshToken.id).limit(LISTED)).all()


def masked(digest: str) -> str:
    """Enough of a token's hash to recognise it, too little to look it up."""
    return f"{digest[:6]}…"


def remove(which: Terms, now: datetime) -> int:
    """Deletes those tokens, the sessions left without any, and the rest; the number of tokens deleted."""
    ids = select(RefreshToken.id).join(LoginSession).where(_over(which, now))
    # MariaDB deletes from no table that the same statement reads, unless what is read stands by itself.
    tokens = delete(RefreshToken).where(RefreshToken.id.in_(select(ids.subquery().c.id)))
    count = int(db.session.execute(tokens).rowcount)  # type: ignore[attr-defined]
    over = or_(LoginSession.ended_at.is_not(None), LoginSession.expires_at < now)
    empty = ~LoginSession.id.in_(select(RefreshToken.session_id))
    db.session.execute(delete(LoginSession).where(over, empty))
    _remove_rest(now)
    return count


def _over(which: Terms, now: datetime) -> ColumnElement[bool]:
    """Expired, or revoked (its session ended, or another took its place), and long enough ago."""
    expired = now - timedelta(days=which.keep_expired_days)
    revoked = now - timedelta(days=which.keep_revoked_days)
    over = or_(
        LoginSession.expires_at < expired,
        LoginSession.ended_at < revoked,
        RefreshToken.rotated_at < revoked,
    )
    if which.older_than_days is None:
        return over
    return and_(over, RefreshToken.created_at < now - timedelta(days=which.older_than_days))


def _remove_rest(now: datetime) -> None:
    rest = now - timedelta(days=KEEP_REST_DAYS)
    old = now - timedelta(days=KEEP_INCIDENTS_DAYS)
    db.session.execute(delete(ResetToken).where(ResetToken.expires_at < rest))
    db.session.execute(
        delete(OutgoingMail).where(OutgoingMail.due_at.is_(None), OutgoingMail.created_at < rest)
    )
    db.session.execute(delete(LoginFailure).where(LoginFailure.last_at < rest))
    db.session.execute(delete(Incident).where(Incident.at < old))
    db.session.execute(delete(Tally).where(Tally.day < old.date()))
    repetition.forget(now)
