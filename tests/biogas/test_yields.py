"""The expected curve: worked cases, exact sums, superposition, the band, and what it warns of."""

import math
from itertools import accumulate

import pytest

from app.biogas.gas import normal_factor
from app.biogas.substrates import SUBSTRATES, edited
from app.biogas.yields import Feed, Parameters, expected_series, potential, volatile_solids_kg

METER = (28.0, 1006.5)


def of(key, **values):
    return Parameters.from_substrate(edited(SUBSTRATES[key], values))


def never_above(lower, upper):
    return all(a <= b + 1e-9 for a, b in zip(lower, upper, strict=True))


CATTLE = of("bovino", b0=0.24, k35_per_d=0.10)
THOUSAND_KG = Feed(1000, 80, 28)


def test_the_worked_batch():
    series = expected_series([THOUSAND_KG], CATTLE, 90, *METER)
    assert series.potential.vs_kg == pytest.approx(160)
    assert series.potential.ch4_nm3 == pytest.approx(38.40)
    assert series.potential.biogas_nm3 == pytest.approx(64.0)
    assert series.potential.low_biogas_nm3 * 0.60 == pytest.approx(20.8)
    got = [series.cumulative_ch4_nm3[day - 1] for day in (3, 10, 30, 60, 90)]
    assert got == pytest.approx([2.6707, 16.8286, 33.2979, 37.8131, 38.3325], abs=1e-4)
    assert series.cumulative_biogas_nm3[29] == pytest.approx(55.50, abs=0.005)


def test_days_are_intervals_and_sum_to_the_cumulative():
    series = expected_series([THOUSAND_KG, Feed(300, 75, 33, start_day=4.5)], CATTLE, 60, *METER)
    for daily, cumulative in [
        (series.ch4_nm3, series.cumulative_ch4_nm3),
        (series.biogas_nm3, series.cumulative_biogas_nm3),
        (series.biogas_m3, series.cumulative_biogas_m3),
    ]:
        assert len(daily) == 60
        assert tuple(accumulate(daily)) == cumulative
    assert series.ch4_nm3[:2] == (0, 0)
    assert series.ch4_nm3[2] > series.ch4_nm3[3]


def test_methane_biogas_and_meter_volume_are_one_gas():
    series = expected_series([THOUSAND_KG], CATTLE, 30, *METER)
    assert series.ch4_nm3[10] == pytest.approx(series.biogas_nm3[10] * 0.60)
    assert series.biogas_m3[10] * normal_factor(*METER) == pytest.approx(series.biogas_nm3[10])
    assert series.biogas_m3[10] > series.biogas_nm3[10]


def test_feeds_superpose():
    first, second = Feed(1000, 80, 28), Feed(400, None, 31, start_day=7.25)
    both = expected_series([first, second], CATTLE, 40, *METER)
    apart = [expected_series([feed], CATTLE, 40, *METER) for feed in (first, second)]
    assert both.biogas_nm3 == pytest.approx(
        [a + b for a, b in zip(*(s.biogas_nm3 for s in apart), strict=True)]
    )
    assert both.potential.vs_kg == pytest.approx(sum(s.potential.vs_kg for s in apart))


def test_a_later_start_only_shifts_the_curve():
    now = expected_series([Feed(1000, 80, 28)], CATTLE, 30, *METER)
    later = expected_series([Feed(1000, 80, 28, start_day=5)], CATTLE, 35, *METER)
    assert later.biogas_nm3[5:] == pytest.approx(now.biogas_nm3)
    assert sum(later.biogas_nm3[:5]) == 0


def test_a_feed_before_the_first_day_has_already_given_part():
    old = expected_series([Feed(1000, 80, 28, start_day=-10)], CATTLE, 10, *METER)
    whole = expected_series([Feed(1000, 80, 28)], CATTLE, 20, *METER)
    assert old.biogas_nm3 == pytest.approx(whole.biogas_nm3[10:])


def test_water_dilutes_but_adds_no_solids():
    assert volatile_solids_kg(Feed(1000, 80, 28, added_water_m3=3), CATTLE) == pytest.approx(160)


def test_without_humidity_the_table_decides():
    assert volatile_solids_kg(Feed(1000, None, 28), of("bovino")) == pytest.approx(1000 * 0.12 * 0.80)


def test_warmth_changes_the_speed_not_the_potential():
    cool, warm = (expected_series([Feed(1000, 80, t)], CATTLE, 365, *METER) for t in (20, 35))
    assert cool.potential == warm.potential
    assert cool.cumulative_biogas_nm3[20] < 0.65 * warm.cumulative_biogas_nm3[20]
    assert cool.cumulative_biogas_nm3[-1] == pytest.approx(warm.cumulative_biogas_nm3[-1], rel=0.001)


def test_too_cold_gives_nothing():
    frozen = expected_series([Feed(1000, 80, 5)], CATTLE, 30, *METER)
    assert sum(frozen.biogas_nm3) == 0
    assert sum(frozen.high_biogas_nm3) == 0


@pytest.mark.parametrize("key", sorted(SUBSTRATES))
def test_the_band_holds_every_curve_inside_the_ranges(key):
    feeds = [Feed(1000, None, 30), Feed(500, None, 26, start_day=3.5)]
    parameters = of(key)
    series = expected_series(feeds, parameters, 120, *METER)
    b0, k35 = parameters.b0, parameters.k35_per_d
    for b in (b0.low, b0.default, b0.high):
        for k in (k35.low, math.sqrt(k35.low * k35.high), k35.high):
            curve = expected_series(feeds, of(key, b0=b, k35_per_d=k), 120, *METER)
            assert never_above(series.low_biogas_nm3, curve.biogas_nm3)
            assert never_above(curve.biogas_nm3, series.high_biogas_nm3)
            assert never_above(series.cumulative_low_biogas_nm3, curve.cumulative_biogas_nm3)
            assert never_above(curve.cumulative_biogas_nm3, series.cumulative_high_biogas_nm3)
    assert series.cumulative_high_biogas_nm3[-1] <= series.potential.high_biogas_nm3


@pytest.mark.parametrize(
    ("ts_pct", "vs_ts", "bmp", "nm3_per_tonne"),
    [
        (28, 0.75, 0.165, 34.7),  # horse manure
        (33, 0.95, 0.340, 106.6),  # maize silage
        (33, 0.95, 0.329, 103.0),  # cereal whole plant
        (35, 0.90, 0.310, 97.7),  # grass silage
        (23, 0.90, 0.350, 72.5),  # sugar beet
    ],
)
def test_guideline_values_per_tonne_of_fresh_mass(ts_pct, vs_ts, bmp, nm3_per_tonne):
    parameters = of("residuo_comida", ts_pct=ts_pct, vs_ts=vs_ts, b0=bmp)
    assert potential([Feed(1000, None, 35)], parameters).ch4_nm3 == pytest.approx(nm3_per_tonne, rel=0.002)


def test_rule_of_thumb_of_25_kg_of_dung():
    assert potential([Feed(25, 84, 30)], of("bovino")).biogas_nm3 == pytest.approx(1.07, abs=0.005)


@pytest.mark.parametrize(
    ("feed", "key", "codes"),
    [
        (Feed(1000, 90, 30), "bovino", {"lag_phase"}),
        (Feed(1000, 90, 12), "bovino", {"lag_phase", "temperature_outside_validity"}),
        (Feed(1000, 90, 45), "bovino", {"lag_phase", "temperature_outside_validity"}),
        (Feed(1000, 70, 30), "bovino", {"lag_phase", "too_dry"}),
        (Feed(1000, 70, 30, added_water_m3=2), "bovino", {"lag_phase"}),
        (Feed(1000, 99, 30), "bovino", {"lag_phase", "too_wet"}),
        (Feed(1000, 80, 30), "aves_ponedora", {"lag_phase", "ammonia"}),
        (Feed(1000, 80, 30), "aves_engorde", {"lag_phase", "ammonia"}),
        (Feed(0, 80, 30), "bovino", {"lag_phase"}),
    ],
)
def test_warnings(feed, key, codes):
    notices = expected_series([feed], of(key), 30, *METER).warnings
    assert {notice.code for notice in notices} == codes
    assert all(notice.message.endswith(".") for notice in notices)


def test_no_lag_no_warning():
    assert expected_series([Feed(1000, 90, 30)], of("bovino", lag_d=0), 30, *METER).warnings == ()


@pytest.mark.parametrize("feeds", [[], [Feed(0, 80, 30)], [Feed(1000, 100, 30)]])
def test_nothing_in_nothing_out(feeds):
    series = expected_series(feeds, CATTLE, 10, *METER)
    assert sum(series.biogas_nm3) == 0
    assert series.potential.biogas_nm3 == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Feed(-1, 80, 30),
        lambda: Feed(math.nan, 80, 30),
        lambda: Feed(1000, 101, 30),
        lambda: Feed(1000, 80, 308),
        lambda: Feed(1000, 80, 30, added_water_m3=-1),
        lambda: Feed(1000, 80, 30, start_day=math.inf),
        lambda: expected_series([], CATTLE, 0, *METER),
        lambda: expected_series([], CATTLE, 10, 28.0, 10.065),
    ],
)
def test_refuses_impossible_values(wrong):
    with pytest.raises(ValueError, match="must be between"):
        wrong()
