"""Cells, CSV streams and workbooks that are safe to open in a spreadsheet program and always the same bytes.

What the columns are belongs to the rooms; nothing here knows a farm.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

# Full-width signs are read as operators by spreadsheet programs in East Asian locales.
# Apostrophes of the text's own count too: only then is the one that is put before it the one to take away.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EXCEL_CELL_CHARACTERS = 32_767
_ROWS_PER_CHUNK = 500
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def safe_cell(value: object) -> object:
    """The value, with an apostrophe before a *text* that a spreadsheet would run as a formula.

    Numbers, dates and None pass untouched (OWASP, "CSV Injection").
    """
    if isinstance(value, str) and _FORMULA.match(value):
        return "'" + value
    return value


def unsafe_text(text: str) -> str:
    """The text that `safe_cell` made this of."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def workbook_text(value: str) -> str:
    """Text that an .xlsx cell can hold: no formula, no character XML forbids, at most 32 767 characters."""
    return str(safe_cell(_NOT_IN_XML.sub("", value)))[:_EXCEL_CELL_CHARACTERS]


def csv_stream(header: Sequence[str], rows: Iterable[Sequence[object]], bom: bool = False) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 (CRLF line ends), a few hundred rows per chunk, so that no table is held in memory.

    Floats keep their full repr, dates are ISO 8601, None is an empty cell, texts pass `safe_cell`.
    `bom` adds the byte order mark that Excel needs to recognise UTF-8.
    """
    if bom:
        yield b"\xef\xbb\xbf"
    yield _csv_lines([[safe_cell(title) for title in header]])
    remaining = iter(rows)
    while chunk := list(islice(remaining, _ROWS_PER_CHUNK)):
        yield _csv_lines([[_csv_cell(value) for value in row] for row in chunk])


def workbook_bytes(workbook: "Workbook", created_at: datetime) -> bytes:
    """The workbook as .xlsx bytes in which every date is `created_at` (aware): same workbook, same bytes."""
    moment = created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    saved = io.BytesIO()
    workbook.save(saved)
    workbook.properties.created = workbook.properties.modified = moment
    # It loads slowly, and most who write CSV never need it.
    from openpyxl.xml.functions import tostring

    properties = tostring(workbook.properties.to_tree())
    fixed = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = properties if name == "docProps/core.xml" else source.read(name)
            target.writestr(_zip_entry(name), content)
    return fixed.getvalue()


def _csv_cell(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return safe_cell(value)


def _csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    return lines.getvalue().encode("utf-8", errors="replace")


def _zip_entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_ZIP_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
