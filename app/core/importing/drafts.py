"""Rows of a sheet on their way to becoming records: cells read, readable keys resolved, values checked by shape."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.core.errors import DomainError, Invalid
from app.core.importing.columns import Column, columns_of, id_column, match_header, read_cell
from app.core.importing.lookups import Key, Targets
from app.core.importing.sheets import Row, Sheet
from app.core.plain import Plain
from app.core.records import id_in
from app.core.shapes import field_errors


@dataclass
class Draft:
    """A row: `values` as written, `typed` as its shape reads them, `later` the cells that mean rows of this file."""

    number: int
    id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)
    later: dict[Column, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def key(self, plain: Plain) -> Key | None:
        """The natural key the row gives, or None when a part of it is missing."""
        parts = tuple(self.typed.get(name) for name in plain.keys)
        return None if not parts or None in parts else parts


class Drafting:
    """Reads the rows of one sheet for one plain record."""

    def __init__(self, plain: Plain, sheet: Sheet) -> None:
        self.plain = plain
        self.columns = match_header(plain, sheet.header)
        self.passed_over = [
            title for title, one in zip(sheet.header, self.columns, strict=True) if one is None
        ]
        self._id_at = id_column(sheet.header)
        self._fields = {name: one.field for one in columns_of(plain) for name in (one.field, one.header)}
        self.targets = {
            column: Targets(column.reference, _cells(sheet.rows, place))
            for place, column in enumerate(self.columns)
            if column and column.reference
        }

    def draft(self, row: Row) -> Draft:
        """The row's draft; what is wrong with it is in `errors`, by the column's name in the file."""
        made = Draft(row.number)
        for place, (column, cell) in enumerate(zip(self.columns, row.cells, strict=False)):
            if cell is None:
                continue
            if place == self._id_at:
                made.id = id_in(str(cell))
            elif column is not None:
                self._take(made, column, cell)
        if len(row.cells) > len(self.columns):
            made.errors[""] = "La fila tiene más celdas que encabezados"
        self.check(made)
        return made

    def _take(self, made: Draft, column: Column, cell: Any) -> None:
        reference = column.reference
        if reference is None:
            made.values.setdefault(column.field, read_cell(column, cell))
        elif reference.model is self.plain.model:
            made.later[column] = cell
        else:
            self.resolve(made, column, cell)

    def resolve(self, made: Draft, column: Column, cell: Any) -> None:
        """Puts the id that a readable key means into the row's values; beside another id it must be the same."""
        try:
            found = self.targets[column].id_of(cell)
        except Invalid as error:
            made.errors |= reasons(error)
            return
        # A readable key goes before an id: in an export brought from another farm only the key means the same.
        made.values[column.field] = found

    def check(self, made: Draft) -> None:
        """Reads the row's values by the shape of changes: what it gives must be good, what it lacks is seen later."""
        try:
            body = self.plain.changes.model_validate(made.values)
        except ValidationError as error:
            made.errors |= reasons(error)
        else:
            made.typed = body.model_dump(exclude_unset=True)

    def title(self, name: str) -> str:
        """What the file calls the column of a field."""
        field = self._fields.get(name, name)
        mine = [column for column in self.columns if column and field == column.field]
        return mine[0].header if mine else name


def in_order(drafts: Sequence[Draft], by: str | None) -> list[Draft]:
    """The rows by generation: those that others refer to by their value of `by` first, else as in the file.

    Whole generations, not a parent before each calf, so that a generation can be stored in one go.
    """
    if by is None:
        return list(drafts)
    named = {str(draft.values.get(by)).casefold(): draft for draft in drafts}
    generation: dict[int, int] = {}
    for draft in drafts:
        _count_generation(draft, named, generation)
    return sorted(drafts, key=lambda draft: generation[draft.number])


def _count_generation(draft: Draft, named: Mapping[str, Draft], generation: dict[int, int]) -> None:
    """Depth first without recursion: a pedigree may be longer than Python's stack. Loops are left to the rules."""
    waiting, opened = [draft], set()
    while waiting:
        top = waiting[-1]
        sources = [one for cell in top.later.values() if (one := named.get(str(cell).casefold()))]
        missing = [one for one in sources if one.number not in generation and one.number not in opened]
        opened.add(top.number)
        if missing:
            waiting += missing
        else:
            above = (generation.get(one.number, 0) for one in sources)
            generation.setdefault(waiting.pop().number, 1 + max(above, default=0))


def reasons(error: DomainError | ValidationError) -> dict[str, str]:
    """What a refusal says, by field; under '' what is said of the row as a whole."""
    if isinstance(error, ValidationError):
        return field_errors(error.errors(include_url=False))
    fields = error.details.get("validation_errors") or {}
    conflict = error.details.get("conflict", {})
    return {name: str(reason) for name, reason in fields.items()} or {
        conflict.get("field", ""): error.message
    }


def _cells(rows: Iterable[Row], place: int) -> list[Any]:
    return [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place] is not None]
