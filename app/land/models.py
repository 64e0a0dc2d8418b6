"""Tables of the land: what grows, paddocks, and the animals' stays in them."""

import datetime as dt

from sqlalchemy import Date, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.extensions import Base
from app.core.records import Stamped, newest_first


class FoodType(Stamped, Base):
    """A forage or crop; `area` in m2."""

    __tablename__ = "food_types"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    food_type: Mapped[str] = mapped_column(String(255), unique=True)
    sowing_date: Mapped[dt.date | None] = mapped_column(Date)
    harvest_date: Mapped[dt.date | None] = mapped_column(Date)
    area: Mapped[float | None] = mapped_column(Double)
    handlings: Mapped[str | None] = mapped_column(String(255))
    gauges: Mapped[str | None] = mapped_column(String(255))


class Field(Stamped, Base):
    """A paddock; `capacity` in head, NULL when nobody has said."""

    __tablename__ = "fields"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    ubication: Mapped[str | None] = mapped_column(String(255))
    capacity: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(15), default="Activo", index=True)
    handlings: Mapped[str | None] = mapped_column(String(255))
    gauges: Mapped[str | None] = mapped_column(String(255))
    area: Mapped[float] = mapped_column(Double, default=0.0)
    food_type_id: Mapped[int | None] = mapped_column(ForeignKey("food_types.id"), index=True)


class AnimalField(Stamped, Base):
    """An animal's stay in a paddock, from `assignment_date` until `removal_date` (NULL: it is there now).

    `open_animal_id` is the animal's id while the stay is open, so that the database itself refuses a second open one.
    """

    __tablename__ = "animal_fields"
    __table_args__ = (
        UniqueConstraint("animal_id", "field_id", "assignment_date"),
        UniqueConstraint("open_animal_id"),
        Index(None, "field_id", "assignment_date"),
        newest_first(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"))
    field_id: Mapped[int] = mapped_column(ForeignKey("fields.id"))
    assignment_date: Mapped[dt.date] = mapped_column(Date, index=True)
    removal_date: Mapped[dt.date | None] = mapped_column(Date)
    open_animal_id: Mapped[int | None] = mapped_column(Integer)
    notes: Mapped[str | None] = mapped_column(Text)
