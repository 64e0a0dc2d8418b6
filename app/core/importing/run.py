"""An import: every row through the record's own verbs inside one transaction, with a report of each.

First fast, new records going to the database together; when that clashes, once more with a savepoint for each row. The
door decides whether the transaction holds.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, StatementError

from app.core.errors import DomainError, Forbidden, Invalid
from app.core.extensions import Base, db
from app.core.importing.drafts import Draft, Drafting, in_order, reasons
from app.core.importing.lookups import Existing, hold
from app.core.importing.sheets import Sheet
from app.core.integrity import refusal_of
from app.core.plain import Plain
from app.core.records import gathered

Mode = Literal["upsert", "create", "update"]
Tell = Callable[[int, int], None]
TELL_EVERY = 100
TOGETHER = 500
MISSING = object()


@dataclass(frozen=True)
class Options:
    """`fields`: of records that exist change these alone (empty: all); `may_change`: whether the person may."""

    mode: Mode = "upsert"
    fields: frozenset[str] = frozenset()
    may_change: bool = True


class Clash(Exception):
    """Of rows that were stored together one clashed, and which one is not known."""


@dataclass
class Outcome:
    """What became of a row: new, changed, unchanged or rejected."""

    row: int
    action: str
    id: int | None = None
    key: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)


class Import:
    """One sheet on its way in."""

    def __init__(
        self, plain: Plain, sheet: Sheet, options: Options, tell: Tell, *, careful: bool = False
    ) -> None:
        self._plain, self._options, self._tell, self._careful = plain, options, tell, careful
        self._drafting = Drafting(plain, sheet)
        self._drafts = [self._drafting.draft(row) for row in sheet.rows]
        self._seen: dict[int, int] = {}
        keys = {key for draft in self._drafts if (key := draft.key(plain))}
        self._existing = Existing(plain, keys, (draft.id for draft in self._drafts if draft.id))

    @property
    def columns(self) -> dict[str, list[str]]:
        """The file's columns that are read, and those that exports show and imports pass over."""
        read = [column.header for column in self._drafting.columns if column]
        return {"read": read, "passed_over": [title for title in self._drafting.passed_over if title]}

    def run(self) -> list[Outcome]:
        """Does every row; the outcomes in the file's order. Rows that are refused leave nothing behind.

        Raises Clash, unless careful, when the database refuses what no rule had foreseen.
        """
        altered = {one.model for one in self._plain.references.values() if one.altered}
        held = hold(self._referred(), altered)
        if self._careful:
            outcomes = self._each()
        else:
            with gathered():
                outcomes = self._each()
            self._flush()
        held.clear()
        return sorted(outcomes, key=lambda one: one.row)

    def _each(self) -> list[Outcome]:
        outcomes = []
        for count, draft in enumerate(in_order(self._drafts, self._own_reference()), start=1):
            outcomes.append(self._outcome(draft))
            # The worker's other requests have their turn.
            time.sleep(0)
            if count % TOGETHER == 0 and not self._careful:
                self._flush()
            if count % TELL_EVERY == 0:
                self._tell(count, len(self._drafts))
        return outcomes

    def _flush(self) -> None:
        try:
            db.session.flush()
        except (OperationalError, InterfaceError):
            raise
        except StatementError as error:
            raise Clash from error

    def _own_reference(self) -> str | None:
        mine = [one.by for one in self._plain.references.values() if one.model is self._plain.model]
        return mine[0] if mine else None

    def _referred(self) -> dict[type[Any], set[int]]:
        """Every record that some row points at, so that rules find it without asking again."""
        tables = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
        found: dict[type[Any], set[int]] = {}
        for name, column in self._plain.model.__table__.columns.items():
            for key in column.foreign_keys:
                ids = {draft.typed.get(name) for draft in self._drafts}
                found.setdefault(tables[key.column.table.name], set()).update(
                    id for id in ids if isinstance(id, int) and id > 0
                )
        return found

    def _outcome(self, draft: Draft) -> Outcome:
        try:
            self._complete(draft)
            if draft.errors:
                return self._rejected(draft, draft.errors)
            return self._done(draft)
        except (DomainError, ValidationError) as error:
            if isinstance(error.__cause__, IntegrityError) and not self._careful:
                raise Clash from error
            return self._rejected(draft, reasons(error))
        except (OperationalError, InterfaceError):
            # A lost connection or a deadlock is not the row's fault: the whole import fails, and nothing is stored.
            raise
        except (StatementError, OverflowError) as error:
            if not self._careful:
                raise Clash from error
            if isinstance(error, IntegrityError):
                return self._rejected(draft, reasons(refusal_of(error)))
            return self._rejected(draft, {"": "Un valor está fuera del rango que se puede guardar"})

    def _complete(self, draft: Draft) -> None:
        for column, cell in draft.later.items():
            self._drafting.resolve(draft, column, cell)
        if draft.later and not draft.errors:
            self._drafting.check(draft)

    def _done(self, draft: Draft) -> Outcome:
        existing = self._existing.find(draft.key(self._plain), draft.id)
        self._require_first(draft, existing)
        if existing is None and self._options.mode == "update":
            raise Invalid(fields={self._title(): "No existe un registro con esta clave"})
        if existing is not None and self._options.mode == "create":
            raise Invalid(fields={self._title(): "Ya existe un registro con esta clave"})
        return self._created(draft) if existing is None else self._changed(draft, existing)

    def _require_first(self, draft: Draft, existing: Any) -> None:
        """Two rows may not mean one record. By the record, not by its key: some have the same key rightly."""
        if (
            existing is not None
            and (earlier := self._seen.setdefault(id(existing), draft.number)) != draft.number
        ):
            raise Invalid(
                fields={self._title(): f"Está repetido: es el mismo registro que la fila {earlier}"}
            )

    def _created(self, draft: Draft) -> Outcome:
        body = self._plain.into.model_validate(draft.values)
        with self._apart():
            record = self._plain.create(**body.model_dump())
        self._existing.learn(record)
        self._seen[id(record)] = draft.number
        for column in self._own_columns():
            self._drafting.targets[column].learn(record)
        return Outcome(draft.number, "new", None, self._name(draft))

    def _apart(self) -> AbstractContextManager[Any]:
        """A row on its own, so that the database may refuse it without the others, when that is worth its price."""
        return db.session.begin_nested() if self._careful else nullcontext()

    def _own_columns(self) -> Iterable[Any]:
        return [
            one
            for one in self._drafting.targets
            if one.reference and one.reference.model is self._plain.model
        ]

    def _changed(self, draft: Draft, record: Any) -> Outcome:
        wanted = {
            k: v for k, v in draft.typed.items() if not self._options.fields or k in self._options.fields
        }
        diff = {name: value for name, value in wanted.items() if getattr(record, name, MISSING) != value}
        if not diff:
            return Outcome(draft.number, "unchanged", record.id, self._name(draft))
        if not self._options.may_change:
            raise Forbidden("No tiene permiso para modificar registros que ya existen")
        changes = {self._drafting.title(name): _shown(record, name, value) for name, value in diff.items()}
        with self._apart():
            self._plain.update(record, **diff)
        return Outcome(draft.number, "changed", record.id, self._name(draft), changes)

    def _rejected(self, draft: Draft, errors: dict[str, str]) -> Outcome:
        named = [
            {"column": self._drafting.title(name) if name else "", "reason": why}
            for name, why in errors.items()
        ]
        return Outcome(draft.number, "rejected", draft.id, self._name(draft), errors=named)

    def _title(self) -> str:
        return self._plain.keys[-1] if self._plain.keys else "id"

    def _name(self, draft: Draft) -> str:
        parts = [draft.values.get(name) for name in self._plain.keys]
        return " · ".join(str(part) for part in parts if part is not None)[:120]


def _shown(record: Any, name: str, value: Any) -> list[Any]:
    """Before and after, as a person checks them. What is no column, such as a password, is not shown."""
    before = getattr(record, name, MISSING)
    return ["", "…"] if before is MISSING else [_plain_value(before), _plain_value(value)]


def _plain_value(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool | None) else str(value)
