"""The tables of sessions and of what protects them: tokens as hashes, outgoing mail, failures, incidents."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import times
from app.core.extensions import Base
from app.core.records import called
from app.core.times import UtcDateTime


class LoginSession(Base):
    """One login on one device: the family of every refresh token that descends from it."""

    __tablename__ = "sessions"
    __table_args__ = called("Sesión")

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_version: Mapped[int]
    device: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(20))


class RefreshToken(Base):
    """One refresh token, as its SHA-256; it expires with its session and is good until it is rotated."""

    __tablename__ = "refresh_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
    rotated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ResetToken(Base):
    """A permission to choose a new password once. Without a person it opens nothing: a stranger asked for it."""

    __tablename__ = "reset_tokens"
    __table_args__ = called("Recuperación de contraseña")

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutgoingMail(Base):
    """A message waiting to be sent, or sent. The body is sealed, and wiped once it is no longer needed."""

    __tablename__ = "outgoing_mails"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str | None] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary(65_535))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginFailure(Base):
    """How many times in a row somebody, or some address, gave a wrong password."""

    __tablename__ = "login_failures"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Incident(Base):
    """Something that a person who looks after security should see. It outlives the account it is about."""

    __tablename__ = "security_incidents"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(10))
    message: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int | None]
    address: Mapped[str | None] = mapped_column(String(45))


class Tally(Base):
    """How often something happened on a day (UTC)."""

    __tablename__ = "security_tallies"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    total: Mapped[int] = mapped_column(default=0)
