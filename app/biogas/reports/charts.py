"""Vector charts of expected against actual production: daily bars and cumulative lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from reportlab.graphics.shapes import Drawing, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth

from app.biogas.reports.data import DayRow
from app.biogas.reports.style import (
    FOG,
    INK,
    LEAF,
    QUALITY_COLORS,
    REGULAR,
    RULE,
    STONE,
    STRAW,
    STRAW_PALE,
)
from app.biogas.reports.wording import compact, month_year, short_day

_LABEL = 7.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 6.0, 26.0, 20.0
_DAY_STEPS = (1, 2, 5, 7, 14, 28, 61, 91, 182, 365)
_MOST_DAY_LABELS = 12
_WIDEST_BAR = 42.0
_ACTUAL_LABELS = {"good": "Real", "partial": "Real, datos parciales", "poor": "Real, datos deficientes"}


@dataclass(frozen=True, slots=True)
class _Plot:
    """Maps day slots (0..days) and volumes (0..top) to points of the drawing."""

    width: float
    height: float
    days: int
    top: float

    def x(self, slot: float) -> float:
        return _LEFT + slot * (self.width - _LEFT - _RIGHT) / self.days

    def y(self, volume: float) -> float:
        return _BOTTOM + volume * (self.height - _TOP - _BOTTOM) / self.top


def daily_chart(days: Sequence[DayRow], width: float, height: float) -> Drawing:
    """Bars of the actual Nm3 per day (coloured by quality) under the expected steps and their band."""
    drawing, plot = _frame(days, width, height, _highest_daily(days), "Nm³/día")
    for slot, day in enumerate(days):
        if day.actual_nm3 is None:
            _slot_bar(drawing, plot, slot, plot.top, FOG, share=1.0)
    _step_band(drawing, plot, days)
    bar_share = min(0.82, _WIDEST_BAR / (plot.x(1) - plot.x(0)))
    for slot, day in enumerate(days):
        if day.actual_nm3:
            _slot_bar(drawing, plot, slot, day.actual_nm3, QUALITY_COLORS[day.quality], share=bar_share)
    _line(drawing, plot, _steps([day.expected_nm3 for day in days]), STRAW)
    _legend(drawing, plot, _daily_legend(days))
    return drawing


def cumulative_chart(days: Sequence[DayRow], width: float, height: float) -> Drawing:
    """Lines of the cumulative Nm3 at the end of each day, from 0 at the report's start, over their band."""
    low = [0.0, *(day.expected_low_cumulative_nm3 for day in days)]
    high = [0.0, *(day.expected_high_cumulative_nm3 for day in days)]
    expected = [0.0, *(day.expected_cumulative_nm3 for day in days)]
    actual = [0.0, *(total for day in days if (total := day.actual_cumulative_nm3) is not None)]
    drawing, plot = _frame(days, width, height, max(*high, *expected, *actual), "Nm³ acumulados")
    _band(drawing, plot, list(enumerate(low)), list(enumerate(high)))
    _line(drawing, plot, list(enumerate(expected)), STRAW)
    _line(drawing, plot, _cumulative_points(days), LEAF, thickness=1.8)
    _legend(drawing, plot, [("Real", LEAF), ("Estimada", STRAW), ("Banda esperada", STRAW_PALE)])
    return drawing


def nice_ticks(highest: float) -> list[float]:
    """Three to six round values from 0 to at least `highest`."""
    if not math.isfinite(highest) or highest < 0.02:
        return [0.0, 0.01, 0.02]  # less gas than a meter can tell from nothing
    magnitude = 10.0 ** math.floor(math.log10(highest / 4))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude * 5 >= highest)
    return [index * step for index in range(math.ceil(highest / step - 1e-9) + 1)]


def _frame(
    days: Sequence[DayRow], width: float, height: float, highest: float, unit: str
) -> tuple[Drawing, _Plot]:
    """An empty drawing with its axes, and the plot that maps onto it."""
    ticks = nice_ticks(highest)
    plot = _Plot(width, height, max(len(days), 1), ticks[-1])
    drawing = Drawing(width, height)
    _volume_axis(drawing, plot, ticks, unit)
    _day_axis(drawing, plot, [day.date for day in days])
    return drawing, plot


def _volume_axis(drawing: Drawing, plot: _Plot, ticks: list[float], unit: str) -> None:
    places = 0 if ticks[1] >= 1 and ticks[1] == int(ticks[1]) else max(1, -math.floor(math.log10(ticks[1])))
    for tick in ticks:
        y = plot.y(tick)
        drawing.add(Line(_LEFT, y, plot.width - _RIGHT, y, strokeColor=RULE, strokeWidth=0.4))
        _text(drawing, _LEFT - 4, y - 2.4, compact(tick, places), anchor="end")
    _text(drawing, 0, plot.height - 8, unit)


def _day_axis(drawing: Drawing, plot: _Plot, dates: list[date]) -> None:
    step = next((step for step in _DAY_STEPS if len(dates) / step <= _MOST_DAY_LABELS), _DAY_STEPS[-1])
    label = month_year if len(dates) > 300 else short_day
    for slot in range(0, len(dates), step):
        x = plot.x(slot + 0.5)
        drawing.add(Line(x, _BOTTOM, x, _BOTTOM - 3, strokeColor=STONE, strokeWidth=0.5))
        _text(drawing, x, _BOTTOM - 11, label(dates[slot]), anchor="middle")
    drawing.add(Line(_LEFT, _BOTTOM, plot.width - _RIGHT, _BOTTOM, strokeColor=STONE, strokeWidth=0.7))


def _slot_bar(drawing: Drawing, plot: _Plot, slot: int, volume: float, color: Color, share: float) -> None:
    """A bar in the middle of its day's slot, `share` of the slot wide."""
    margin = (1 - share) / 2
    left, right = plot.x(slot + margin), plot.x(slot + 1 - margin)
    _box(drawing, left, _BOTTOM, right - left, plot.y(volume) - _BOTTOM, color)


def _step_band(drawing: Drawing, plot: _Plot, days: Sequence[DayRow]) -> None:
    low = _steps([day.expected_low_nm3 for day in days])
    high = _steps([day.expected_high_nm3 for day in days])
    _band(drawing, plot, low, high)


def _steps(volumes: list[float]) -> list[tuple[float, float]]:
    """A volume of a whole day is a level across its slot, not a point."""
    return [point for slot, volume in enumerate(volumes) for point in ((slot, volume), (slot + 1, volume))]


def _band(
    drawing: Drawing, plot: _Plot, low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]]
) -> None:
    outline = [*low, *reversed(high)]
    if outline:
        points = _points(plot, outline)
        drawing.add(Polygon(points, fillColor=STRAW_PALE, strokeColor=None))


def _line(
    drawing: Drawing,
    plot: _Plot,
    points: Sequence[tuple[float, float]],
    color: Color,
    thickness: float = 1.3,
) -> None:
    if len(points) > 1:
        line = PolyLine(_points(plot, points), strokeColor=color, strokeWidth=thickness, strokeLineJoin=1)
        drawing.add(line)


def _points(plot: _Plot, points: Sequence[tuple[float, float]]) -> list[float]:
    return [number for slot, volume in points for number in (plot.x(slot), plot.y(volume))]


def _cumulative_points(days: Sequence[DayRow]) -> list[tuple[float, float]]:
    known = [
        (slot + 1, total) for slot, day in enumerate(days) if (total := day.actual_cumulative_nm3) is not None
    ]
    return [(known[0][0] - 1, 0.0), *known] if known else []


def _highest_daily(days: Sequence[DayRow]) -> float:
    volumes = [max(day.expected_nm3, day.expected_high_nm3, day.actual_nm3 or 0.0) for day in days]
    return max(volumes, default=0.0)


def _daily_legend(days: Sequence[DayRow]) -> list[tuple[str, Color]]:
    present = {day.quality for day in days if day.actual_nm3 is not None}
    entries = [(label, QUALITY_COLORS[key]) for key, label in _ACTUAL_LABELS.items() if key in present]
    entries += [("Estimada", STRAW), ("Banda esperada", STRAW_PALE)]
    if any(day.actual_nm3 is None for day in days):
        entries.append(("Sin datos", FOG))
    return entries


def _legend(drawing: Drawing, plot: _Plot, entries: list[tuple[str, Color]]) -> None:
    x, y = plot.width - _RIGHT, plot.height - 8
    for label, color in reversed(entries):
        x -= stringWidth(label, REGULAR, _LABEL)
        _text(drawing, x, y, label, color=INK)
        x -= 11
        _box(drawing, x, y - 1, 8, 6.5, color)
        x -= 9


def _box(drawing: Drawing, x: float, y: float, width: float, height: float, color: Color) -> None:
    box = Rect(x, y, width, height)
    box.fillColor = color
    box.strokeColor = None
    drawing.add(box)


def _text(
    drawing: Drawing,
    x: float,
    y: float,
    text: str,
    anchor: Literal["start", "middle", "end"] = "start",
    color: Color = STONE,
) -> None:
    drawing.add(String(x, y, text, fontName=REGULAR, fontSize=_LABEL, fillColor=color, textAnchor=anchor))
