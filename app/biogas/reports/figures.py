"""Figures derived from a report's data: difference, errors, fit, and the sentence that sums them up."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from app.biogas.reports.data import DayRow, ReportData
from app.biogas.reports.wording import decimal

ENOUGH_COVERAGE = 0.8
_NEGLIGIBLE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Derived:
    """Expected against actual. None where there is nothing to compare.

    `expected_low_nm3`, `expected_high_nm3`: the band of the period, of whole curves.
    `difference_pct`: 100 (actual - expected) / expected over the whole period.
    The rest looks only at comparable days, those with coverage of at least 80 %: `mape_pct` is the mean of
    |actual - expected| / expected over those whose expectation is not negligible (5 % of the best day: in the
    lag phase the ratio means nothing), `bias_nm3` the mean of actual - expected per day, `fit` is
    1 - |sum of differences| / sum expected, never below 0.
    """

    expected_low_nm3: float
    expected_high_nm3: float
    difference_nm3: float | None
    difference_pct: float | None
    inside_band: bool | None
    comparable_days: int
    comparable_expected_nm3: float
    comparable_actual_nm3: float
    mape_pct: float | None
    bias_nm3: float | None
    fit: float | None


def derived(data: ReportData) -> Derived:
    """The comparison of a report's period (see Derived for units and definitions)."""
    low = data.days[-1].expected_low_cumulative_nm3 if data.days else 0.0
    high = data.days[-1].expected_high_cumulative_nm3 if data.days else 0.0
    actual = data.actual_total_nm3
    pairs = _comparable(data.days)
    expected_sum = sum(expected for expected, _ in pairs)
    actual_sum = sum(measured for _, measured in pairs)
    return Derived(
        expected_low_nm3=low,
        expected_high_nm3=high,
        difference_nm3=None if actual is None else actual - data.expected_total_nm3,
        difference_pct=difference_pct(actual, data.expected_total_nm3),
        inside_band=None if actual is None else low <= actual <= high,
        comparable_days=len(pairs),
        comparable_expected_nm3=expected_sum,
        comparable_actual_nm3=actual_sum,
        mape_pct=_mape_pct(pairs),
        bias_nm3=(actual_sum - expected_sum) / len(pairs) if pairs else None,
        fit=max(0.0, 1 - abs(actual_sum - expected_sum) / expected_sum) if expected_sum > 0 else None,
    )


def difference_pct(actual: float | None, expected: float) -> float | None:
    """100 (actual - expected) / expected in %; None without an actual or with nothing expected."""
    if actual is None or expected <= 0:
        return None
    return 100 * (actual - expected) / expected


def cumulative_m3(days: Iterable[DayRow]) -> list[tuple[float, float | None]]:
    """(expected, actual) m3 at meter conditions, summed from the report's first day, one pair per day.

    The actual sum is None before the first measured day and after the last one: nothing is known there.
    """
    rows = list(days)
    expected = accumulate(day.expected_m3 for day in rows)
    return list(zip(expected, running_total([day.actual_m3 for day in rows]), strict=True))


def running_total(values: list[float | None]) -> list[float | None]:
    """Sums of the known values so far; None outside the first and the last known one."""
    known = [index for index, value in enumerate(values) if value is not None]
    if not known:
        return [None] * len(values)
    sums = accumulate(value or 0.0 for value in values)
    return [total if known[0] <= index <= known[-1] else None for index, total in enumerate(sums)]


def inference_sentence(
    actual_nm3: float | None,
    expected_nm3: float,
    low_nm3: float,
    high_nm3: float,
    coverage: float | None,
) -> str:
    """The comparison in one Spanish paragraph; it refuses to conclude when coverage (0..1) is under 80 %."""
    if actual_nm3 is None:
        return "No hay lecturas válidas del medidor en el período: no es posible comparar la producción."
    real = f"La producción real fue de {decimal(actual_nm3)} Nm³"
    percent = difference_pct(actual_nm3, expected_nm3)
    if percent is None:
        return f"{real}; para el período no se esperaba producción, así que no hay porcentaje que comparar."
    sentences = [
        f"{real}, {_compared(percent)} la producción estimada de {decimal(expected_nm3)} Nm³"
        f" y {_band(actual_nm3, low_nm3, high_nm3)}."
    ]
    if coverage is None or coverage < ENOUGH_COVERAGE:
        known = "una parte desconocida" if coverage is None else f"solo el {decimal(100 * coverage, 1)} %"
        sentences.append(
            f"Los datos cubren {known} del período, por debajo del 80 % necesario: "
            "la cobertura es insuficiente para sacar conclusiones."
        )
    return " ".join(sentences)


def report_inferences(data: ReportData) -> str:
    """What the report's author inferred or, when nothing was written, the automatic sentence."""
    if data.inferences.strip():
        return data.inferences.strip()
    return automatic_inference(data)


def automatic_inference(data: ReportData) -> str:
    """`inference_sentence` of a report's own totals, band and coverage."""
    figures = derived(data)
    return inference_sentence(
        data.actual_total_nm3,
        data.expected_total_nm3,
        figures.expected_low_nm3,
        figures.expected_high_nm3,
        data.coverage,
    )


def _comparable(days: Iterable[DayRow]) -> list[tuple[float, float]]:
    return [
        (day.expected_nm3, day.actual_nm3)
        for day in days
        if day.actual_nm3 is not None and day.coverage is not None and day.coverage >= ENOUGH_COVERAGE
    ]


def _mape_pct(pairs: list[tuple[float, float]]) -> float | None:
    floor = _NEGLIGIBLE_SHARE * max((expected for expected, _ in pairs), default=0.0)
    errors = [abs(actual - expected) / expected for expected, actual in pairs if expected > floor]
    return 100 * sum(errors) / len(errors) if errors else None


def _compared(percent: float) -> str:
    if abs(percent) < 0.05:
        return "igual a"
    side = "superior" if percent > 0 else "inferior"
    return f"un {decimal(abs(percent), 1)} % {side} a"


def _band(actual: float, low: float, high: float) -> str:
    limits = f"la banda esperada ({decimal(low)} a {decimal(high)} Nm³)"
    if actual > high:
        return f"por encima de {limits}"
    return f"por debajo de {limits}" if actual < low else f"dentro de {limits}"
