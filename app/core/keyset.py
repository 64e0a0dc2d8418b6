"""The order of a list, and paging by key: the next page begins after the last row's values, whatever came in between.

NULL is the least of all values, as SQLite and MariaDB have it.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Boolean, Date, Float, Integer, String, and_, false, literal, or_
from sqlalchemy.sql import ColumnElement

from app.core.errors import Malformed
from app.core.listing import STAMPS, Listing
from app.core.times import UtcDateTime

SORT_NAMES = ("sort_by", "sort")
ORDER_NAMES = ("sort_order", "order", "sort_dir", "dir")
READ: dict[Any, Callable[[Any], Any]] = {
    Boolean: bool,
    UtcDateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    String: str,
    Integer: int,
    Float: float,
}


@dataclass(frozen=True)
class Term:
    """One column of an order."""

    name: str
    column: ColumnElement[Any]
    descending: bool

    @property
    def clause(self) -> ColumnElement[Any]:
        return self.column.desc() if self.descending else self.column.asc()


def order_of(listing: Listing, args: Mapping[str, str]) -> list[Term]:
    """The order asked for, or the last changed first; the key comes last, so that no two rows are equal."""
    asked = next((args[name] for name in SORT_NAMES if args.get(name)), "")
    descending = next((args[name] for name in ORDER_NAMES if args.get(name)), "asc").lower() == "desc"
    if ordering := args.get("ordering"):
        asked, descending = ordering.lstrip("-"), ordering.startswith("-")
    columns = listing.comparable
    last = "id" if "id" in columns else next(iter(columns))
    name = listing.name_of(asked, columns)
    if name == last:
        return [Term(last, columns[last], descending)]
    names = [name] if name else [one for one in STAMPS if one in columns]
    terms = [Term(one, columns[one], descending or not name) for one in names]
    # One way for all, so that an index gives the order as it stands.
    return [*terms, Term(last, columns[last], descending or not name)]


def after(terms: Sequence[Term], values: Sequence[Any]) -> ColumnElement[bool]:
    """The rows that come after the one with these values."""
    # SQLAlchemy finds no bare truth greater than another.
    values = [literal(value, Boolean()) if isinstance(value, bool) else value for value in values]
    steps = [
        and_(*(_equal(terms[n], values[n]) for n in range(place)), _further(terms[place], values[place]))
        for place in range(len(terms))
    ]
    # Says nothing new, but lets the database start in the index where the page starts.
    return and_(or_(_equal(terms[0], values[0]), _further(terms[0], values[0])), or_(*steps))


def cursor_at(terms: Sequence[Term], values: Sequence[Any]) -> str:
    """The place of a row by its values, for nobody to read; bound to the order."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(orjson.dumps([_signature(terms), plain])).decode().rstrip("=")


def _signature(terms: Sequence[Term]) -> str:
    return ",".join(("-" if term.descending else "") + term.name for term in terms)


def values_of(terms: Sequence[Term], cursor: str) -> list[Any]:
    """The values in a cursor; Malformed when it is none, or of another order."""
    try:
        signature, plain = orjson.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        )
        if signature != _signature(terms) or len(plain) != len(terms):
            raise ValueError
        return [_value(term, one) for term, one in zip(terms, plain, strict=True)]
    except (ValueError, TypeError, binascii.Error, OverflowError):
        raise Malformed("El cursor no es válido para este orden; empiece sin él")


def _value(term: Term, plain: Any) -> Any:
    if plain is None:
        return None
    kind = next((one for one in READ if isinstance(term.column.type, one)), String)
    value = READ[kind](plain)
    # No order has text for a number, or a number no column can hold.
    if (isinstance(plain, str) == isinstance(value, int | float)) or (
        isinstance(value, int | float) and not abs(value) < 2**63
    ):
        raise ValueError
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError
    return value


def _equal(term: Term, value: Any) -> ColumnElement[bool]:
    return term.column.is_(None) if value is None else term.column == value


def _further(term: Term, value: Any) -> ColumnElement[bool]:
    if term.descending:
        least: ColumnElement[bool] = false()
        return least if value is None else or_(term.column < value, *_empty(term))
    return term.column.is_not(None) if value is None else term.column > value


def _empty(term: Term) -> list[ColumnElement[bool]]:
    return [term.column.is_(None)] if getattr(term.column, "nullable", True) else []
