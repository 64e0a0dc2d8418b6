"""An animal's age as its list is sorted and filtered by it: the figures of its shape, reckoned by the database."""

from typing import Any

from sqlalchemy import Date, Integer, bindparam, cast, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from app.herd.days import today
from app.herd.models import Animal
from app.herd.schemas import ADULT_FROM_MONTHS, DAYS_IN_MONTH


class days_since(FunctionElement[int]):  # noqa: N801
    """Days from the first of two dates to the second: each database says it in its own way."""

    type = Integer()
    inherit_cache = True


@compiles(days_since)
def _in_mysql(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"DATEDIFF({second}, {first})"


@compiles(days_since, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(julianday({second}) - julianday({first}) AS INTEGER)"


# Of the day on which it is asked, not of the one on which the statement was made.
_DAYS = days_since(Animal.birth_date, bindparam("today", callable_=today, type_=Date()))
_MONTHS = cast(func.round(_DAYS / DAYS_IN_MONTH), Integer)
AGES: dict[str, ColumnElement[Any]] = {
    "age_in_days": _DAYS,
    "age_in_months": _MONTHS,
    "is_adult": _MONTHS >= ADULT_FROM_MONTHS,
}
