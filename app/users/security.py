"""What is known of the server's security: figures, alerts, and a review of what could be better."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.core import times
from app.core.extensions import current_settings, db
from app.core.settings import Settings
from app.users import incidents
from app.users.models import User
from app.users.permissions import Role
from app.users.token_models import Incident, LoginSession, OutgoingMail

SUSPICIOUS = ("refresh_reuse", "lockout", "forged_token", "csrf_failed")
ARGON2 = "$argon2id$"


@dataclass(frozen=True)
class Finding:
    """Something a review would have otherwise."""

    level: str
    type: str
    message: str


def metrics() -> dict[str, Any]:
    """Counts since the first day kept; `success_rate` in percent with one decimal, 100 before any login."""
    totals = incidents.totals()
    tried, failed = totals.get("login_attempts", 0), totals.get("login_failures", 0)
    return {
        "total_login_attempts": tried,
        "failed_login_attempts": failed,
        "success_rate": round(100 * (tried - failed) / tried, 1) if tried else 100.0,
        "suspicious_activities": sum(totals.get(name, 0) for name in SUSPICIOUS),
        "rate_limit_violations": totals.get("rate_limited", 0),
        "malicious_content_blocks": totals.get("content_refused", 0),
        "active_sessions": active_sessions(),
        "last_security_scan": _last_scan(),
    }


def alerts(limit: int) -> list[dict[str, Any]]:
    """The newest incidents, in the shape of the web client's panel."""
    query = select(Incident).order_by(Incident.at.desc(), Incident.id.desc()).limit(limit)
    return [
        {
            "timestamp": found.at,
            "level": found.level,
            "message": found.message,
            "type": found.kind,
            "user_id": found.user_id,
            "address": found.address,
        }
        for found in db.session.scalars(query)
    ]


def scan(user_id: int) -> list[Finding]:
    """Reviews the settings and the accounts, and notes that it was done."""
    incidents.report("scan", user_id=user_id)
    incidents.store()
    return [*_of_settings(current_settings()), *_of_accounts(), *_of_mail()]


def active_sessions() -> int:
    """Sessions that somebody can go on with: each has one refresh token that is good."""
    query = select(func.count()).select_from(LoginSession).join(User, User.id == LoginSession.user_id)
    living = query.where(LoginSession.ended_at.is_(None), LoginSession.expires_at > times.now())
    same = living.where(LoginSession.token_version == User.token_version)
    return db.session.scalar(same) or 0


def _last_scan() -> datetime | None:
    return db.session.scalar(select(func.max(Incident.at)).where(Incident.kind == "scan"))


def _of_settings(settings: Settings) -> Iterator[Finding]:
    if settings.flask_env != "production":
        yield Finding("medium", "environment", "El servidor no está en modo de producción (FLASK_ENV)")
    if settings.jwt_cookie_secure is False:
        yield Finding("high", "cookies", "Las cookies viajan sin cifrar (JWT_COOKIE_SECURE=false)")
    if not settings.redis_url:
        yield Finding("low", "limits", "Sin Redis, cada proceso cuenta los límites por su lado (REDIS_URL)")
    if not settings.smtp_host:
        yield Finding("medium", "mail", "Sin servidor de correo nadie recibe su enlace (SMTP_HOST)")
    if settings.jwt_previous_keys:
        yield Finding("low", "keys", "Hay claves anteriores que todavía se creen (JWT_PREVIOUS_KEYS)")


def _of_accounts() -> Iterator[Finding]:
    old = _count(User.password_hash.not_like(f"{ARGON2}%"), User.status)
    if old:
        yield Finding(
            "low", "passwords", f"{old} cuentas conservan la contraseña de un sistema anterior, sin renovar"
        )
    admins = _count(User.role == Role.ADMIN, User.status)
    if admins > 3:
        yield Finding("medium", "administrators", f"Hay {admins} administradores activos")


def _of_mail() -> Iterator[Finding]:
    lost = select(func.count()).select_from(OutgoingMail)
    lost = lost.where(OutgoingMail.due_at.is_(None), OutgoingMail.sent_at.is_(None))
    if number := db.session.scalar(lost.where(OutgoingMail.recipient.is_not(None))):
        yield Finding("medium", "mail", f"{number} mensajes no se pudieron enviar")


def _count(*tests: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(User).where(*tests)) or 0
