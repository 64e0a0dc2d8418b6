"""Filters of a list: what the query string's other names and values mean as conditions on columns."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Boolean, Date, Integer, String, and_, false, or_
from sqlalchemy.sql import ColumnElement

from app.core.errors import Invalid
from app.core.listing import Listing
from app.core.times import UtcDateTime

TRUE, FALSE = {"true", "1", "si", "sí", "yes"}, {"false", "0", "no"}
# What means something else to a list, or is noise that clients add.
NOT_FILTERS = {
    *("page", "limit", "page_size", "per_page", "cursor", "cursor_mode"),
    *("search", "q", "search_type", "fields", "include_relations", "since", "export", "bom"),
    *("sort_by", "sort", "ordering", "sort_order", "order", "sort_dir", "dir"),
    *("cache_bust", "_ts", "_t", "treatmentId"),
}


def filters(listing: Listing, args: Mapping[str, str]) -> dict[str, ColumnElement[bool]]:
    """The conditions by parameter; Invalid names those that cannot be read."""
    made, wrong = {}, {}
    for name, value in args.items():
        if not value or name in NOT_FILTERS:
            continue
        try:
            condition = _filter(listing, name, value)
        except Invalid as error:
            wrong.update(error.details["validation_errors"])
        else:
            made.update({} if condition is None else {name: condition})
    if wrong:
        raise Invalid(fields=wrong)
    return made


def filtered(listing: Listing, names: Mapping[str, Any]) -> set[str]:
    """The fields that the filters look at."""
    return {field for name in names for field, _bound in [_column_of(listing, name)] if field}


def _column_of(listing: Listing, name: str) -> tuple[str, str]:
    """The field a parameter is about, and which end of a range it is: from, to or neither."""
    if field := listing.name_of(name, listing.filterable):
        return field, ""
    match = re.fullmatch(r"(.+?)(?:_(from|to)|(From|To))", name)
    if match is None:
        return "", ""
    return listing.name_of(match[1], listing.filterable), (match[2] or match[3]).lower()


def _filter(listing: Listing, name: str, value: str) -> ColumnElement[bool] | None:
    field, bound = _column_of(listing, name)
    if not field:
        if _is_reckoned(listing, name):
            raise Invalid(fields={name: "Se calcula al mostrarlo: no se puede filtrar por él"})
        # Clients count dependants by such filters: an unknown one must find nothing, not everything.
        return false() if name.endswith("_id") else None
    column = listing.filterable[field]
    if bound:
        return _beyond(column, name, value, bound)
    return _one_of(column, name, value, listing.choices.get(field))


def _is_reckoned(listing: Listing, name: str) -> bool:
    """Whether it is a field that an answer shows and the database does not know: to ignore it would find all rows."""
    shown = listing.shape.model_computed_fields
    return any(listing.name_of(one, shown) for one in (name, re.sub(r"_?(from|to|From|To)$", "", name)))


def _one_of(
    column: ColumnElement[Any], name: str, value: str, choices: Mapping[str, str] | None
) -> ColumnElement[bool]:
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if choices is not None:
        return column.in_([_choice(name, part, choices) for part in parts])
    spans = [span(column, name, part) for part in parts]
    singles = [low for low, high in spans if low == high]
    days = [and_(column >= low, column < high) for low, high in spans if low != high]
    return or_(column.in_(singles), *days)


def _choice(name: str, text: str, choices: Mapping[str, str]) -> str:
    if text.casefold() not in choices:
        raise Invalid(fields={name: f"Debe ser uno de: {', '.join(choices.values())}"})
    return choices[text.casefold()]


def _beyond(column: ColumnElement[Any], name: str, value: str, bound: str) -> ColumnElement[bool]:
    if isinstance(column.type, Boolean):
        raise Invalid(fields={name: "Solo es verdadero o falso: no tiene desde ni hasta"})
    low, high = span(column, name, value.strip())
    test: ColumnElement[bool]
    if bound == "from":
        test = column >= low
    else:
        test = column <= low if low == high else column < high
    return test


def span(column: ColumnElement[Any], name: str, text: str) -> tuple[Any, Any]:
    """The value a text means to a column, or the two ends of the day or second it means; Invalid on `name`."""
    try:
        return _read(column.type, text)
    except (ValueError, OverflowError):
        raise Invalid(fields={name: f"El filtro «{text[:50]}» no es válido"})


def _read(kind: Any, text: str) -> tuple[Any, Any]:
    if isinstance(kind, Boolean):
        return (_boolean(text),) * 2
    if isinstance(kind, UtcDateTime):
        return moments(text)
    if isinstance(kind, Date):
        return (date.fromisoformat(text),) * 2
    if isinstance(kind, String):
        return text, text
    number = int(text) if isinstance(kind, Integer) else float(text)
    # Not the same as "greater": NaN is neither.
    if not abs(number) <= 2**53:
        raise ValueError
    return number, number


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError
    return text.lower() in TRUE


def moments(text: str) -> tuple[datetime, datetime]:
    """When what an ISO 8601 text means begins and ends, UTC: a day alone, a second, or, with its fraction, a moment."""
    if len(text) == 10:
        start = datetime.combine(date.fromisoformat(text), time.min, UTC)
        return start, start + timedelta(days=1)
    # A plus that nobody escaped arrives as a space.
    moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text) if "T" in text else text)
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    # Answers show whole seconds: what was read there must be found again.
    return moment, moment if moment.microsecond else moment + timedelta(seconds=1)
