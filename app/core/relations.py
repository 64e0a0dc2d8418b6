"""Related records shown inside a record, as `include_relations` asks. Tables are named as a foreign key names them."""

from collections.abc import Sequence
from dataclasses import dataclass

MANY_LIMIT = 50


@dataclass(frozen=True)
class Relation:
    """Rows of `table` that belong to a record, shown with `fields` (column, or (shown name, column)).

    One: the row whose id is in the record's column `key`. Many: the rows whose column `key` is the record's id.
    """

    table: str
    key: str
    fields: Sequence[str | tuple[str, str]]
    is_list: bool


def one(table: str, key: str, *fields: str | tuple[str, str]) -> Relation:
    """The single row of `table` that the record's column `key` points at."""
    return Relation(table, key, fields, is_list=False)


def many(table: str, key: str, *fields: str | tuple[str, str]) -> Relation:
    """The newest `MANY_LIMIT` rows of `table` whose column `key` points at the record."""
    return Relation(table, key, fields, is_list=True)
