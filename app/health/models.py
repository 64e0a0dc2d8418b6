"""Tables of health: catalogues of diseases, vaccines and medications, and what the animals had and were given."""

import datetime as dt

from sqlalchemy import Boolean, Date, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.extensions import Base
from app.core.records import Stamped, newest_first


class Disease(Stamped, Base):
    """A disease that animals may have."""

    __tablename__ = "diseases"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    symptoms: Mapped[str | None] = mapped_column(String(255))
    details: Mapped[str | None] = mapped_column(String(255))


class AnimalDisease(Stamped, Base):
    """A diagnosis: an animal has a disease since a day, as an instructor says."""

    __tablename__ = "animal_diseases"
    __table_args__ = (UniqueConstraint("animal_id", "disease_id", "diagnosis_date"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"))
    disease_id: Mapped[int] = mapped_column(ForeignKey("diseases.id"), index=True)
    instructor_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    diagnosis_date: Mapped[dt.date] = mapped_column(Date, index=True)
    status: Mapped[str] = mapped_column(String(50), default="Activo", index=True)
    notes: Mapped[str | None] = mapped_column(Text)


class RouteAdministration(Stamped, Base):
    """A way of giving a medication or vaccine."""

    __tablename__ = "route_administrations"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[bool] = mapped_column(Boolean, default=True)


class Medication(Stamped, Base):
    """A medication of the catalogue."""

    __tablename__ = "medications"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    indications: Mapped[str | None] = mapped_column(String(255))
    contraindications: Mapped[str | None] = mapped_column(String(255))
    dosis: Mapped[str | None] = mapped_column(String(50))
    route_administration_id: Mapped[int | None] = mapped_column(
        ForeignKey("route_administrations.id"), index=True
    )
    availability: Mapped[bool] = mapped_column(Boolean, default=True)


class Vaccine(Stamped, Base):
    """A vaccine of the catalogue; `vaccination_interval` in days."""

    __tablename__ = "vaccines"
    __table_args__ = (newest_first(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    dosis: Mapped[str | None] = mapped_column(String(255))
    route_administration_id: Mapped[int | None] = mapped_column(
        ForeignKey("route_administrations.id"), index=True
    )
    vaccination_interval: Mapped[int | None] = mapped_column(Integer)
    type: Mapped[str | None] = mapped_column(String(20), index=True)
    national_plan: Mapped[bool] = mapped_column(Boolean, default=False)
    target_disease_id: Mapped[int | None] = mapped_column(ForeignKey("diseases.id"), index=True)


class Vaccination(Stamped, Base):
    """A vaccine given to an animal on a day, by whom and under whom."""

    __tablename__ = "vaccinations"
    __table_args__ = (Index(None, "animal_id", "vaccination_date"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"))
    vaccine_id: Mapped[int] = mapped_column(ForeignKey("vaccines.id"), index=True)
    vaccination_date: Mapped[dt.date] = mapped_column(Date, index=True)
    apprentice_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    instructor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)


class Treatment(Stamped, Base):
    """A treatment of an animal; `cost` in pesos. What was given hangs on it by the two tables below."""

    __tablename__ = "treatments"
    __table_args__ = (Index(None, "animal_id", "treatment_date"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animals.id", ondelete="CASCADE"))
    treatment_date: Mapped[dt.date] = mapped_column(Date, index=True)
    end_date: Mapped[dt.date | None] = mapped_column(Date)
    follow_up_date: Mapped[dt.date | None] = mapped_column(Date)
    description: Mapped[str] = mapped_column(String(255))
    frequency: Mapped[str | None] = mapped_column(String(255))
    dosis: Mapped[str | None] = mapped_column(String(255))
    observations: Mapped[str | None] = mapped_column(String(255))
    treatment_type: Mapped[str | None] = mapped_column(String(100))
    veterinarian: Mapped[str | None] = mapped_column(String(120))
    symptoms: Mapped[str | None] = mapped_column(String(500))
    treatment_plan: Mapped[str | None] = mapped_column(String(500))
    cost: Mapped[float | None] = mapped_column(Double)
    status: Mapped[str | None] = mapped_column(String(50))
    notes: Mapped[str | None] = mapped_column(Text)


class TreatmentMedication(Stamped, Base):
    """A medication that a treatment uses."""

    __tablename__ = "treatment_medications"
    __table_args__ = (UniqueConstraint("treatment_id", "medication_id"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"))
    medication_id: Mapped[int] = mapped_column(ForeignKey("medications.id"), index=True)


class TreatmentVaccine(Stamped, Base):
    """A vaccine that a treatment uses."""

    __tablename__ = "treatment_vaccines"
    __table_args__ = (UniqueConstraint("treatment_id", "vaccine_id"), newest_first())

    id: Mapped[int] = mapped_column(primary_key=True)
    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"))
    vaccine_id: Mapped[int] = mapped_column(ForeignKey("vaccines.id"), index=True)
    dose: Mapped[str | None] = mapped_column(String(255))
