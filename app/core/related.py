"""Loads the records related to those of a page: one query for each relation, whatever the page holds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, Table, func, select
from sqlalchemy.sql import ColumnElement

from app.core.extensions import db
from app.core.listing import Listing
from app.core.plain import PLAIN
from app.core.relations import MANY_LIMIT, Relation
from app.core.rowview import readable, straight_field
from app.core.shapes import partial
from app.core.transaction import reading

NOT_ASKED = {"", "false", "0", "no"}
Shown = dict[str, Any]


def relations_asked(listing: Listing, args: Mapping[str, str]) -> Mapping[str, Relation]:
    """All relations when `include_relations` has any value but false; clients send true, or some names."""
    asked = args.get("include_relations", "").strip().lower() not in NOT_ASKED
    return listing.relations if asked else {}


def keys_of(listing: Listing, relations: Mapping[str, Relation]) -> list[ColumnElement[Any]]:
    """The columns of the driving table by which the related records are found, in the relations' order."""
    columns = listing.table.columns
    return [columns["id" if one.is_list else one.key] for one in relations.values()]


def attach(
    relations: Mapping[str, Relation], records: Sequence[Shown], keys: Sequence[Sequence[Any]]
) -> None:
    """Puts what is related into each record; `keys` are the values of `keys_of` for each."""
    for place, (name, relation) in enumerate(relations.items()):
        wanted = {row[place] for row in keys} - {None}
        found = (_many if relation.is_list else _one)(relation, wanted) if wanted else {}
        for record, row in zip(records, keys, strict=True):
            record[name] = found.get(row[place], [] if relation.is_list else None)


def _one(relation: Relation, ids: Collection[Any]) -> dict[Any, Any]:
    table = db.metadata.tables[relation.table]
    query = select(table.columns["id"], *_columns(relation)).where(table.columns["id"].in_(ids))
    keys, shown = _loaded(relation, query)
    return dict(zip(keys, shown, strict=True))


def _many(relation: Relation, ids: Collection[Any]) -> dict[Any, Any]:
    """The newest of each record: those that were registered last."""
    table = db.metadata.tables[relation.table]
    key = table.columns[relation.key]
    place = func.row_number().over(partition_by=key, order_by=table.columns["id"].desc()).label("place_")
    ranked = select(key.label("key_"), place, *_columns(relation)).where(key.in_(ids)).subquery()
    rest = [column for column in ranked.columns if column.name not in {"key_", "place_"}]
    query = select(ranked.columns["key_"], *rest).where(ranked.columns["place_"] <= MANY_LIMIT)
    found: dict[Any, list[Shown]] = {}
    for value, one in zip(*_loaded(relation, query.order_by("key_", ranked.columns["place_"])), strict=True):
        found.setdefault(value, []).append(one)
    return found


def _loaded(relation: Relation, query: Select[Any]) -> tuple[list[Any], list[Shown]]:
    names = [shown for shown, _column in _fields(relation)]
    with reading() as connection:
        rows = connection.execute(query).all()
    shown = [dict(zip(names, row[1:], strict=True)) for row in rows]
    _dress(relation, shown)
    return [row[0] for row in rows], shown


def _columns(relation: Relation) -> list[ColumnElement[Any]]:
    columns = db.metadata.tables[relation.table].columns
    return [readable(columns[column]).label(shown) for shown, column in _fields(relation)]


def _fields(relation: Relation) -> list[tuple[str, str]]:
    """(shown name, column)."""
    return [(one, one) if isinstance(one, str) else one for one in relation.fields]


def _dress(relation: Relation, records: Iterable[Shown]) -> None:
    """Writes the fields that the related table's own shape writes otherwise than the database gives them."""
    found = _wardrobe(relation)
    if found is None:
        return
    adapter, odd = found
    for record in records:
        values = {column: record[shown] for shown, column in odd.items()}
        written = adapter.dump_python(adapter.validate_python(values), mode="json", include=set(odd.values()))
        record.update({shown: written[column] for shown, column in odd.items()})


@cache
def _wardrobe(relation: Relation) -> tuple[TypeAdapter[Any], dict[str, str]] | None:
    plain = PLAIN.get(relation.table)
    if plain is None:
        return None
    shape, table = plain.listing.shape, db.metadata.tables[relation.table]
    odd = {shown: column for shown, column in _fields(relation) if _is_odd(shape, column, table)}
    return (TypeAdapter(partial(shape, f"Some{shape.__name__}")), odd) if odd else None


def _is_odd(shape: Any, column: str, table: Table) -> bool:
    return column in shape.model_fields and not straight_field(shape, column, table.columns[column])
