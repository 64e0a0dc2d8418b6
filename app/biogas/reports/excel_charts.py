"""Native Excel charts of expected against actual, fed by the columns of the sheet `Datos`."""

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.legend import Legend
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import Series
from openpyxl.worksheet.worksheet import Worksheet

from app.biogas.reports.columns import DAILY_COLUMNS

_LEAF, _STRAW, _SAND = "2F7D4F", "B96F12", "E3BE84"
_TITLES = [column.title for column in DAILY_COLUMNS]


def daily_chart(sheet: Worksheet, days: int) -> BarChart:
    """Bars of the actual Nm3 per day with lines of the expected and its low and high."""
    bars = BarChart()
    bars.title = "Producción diaria (Nm³)"
    bars.gapWidth = 40
    _add(bars, sheet, "Producción Real (Nm3/día)", days, _LEAF)
    lines = LineChart()
    _add(lines, sheet, "Producción Esperada (Nm3/día)", days, _STRAW)
    _add(lines, sheet, "Esperada Baja (Nm3/día)", days, _SAND)
    _add(lines, sheet, "Esperada Alta (Nm3/día)", days, _SAND)
    _finish(bars, sheet, days)
    bars += lines
    return bars


def cumulative_chart(sheet: Worksheet, days: int) -> LineChart:
    """Lines of the cumulative Nm3, expected and actual."""
    lines = LineChart()
    lines.title = "Producción acumulada (Nm³)"
    _add(lines, sheet, "Acumulado Esperado (Nm3)", days, _STRAW)
    _add(lines, sheet, "Acumulado Real (Nm3)", days, _LEAF)
    _finish(lines, sheet, days)
    return lines


def _add(chart: BarChart | LineChart, sheet: Worksheet, title: str, days: int, color: str) -> None:
    column = _TITLES.index(title) + 1
    values = Reference(sheet, min_col=column, min_row=1, max_row=days + 1)
    chart.add_data(values, titles_from_data=True)
    series: Series = chart.series[-1]
    if isinstance(chart, BarChart):
        series.graphicalProperties.solidFill = color
    else:
        series.graphicalProperties.line.solidFill = color
        series.graphicalProperties.line.width = 22_000  # EMU: 1.7 points
        series.marker = Marker(symbol="none")
        series.smooth = False


def _finish(chart: BarChart | LineChart, sheet: Worksheet, days: int) -> None:
    chart.set_categories(Reference(sheet, min_col=2, min_row=2, max_row=days + 1))
    chart.x_axis.number_format = "dd/mm"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.title = "Nm³"
    chart.legend = Legend()
    chart.legend.position = "b"
    chart.width, chart.height = 24, 10
