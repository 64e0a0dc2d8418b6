"""The earlier system's numbers, so that the comparison compares with what it really said."""

import pytest

from app.biogas.legacy_model import legacy_series


@pytest.mark.parametrize(
    ("material", "temperature_c", "potential", "mu", "days", "last", "summed"),
    [
        ("bovino", 35, 416.667, 0.235849, 10, 399.480, 404.326),
        ("bovino", 20, 416.667, 0.213088, 11, 402.220, 405.950),
        ("porcino", 35, 451.613, 0.283019, 9, 439.630, 443.615),
        ("vegetal", 35, 363.636, 0.188679, 12, 347.666, 351.345),
    ],
)
def test_regression(material, temperature_c, potential, mu, days, last, summed):
    series = legacy_series(material, 1000, temperature_c)
    assert series.days == tuple(float(day) for day in range(days))
    assert series.substrate_kg_m3 == pytest.approx(33.333, abs=1e-3)
    assert series.mu_per_d == pytest.approx(mu, abs=1e-6)
    assert series.potential_m3 == pytest.approx(potential, abs=1e-3)
    assert series.cumulative_biogas_m3[-1] == pytest.approx(last, abs=1e-3)
    assert sum(series.daily_biogas_m3) == pytest.approx(summed, abs=1e-3)


def test_the_days_of_cattle_dung():
    series = legacy_series("bovino", 1000, 35)
    totals, slopes = series.cumulative_biogas_m3, series.daily_biogas_m3
    assert [totals[0], totals[1], totals[5]] == pytest.approx([0.0006, 0.3400, 241.046], abs=1e-3)
    assert [slopes[0], slopes[1], slopes[4], slopes[5]] == pytest.approx(
        [0.0049, 1.55, 98.197, 84.577], abs=1e-3
    )
    assert max(slopes) == slopes[4]


def test_given_volumes_and_retention_times_change_the_concentration():
    assert legacy_series("bovino", 1000, 35, reactor_volume_m3=50).substrate_kg_m3 == pytest.approx(20)
    assert legacy_series("bovino", 1000, 35, hrt_d=20).substrate_kg_m3 == pytest.approx(50)


def test_an_unknown_material_has_figures_of_its_own():
    assert legacy_series("oro", 600, 35).potential_m3 == pytest.approx(350)


def test_nothing_fed_is_zero_not_an_error():
    series = legacy_series("bovino", 0, 35)
    assert (series.days, series.daily_biogas_m3, series.potential_m3) == ((0.0,), (0.0,), 0.0)


def test_a_curve_that_never_arrives_ends_after_day_121():
    assert legacy_series("bovino", 1000, 35, reactor_volume_m3=1e6).days[-1] == 121


def test_refuses_a_negative_mass():
    with pytest.raises(ValueError, match="zero or more"):
        legacy_series("bovino", -1, 35)
