"""Lists: paging, filters, search, sorting and sparse fields over Core rows. One query for rows, one to count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from sqlalchemy import JSON, Boolean, Date, Integer, Select, String, and_, cast, false, func, or_, select
from sqlalchemy.sql import ColumnElement

from app.core.errors import Invalid, Malformed
from app.core.extensions import db
from app.core.http import success, written
from app.core.records import id_in
from app.core.relations import Relation
from app.core.times import UtcDateTime

MAX_LIMIT = 1000
DEFAULT_LIMIT = 50
PAGE_NAMES = ("limit", "page_size", "per_page")
SORT_NAMES = ("sort_by", "sort")
ORDER_NAMES = ("sort_order", "order", "sort_dir", "dir")
TRUE, FALSE = {"true", "1", "si", "sí", "yes"}, {"false", "0", "no"}
PARAMETERS = {
    "page": {"in": "query", "type": "integer", "description": "Página, desde 1"},
    "limit": {
        "in": "query",
        "type": "integer",
        "description": "Filas por página (máximo 1000); alias page_size, per_page",
    },
    "search": {"in": "query", "type": "string", "description": "Texto que se busca; alias q"},
    "sort_by": {"in": "query", "type": "string", "description": "Columna; alias sort, ordering (-columna)"},
    "sort_order": {"in": "query", "type": "string", "description": "asc o desc; alias order, sort_dir, dir"},
    "fields": {"in": "query", "type": "string", "description": "Campos que se quieren, separados por comas"},
}


@dataclass(frozen=True)
class Listing:
    """What a list shows and how it may be asked. `extra` are derived columns; `aliases` other names of columns."""

    model: type[Any]
    shape: type[BaseModel]
    search: Sequence[str] = ()
    extra: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    joins: Sequence[tuple[Any, ColumnElement[bool]]] = ()
    relations: Mapping[str, Relation] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, ColumnElement[Any]]:
        """Every field of the shape that the database can give, by name."""
        table = self.model.__table__.columns
        names = self.shape.model_fields
        return {**{name: table[name] for name in names if name in table}, **self.extra}


def list_response(listing: Listing, message: str = "", where: Sequence[ColumnElement[bool]] = ()) -> Response:
    """The page of `listing` that the request's query string asks for, in the envelope with its counts."""
    args = request.args
    page, limit = _number("page", args.get("page"), 1), _limit(args)
    chosen = _chosen(listing, args.get("fields"))
    conditions = [*where, *_filters(listing, args), *_search(listing, args)]
    total = (
        db.session.scalar(
            _joined(listing, select(func.count()).select_from(listing.model)).where(*conditions)
        )
        or 0
    )
    rows: list[dict[str, Any]] = []
    if (page - 1) * limit < total:
        columns = [column.label(name) for name, column in listing.columns.items()]
        query = _joined(listing, select(*columns).select_from(listing.model)).where(*conditions)
        query = query.order_by(*_order(listing, args)).limit(limit).offset((page - 1) * limit)
        rows = [
            _sparse(written(listing.shape, dict(row)), chosen) for row in db.session.execute(query).mappings()
        ]
    return _paged(rows, total, page, limit, message)


def _joined(listing: Listing, query: Select[Any]) -> Select[Any]:
    for target, on in listing.joins:
        query = query.outerjoin(target, on)
    return query


def _paged(rows: list[Any], total: int, page: int, limit: int, message: str) -> Response:
    pages = -(-total // limit)
    pagination = {
        "page": page,
        "limit": limit,
        "total_items": total,
        "total_pages": pages,
        "has_next_page": page < pages,
        "has_previous_page": page > 1,
    }
    response = success(rows, message, meta={"pagination": pagination})
    response.headers["X-Total-Count"] = str(total)
    response.headers["X-Has-More"] = str(page < pages).lower()
    return response


def _number(name: str, value: str | None, default: int) -> int:
    if value in (None, ""):
        return default
    if not re.fullmatch(r"\d{1,9}", value or "") or int(value or 0) < 1:
        raise Malformed(f"«{name}» debe ser un número entero mayor que cero")
    return int(value or default)


def _limit(args: Mapping[str, str]) -> int:
    name = next((n for n in PAGE_NAMES if args.get(n)), "limit")
    return min(_number(name, args.get(name), DEFAULT_LIMIT), MAX_LIMIT)


def _chosen(listing: Listing, fields: str | None) -> set[str] | None:
    known = {name.strip() for name in (fields or "").split(",")} & set(listing.shape.model_fields)
    return known | {"id"} if known else None


def _sparse(row: dict[str, Any], chosen: set[str] | None) -> dict[str, Any]:
    return row if chosen is None else {name: value for name, value in row.items() if name in chosen}


def _column_name(listing: Listing, name: str) -> str:
    """The column a name means, if rows can be compared by it: documents cannot."""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    columns = listing.columns
    for candidate in (name, listing.aliases.get(name), snake):
        if candidate in columns and not isinstance(columns[candidate].type, JSON):
            return str(candidate)
    return ""


def _order(listing: Listing, args: Mapping[str, str]) -> list[ColumnElement[Any]]:
    asked = next((args[n] for n in SORT_NAMES if args.get(n)), "")
    way = next((args[n] for n in ORDER_NAMES if args.get(n)), "asc").lower()
    if args.get("ordering"):
        asked, way = args["ordering"].lstrip("-"), "desc" if args["ordering"].startswith("-") else "asc"
    columns = listing.columns
    last = columns.get("id", next(iter(columns.values())))
    if name := _column_name(listing, asked):
        return [columns[name].desc() if way == "desc" else columns[name].asc(), last.desc()]
    return [*(columns[n].desc() for n in ("updated_at", "created_at") if n in columns), last.desc()]


def _filters(listing: Listing, args: Mapping[str, str]) -> list[ColumnElement[bool]]:
    made = []
    for name, value in args.items():
        base, _, bound = name.rpartition("_")
        if not value:
            continue
        if column := _column_name(listing, name):
            made.append(_one_of(listing.columns[column], name, value))
        elif bound in ("from", "to") and (column := _column_name(listing, base)):
            made.append(_beyond(listing.columns[column], name, value, bound))
        elif bound == "id":
            # Clients count dependants by such filters: an unknown one must find nothing, not everything.
            made.append(false())
    return made


def _one_of(column: ColumnElement[Any], name: str, value: str) -> ColumnElement[bool]:
    spans = [_range(column, name, part.strip()) for part in value.split(",") if part.strip()]
    singles = [low for low, high in spans if low == high]
    days = [and_(column >= low, column < high) for low, high in spans if low != high]
    return or_(column.in_(singles), *days)


def _beyond(column: ColumnElement[Any], name: str, value: str, bound: str) -> ColumnElement[bool]:
    low, high = _range(column, name, value)
    test: ColumnElement[bool]
    if bound == "from":
        test = column >= low
    else:
        test = column <= low if low == high else column < high
    return test


def _range(column: ColumnElement[Any], name: str, text: str) -> tuple[Any, Any]:
    """The value, or for a day asked of a moment the day's two ends."""
    kind = column.type
    try:
        if isinstance(kind, Boolean):
            return (_boolean(text),) * 2
        if isinstance(kind, UtcDateTime):
            return _moments(text)
        if isinstance(kind, Date):
            return (date.fromisoformat(text),) * 2
        if isinstance(kind, String):
            return text, text
        number = int(text) if isinstance(kind, Integer) else float(text)
        # Not the same as "greater": NaN is neither.
        if not abs(number) <= 2**53:
            raise ValueError
        return number, number
    except ValueError:
        raise Invalid(fields={name: f"El filtro «{text[:50]}» no es válido"})


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError
    return text.lower() in TRUE


def _moments(text: str) -> tuple[datetime, datetime]:
    if len(text) == 10:
        start = datetime.combine(date.fromisoformat(text), time.min, UTC)
        return start, start + timedelta(days=1)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment, moment


def _search(listing: Listing, args: Mapping[str, str]) -> list[ColumnElement[bool]]:
    term = (args.get("search") or args.get("q") or "").strip()
    if not term:
        return []
    columns = listing.columns
    tests: list[ColumnElement[bool]] = [
        _as_text(columns[name]).icontains(term, autoescape=True) for name in listing.search
    ]
    if (number := id_in(term)) is not None and "id" in columns:
        tests.append(columns["id"] == number)
    return [or_(*tests)] if tests else [false()]


def _as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column if isinstance(column.type, String) else cast(column, String)
