"""What a list is: a table, its shape, what is derived and related, and the names by which its columns may be asked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from sqlalchemy import JSON, ColumnClause, Select, String, Table, select
from sqlalchemy.sql import ColumnElement, visitors

from app.core.relations import Relation
from app.core.rowview import RowView, in_union, wire_name

STAMPS = ("updated_at", "created_at")


@dataclass(frozen=True)
class Listing:
    """What a list shows and how it may be asked. `extra` are derived columns; `aliases` other names of columns.

    Columns that the shape leaves out may be secret: of those only keys may be asked, and what `filters` names.
    `instead` names for fields that the database cannot give the column that orders alike ("-" the other way round).
    `joins` are outer joins to at most one row each, which `extra` may need; they never change which rows there are.
    """

    model: type[Any]
    shape: type[BaseModel]
    search: Sequence[str] = ()
    extra: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    joins: Sequence[tuple[Any, ColumnElement[bool]]] = ()
    relations: Mapping[str, Relation] = field(default_factory=dict)
    filters: Sequence[str] = ()
    instead: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def table(self) -> Table:
        """The driving table."""
        found: Table = self.model.__table__
        return found

    @cached_property
    def columns(self) -> dict[str, ColumnElement[Any]]:
        """Every field of the shape that the database can give, by name."""
        own = self.table.columns
        return {**{name: own[name] for name in self.shape.model_fields if name in own}, **self.extra}

    @cached_property
    def comparable(self) -> dict[str, ColumnElement[Any]]:
        """The columns rows can be ordered by: documents cannot."""
        return {name: one for name, one in self.columns.items() if not isinstance(one.type, JSON)}

    @cached_property
    def filterable(self) -> dict[str, ColumnElement[Any]]:
        """The columns rows can be chosen by: those shown, all keys, and those named in `filters`."""
        own = self.table.columns.items()
        unshown = {name: one for name, one in own if one.foreign_keys or name in self.filters}
        return {**unshown, **self.comparable}

    @cached_property
    def view(self) -> RowView:
        """How whole rows are read and written."""
        return RowView.of(self.shape, self.columns)

    def stored_in(self, view: RowView) -> tuple[int | ColumnElement[Any], ...]:
        """For each column of the table: its place in the view's rows, or, where they lack it, the column."""
        return self._stored if view is self.view else _stored(self, view)

    @cached_property
    def _stored(self) -> tuple[int | ColumnElement[Any], ...]:
        return _stored(self, self.view)

    @cached_property
    def statements(self) -> dict[Any, Select[Any]]:
        """Statements made for this listing, to be used again; as many as it has orders."""
        return {}

    @cached_property
    def complete(self) -> bool:
        """Whether the database and the shape's computed fields give everything the shape shows."""
        return all(name in self.columns for name in self.shape.model_fields)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The tables an answer without relations depends on."""
        return tuple(sorted(_table_names(self.joined(select(*self.columns.values())))))

    @cached_property
    def related_tables(self) -> tuple[str, ...]:
        """The tables an answer with relations depends on besides."""
        return tuple(sorted({one.table for one in self.relations.values()}))

    def joined(self, query: Select[Any]) -> Select[Any]:
        """The query over the driving table and all joins."""
        query = query.select_from(self.table)
        for target, on in self.joins:
            query = query.outerjoin(target, on)
        return query

    def needs_joins(self, conditions: Sequence[ColumnElement[Any]]) -> bool:
        """Whether any of the conditions looks at a joined table."""
        return bool(self.joins) and any(_looks_elsewhere(one, self.table) for one in conditions)

    def name_of(self, asked: str, among: Mapping[str, Any]) -> str:
        """The field that `asked` means, in the wire's, the clients' or camelCase spelling, or '' for none `among`."""
        snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", asked).lower()
        candidates = (asked, self._names.get(asked), snake, self._names.get(snake))
        return next((str(one) for one in candidates if one in among), "")

    @cached_property
    def indexes(self) -> dict[tuple[str, ...], str]:
        """The names of the table's indexes by their columns."""
        found = {tuple(column.name for column in one.columns): one.name for one in self.table.indexes}
        return {columns: str(name) for columns, name in found.items() if name}

    @cached_property
    def _names(self) -> dict[str, str]:
        known = {other: name for name, one in self.shape.model_fields.items() for other in _aliases(one)}
        return {**known, **self.aliases}

    @cached_property
    def choices(self) -> dict[str, dict[str, str]]:
        """For each column of few values: how each is spelled, by its lower-case form."""
        fields = self.shape.model_fields
        found = {
            name: {str(value).casefold(): str(value) for value in _values(fields[name].annotation)}
            for name, column in self.columns.items()
            if name in fields and isinstance(column.type, String)
        }
        return {name: values for name, values in found.items() if values}

    def wire(self, name: str) -> str:
        """The name of a field in answers."""
        return wire_name(self.shape, name)


def _stored(listing: Listing, view: RowView) -> tuple[int | ColumnElement[Any], ...]:
    shown = {name: place for place, name in enumerate(view.names)}
    return tuple(
        shown[name] if name in shown and listing.columns[name] is column else column.label(f"stored_{name}")
        for name, column in listing.table.columns.items()
    )


def _aliases(info: Any) -> Iterator[str]:
    for alias in (info.alias, info.serialization_alias, info.validation_alias):
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        yield from (one for one in choices if isinstance(one, str))


def _values(annotation: Any) -> list[Any]:
    """The values a Literal or an Enum allows, also inside `| None` and Annotated; none for other types."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [one.value for one in annotation]
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) is Annotated or in_union(annotation):
        return [value for one in get_args(annotation) for value in _values(one)]
    return []


def _table_names(clause: Any) -> set[str]:
    return {one.name for one in visitors.iterate(clause) if isinstance(one, Table)}


def _looks_elsewhere(clause: Any, table: Table) -> bool:
    """Whether a column of the clause is not the driving table's own: an alias of it, for one."""
    columns = (one for one in visitors.iterate(clause) if isinstance(one, ColumnClause))
    return any(getattr(one.table, "name", table.name) != table.name for one in columns)
