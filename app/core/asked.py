"""What a query string asks of a list: which rows, in which order, which fields; and the SQL that answers it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlalchemy.sql import ColumnElement

from app.core.errors import Invalid
from app.core.filters import filtered, filters, moments
from app.core.keyset import Term, order_of
from app.core.listing import Listing
from app.core.related import keys_of, relations_asked
from app.core.relations import Relation
from app.core.rowview import RowView
from app.core.searching import search
from app.core.transaction import reading

LIMIT, SKIPPED = bindparam("limit_", type_=Integer), bindparam("skipped_", type_=Integer)


@dataclass(frozen=True)
class Asked:
    """A question to a list."""

    listing: Listing
    conditions: Sequence[ColumnElement[bool]]
    terms: Sequence[Term]
    view: RowView
    relations: Mapping[str, Relation]
    since: datetime | None = None

    @classmethod
    def of(cls, listing: Listing, args: Mapping[str, str], where: Sequence[ColumnElement[bool]]) -> "Asked":
        """The question in a query string, within the rows that `where` admits."""
        chosen = filters(listing, args)
        since, recent = _since(listing, args)
        conditions = [*where, *chosen.values(), *search(listing, args), *recent]
        view = view_of(listing, args.get("fields", ""), filtered(listing, chosen))
        return cls(listing, conditions, order_of(listing, args), view, relations_asked(listing, args), since)

    def page(self) -> Select[Any]:
        """`limit_` rows after `skipped_` others, in the order asked for, with the keys of what is related to them."""
        return self._known(
            "page", lambda: self.ordered(self.query(*self.related_keys())).limit(LIMIT).offset(SKIPPED)
        )

    def by_id(self, ids: Sequence[int]) -> tuple[Select[Any], dict[str, Any]]:
        """A statement and its values: the view, the keys of what is related, then what the view leaves out."""
        if len(ids) == 1:
            return self._known("by_one_id", self._by_one_id), {"id_": ids[0]}
        return self._known("by_id", self._by_id), {"ids_": ids}

    def _by_one_id(self) -> Select[Any]:
        # A list of one would be written into the statement anew each time.
        return self._whole().where(self.listing.table.columns["id"] == bindparam("id_"))

    def _by_id(self) -> Select[Any]:
        return self._whole().where(self.listing.table.columns["id"].in_(bindparam("ids_", expanding=True)))

    def _whole(self) -> Select[Any]:
        unseen = [place for place in self.listing.stored_in(self.view) if not isinstance(place, int)]
        return self.query(*self.related_keys(), *unseen)

    def related_keys(self) -> list[ColumnElement[Any]]:
        """The keys by which the records related to a row are found, after the row's own columns."""
        keys = keys_of(self.listing, self.relations)
        return [key.label(f"related_{n}") for n, key in enumerate(keys)]

    def query(self, *more: ColumnElement[Any]) -> Select[Any]:
        """The rows of the view's columns and `more`, in no order."""
        return self.listing.joined(select(*self.view.columns, *more)).where(*self.conditions)

    def ordered(self, query: Select[Any]) -> Select[Any]:
        """The query in the order asked for.

        MariaDB believes that sorting the whole table is cheaper than reading a page from the index; it is told.
        """
        query = query.order_by(*(term.clause for term in self.terms))
        index = self.listing.indexes.get(tuple(term.name for term in self.terms))
        if index and not self.conditions and len({term.descending for term in self.terms}) == 1:
            for dialect in ("mysql", "mariadb"):
                query = query.with_hint(self.listing.table, f"FORCE INDEX FOR ORDER BY ({index})", dialect)
        return query

    def total(self) -> int:
        """How many rows there are."""
        with reading() as connection:
            return connection.scalar(self._known("total", self._count)) or 0

    def _count(self) -> Select[Any]:
        # The joins change nothing, so they are left out where no condition needs them.
        count = select(func.count()).select_from(self.listing.table)
        if self.listing.needs_joins(self.conditions):
            count = self.listing.joined(count)
        return count.where(*self.conditions)

    def _known(self, what: str, make: Callable[[], Select[Any]]) -> Select[Any]:
        """The same statement as last time where no condition makes it another one.

        To build it and to find what it was compiled to takes longer than to read the rows.
        """
        if self.conditions or self.view is not self.listing.view:
            return make()
        key = (what, bool(self.relations), *((term.name, term.descending) for term in self.terms))
        known = self.listing.statements
        if key not in known:
            known[key] = make()
        return known[key]


def view_of(listing: Listing, fields: str, always: set[str]) -> RowView:
    """The fields named, with the id and those that must `always` be there; all, when none that exists is named."""
    shown = {**listing.shape.model_fields, **listing.shape.model_computed_fields}
    named = {listing.name_of(name.strip(), shown) for name in fields.split(",") if name.strip()} - {""}
    if not named:
        return listing.view
    return RowView.of(listing.shape, listing.columns, named | ((always | {"id"}) & set(shown)))


def _since(listing: Listing, args: Mapping[str, str]) -> tuple[datetime | None, list[ColumnElement[bool]]]:
    text = args.get("since", "").strip()
    column = listing.table.columns.get("updated_at")
    if not text or column is None:
        return None, []
    try:
        moment, _end = moments(text)
    except (ValueError, OverflowError):
        raise Invalid(fields={"since": "Debe ser una fecha y hora ISO 8601"})
    return moment, [column >= moment]
