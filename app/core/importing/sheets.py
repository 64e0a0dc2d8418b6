"""Uploaded CSV and Excel files as a header and numbered rows. Judged by content, bounded; knows no record."""

import csv
import io
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.core.errors import Invalid
from app.core.spreadsheet import unsafe_text

MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 20_000
# As many as Excel has. Of those beyond MAX_ROWS most must be empty: a stray cell at the bottom has them all above it.
MAX_LINES = 1_048_576
# What a workbook may unfold to: above any real one of the rows allowed, below what keeps a worker from all others.
MAX_UNFOLDED_BYTES = 200 * 1024 * 1024
MAX_ELEMENTS = 4_000_000
# Styles and the like, each dearer to read than a cell.
MAX_OTHER_ELEMENTS = 100_000
CELLS = ("xl/worksheets/", "xl/sharedStrings.xml")
PIECE = 1024 * 1024
TURN_EVERY = 200
DELIMITERS = ",;\t|"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Row:
    """`number` as the spreadsheet shows it; the header is row 1. Empty cells are None."""

    number: int
    cells: list[Any]


@dataclass(frozen=True)
class Sheet:
    """The first sheet of a file. `header` has a name, perhaps '', for every column."""

    header: list[str]
    rows: list[Row]


def read_sheet(content: bytes) -> Sheet:
    """The sheet a file holds, whatever its name says. Raises Invalid on `file`."""
    if not content.strip():
        raise _refused("El archivo está vacío")
    if content.startswith(OLD_EXCEL):
        raise _refused("Es un libro de Excel antiguo (.xls); guárdelo como .xlsx o .csv")
    lines = _workbook_lines(content) if content.startswith(b"PK") else _csv_lines(content)
    return _sheet(lines)


def _refused(reason: str) -> Invalid:
    return Invalid("El archivo no se puede leer", fields={"file": reason})


def _sheet(lines: Iterable[list[Any]]) -> Sheet:
    header: list[str] = []
    rows: list[Row] = []
    for number, line in enumerate(lines, start=1):
        if number > MAX_LINES:
            raise _refused("Tiene demasiadas filas vacías; bórrelas")
        if number % TURN_EVERY == 0:
            # The worker's other requests have their turn.
            time.sleep(0)
        if line.count(None) == len(line):
            continue
        cells = [_cell(value) for value in line]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            raise _refused(f"La fila {number} tiene más de {MAX_COLUMNS} columnas")
        if not header:
            header = [str(cell or "").strip() for cell in cells]
            continue
        if len(rows) == MAX_ROWS:
            raise _refused(f"Tiene más de {MAX_ROWS} filas; divídalo en varios archivos")
        rows.append(Row(number, cells))
    if not header:
        raise _refused("No tiene una fila de encabezados")
    return Sheet(header, rows)


def _cell(value: Any) -> Any:
    """None for an empty cell, whole numbers as such, texts trimmed and without the apostrophe that exports put."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if not isinstance(value, str):
        return value
    if len(value) > MAX_CELL_CHARACTERS:
        raise _refused(f"Una celda tiene más de {MAX_CELL_CHARACTERS} caracteres")
    return unsafe_text(value.strip()) or None


def _csv_lines(content: bytes) -> Iterator[list[Any]]:
    text = _decoded(content)
    if "\x00" in text:
        raise _refused("No es un archivo CSV ni de Excel (.xlsx)")
    # Strictly: a quote that nobody closed would take the rows after it into its cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        yield from reader
    except csv.Error:
        raise _refused(f"El CSV está mal formado cerca de la fila {reader.line_num}")


def _decoded(content: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else what Spanish Windows writes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _workbook_lines(content: bytes) -> Iterator[list[Any]]:
    # It loads slowly, and most requests never need it.
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            _require_bounded(parts)
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = next((sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"), None)
        if sheet is None:
            raise _refused("El libro no tiene hojas visibles")
        # What a file says of its own extent is often wrong.
        sheet.reset_dimensions()
        yield from (list(line) for line in sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1))
    except Invalid:
        raise
    # A damaged workbook can fail anywhere inside the library, with any exception.
    except Exception:
        raise _refused("El libro de Excel está dañado o no es un .xlsx")


def _require_bounded(parts: zipfile.ZipFile) -> None:
    """Refuses what unfolds to too much: a few kilobytes can be minutes of work, and a worker has others to serve."""
    counted = {True: 0, False: 0}
    for part in parts.infolist():
        if part.filename.endswith((".xml", ".rels")):
            counted[part.filename.startswith(CELLS)] += _elements(parts, part)
    unfolded = sum(part.file_size for part in parts.infolist())
    if unfolded > MAX_UNFOLDED_BYTES or counted[True] > MAX_ELEMENTS or counted[False] > MAX_OTHER_ELEMENTS:
        raise _refused("El libro de Excel es demasiado grande; deje solo la hoja que se importa")


def _elements(parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """How many elements a part has, as far as that still matters: each ends in one of two ways."""
    found = unfolded = 0
    with parts.open(part) as content:
        while unfolded <= MAX_UNFOLDED_BYTES and (piece := content.read(PIECE)):
            found += piece.count(b"</") + piece.count(b"/>")
            unfolded += len(piece)
            time.sleep(0)
    return found
