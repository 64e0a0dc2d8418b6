"""Which doses are due: for each living animal and vaccine, the newest dose and the vaccine's interval decide."""

import datetime as dt
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.sql import ColumnElement

from app.core.days_sql import days_after
from app.core.extensions import db
from app.health.models import Vaccination, Vaccine
from app.herd.days import today
from app.herd.models import Animal
from app.herd.statuses import ALIVE


def due(
    days: int, page: int, limit: int, animal_id: int | None = None, vaccine_id: int | None = None
) -> tuple[list[dict[str, Any]], int]:
    """A page of the doses due within `days` days, the longest overdue first, and how many there are in all."""
    query = _due_until(today() + dt.timedelta(days=days), animal_id, vaccine_id)
    # Ranking all doses is the dear part, so the same pass counts what it finds.
    counted = query.add_columns(func.count().over().label("total"))
    ordered = (
        counted.order_by("next_due", "animal_record", Vaccine.id).limit(limit).offset((page - 1) * limit)
    )
    rows = [_told(dict(row)) for row in db.session.execute(ordered).mappings()]
    beyond = page > 1 and not rows
    return rows, _count(query) if beyond else max((row["total"] for row in rows), default=0)


def pending() -> int:
    """How many doses are due today or overdue."""
    return _count(_due_until(today()))


def _count(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "overdue_days": max((today() - row["next_due"]).days, 0)}


def _due_until(last_day: dt.date, animal_id: int | None = None, vaccine_id: int | None = None) -> Select[Any]:
    asked: list[ColumnElement[bool]] = []
    if animal_id is not None:
        asked.append(Vaccination.animal_id == animal_id)
    if vaccine_id is not None:
        asked.append(Vaccination.vaccine_id == vaccine_id)
    newest = _ranked(asked)
    next_due = days_after(newest.c.vaccination_date, Vaccine.vaccination_interval)
    return (
        select(
            Animal.id.label("animal_id"),
            Animal.record.label("animal_record"),
            Vaccine.id.label("vaccine_id"),
            Vaccine.name.label("vaccine_name"),
            Vaccine.national_plan,
            newest.c.id.label("last_vaccination_id"),
            newest.c.vaccination_date.label("last_date"),
            Vaccine.vaccination_interval,
            next_due.label("next_due"),
        )
        .join_from(newest, Animal, Animal.id == newest.c.animal_id)
        .join(Vaccine, Vaccine.id == newest.c.vaccine_id)
        .where(
            newest.c.place == 1,
            and_(Animal.status == ALIVE, Vaccine.vaccination_interval > 0),
            next_due <= last_day,
        )
    )


def _ranked(asked: list[ColumnElement[bool]]) -> Any:
    """The doses, each with its place among those of its animal and vaccine: the newest has the first."""
    place = func.row_number().over(
        partition_by=(Vaccination.animal_id, Vaccination.vaccine_id),
        order_by=(Vaccination.vaccination_date.desc(), Vaccination.id.desc()),
    )
    columns = (Vaccination.id, Vaccination.animal_id, Vaccination.vaccine_id, Vaccination.vaccination_date)
    return select(*columns, place.label("place")).where(*asked).subquery()
