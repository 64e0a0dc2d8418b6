"""The Excel report: sheet `Resumen` (field and value, method, charts) and sheet `Datos` (one row per day)."""

from collections.abc import Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.biogas.reports.columns import DAILY_COLUMNS, daily_rows
from app.biogas.reports.data import ReportData
from app.biogas.reports.excel_charts import cumulative_chart, daily_chart
from app.biogas.reports.figures import Derived, derived, report_inferences
from app.biogas.reports.wording import (
    KIND_LABELS,
    NOT_A_SAFETY_SYSTEM,
    PRODUCT,
    REFERENCE_CONDITIONS,
    local_minute,
)
from app.core.spreadsheet import workbook_bytes, workbook_text

_HEADER_FILL = PatternFill("solid", fgColor="17492F")
_HEADER_FONT = Font(name="Calibri", bold=True, color="FFFFFF")
_SECTION_FONT = Font(name="Calibri", bold=True)
_SECTION_FILL = PatternFill("solid", fgColor="E3F0E5")
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_LEFT = Alignment(horizontal="left", vertical="top", wrap_text=True)
_SUMMARY_WIDTHS = (40, 52, 12, 12, 18, 46)
_LINE_POINTS, _MOST_ROW_POINTS = 15, 405  # Excel allows no row higher than 409 points
_VOLUME = "#,##0.00"
_SHARE = "0.0%"
_Row = tuple[str, object, str]  # field, value, number format


def report_xlsx(data: ReportData) -> bytes:
    """The workbook as bytes; a function of `data` alone, dated `data.generated_at`."""
    workbook = Workbook()
    summary = workbook.worksheets[0]
    summary.title = "Resumen"
    days = workbook.create_sheet("Datos")
    _write_summary(summary, data)
    _write_days(days, data)
    if data.days:
        summary.add_chart(daily_chart(days, len(data.days)), "D2")
        summary.add_chart(cumulative_chart(days, len(data.days)), "D24")
    for sheet in (summary, days):
        _fit_to_paper(sheet)
    workbook.properties.creator = workbook_text(data.author) or PRODUCT
    workbook.properties.title = f"{KIND_LABELS[data.kind]} n.º {data.report_id}"
    return workbook_bytes(workbook, data.generated_at)


def _write_summary(sheet: Worksheet, data: ReportData) -> None:
    figures = derived(data)
    _write_header(sheet, ["Campo", "Valor"])
    for field, value, number_format in [*_identity(data), *_results(data, figures), *_texts(data)]:
        _write_row(sheet, [field, value], [None, number_format])
    _write_parameters(sheet, data)
    for letter, width in zip("ABCDEF", _SUMMARY_WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for row in range(2, sheet.max_row + 1):
        for column in (2, 3, 4):
            sheet.cell(row, column).alignment = _LEFT
        _fit_height(sheet, row)
    sheet.freeze_panes = "A2"


def _fit_height(sheet: Worksheet, row: int) -> None:
    """Room for the wrapped text: programs do not grow rows of a file they did not write."""
    lines = 1
    for column, width in enumerate(_SUMMARY_WIDTHS, start=1):
        value = sheet.cell(row, column).value
        if isinstance(value, str):
            lines = max(lines, sum(1 + len(line) // width for line in value.split("\n")))
    sheet.row_dimensions[row].height = min(lines * _LINE_POINTS, _MOST_ROW_POINTS)


def _identity(data: ReportData) -> list[_Row]:
    return [
        ("Sistema", f"{PRODUCT} · {data.farm_name}", "@"),
        ("Tipo de reporte", KIND_LABELS[data.kind], "@"),
        ("Reporte", data.report_id, "0"),
        ("Biodigestor", data.digester_name, "@"),
        ("Volumen del biodigestor (m³)", data.digester_volume_m3, _VOLUME),
        ("Lugar", data.place, "@"),
        ("Etapa", data.filling_number, "0"),
        ("Inicio de la etapa", data.started_on, "yyyy-mm-dd"),
        ("Fin de la etapa", data.ended_on, "yyyy-mm-dd"),
        ("Período desde", data.period_from, "yyyy-mm-dd"),
        ("Período hasta", data.period_to, "yyyy-mm-dd"),
        ("Responsables", data.people, "@"),
        ("Material", data.material, "@"),
        ("Cantidad (kg)", data.mass_kg, _VOLUME),
        ("Humedad (%)", data.humidity_pct, _VOLUME),
        ("Agua añadida (m³)", data.added_water_m3, _VOLUME),
        ("Temperatura (°C)", data.temperature_c, _VOLUME),
    ]


def _results(data: ReportData, figures: Derived) -> list[_Row]:
    rows: list[_Row] = [
        ("Producción estimada (Nm³)", data.expected_total_nm3, _VOLUME),
        ("Producción estimada, banda baja (Nm³)", figures.expected_low_nm3, _VOLUME),
        ("Producción estimada, banda alta (Nm³)", figures.expected_high_nm3, _VOLUME),
        ("Producción real (Nm³)", data.actual_total_nm3, _VOLUME),
        ("Producción real en el medidor (m³)", data.actual_total_m3, _VOLUME),
        ("Diferencia", _share(figures.difference_pct), _SHARE),
        ("Cobertura de los datos", data.coverage, _SHARE),
        ("Días comparables (cobertura ≥ 80 %)", figures.comparable_days, "0"),
        ("Error medio diario (MAPE)", _share(figures.mape_pct), _SHARE),
        ("Sesgo diario (Nm³)", figures.bias_nm3, _VOLUME),
        ("Ajuste del acumulado", figures.fit, _SHARE),
        ("Potencial de la etapa, biogás (Nm³)", data.potential_biogas_nm3, _VOLUME),
        ("Potencial de la etapa, bajo (Nm³)", data.potential_low_nm3, _VOLUME),
        ("Potencial de la etapa, alto (Nm³)", data.potential_high_nm3, _VOLUME),
        ("Potencial de la etapa, metano (Nm³)", data.potential_ch4_nm3, _VOLUME),
    ]
    if data.energy is not None:
        rows += [
            ("Metano medido (Nm³)", data.energy.methane_nm3, _VOLUME),
            ("Energía (kWh)", data.energy.energy_kwh, _VOLUME),
            ("Electricidad posible (kWh)", data.energy.electricity_kwh, _VOLUME),
            ("Emisiones evitadas (kg CO2e)", data.energy.co2e_kg, _VOLUME),
            ("Factores de energía y clima", data.energy.note, "@"),
        ]
    return rows


def _texts(data: ReportData) -> list[_Row]:
    return [
        ("Inferencias", report_inferences(data), "@"),
        ("Comentarios", data.observations, "@"),
        ("Advertencias", "\n".join(data.warnings), "@"),
        ("Condiciones de referencia (Nm³)", REFERENCE_CONDITIONS, "@"),
        ("Condiciones del medidor", data.meter_conditions, "@"),
        ("Autor", data.author, "@"),
        ("Generado", f"{local_minute(data.generated_at, data.timezone)} ({data.timezone})", "@"),
        ("Nota", NOT_A_SAFETY_SYSTEM, "@"),
    ]


def _share(percentage: float | None) -> float | None:
    return None if percentage is None else percentage / 100


def _write_parameters(sheet: Worksheet, data: ReportData) -> None:
    if not data.parameters:
        return
    sheet.append([])
    _write_row(sheet, ["Parámetro del método", "Valor", "Bajo", "Alto", "Unidad", "Procedencia"], [])
    for cell in sheet[sheet.max_row]:
        cell.fill, cell.font = _SECTION_FILL, _SECTION_FONT
    formats = [None, "0.000", "0.000", "0.000", "@", "@"]
    for item in data.parameters:
        row = [item.label, item.default, item.low, item.high, item.unit, item.provenance]
        _write_row(sheet, row, formats)


def _write_days(sheet: Worksheet, data: ReportData) -> None:
    _write_header(sheet, [column.title for column in DAILY_COLUMNS])
    formats = [column.number_format for column in DAILY_COLUMNS]
    for row in daily_rows(data):
        _write_row(sheet, row, formats)
    for index in range(1, len(DAILY_COLUMNS) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 15
    sheet.column_dimensions["A"].width = 7
    sheet.column_dimensions[get_column_letter(len(DAILY_COLUMNS))].width = 40
    sheet.row_dimensions[1].height = 48
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions


def _fit_to_paper(sheet: Worksheet) -> None:
    """Printed, a sheet is one landscape page wide with its header on every page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _write_header(sheet: Worksheet, titles: Sequence[str]) -> None:
    sheet.append(list(titles))
    for cell in sheet[1]:
        cell.fill, cell.font, cell.alignment = _HEADER_FILL, _HEADER_FONT, _WRAPPED


def _write_row(sheet: Worksheet, values: Sequence[object], formats: Sequence[str | None]) -> None:
    sheet.append([_cell_value(value) for value in values])
    for cell, number_format in zip(sheet[sheet.max_row], formats, strict=False):
        _format(cell, number_format)


def _cell_value(value: object) -> str | float | date | None:
    if isinstance(value, str):
        return workbook_text(value)
    return value if isinstance(value, int | float | date) else None


def _format(cell: Cell | MergedCell, number_format: str | None) -> None:
    if number_format is not None and cell.value is not None:
        cell.number_format = number_format
    if isinstance(cell.value, str):
        cell.alignment = _WRAPPED
    else:
        cell.alignment = Alignment(vertical="top", horizontal="right")
