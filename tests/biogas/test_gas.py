"""Norm volumes against the published vectors and against mistakes of unit."""

import math

import pytest

from app.biogas import gas


@pytest.mark.parametrize(
    ("temperature_c", "pressure_hpa", "relative_humidity", "factor"),
    [
        (35, 1013.25, 1.0, 0.83727),
        (35, 1013.25, 0.0, 0.88642),
        (30, 1010, 1.0, 0.86047),
        (28, 1006.5, 1.0, 0.86720),
        (25, 1006.5, 1.0, 0.88146),
        (20, 1013.25, 1.0, 0.91032),
        (38, 1020, 1.0, 0.82635),
        (55, 1013.25, 1.0, 0.70263),
        (0, 1013.25, 0.0, 1.0),
    ],
)
def test_normal_factor(temperature_c, pressure_hpa, relative_humidity, factor):
    got = gas.normal_factor(temperature_c, pressure_hpa, relative_humidity)
    assert got == pytest.approx(factor, abs=6e-6)


def test_enhancement_gives_the_volume_of_the_reference_package():
    # 100 mL at 35 degC and 1 atm, saturated: the case the R package "biogas" tests itself with.
    assert gas.to_normal_nm3(100, 35, 1013.25, enhancement=True) == pytest.approx(83.7015, abs=5e-5)


@pytest.mark.parametrize(("temperature_c", "vapour_hpa"), [(0, 6.1094), (20, 23.334), (55, 157.96)])
def test_saturation_vapour_pressure(temperature_c, vapour_hpa):
    assert gas.saturation_vapour_pressure_hpa(temperature_c) == pytest.approx(vapour_hpa, rel=3e-5)


@pytest.mark.parametrize("temperature_c", [0, 15, 28, 35, 55])
def test_there_and_back(temperature_c):
    there = gas.to_normal_nm3(12.5, temperature_c, 1006.5)
    assert gas.from_normal_m3(there, temperature_c, 1006.5) == pytest.approx(12.5, rel=1e-14)


def test_humid_gas_holds_less_than_dry_gas():
    factors = [gas.normal_factor(35, 1013.25, humidity) for humidity in (0.0, 0.5, 1.0)]
    assert factors == sorted(factors, reverse=True)
    assert len(set(factors)) == 3


@pytest.mark.parametrize(
    ("temperature_c", "pressure_hpa", "relative_humidity"),
    [
        (35, 101.325, 1.0),  # kPa given as hPa
        (35, 20, 1.0),  # gauge pressure of a bag digester
        (35, 101325, 1.0),  # Pa
        (308, 1013.25, 1.0),  # kelvin
        (-30, 1013.25, 1.0),
        (35, 1013.25, 60),  # per cent instead of a fraction
        (35, 1013.25, -0.1),
        (math.nan, 1013.25, 1.0),
        (35, math.nan, 1.0),
        (35, math.inf, 1.0),
    ],
)
def test_refuses_values_out_of_range(temperature_c, pressure_hpa, relative_humidity):
    with pytest.raises(ValueError, match="must be between"):
        gas.normal_factor(temperature_c, pressure_hpa, relative_humidity)


def test_refuses_boiling_water():
    with pytest.raises(ValueError, match="no dry gas"):
        gas.normal_factor(95, 400)


def test_enhancement_needs_a_pressure():
    with pytest.raises(ValueError, match="pressure_hpa"):
        gas.saturation_vapour_pressure_hpa(35, enhancement=True)
