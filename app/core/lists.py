"""Lists over HTTP: a page of rows with its counts, the next page by cursor, a file of them all."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import Response, current_app, request
from sqlalchemy import Select
from sqlalchemy.sql import ColumnElement

from app.core import related
from app.core.asked import Asked
from app.core.errors import Malformed
from app.core.export import export_response
from app.core.filters import FALSE
from app.core.http import pagination, success
from app.core.keyset import after, cursor_at, values_of
from app.core.listing import Listing
from app.core.rowview import dumped
from app.core.transaction import reading

__all__ = ["PARAMETERS", "Listing", "list_response"]

MAX_LIMIT = 1000
DEFAULT_LIMIT = 50
PAGE_NAMES = ("limit", "page_size", "per_page")


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"in": "query", "type": "string", "description": description, **more}


PARAMETERS = {
    "page": {"in": "query", "type": "integer", "description": "Página, desde 1"},
    "limit": {
        "in": "query",
        "type": "integer",
        "description": "Filas por página (máximo 1000); alias page_size, per_page",
    },
    "search": _text("Texto, número o fecha (2026, 2026-11, 20/11, 20/11/2026) que se busca; alias q"),
    "search_type": _text(
        "En qué se busca: auto, text, dates o all", enum=["auto", "text", "dates", "all"], default="auto"
    ),
    "sort_by": _text("Columna; alias sort, ordering (-columna)"),
    "sort_order": _text("asc o desc; alias order, sort_dir, dir"),
    "fields": _text("Campos que se quieren, separados por comas"),
    "include_relations": _text("true: con los registros relacionados"),
    "since": _text("Solo lo cambiado desde ese momento (ISO 8601); meta.deleted dice lo eliminado"),
    "cursor_mode": _text("1: páginas por cursor, sin contar las filas"),
    "cursor": _text("meta.pagination.next_cursor de la página anterior"),
    "export": _text("Un archivo con todas las filas, en lugar de una página", enum=["csv", "xlsx"]),
}


def list_response(
    listing: Listing,
    message: str = "",
    where: Sequence[ColumnElement[bool]] = (),
    unless_said: Mapping[str, str] | None = None,
    counted_as: str = "",
) -> Response:
    """What the request's query string asks of `listing`: a page in the envelope, or a file of all rows.

    `unless_said` are parameters for where it says nothing; the number of rows is also in `meta` as `counted_as`.
    """
    args = {**(unless_said or {}), **request.args.to_dict()}
    asked = Asked.of(listing, args, where)
    if _wants(args, "export"):
        return export_response(asked, args)
    by_cursor = args.get("cursor") or _wants(args, "cursor_mode")
    data, counts = (_after_cursor if by_cursor else _page)(asked, args)
    meta = {"pagination": counts, **_deleted(asked)}
    if counted_as and not by_cursor:
        meta[counted_as] = counts["total_items"]
    response = success(orjson.Fragment(dumped(data)), message, meta=meta)
    if not by_cursor:
        response.headers["X-Total-Count"] = str(counts["total_items"])
    response.headers["X-Has-More"] = str(counts["has_next_page"]).lower()
    return response


def _page(asked: Asked, args: Mapping[str, str]) -> tuple[list[Any], dict[str, Any]]:
    page, limit = _number("page", args.get("page"), 1), _limit(args)
    skipped = (page - 1) * limit
    data, rows = _fetched(asked, asked.page(), limit_=limit, skipped_=skipped)
    # A page that is not full is the last one: it says itself how many there are.
    last = len(rows) < limit and (rows or page == 1)
    total = skipped + len(rows) if last else asked.total()
    return data, pagination(page, limit, total)


def _after_cursor(asked: Asked, args: Mapping[str, str]) -> tuple[list[Any], dict[str, Any]]:
    limit, terms = _limit(args), asked.terms
    places = [term.column.label(f"place_{n}") for n, term in enumerate(terms)]
    query = asked.ordered(asked.query(*asked.related_keys(), *places))
    if cursor := args.get("cursor"):
        query = query.where(after(terms, values_of(terms, cursor)))
    data, rows = _fetched(asked, query.limit(limit + 1), limit)
    more = len(rows) > limit
    following = cursor_at(terms, rows[limit - 1][-len(terms) :]) if more else None
    return data, {"limit": limit, "has_next_page": more, "next_cursor": following}


def _fetched(
    asked: Asked, query: Select[Any], most: int = MAX_LIMIT, **values: int
) -> tuple[list[dict[str, Any]], Sequence[Any]]:
    """The first `most` rows as data with their relations; and all rows, raw."""
    # Not the session's own `execute`: it looks for records among what are only columns.
    with reading() as connection:
        rows = connection.execute(query, values).all()
    data = asked.view.written(rows[:most])
    if asked.relations and data:
        start = len(asked.view.columns)
        keys = [row[start : start + len(asked.relations)] for row in rows[:most]]
        related.attach(asked.relations, data, keys)
    return data, rows


def _deleted(asked: Asked) -> dict[str, Any]:
    """The ids deleted since the moment asked for, where a room above remembers deletions."""
    remembered = current_app.extensions.get("deleted_since")
    if asked.since is None or remembered is None:
        return {}
    return {"deleted": remembered(asked.listing.table.name, asked.since)}


def _wants(args: Mapping[str, str], name: str) -> bool:
    return args.get(name, "").strip().lower() not in FALSE | {""}


def _number(name: str, value: str | None, default: int) -> int:
    if value in (None, ""):
        return default
    text = value or ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) < 1:
        raise Malformed(f"«{name}» debe ser un número entero mayor que cero")
    return int(text)


def _limit(args: Mapping[str, str]) -> int:
    name = next((n for n in PAGE_NAMES if args.get(n)), "limit")
    return min(_number(name, args.get(name), DEFAULT_LIMIT), MAX_LIMIT)
