"""Requests that may be repeated: an `Idempotency-Key` and the answer it was given."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.extensions import Base
from app.core.times import UtcDateTime


class RepeatableRequest(Base):
    """What a person's key was answered; `digest` is that of method, path and body."""

    __tablename__ = "repeatable_requests"

    user_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
