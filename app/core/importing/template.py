"""An empty spreadsheet to fill in: the record's columns, which of them are needed, and a sheet that explains each."""

import datetime as dt
import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from app.core.importing.columns import Column, columns_of
from app.core.plain import Plain

NEEDED = PatternFill("solid", fgColor="FFE8B0")
WIDTH = 22
CHECKED_ROWS = 5000
LONGEST_LIST = 250
KINDS = {
    bool: "Sí o No",
    int: "número entero",
    float: "número",
    dt.date: "fecha AAAA-MM-DD o DD/MM/AAAA",
    dt.datetime: "fecha y hora",
    str: "texto",
}


def titles(plain: Plain) -> list[str]:
    """The header of an empty file: for what another record is, its readable key alone."""
    return [column.header for column in _offered(plain)]


def workbook(plain: Plain) -> bytes:
    """The template as .xlsx; needed columns are coloured, enumerated ones offer their values."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("Datos")
    columns = _offered(plain)
    for place, column in enumerate(columns, start=1):
        _title(sheet, place, column)
    sheet.freeze_panes = "A2"
    _explain(book.create_sheet("Ayuda"), plain, columns)
    for page in book.worksheets:
        page.page_setup.orientation, page.sheet_properties.pageSetUpPr = (
            "landscape",
            PageSetupProperties(fitToPage=True),
        )
        page.page_setup.fitToHeight = 0
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _offered(plain: Plain) -> list[Column]:
    columns = columns_of(plain)
    readable = {column.field for column in columns if column.reference}
    offered = [column for column in columns if column.reference or column.field not in readable]
    return sorted(offered, key=lambda column: (column.field not in plain.keys, not column.required))


def _title(sheet: Any, place: int, column: Column) -> None:
    cell = sheet.cell(1, place, column.header)
    cell.font = Font(bold=True)
    letter = get_column_letter(place)
    sheet.column_dimensions[letter].width = WIDTH
    if column.required:
        cell.fill = NEEDED
    if column.choices and len(",".join(column.choices)) <= LONGEST_LIST:
        rule = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
        rule.add(f"{letter}2:{letter}{CHECKED_ROWS}")
        sheet.add_data_validation(rule)


def _explain(sheet: Any, plain: Plain, columns: list[Column]) -> None:
    sheet.append(["Columna", "¿Obligatoria?", "Qué se escribe"])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column in columns:
        needed = "Sí, en filas nuevas" if column.required else "No"
        sheet.append([column.header, needed, _meaning(plain, column)])
    for letter, width in zip("ABC", (26, 20, 90), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([])
    sheet.append(
        [f"Un registro que ya existe se reconoce por: {', '.join(plain.keys) or 'id'}. Una celda vacía"]
    )
    sheet.append(["deja el dato como está. También se admite la columna id."])


def _meaning(plain: Plain, column: Column) -> str:
    if column.reference:
        here = " o venir en este archivo" if column.reference.model is plain.model else ""
        return f"El registro al que se refiere, por su nombre o número; debe existir{here}"
    if column.choices:
        return "Uno de: " + ", ".join(column.choices)
    return next((words for kind, words in KINDS.items() if kind in column.kinds), "texto")
