"""Uploaded CSV and Excel files as a header and numbered rows. Judged by content, bounded; knows no record."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.core.errors import Invalid
from app.core.spreadsheet import unsafe_text

MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 20_000
# What a workbook may unfold to: far above any real one of the rows allowed, far below what hurts.
MAX_UNFOLDED_BYTES = 300 * 1024 * 1024
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
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
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
            unfolded = sum(part.file_size for part in parts.infolist())
        if unfolded > MAX_UNFOLDED_BYTES:
            raise _refused("El libro de Excel es demasiado grande")
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
