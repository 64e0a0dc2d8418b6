"""Tables of what people keep for themselves: favourites and visited pages."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import times
from app.core.extensions import Base
from app.core.records import called
from app.core.times import UtcDateTime


class Favorite(Base):
    """Something a person keeps at hand; `item` as their client described it, `key` what tells it from others."""

    __tablename__ = "favorites"
    __table_args__ = (UniqueConstraint("user_id", "key"), called("Favorito"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)


class Visit(Base):
    """A page a person visited, newest last."""

    __tablename__ = "visits"
    __table_args__ = (Index(None, "user_id", "id"), called("Página visitada"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
