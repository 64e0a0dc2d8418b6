"""Reckoning with days in SQL, which each database says in its own way."""

import datetime as dt
from typing import Any

from sqlalchemy import Date, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class days_after(FunctionElement[dt.date]):  # noqa: N801
    """The day so many days after another."""

    type = Date()
    inherit_cache = True


@compiles(days_after)
def _add_in_mysql(element: Any, compiler: Any, **options: Any) -> str:
    day, days = _parts(element, compiler, options)
    return f"DATE_ADD({day}, INTERVAL {days} DAY)"


@compiles(days_after, "sqlite")
def _add_in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    day, days = _parts(element, compiler, options)
    return f"date({day}, '+' || {days} || ' days')"


class days_between(FunctionElement[int]):  # noqa: N801
    """Days from the first of two dates to the second."""

    type = Integer()
    inherit_cache = True


@compiles(days_between)
def _between_in_mysql(element: Any, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, options)
    return f"DATEDIFF({second}, {first})"


@compiles(days_between, "sqlite")
def _between_in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, options)
    return f"CAST(julianday({second}) - julianday({first}) AS INTEGER)"


def _parts(element: Any, compiler: Any, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]
