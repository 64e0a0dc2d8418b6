"""The two ways to a new password: knowing the old one, or holding a link that was mailed. Both end every session."""

import secrets
from datetime import timedelta

from sqlalchemy import func, select, update

from app.core import times
from app.core.errors import DomainError, Invalid, TooMany
from app.core.extensions import current_settings, db
from app.core.settings import Settings
from app.users import lockout, login, mail, messages, people, service, sessions
from app.users.models import User
from app.users.token_models import ResetToken

# So many messages an hour to one person; whoever asks for more gets the same answer.
MOST_RESETS_AN_HOUR = 5
REFUSED = "El enlace no es válido, ya se usó o venció; pida uno nuevo"


def change(user: User, current: str, new: str, address: str) -> DomainError | None:
    """Sets a password for who knows the present one. A refusal is returned, so that the failure is committed."""
    subjects = (lockout.person(user.id),)
    if wait := lockout.longest_wait(subjects):
        return TooMany("Demasiados intentos; espere antes de volver a intentar", retry_after_seconds=wait)
    if not login.is_theirs(user.password_hash, current):
        lockout.note_failure(subjects, user_id=user.id, client=address)
        return Invalid(fields={"current_password": "La contraseña actual no es correcta"})
    if current == new:
        return Invalid(fields={"new_password": "Debe ser distinta de la actual"})
    _set(user, new, "password_changed")
    lockout.forgive(subjects)
    return None


def request_reset(name: str) -> None:
    """Mails a link to whoever has this name. For nobody, the same work is done and goes nowhere."""
    settings = current_settings()
    user = service.find(name)
    recent = _resets_since(user.id if user else 0, times.now() - timedelta(hours=1))
    entitled = user if user and user.status and recent < MOST_RESETS_AN_HOUR else None
    token = secrets.token_urlsafe(32)
    db.session.add(
        ResetToken(
            user_id=entitled.id if entitled else None,
            digest=sessions.digest(token),
            expires_at=times.now() + timedelta(minutes=settings.reset_token_minutes),
        )
    )
    link = f"{front_end(settings)}/reset-password?token={token}"
    fullname, minutes = entitled.fullname if entitled else "", settings.reset_token_minutes
    mail.queue(
        entitled.email if entitled else None,
        messages.reset(settings.farm_name, fullname, link, minutes),
    )


def reset(token: str, new: str) -> None:
    """Sets a password for the holder of a mailed link, which works once; Invalid when it does not work."""
    kept = db.session.scalar(select(ResetToken).where(ResetToken.digest == sessions.digest(token)))
    user = db.session.get(User, kept.user_id) if kept and kept.user_id else None
    if kept is None or user is None or not user.status or kept.expires_at <= times.now():
        raise Invalid(REFUSED, fields={"reset_token": REFUSED})
    if not _use(kept):
        raise Invalid(REFUSED, fields={"reset_token": REFUSED})
    _set(user, new, "password_reset")
    lockout.forgive((lockout.person(user.id),))


def email_hint(asked: str) -> str | None:
    """`ma***@finca.co` of an address that was typed in; nothing of a number or a username."""
    local, at, domain = asked.strip().partition("@")
    return f"{local[:2]}***@{domain}" if at and local and domain else None


def front_end(settings: Settings) -> str:
    """Where the web client is, by the settings: the Host header of a request is anybody's."""
    own = f"http://localhost:{settings.port}"
    given = settings.frontend_url or next(iter(settings.cors_origins), None) or settings.backend_url or own
    return given.rstrip("/")


def _set(user: User, new: str, reason: str) -> None:
    people.set_password(user, new, "new_password", reason)
    unused = update(ResetToken).where(ResetToken.user_id == user.id, ResetToken.used_at.is_(None))
    db.session.execute(unused.values(used_at=times.now()))
    mail.queue(user.email, messages.password_changed(current_settings().farm_name, user.fullname))


def _use(kept: ResetToken) -> bool:
    """Whether this call is the first to use the link."""
    statement = update(ResetToken).where(ResetToken.id == kept.id, ResetToken.used_at.is_(None))
    return bool(db.session.execute(statement.values(used_at=times.now())).rowcount)  # type: ignore[attr-defined]


def _resets_since(user_id: int, moment: object) -> int:
    query = select(func.count()).select_from(ResetToken)
    return db.session.scalar(query.where(ResetToken.user_id == user_id, ResetToken.created_at > moment)) or 0
