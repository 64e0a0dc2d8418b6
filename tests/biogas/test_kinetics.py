"""The closed formulas against tables computed by hand from their definitions."""

import math

import pytest

from app.biogas import kinetics


@pytest.mark.parametrize(
    ("b0", "k_per_d", "expected"),
    [
        (0.24, 0.10, (0.09443, 0.15171, 0.20752, 0.22805, 0.23941)),
        (0.45, 0.13, (0.21508, 0.32736, 0.41658, 0.44089, 0.44982)),
        (0.35, 0.25, (0.24972, 0.32127, 0.34764, 0.34981, 0.35)),
    ],
)
def test_first_order_batch(b0, k_per_d, expected):
    got = [kinetics.first_order_yield(b0, k_per_d, day) for day in (5, 10, 20, 30, 60)]
    assert got == pytest.approx(list(expected), abs=1e-5)


def test_a_batch_gives_nothing_before_it_starts():
    assert kinetics.first_order_yield(0.24, 0.1, -3) == 0


@pytest.mark.parametrize(("hrt_d", "expected"), [(15, 0.1440), (20, 0.1600), (30, 0.1800), (60, 0.2057)])
def test_first_order_stirred(hrt_d, expected):
    assert kinetics.cstr_yield(0.24, 0.10, hrt_d) == pytest.approx(expected, abs=1e-4)


GOMPERTZ = [
    ((300, 20, 2), (6.038, 11.536, 19.796, 61.898, 158.538, 270.327, 294.941, 299.978), 7.5182),
    ((240, 12, 3), (4.031, 6.775, 10.661, 30.246, 84.002, 183.271, 223.937, 239.718), 10.3576),
]


@pytest.mark.parametrize(("curve", "expected", "peak_day"), GOMPERTZ)
def test_gompertz_as_published(curve, expected, peak_day):
    got = [kinetics.gompertz_raw(*curve, day) for day in (0, 1, 2, 5, 10, 20, 30, 60)]
    assert got == pytest.approx(list(expected), abs=1e-3)
    assert kinetics.gompertz_peak_day(*curve) == pytest.approx(peak_day, abs=1e-4)


@pytest.mark.parametrize("curve", [curve for curve, _, _ in GOMPERTZ])
def test_gompertz_peaks_at_a_over_e_with_slope_r(curve):
    potential, rate, _ = curve
    day = kinetics.gompertz_peak_day(*curve)
    assert kinetics.gompertz_raw(*curve, day) == pytest.approx(potential / math.e)
    slope = (kinetics.gompertz_raw(*curve, day + 1e-4) - kinetics.gompertz_raw(*curve, day - 1e-4)) / 2e-4
    assert slope == pytest.approx(rate, rel=1e-6)


@pytest.mark.parametrize("curve", [curve for curve, _, _ in GOMPERTZ])
def test_gated_gompertz_starts_at_zero_and_ends_at_the_potential(curve):
    assert kinetics.gompertz_yield(*curve, 0) == 0
    assert kinetics.gompertz_yield(*curve, -1) == 0
    assert 0 < kinetics.gompertz_yield(*curve, 0.01) < 0.1
    assert kinetics.gompertz_yield(*curve, 1000) == pytest.approx(curve[0])


def test_gompertz_of_nothing_or_of_a_very_late_start_is_zero():
    assert kinetics.gompertz_raw(0, 20, 2, 10) == 0
    assert kinetics.gompertz_yield(0, 20, 2, 10) == 0
    assert kinetics.gompertz_raw(1, 500, 10_000, 0) == 0


@pytest.mark.parametrize(
    ("temperature_c", "ratio"),
    [(15, 0.202), (20, 0.402), (25, 0.601), (28, 0.72086), (30, 0.801), (35, 1), (9.9, 0), (-5, 0)],
)
def test_speed_by_temperature(temperature_c, ratio):
    assert kinetics.rate_ratio(temperature_c) == pytest.approx(ratio, abs=5e-4)


@pytest.mark.parametrize(
    ("temperature_c", "hrt_d", "rate", "yield_"),
    [(35, 15, 0.78643, 0.19661), (35, 30, 0.43724, 0.21862), (25, 30, 0.40819, 0.20409)],
)
def test_chen_hashimoto_cattle(temperature_c, hrt_d, rate, yield_):
    mu, inhibition = kinetics.growth_rate_per_d(temperature_c), kinetics.cattle_inhibition(60)
    assert inhibition == pytest.approx(0.85856, abs=1e-5)
    assert kinetics.chen_hashimoto_yield(0.24, hrt_d, mu, inhibition) == pytest.approx(yield_, abs=1e-5)
    assert kinetics.chen_hashimoto_rate_per_d(0.24, 60, hrt_d, mu, inhibition) == pytest.approx(
        rate, abs=1e-5
    )


def test_chen_hashimoto_swine():
    mu, inhibition = kinetics.growth_rate_per_d(35), kinetics.swine_inhibition(50)
    assert inhibition == pytest.approx(0.86383, abs=1e-5)
    assert kinetics.chen_hashimoto_yield(0.45, 15, mu, inhibition) == pytest.approx(0.36823, abs=1e-5)
    assert kinetics.chen_hashimoto_rate_per_d(0.45, 50, 15, mu, inhibition) == pytest.approx(
        1.22743, abs=1e-5
    )


def test_chen_hashimoto_with_the_constants_of_rufas():
    got = [kinetics.chen_hashimoto_yield(240, hrt_d, 0.637, 3.1) for hrt_d in (10, 15, 20, 25, 30, 60)]
    assert got == pytest.approx([152.16, 176.16, 189.87, 198.72, 204.92, 221.55], abs=0.01)


def test_washout():
    mu = kinetics.growth_rate_per_d(35)
    assert 1 / mu == pytest.approx(3.07, abs=0.01)
    assert kinetics.chen_hashimoto_yield(0.24, 3.0, mu, 0.85) == 0
    assert kinetics.chen_hashimoto_yield(0.24, 3.2, mu, 0.85) > 0
