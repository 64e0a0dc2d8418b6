"""Tables of the herd: species, breeds, animals, their tags, pictures, states, controls and improvements."""

import datetime as dt

from sqlalchemy import Boolean, Date, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.extensions import Base
from app.core.records import Stamped, called, newest_first


class Species(Stamped, Base):
    """A species of livestock."""

    __tablename__ = "species"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)


class Breed(Stamped, Base):
    """A breed of a species."""

    __tablename__ = "breeds"
    __table_args__ = (UniqueConstraint("species_id", "name"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    species_id: Mapped[int] = mapped_column(ForeignKey("species.id"))


class Animal(Stamped, Base):
    """An animal of the herd, also one that was sold or died. `weight` (kg) is the newest that is known."""

    __tablename__ = "animals"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(255), unique=True)
    sex: Mapped[str] = mapped_column(String(10))
    birth_date: Mapped[dt.date] = mapped_column(Date, index=True)
    weight: Mapped[float] = mapped_column(Double)
    status: Mapped[str] = mapped_column(String(10), default="Vivo", index=True)
    status_date: Mapped[dt.date | None] = mapped_column(Date)
    status_reason: Mapped[str | None] = mapped_column(String(255))
    breeds_id: Mapped[int] = mapped_column(ForeignKey("breeds.id"), index=True)
    father_id: Mapped[int | None] = mapped_column(ForeignKey("animals.id"), index=True)
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("animals.id"), index=True)
    notes: Mapped[str | None] = mapped_column(Text)


class AnimalStatusChange(Stamped, Base):
    """An animal became `status` on `date`. The newest by date is the animal's present state."""

    __tablename__ = "animal_status_changes"
    __table_args__ = (Index(None, "animal_id", "date"), called("Cambio de estado"))

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(10))
    date: Mapped[dt.date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(255))
    user_id: Mapped[int | None] = mapped_column(Integer)


class AnimalTag(Stamped, Base):
    """A tag an animal wears or wore; `code` in its normal form.

    `active_code` is the code while it is worn, else NULL, so that the database itself refuses one tag on two animals.
    """

    __tablename__ = "animal_tags"
    __table_args__ = (UniqueConstraint("kind", "active_code"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(80), index=True)
    active_code: Mapped[str | None] = mapped_column(String(80))
    issuer: Mapped[int | None] = mapped_column(Integer)
    placed_on: Mapped[dt.date] = mapped_column(Date)
    removed_on: Mapped[dt.date | None] = mapped_column(Date)
    removal_reason: Mapped[str | None] = mapped_column(String(255))
    notes: Mapped[str | None] = mapped_column(Text)


class AnimalImage(Stamped, Base):
    """A picture of an animal. `primary_animal_id` is the animal's id for its primary one, else NULL."""

    __tablename__ = "animal_images"
    __table_args__ = (UniqueConstraint("primary_animal_id"), newest_first(), called("Foto"))

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    filepath: Mapped[str] = mapped_column(String(500))
    file_size: Mapped[int | None] = mapped_column(Integer)
    mime_type: Mapped[str | None] = mapped_column(String(100))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    is_primary: Mapped[bool] = mapped_column(Boolean, default=False)
    primary_animal_id: Mapped[int | None] = mapped_column(Integer)


class Control(Stamped, Base):
    """A check-up: state of health, weight (kg) and height (cm) on a day."""

    __tablename__ = "controls"
    __table_args__ = (Index(None, "animal_id", "checkup_date"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"))
    checkup_date: Mapped[dt.date] = mapped_column(Date, index=True)
    health_status: Mapped[str] = mapped_column(String(10), index=True)
    weight: Mapped[float | None] = mapped_column(Double)
    height: Mapped[float | None] = mapped_column(Double)
    description: Mapped[str | None] = mapped_column(String(255))


class GeneticImprovement(Stamped, Base):
    """A genetic technique applied to an animal, and what came of it."""

    __tablename__ = "genetic_improvements"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"), index=True)
    date: Mapped[dt.date] = mapped_column(Date, index=True)
    genetic_event_technique: Mapped[str] = mapped_column(String(255))
    details: Mapped[str] = mapped_column(String(255))
    results: Mapped[str] = mapped_column(String(255))
