"""Lists as files: every row the filters select, as CSV or a workbook, in bounded memory.

Rows are read in batches by key, a short query each: no connection waits for a slow reader, and what is stored
meanwhile moves no row. Beside each key that people know by a name stands a column with that name, so that the file
can be imported on another server.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import IO, Any

import orjson
from flask import Flask, Response, current_app, g
from sqlalchemy import Result, Select
from sqlalchemy.orm import aliased

from app.core import times
from app.core.asked import Asked
from app.core.errors import Invalid
from app.core.extensions import current_settings, db
from app.core.http import slug
from app.core.keyset import ORDER_NAMES, SORT_NAMES, Term, after
from app.core.plain import PLAIN, Plain, Reference
from app.core.spreadsheet import csv_stream, workbook_text

BATCH = 1000
CHUNK_BYTES = 64 * 1024
WIDEST, NARROWEST = 60, 8
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = {"csv": 1_000_000, "xlsx": 100_000}
KINDS = {"csv": "csv", "xlsx": "xlsx", "excel": "xlsx"}
Execute = Callable[[Select[Any]], Result[Any]]


@dataclass(frozen=True)
class Sheet:
    """What a file holds: its header, and how to read its rows."""

    asked: Asked
    terms: Sequence[Term]
    query: Select[Any]
    header: list[str]
    names: list[str]

    def rows(self, source: Callable[[], AbstractContextManager[Execute]]) -> Iterator[list[Any]]:
        """All rows, batch by batch; others get their turn in between. No context of `source` is open meanwhile."""
        last: Sequence[Any] | None = None
        while True:
            query = self.query if last is None else self.query.where(after(self.terms, last))
            with source() as execute:
                batch = execute(query.limit(BATCH)).all()
                cells = list(self._cells(batch))
            yield from cells
            if len(batch) < BATCH:
                return
            last = batch[-1][-len(self.terms) :]
            time.sleep(0)

    def _cells(self, batch: Sequence[Any]) -> Iterator[list[Any]]:
        start = len(self.asked.view.columns)
        for record, row in zip(self.asked.view.values(batch), batch, strict=True):
            record.update(zip(self.names, row[start:], strict=False))
            yield [record[name] for name in self.header]


def export_response(asked: Asked, args: Mapping[str, str]) -> Response:
    """The file as an attachment; Invalid when the kind is none of ours or the rows are too many for it."""
    kind = KINDS.get(args["export"].strip().lower(), "")
    if not kind:
        raise Invalid(fields={"export": "Debe ser uno de: csv, xlsx"})
    total, most = asked.total(), MAX_ROWS[kind]
    if total > most:
        words = f"Hay {total} filas y en un archivo {kind} caben {most}; filtre, por ejemplo por fechas"
        raise Invalid(fields={"export": words})
    found = sheet(asked, any(args.get(name) for name in (*SORT_NAMES, *ORDER_NAMES, "ordering")))
    name = slug(_plain(asked).slug if _plain(asked) else asked.listing.table.name)
    if kind == "csv":
        flask_app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        body = csv_stream(found.header, _as_text(found.rows(lambda: _apart(flask_app))), "bom" in args)
        response = Response(body, content_type=CSV)
    else:
        response = _workbook_response(found, name)
    day = times.local_day(times.now(), current_settings().farm_timezone)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}_{day}.{kind}"'
    return response


def sheet(asked: Asked, is_sorted: bool) -> Sheet:
    """The file's columns. Without an order of its own it goes by id: parents stand before their children."""
    columns = asked.listing.comparable
    terms = asked.terms if is_sorted or "id" not in columns else [Term("id", columns["id"], False)]
    references = _references(asked)
    targets = {field: aliased(one.model) for field, one in references.items()}
    names = [getattr(targets[field], one.by).label(f"name_{field}") for field, one in references.items()]
    places = [term.column.label(f"place_{n}") for n, term in enumerate(terms)]
    query = asked.query(*names, *places).order_by(*(term.clause for term in terms))
    for field, target in targets.items():
        query = query.outerjoin(target, target.id == asked.listing.table.columns[field])
    headers = [one.header for one in references.values()]
    shown = asked.view.header
    return Sheet(asked, terms, query, [*shown, *(one for one in headers if one not in shown)], headers)


def _plain(asked: Asked) -> Any:
    return PLAIN.get(asked.listing.table.name)


def _references(asked: Asked) -> dict[str, Reference]:
    """Of a plain record, how the keys that the file shows are named by people, as far as the reader may know it."""
    plain: Plain | None = _plain(asked)
    if plain is None or plain.listing is not asked.listing:
        return {}
    shown, reader = set(asked.view.header), g.principal
    return {
        field: one
        for field, one in plain.references.items()
        if asked.listing.wire(field) in shown and (not one.permission or reader.may(one.permission))
    }


@contextmanager
def _apart(flask_app: Flask) -> Iterator[Execute]:
    """Reads on a connection of its own: the rows flow out after the request and its transaction have ended."""
    with flask_app.app_context(), db.engine.connect() as connection:
        yield connection.execute


def _as_text(rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """Cells of a CSV: moments, truths and documents as in JSON."""
    for row in rows:
        yield [_csv_cell(value) for value in row]


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return times.iso(value)
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def _workbook_response(found: Sheet, title: str) -> Response:
    # Closed when it has been read, or with the response.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        _write_workbook(file, found, title)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    response = Response(_read_out(file), content_type=XLSX)
    response.content_length = size
    response.call_on_close(file.close)
    return response


def _read_out(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _write_workbook(file: IO[bytes], found: Sheet, title: str) -> None:
    """A sheet with a frozen header and a filter, written row by row into a file of openpyxl's own, then zipped."""
    # It loads slowly, and most who ask lists never need it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(title[:31])
    rows = (
        [_xlsx_cell(value) for value in row] for row in found.rows(lambda: nullcontext(db.session.execute))
    )
    first = list(islice(rows, BATCH))
    page.freeze_panes = "A2"
    for n, width in enumerate(_widths(found.header, first), start=1):
        page.column_dimensions[get_column_letter(n)].width = width
    titles = [WriteOnlyCell(page, value=workbook_text(name)) for name in found.header]
    for cell in titles:
        cell.font = Font(bold=True)
    page.append(titles)
    count = 0
    for part in (first, rows):
        for row in part:
            page.append(row)
            count += 1
    page.auto_filter.ref = f"A1:{get_column_letter(len(found.header))}{count + 1}"
    workbook.save(file)


def _xlsx_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return utc.replace(microsecond=0)
    if isinstance(value, dict | list):
        value = orjson.dumps(value).decode()
    return workbook_text(value) if isinstance(value, str) else value


def _widths(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """As wide as the longest of the first cells, within reason."""
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    longest = [
        max([len(title), *(len(str(cell)) for cell in cells)])
        for title, cells in zip(header, columns, strict=True)
    ]
    return [min(max(length + 2, NARROWEST), WIDEST) for length in longest]
