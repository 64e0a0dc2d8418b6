"""Tables of the sensors room: devices, channels, readings, rollups and what ingest must remember."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.extensions import Base
from app.core.records import Stamped
from app.core.times import UtcDateTime

# SQLite only autoincrements INTEGER; MariaDB needs BIGINT for what grows for years.
BigId = BigInteger().with_variant(Integer, "sqlite")
Digest = LargeBinary(8).with_variant(mysql.BINARY(8), "mysql", "mariadb")
# Codes and keys are compared to the letter; MariaDB's default collation would take "A1" and "a1" for one device.
Code = String(64).with_variant(mysql.VARCHAR(64, collation="utf8mb4_bin"), "mysql", "mariadb")
Payload = LargeBinary(length=2**24 - 1).with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


class Device(Stamped, Base):
    """Something that publishes: a node, a gateway, a meter. `status`: active, pending or disabled."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40), default="sensor")
    place: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), default="active", index=True)
    expected_interval_s: Mapped[float] = mapped_column(Double, default=60.0)
    online: Mapped[bool] = mapped_column(Boolean, default=False)
    last_seen_ms: Mapped[int | None] = mapped_column(BigInteger)

    channels: Mapped[list["Channel"]] = relationship(
        back_populates="device", cascade="all, delete-orphan", passive_deletes=True, order_by="Channel.key"
    )


class Channel(Stamped, Base):
    """One quantity of a device. `kind` is declared, never guessed: gauge, total, increment or rate."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("device_id", "key"), Index(None, "quantity"))

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Code)
    name: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10), default="gauge")
    unit: Mapped[str] = mapped_column(String(20), default="")
    capacity: Mapped[float | None] = mapped_column(Double)
    max_rate_m3h: Mapped[float | None] = mapped_column(Double)
    min_value: Mapped[float | None] = mapped_column(Double)
    max_value: Mapped[float | None] = mapped_column(Double)

    device: Mapped[Device] = relationship(back_populates="channels")


class Reading(Base):
    """One value of one channel at one instant; the key makes a message delivered twice harmless."""

    __tablename__ = "readings"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    ts_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Double)

    __table_args__ = ({"sqlite_with_rowid": False},)


class Message(Base):
    """The raw message as it came, kept for RAW_RETENTION_DAYS; its key is its identity for redelivery."""

    __tablename__ = "messages"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    ts_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    received_ms: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str] = mapped_column(String(255))
    payload: Mapped[bytes] = mapped_column(Payload)

    __table_args__ = ({"sqlite_with_rowid": False},)


class Delivery(Base):
    """Which delivery (client, message id) stored which message: recognises redeliveries without a timestamp.

    `mid` 0 keeps the client's running count in `seq`.
    """

    __tablename__ = "deliveries"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    mid: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(Digest)


class Rollup(Base):
    """The readings of a channel in one quarter of an hour, recomputed from raw readings."""

    __tablename__ = "rollups"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    bucket_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(Integer)
    total: Mapped[float] = mapped_column(Double)
    minimum: Mapped[float] = mapped_column(Double)
    maximum: Mapped[float] = mapped_column(Double)

    __table_args__ = ({"sqlite_with_rowid": False},)


class DirtyBucket(Base):
    """A mark that a bucket's readings changed; append-only for ingest, consumed by the roller by id."""

    __tablename__ = "dirty_buckets"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(Integer)
    bucket_ms: Mapped[int] = mapped_column(BigInteger)


class Lease(Base):
    """One row per duty that only one process may do at a time; taken by updating it in the transaction."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    renewed_ms: Mapped[int] = mapped_column(BigInteger)


class Reject(Base):
    """A message, or one of its values, that could not be stored: why, and how it began."""

    __tablename__ = "rejects"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    topic: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(String(40), index=True)
    key: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    excerpt: Mapped[str] = mapped_column(String(1000))


class RejectCount(Base):
    """How many were refused for each reason since the beginning."""

    __tablename__ = "reject_counts"

    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    last_ms: Mapped[int] = mapped_column(BigInteger)
