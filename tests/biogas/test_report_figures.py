"""Differences, errors, fit and the sentence: tables of numbers."""

from datetime import date

import pytest

from app.biogas.reports.data import DayRow
from app.biogas.reports.figures import (
    cumulative_m3,
    derived,
    difference_pct,
    inference_sentence,
    report_inferences,
    running_total,
)
from tests.biogas.report_sample import report_data


def day(number: int, expected: float, actual: float | None, coverage: float | None = 1.0) -> DayRow:
    return DayRow(
        day=number,
        date=date(2026, 1, 1 + number),
        expected_nm3=expected,
        expected_low_nm3=0.5 * expected,
        expected_high_nm3=2 * expected,
        expected_cumulative_nm3=0.0,
        expected_low_cumulative_nm3=7.0 * (number + 1),
        expected_high_cumulative_nm3=28.0 * (number + 1),
        expected_m3=1.25 * expected,
        actual_nm3=actual,
        actual_m3=None if actual is None else 1.25 * actual,
        coverage=coverage,
    )


def test_derived_by_hand() -> None:
    days = (
        day(0, 0.1, 5.0),
        day(1, 10.0, 8.0),
        day(2, 20.0, 25.0),
        day(3, 20.0, 1.0, 0.79),
        day(4, 20.0, None),
    )
    figures = derived(report_data(days=days, expected_total_nm3=70.1, actual_total_nm3=39.0))
    assert figures.expected_low_nm3 == pytest.approx(35.0)
    assert figures.expected_high_nm3 == pytest.approx(140.0)
    assert figures.difference_nm3 == pytest.approx(-31.1)
    assert figures.difference_pct == pytest.approx(-44.3652)
    assert figures.inside_band is True
    assert figures.comparable_days == 3
    assert figures.comparable_expected_nm3 == pytest.approx(30.1)
    assert figures.comparable_actual_nm3 == pytest.approx(38.0)
    assert figures.mape_pct == pytest.approx((20 + 25) / 2)  # day 0 expects next to nothing
    assert figures.bias_nm3 == pytest.approx(7.9 / 3)
    assert figures.fit == pytest.approx(1 - 7.9 / 30.1)


def test_coverage_of_exactly_eighty_percent_is_enough() -> None:
    assert derived(report_data(days=(day(0, 1.0, 1.0, 0.8),))).comparable_days == 1


def test_fit_is_never_negative() -> None:
    assert derived(report_data(days=(day(0, 1.0, 9.0),))).fit == 0.0


def test_nothing_to_compare() -> None:
    figures = derived(report_data(days=(), expected_total_nm3=0.0, actual_total_nm3=None))
    assert figures.difference_nm3 is None
    assert figures.difference_pct is None
    assert figures.inside_band is None
    assert figures.mape_pct is None
    assert figures.bias_nm3 is None
    assert figures.fit is None


@pytest.mark.parametrize(
    ("actual", "expected", "percent"),
    [(110.0, 100.0, 10.0), (0.0, 100.0, -100.0), (5.0, 0.0, None), (None, 100.0, None)],
)
def test_difference_pct(actual: float | None, expected: float, percent: float | None) -> None:
    assert difference_pct(actual, expected) == percent


def test_running_total_is_silent_outside_the_measured_days() -> None:
    assert running_total([None, 1.0, None, 2.0, None]) == [None, 1.0, 1.0, 3.0, None]
    assert running_total([None, None]) == [None, None]
    assert running_total([]) == []


def test_cumulative_m3_is_at_meter_conditions() -> None:
    assert cumulative_m3([day(0, 4.0, 2.0), day(1, 4.0, None), day(2, 8.0, 6.0)]) == [
        (5.0, 2.5),
        (10.0, 2.5),
        (20.0, 10.0),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((110.0, 100.0, 80.0, 120.0, 0.95), ["110,00 Nm³, un 10,0 % superior a", "dentro de la banda"]),
        ((70.0, 100.0, 80.0, 120.0, 0.95), ["un 30,0 % inferior a", "por debajo de la banda"]),
        (
            (1250.5, 100.0, 80.0, 120.0, 0.95),
            ["1.250,50 Nm³", "1.150,5 % superior", "por encima de la banda"],
        ),
        ((100.04, 100.0, 80.0, 120.0, 0.95), ["igual a la producción estimada de 100,00 Nm³"]),
        ((99.94, 100.0, 80.0, 120.0, 0.95), ["un 0,1 % inferior a"]),
        ((5.0, 0.0, 0.0, 0.0, 1.0), ["no se esperaba producción"]),
        ((None, 100.0, 80.0, 120.0, 0.0), ["No hay lecturas válidas"]),
        ((50.0, 100.0, 80.0, 120.0, 0.42), ["solo el 42,0 %", "insuficiente para sacar conclusiones"]),
        ((50.0, 100.0, 80.0, 120.0, None), ["una parte desconocida", "insuficiente"]),
    ],
)
def test_inference_sentence(
    arguments: tuple[float | None, float, float, float, float | None], words: list[str]
) -> None:
    sentence = inference_sentence(*arguments)
    assert [word for word in words if word not in sentence] == []


def test_enough_coverage_draws_no_warning() -> None:
    assert "insuficiente" not in inference_sentence(50.0, 100.0, 80.0, 120.0, 0.8)


def test_written_inferences_win_over_the_automatic_sentence() -> None:
    assert report_inferences(report_data(inferences=" Baja por el frío. ")) == "Baja por el frío."
    assert report_inferences(report_data(inferences="  ")).startswith("La producción real fue de 38,95 Nm³")
