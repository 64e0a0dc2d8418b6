"""The columns of the daily table, the same in the CSV and in the workbook's sheet `Datos`."""

from collections.abc import Callable
from dataclasses import dataclass

from app.biogas.reports.data import DayRow, ReportData
from app.biogas.reports.figures import cumulative_m3
from app.biogas.reports.wording import QUALITY_LABELS, events_text


@dataclass(frozen=True, slots=True)
class _Day:
    row: DayRow
    expected_cumulative_m3: float
    actual_cumulative_m3: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A title, how a day fills it, and the number format of a spreadsheet."""

    title: str
    value: Callable[[_Day], object]
    number_format: str = "#,##0.00"


# The first six are the earlier system's, in its order; its files are still read by people's own sheets.
DAILY_COLUMNS = (
    Column("Día", lambda day: day.row.day, "0"),
    Column("Fecha", lambda day: day.row.date, "yyyy-mm-dd"),
    Column("Producción Esperada (m3/día)", lambda day: day.row.expected_m3),
    Column("Producción Real (m3/día)", lambda day: day.row.actual_m3),
    Column("Acumulado Real (m3)", lambda day: day.actual_cumulative_m3),
    Column("Acumulado Esperado (m3)", lambda day: day.expected_cumulative_m3),
    Column("Producción Esperada (Nm3/día)", lambda day: day.row.expected_nm3),
    Column("Esperada Baja (Nm3/día)", lambda day: day.row.expected_low_nm3),
    Column("Esperada Alta (Nm3/día)", lambda day: day.row.expected_high_nm3),
    Column("Producción Real (Nm3/día)", lambda day: day.row.actual_nm3),
    Column("Acumulado Real (Nm3)", lambda day: day.row.actual_cumulative_nm3),
    Column("Acumulado Esperado (Nm3)", lambda day: day.row.expected_cumulative_nm3),
    Column("Cobertura", lambda day: day.row.coverage, "0%"),
    Column("Calidad", lambda day: QUALITY_LABELS[day.row.quality], "@"),
    Column("Eventos", lambda day: events_text(day.row.events), "@"),
)


def daily_rows(data: ReportData) -> list[list[object]]:
    """One row per day, one value per column of DAILY_COLUMNS."""
    days = [
        _Day(row, expected, actual)
        for row, (expected, actual) in zip(data.days, cumulative_m3(data.days), strict=True)
    ]
    return [[column.value(day) for column in DAILY_COLUMNS] for day in days]
