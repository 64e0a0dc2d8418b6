"""Tables of activity: the trail, the end of its chain, and its daily counts."""

import datetime as dt
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.extensions import Base
from app.core.times import UtcDateTime


class Activity(Base):
    """One committed change. `hash` covers the row and the hash before it, so that no row can be changed unseen.

    Actor and record are numbers without a foreign key: the trail outlives both.
    """

    __tablename__ = "activity_log"
    __table_args__ = (
        Index(None, "entity", "entity_id"),
        # The trail is read backwards by its id, whatever is asked of it.
        Index(None, "entity", "id"),
        Index(None, "created_at", "id"),
        Index(None, "actor_id", "id"),
        Index(None, "animal_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(20))
    entity: Mapped[str] = mapped_column(String(50))
    entity_id: Mapped[int | None] = mapped_column(Integer)
    animal_id: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None] = mapped_column(Integer)
    actor_name: Mapped[str | None] = mapped_column(String(120))
    relations: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class ActivityHead(Base):
    """The end of the chain, in one row: whoever appends locks it."""

    __tablename__ = "activity_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_id: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[str] = mapped_column(String(64))


class ActivityDay(Base):
    """How many changes of a kind a day saw; 0 stands for nobody and for no animal."""

    __tablename__ = "activity_daily_agg"

    date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    actor_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    entity: Mapped[str] = mapped_column(String(50), primary_key=True)
    action: Mapped[str] = mapped_column(String(20), primary_key=True)
    severity: Mapped[str] = mapped_column(String(20), primary_key=True)
    animal_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(Integer)
