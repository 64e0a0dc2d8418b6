"""Sections of the PDF: charts, daily table, inferences and comments."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, LongTable, PageBreak, Paragraph, Spacer

from app.biogas.reports.charts import cumulative_chart, daily_chart
from app.biogas.reports.data import DayRow, ReportData
from app.biogas.reports.figures import difference_pct, report_inferences
from app.biogas.reports.layout import data_table, paragraphs
from app.biogas.reports.style import (
    BODY,
    HEADING,
    NOTE,
    QUALITY_INKS,
    SUBHEADING,
    TEXT_WIDTH,
)
from app.biogas.reports.wording import (
    NOT_A_SAFETY_SYSTEM,
    NOTHING,
    QUALITY_LABELS,
    REFERENCE_CONDITIONS,
    compact,
    day_text,
    decimal,
    signed_percent,
)

_CHART_HEIGHT = 94 * mm
_SHOWN_AS_ZERO = 0.005
_DAILY_HEADER = [
    "Día", "Fecha", "Estimada\nNm³", "Banda\nNm³", "Real\nNm³", "Real\nm³", "Difer.\n%",
    "Estimada\nacum. Nm³", "Real\nacum. Nm³", "Cobert.\n%", "Calidad",
]  # fmt: skip
_DAILY_WIDTHS = [width * mm for width in (9, 17, 15.5, 25, 15.5, 15.5, 14, 19, 19, 12.5, 16)]


def charts_section(data: ReportData) -> list[Flowable]:
    """Daily and cumulative production, expected against actual."""
    if not data.days:
        return [Paragraph("Producción estimada y real", HEADING), Paragraph("Período sin días.", BODY)]
    return [
        Paragraph("Producción estimada y real", HEADING),
        Paragraph("Producción diaria", SUBHEADING),
        daily_chart(data.days, TEXT_WIDTH, _CHART_HEIGHT),
        Paragraph("Producción acumulada", SUBHEADING),
        cumulative_chart(data.days, TEXT_WIDTH, _CHART_HEIGHT),
        Spacer(0, 2 * mm),
        Paragraph(f"Volúmenes de biogás en Nm³: {REFERENCE_CONDITIONS}.", NOTE),
        PageBreak(),
    ]


def daily_section(data: ReportData) -> list[Flowable]:
    """One row per day and the totals of the period."""
    footer = [
        "Total", "", compact(data.expected_total_nm3), "", compact(data.actual_total_nm3),
        compact(data.actual_total_m3),
        _difference(data.actual_total_nm3, data.expected_total_nm3),
        "", "", _coverage(data.coverage), "",
    ]  # fmt: skip
    rows = [_daily_row(day) for day in data.days]
    table = data_table(_DAILY_HEADER, rows, _DAILY_WIDTHS, left_columns=2, font_size=7, footer=footer)
    _colour_quality(table, data.days)
    return [Paragraph("Tabla diaria", HEADING), table]


def closing_section(data: ReportData) -> list[Flowable]:
    """Inferences, comments and the advisory note."""
    comments = paragraphs(data.observations, BODY) or [Paragraph("Sin comentarios.", BODY)]
    return [
        Paragraph("Inferencias", HEADING),
        *paragraphs(report_inferences(data), BODY),
        Paragraph("Comentarios", HEADING),
        *comments,
        Spacer(0, 6 * mm),
        Paragraph(NOT_A_SAFETY_SYSTEM, NOTE),
    ]


def _daily_row(day: DayRow) -> list[str]:
    return [
        str(day.day),
        day_text(day.date),
        compact(day.expected_nm3),
        f"{compact(day.expected_low_nm3)} – {compact(day.expected_high_nm3)}",
        compact(day.actual_nm3),
        compact(day.actual_m3),
        _difference(day.actual_nm3, day.expected_nm3),
        compact(day.expected_cumulative_nm3),
        compact(day.actual_cumulative_nm3),
        _coverage(day.coverage),
        QUALITY_LABELS[day.quality],
    ]


def _difference(actual: float | None, expected: float) -> str:
    if expected < _SHOWN_AS_ZERO:
        return NOTHING
    return signed_percent(difference_pct(actual, expected)).removesuffix(" %")


def _coverage(coverage: float | None) -> str:
    return NOTHING if coverage is None else decimal(100 * coverage, 0)


def _colour_quality(table: LongTable, days: Sequence[DayRow]) -> None:
    column = len(_DAILY_HEADER) - 1
    table.setStyle(
        [
            ("TEXTCOLOR", (column, row), (column, row), QUALITY_INKS[day.quality])
            for row, day in enumerate(days, start=1)
            if day.quality != "good"
        ]
    )
