"""Search in a list: text anywhere in the searchable columns, numbers as whole or part, days, months and years."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, Float, Integer, String, and_, cast, extract, false, literal, or_
from sqlalchemy.sql import ColumnElement

from app.core.folding import fold
from app.core.listing import Listing
from app.core.records import id_in
from app.core.times import UtcDateTime

NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,6})?")
MONTHS = 12


def search(listing: Listing, args: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The condition of `search` (or `q`) under `search_type`: auto, text, dates (moments too) or all."""
    # MariaDB would end a text at a NUL, and no text holds one.
    term = (args.get("search") or args.get("q") or "").replace("\x00", "").strip()
    if not term:
        return []
    how = args.get("search_type", "").strip().lower()
    tests: list[ColumnElement[bool]] = []
    if how != "dates":
        tests.extend(_in_texts(listing, term))
    if how not in {"dates", "text"}:
        tests.extend(_in_numbers(listing, term))
    if how != "text":
        tests.extend(_in_dates(listing, term, with_moments=how in {"dates", "all"}))
    return [or_(*tests)] if tests else [false()]


def _in_texts(listing: Listing, term: str) -> Iterator[ColumnElement[bool]]:
    # What stands for other signs in LIKE means itself here.
    wanted = fold(literal("%" + re.sub("[%_/]", r"/\g<0>", term) + "%"))
    for name in listing.search:
        yield fold(_as_text(listing.columns[name])).like(wanted, escape="/")


def _as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column if isinstance(column.type, String) else cast(column, String)


def _in_numbers(listing: Listing, term: str) -> Iterator[ColumnElement[bool]]:
    """The exact id, and the quantities in which the digits appear. Keys are not quantities, nor are instants."""
    if (number := id_in(term)) is not None and "id" in listing.columns:
        yield listing.columns["id"] == number
    if NUMBER.fullmatch(term):
        for column in _quantities(listing):
            yield _as_text(column).contains(term.replace(",", "."), autoescape=True)


def _quantities(listing: Listing) -> Iterator[ColumnElement[Any]]:
    for name, column in listing.columns.items():
        own = listing.table.columns.get(name)
        key = own is None or own.primary_key or own.foreign_keys or name in listing.search
        if not key and isinstance(column.type, Integer | Float) and not name.endswith("_ms"):
            yield column


def _in_dates(listing: Listing, term: str, *, with_moments: bool) -> Iterator[ColumnElement[bool]]:
    meant = _period(term) or _anniversary(term)
    if meant is None:
        return
    kinds = Date | UtcDateTime if with_moments else Date
    for column in listing.columns.values():
        if isinstance(column.type, kinds):
            yield _within(column, *meant)


def _within(column: ColumnElement[Any], first: Any, second: Any) -> ColumnElement[bool]:
    """From day to day (the second one excluded), or on a day and a month of any year."""
    if isinstance(first, int):
        return and_(extract("day", column) == first, extract("month", column) == second)
    if isinstance(column.type, UtcDateTime):
        first, second = (datetime.combine(day, time.min, UTC) for day in (first, second))
    return and_(column >= first, column < second)


def _period(term: str) -> tuple[date, date] | None:
    """The days of 2026, 2026-11, 11/2026, 2026-11-20 or 20/11/2026: the first, and the one after the last."""
    try:
        if match := re.fullmatch(r"(\d{4})", term):
            return date(int(match[1]), 1, 1), date(int(match[1]) + 1, 1, 1)
        if match := re.fullmatch(
            r"(?P<year>\d{4})[-/](?P<month>\d{1,2})|(?P<m>\d{1,2})[-/](?P<y>\d{4})", term
        ):
            year, month = int(match["year"] or match["y"]), int(match["month"] or match["m"])
            return date(year, month, 1), date(year + month // MONTHS, month % MONTHS + 1, 1)
        if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", term):
            day = date(int(match[1]), int(match[2]), int(match[3]))
            return day, day + timedelta(days=1)
        if match := re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", term):
            day = date(int(match[3]), int(match[2]), int(match[1]))
            return day, day + timedelta(days=1)
    except (ValueError, OverflowError):
        # 2026-13 is no month, and the year 9999 has no next.
        return None
    return None


def _anniversary(term: str) -> tuple[int, int] | None:
    """Day and month of 20/11."""
    match = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})", term)
    return (int(match[1]), int(match[2])) if match else None
