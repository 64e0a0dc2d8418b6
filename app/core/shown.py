"""Records as the API shows them, derived fields included, each with the mark of its stored row."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from app.core.asked import Asked, view_of
from app.core.extensions import db
from app.core.http import written
from app.core.listing import Listing
from app.core.related import attach, relations_asked
from app.core.rowview import dumped
from app.core.transaction import reading


class Shown(NamedTuple):
    """A record as JSON in its shape; `mark` changes whenever any stored column of its row does."""

    id: int
    json: orjson.Fragment
    mark: str


def shown(listing: Listing, ids: Sequence[int], args: Mapping[str, str] | None = None) -> list[Shown]:
    """The records with these ids, in their order, as the database has them now; those that are not there are left out.

    `args` is a query string that may ask for `fields` and `include_relations`.
    """
    read = _from_columns if listing.complete else _from_records
    found = {one.id: one for one in read(listing, ids, args or {})}
    return [found[id] for id in ids if id in found]


def mark_of(record: Any) -> str:
    """The mark of a record just read from the database."""
    return _mark([getattr(record, column.name) for column in type(record).__table__.columns])


def _mark(values: Sequence[Any]) -> str:
    text = orjson.dumps(list(values), default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(text, digest_size=9).hexdigest()


def _from_columns(listing: Listing, ids: Sequence[int], args: Mapping[str, str]) -> list[Shown]:
    """What the shape shows are columns: one query brings them, and all columns of the row."""
    asked = Asked(
        listing, (), (), view_of(listing, args.get("fields", ""), set()), relations_asked(listing, args)
    )
    with reading() as connection:
        rows = connection.execute(*asked.by_id(ids)).all()
    data, start = asked.view.written(rows), len(asked.view.columns)
    end = start + len(asked.relations)
    attach(asked.relations, data, [row[start:end] for row in rows])
    stored = [_stored(row, listing.stored_in(asked.view), end) for row in rows]
    place = list(listing.table.columns.keys()).index("id")
    return [
        Shown(values[place], orjson.Fragment(dumped(one)), _mark(values))
        for values, one in zip(stored, data, strict=True)
    ]


def _stored(row: Sequence[Any], places: Sequence[Any], end: int) -> list[Any]:
    """The row's values as they are stored: from among those shown, or from `end` on."""
    rest = iter(row[end:])
    return [_aware(row[place]) if isinstance(place, int) else next(rest) for place in places]


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _from_records(listing: Listing, ids: Sequence[int], args: Mapping[str, str]) -> list[Shown]:
    """The shape shows what only the record knows."""
    query = select(listing.model).where(listing.model.id.in_(ids)).execution_options(populate_existing=True)
    view = view_of(listing, args.get("fields", ""), set())
    made = []
    for record in db.session.scalars(query):
        data = written(listing.shape, record)
        if view.kept is not None:
            data = {name: value for name, value in data.items() if name in view.kept}
        made.append(Shown(record.id, orjson.Fragment(orjson.dumps(data)), mark_of(record)))
    return made
