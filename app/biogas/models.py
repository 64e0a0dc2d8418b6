"""Tables of the biogas room: materials, digesters, fillings, production by day and reports."""

import datetime as dt
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.extensions import Base
from app.core.records import Stamped, called
from app.core.times import UtcDateTime
from app.sensors.models import Device


class Material(Stamped, Base):
    """What a digester is fed with; `parameters` holds low, default, high, unit and provenance of each figure."""

    __tablename__ = "materials"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    notes: Mapped[str | None] = mapped_column(String(500))


class Digester(Stamped, Base):
    """A biogas digester, where its gas is metered and how its days are cut."""

    __tablename__ = "digesters"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    volume_m3: Mapped[float] = mapped_column(Double)
    place: Mapped[str | None] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(60))
    meter_temperature_c: Mapped[float] = mapped_column(Double, default=30.0)
    meter_pressure_hpa: Mapped[float] = mapped_column(Double, default=1013.25)
    max_rate_m3h: Mapped[float] = mapped_column(Double, default=5.0)

    devices: Mapped[list[Device]] = relationship(secondary="digester_devices", order_by=Device.code)


class DigesterDevice(Base):
    """Which digester a device measures; a device measures at most one."""

    __tablename__ = "digester_devices"
    __table_args__ = called("Sensor del biodigestor")

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    digester_id: Mapped[int] = mapped_column(ForeignKey("digesters.id", ondelete="CASCADE"), index=True)


class Filling(Stamped, Base):
    """A filling ("etapa") of a digester: one batch from its first to its last day; immutable once closed."""

    __tablename__ = "fillings"
    __table_args__ = (
        UniqueConstraint("digester_id", "number"),
        # NULL for closed ones, so that the database itself allows one active filling per digester.
        UniqueConstraint("active_digester_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digester_id: Mapped[int] = mapped_column(ForeignKey("digesters.id"))
    active_digester_id: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    date: Mapped[dt.date] = mapped_column(Date, index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    people: Mapped[str] = mapped_column(String(255), default="Sin especificar")
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id"), index=True)
    material_type: Mapped[str] = mapped_column(String(40))
    material_amount_kg: Mapped[float] = mapped_column(Double)
    material_humidity_pct: Mapped[float | None] = mapped_column(Double)
    added_water_m3: Mapped[float] = mapped_column(Double, default=0.0)
    temperature_c: Mapped[float] = mapped_column(Double, default=35.0)
    # The material's figures as they were when the filling was opened, with the user's own on top.
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    notes: Mapped[str | None] = mapped_column(String(1000))

    digester: Mapped[Digester] = relationship()
    material: Mapped[Material] = relationship()


class ProductionDay(Base):
    """The gas one digester gave in one of its days, from the meter rules; recomputed from raw readings."""

    __tablename__ = "production_days"
    __table_args__ = called("Día de producción")

    digester_id: Mapped[int] = mapped_column(ForeignKey("digesters.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    volume_m3: Mapped[float] = mapped_column(Double)
    volume_nm3: Mapped[float] = mapped_column(Double)
    covered_ms: Mapped[int] = mapped_column(BigInteger)
    samples: Mapped[int] = mapped_column(Integer)
    resets: Mapped[int] = mapped_column(Integer)
    spikes: Mapped[int] = mapped_column(Integer)
    temperature_c: Mapped[float] = mapped_column(Double)
    pressure_hpa: Mapped[float] = mapped_column(Double)
    conditions: Mapped[str] = mapped_column(String(10))
    events: Mapped[list[Any]] = mapped_column(JSON)
    computed_ms: Mapped[int] = mapped_column(BigInteger)


class MeterDay(Base):
    """A gas channel at the end of a day: `closing` is the meter state the next day starts from.

    `depends_until_ms` is the last reading after midnight the day needed; NULL while it still waits for one.
    """

    __tablename__ = "meter_days"
    __table_args__ = called("Día de un medidor")

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    digester_id: Mapped[int] = mapped_column(ForeignKey("digesters.id", ondelete="CASCADE"), index=True)
    closing: Mapped[str | None] = mapped_column(Text)
    depends_until_ms: Mapped[int | None] = mapped_column(BigInteger)


class DirtyDay(Base):
    """A mark that a digester's day must be computed again; append-only, consumed by id."""

    __tablename__ = "dirty_days"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    digester_id: Mapped[int] = mapped_column(Integer)
    day: Mapped[dt.date] = mapped_column(Date)

    __table_args__ = (Index(None, "digester_id", "day"),)


class Report(Stamped, Base):
    """A report on a filling (or a range of days): what was asked, its figures and its files."""

    __tablename__ = "reports"
    __table_args__ = called("Informe")

    id: Mapped[int] = mapped_column(primary_key=True)
    report_type: Mapped[str] = mapped_column(String(10), index=True)
    digester_id: Mapped[int] = mapped_column(ForeignKey("digesters.id"), index=True)
    filling_id: Mapped[int] = mapped_column(ForeignKey("fillings.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    period_from: Mapped[dt.date] = mapped_column(Date)
    period_to: Mapped[dt.date] = mapped_column(Date)
    observations: Mapped[str] = mapped_column(Text, default="")
    inferences: Mapped[str] = mapped_column(Text, default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")
    production_estimated_nm3: Mapped[float] = mapped_column(Double)
    production_estimated_m3: Mapped[float] = mapped_column(Double)
    production_real_nm3: Mapped[float] = mapped_column(Double)
    production_real_m3: Mapped[float] = mapped_column(Double)
    coverage: Mapped[float | None] = mapped_column(Double)
    file_pdf: Mapped[str] = mapped_column(String(120))
    file_excel: Mapped[str] = mapped_column(String(120))
    file_csv: Mapped[str] = mapped_column(String(120))
