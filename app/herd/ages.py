"""An animal's age as its list is sorted and filtered by it: the figures of its shape, reckoned by the database."""

from typing import Any

from sqlalchemy import Date, Integer, bindparam, cast, func
from sqlalchemy.sql import ColumnElement

from app.core.days_sql import days_between
from app.herd.days import today
from app.herd.models import Animal
from app.herd.schemas import ADULT_FROM_MONTHS, DAYS_IN_MONTH

# Of the day on which it is asked, not of the one on which the statement was made.
_DAYS = days_between(Animal.birth_date, bindparam("today", callable_=today, type_=Date()))
_MONTHS = cast(func.round(_DAYS / DAYS_IN_MONTH), Integer)
AGES: dict[str, ColumnElement[Any]] = {
    "age_in_days": _DAYS,
    "age_in_months": _MONTHS,
    "is_adult": _MONTHS >= ADULT_FROM_MONTHS,
}
