"""The PDF's section on how far the figures can be trusted."""

from collections import Counter
from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from app.biogas.reports.data import DayRow, ReportData
from app.biogas.reports.figures import Derived
from app.biogas.reports.layout import data_table, escaped, paragraph, rows_table
from app.biogas.reports.style import BODY, BULLET, CELL, HEADING, NOTE, SMALL_CELL, SUBHEADING, TEXT_WIDTH
from app.biogas.reports.wording import (
    NOTHING,
    QUALITY_LABELS,
    day_text,
    decimal,
    event_label,
    events_text,
    percent,
    signed_percent,
)

_MOST_WORST_DAYS = 12


def quality_section(data: ReportData, figures: Derived) -> list[Flowable]:
    """How far the figures can be trusted: coverage, meter events, worst days, warnings, fit."""
    story: list[Flowable] = [
        Paragraph("Calidad de los datos", HEADING),
        rows_table(_quality_rows(data, figures), [62 * mm, 27 * mm, 62 * mm, TEXT_WIDTH - 151 * mm]),
        Spacer(0, 2 * mm),
        Paragraph(
            "El error y el ajuste se calculan con los días comparables: los que tienen una cobertura "
            "mínima del 80 %.",
            NOTE,
        ),
        *_worst_days(data.days),
    ]
    if data.warnings:
        story.append(Paragraph("Advertencias", SUBHEADING))
        story += [_bullet(warning) for warning in data.warnings]
    return story


def _quality_rows(data: ReportData, figures: Derived) -> list[list[Paragraph]]:
    days = Counter(day.quality for day in data.days)
    left = [("Cobertura del período", percent(data.coverage))]
    left += [
        (f"Días con calidad {QUALITY_LABELS[key].lower()}", str(days[key]))
        for key in ("good", "partial", "poor")
    ]
    left.append(("Días sin datos", str(days["none"])))
    left.append(("Días comparables", str(figures.comparable_days)))
    right = [
        ("Error medio diario (MAPE)", signed_percent(figures.mape_pct).removeprefix("+")),
        ("Sesgo diario", NOTHING if figures.bias_nm3 is None else f"{decimal(figures.bias_nm3)} Nm³"),
        ("Ajuste del acumulado", percent(figures.fit)),
    ]
    events = Counter(event_label(code) for day in data.days for code in day.events)
    right += [(label, str(count)) for label, count in sorted(events.items())] or [
        ("Eventos del medidor", "0")
    ]
    height = max(len(left), len(right))
    pad = [("", "")] * height
    pairs = zip((left + pad)[:height], (right + pad)[:height], strict=True)
    return [[paragraph(text, CELL) for text in (*one, *other)] for one, other in pairs]


def _worst_days(days: Sequence[DayRow]) -> list[Flowable]:
    doubtful = [day for day in days if day.quality != "good" or day.events]
    if not days:
        return []
    if not doubtful:
        return [Paragraph("Todos los días tienen datos de buena calidad y sin eventos del medidor.", BODY)]
    doubtful.sort(key=lambda day: (day.coverage or 0.0, day.date))
    rows = [
        [
            day_text(day.date),
            QUALITY_LABELS[day.quality],
            percent(day.coverage, 0),
            paragraph(events_text(day.events) or NOTHING, SMALL_CELL, 300),
        ]
        for day in doubtful[:_MOST_WORST_DAYS]
    ]
    widths = [24 * mm, 26 * mm, 24 * mm, TEXT_WIDTH - 74 * mm]
    table = data_table(["Fecha", "Calidad", "Cobertura", "Eventos del medidor"], rows, widths, left_columns=4)
    block: list[Flowable] = [Paragraph("Días que conviene revisar", SUBHEADING), table, Spacer(0, 1 * mm)]
    if rest := len(doubtful) - len(rows):
        block.append(Paragraph(f"Días que no caben aquí: {rest}. Véase la tabla diaria.", NOTE))
    return [KeepTogether(block)]


def _bullet(text: str) -> Paragraph:
    return Paragraph(escaped(text), BULLET, bulletText="•")
