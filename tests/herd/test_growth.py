"""Daily gains: the worked series, what cannot be divided, and weights that cannot be true."""

import math
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.herd.growth import ALL_IMPLAUSIBLE, SAME_DAY, TOO_FEW, Limits, Weighing, growth, implausible

START = date(2026, 1, 1)


def series(*pairs):
    return [Weighing(START + timedelta(days=day), kg) for day, kg in pairs]


WORKED = series((0, 120), (60, 162), (120, 195), (180, 246))


def test_the_worked_series():
    found = growth(WORKED)
    assert found.first_to_last.value == pytest.approx(0.700, abs=5e-4)
    assert found.last_interval.value == pytest.approx(0.850, abs=5e-4)
    assert found.least_squares.value == pytest.approx(0.685, abs=5e-4)
    assert found.implausible == ()


def test_rates_carry_what_they_are_made_of():
    first, last, squares, _ = growth(WORKED)
    end = START + timedelta(days=180)
    assert first[2:] == (126, 180, ("kg", "d"), START, end, 2)
    assert last[2:] == (51, 60, ("kg", "d"), START + timedelta(days=120), end, 2)
    assert squares[2:] == (12_330, 18_000, ("kg·d", "d²"), START, end, 4)
    for rate in (first, last, squares):
        assert rate.reason is None
        assert rate.value == rate.numerator / rate.denominator


def test_the_order_does_not_matter():
    assert {growth(order) for order in permutations(WORKED)} == {growth(WORKED)}


def test_a_loss_is_a_negative_gain():
    assert growth(series((0, 300), (30, 270))).first_to_last.value == -1


@pytest.mark.parametrize(
    ("weighings", "reason"),
    [
        ([], TOO_FEW),
        (series((0, 200)), TOO_FEW),
        (series((0, 200), (0, 205)), SAME_DAY),
        (series((0, 200), (0, 200)), SAME_DAY),
        (series((0, 200), (0, 900)), SAME_DAY),
        (series((0, 200), (30, 900)), ALL_IMPLAUSIBLE),
    ],
)
def test_what_cannot_be_divided_is_null_with_its_reason(weighings, reason):
    for rate in growth(weighings)[:3]:
        assert (rate.value, rate.reason, rate.numerator) == (None, reason, None)


def test_two_weights_of_one_day_leave_the_other_rates():
    twice_last = growth([*WORKED, *series((180, 250))])
    assert (twice_last.first_to_last.reason, twice_last.last_interval.reason) == (SAME_DAY, SAME_DAY)
    assert 0.68 < twice_last.least_squares.value < 0.71
    twice_before = growth([*WORKED, *series((120, 190))])
    assert (twice_before.first_to_last.value, twice_before.last_interval.value) == (0.7, None)
    twice_within = growth([*WORKED, *series((60, 160))])
    assert (twice_within.first_to_last.value, twice_within.last_interval.value) == (0.7, 0.85)


def test_the_same_weight_entered_twice_is_one():
    assert growth([*WORKED, WORKED[-1], WORKED[0]]) == growth(WORKED)


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("wrong", [900, 2_150, 21.5])
def test_a_typing_error_is_flagged_and_not_averaged(place, wrong):
    right = series((0, 200), (30, 215), (60, 230), (90, 245), (120, 260))
    typed = [*right[:place], Weighing(right[place].day, wrong), *right[place + 1 :]]
    found = growth(typed)
    assert found.implausible == (typed[place],)
    assert found.first_to_last.value == pytest.approx(0.5)
    assert found.least_squares.value == pytest.approx(0.5)


@pytest.mark.parametrize("place", range(3))
def test_three_weights_are_enough_to_tell(place):
    right = series((0, 200), (60, 210), (90, 220))
    typed = [*right[:place], Weighing(right[place].day, 900), *right[place + 1 :]]
    assert implausible(typed) == (typed[place],)


def test_an_error_beside_a_right_weight_of_that_day():
    assert implausible([*WORKED, *series((180, 900))]) == tuple(series((180, 900)))


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ([200, 900, 220, 900, 240], [1, 3]),
        ([900, 210, 900, 220, 230], [0, 2]),
        ([200, 210, 900, 900, 240, 250], [2, 3]),
        ([900, 210, 900, 220], [0, 1, 2, 3]),  # two against two: nobody knows
    ],
)
def test_two_errors_do_not_vouch_for_each_other(typed, wrong):
    weighings = series(*((30 * position, kg) for position, kg in enumerate(typed)))
    assert implausible(weighings) == tuple(weighings[position] for position in wrong)


@pytest.mark.parametrize(
    "life",
    [
        series((0, 38), (90, 120), (210, 210), (365, 290), (730, 520), (1100, 610)),  # birth to cow
        series((0, 560), (1, 490), (30, 480), (60, 500)),  # a calving
        series((0, 300), (30, 372), (60, 445), (90, 520)),  # a feedlot
        series((0, 420), (90, 340), (180, 300), (270, 390)),  # a dry season, and the rains
        series((0, 200), (400, 600), (430, 615)),  # a long gap
    ],
)
def test_what_bodies_do_is_not_flagged(life):
    assert implausible(life) == ()


def test_nobody_loses_nearly_everything_however_long_it_takes():
    herd = series((0, 480), (30, 490), (60, 500), (400, 24))
    assert implausible(herd) == (herd[-1],)


def test_limits_are_settings():
    sheep = Limits(gain_kg_d=0.5, loss_kg_d=0.3)
    flock = series((0, 30), (30, 80), (60, 38), (90, 42))
    assert implausible(flock, sheep) == (flock[1],)


@pytest.mark.parametrize("kg", [0, -1, math.inf, math.nan])
def test_no_weight_at_all(kg):
    with pytest.raises(ValueError, match="more than 0"):
        growth(series((0, 200), (30, kg)))


@given(
    st.floats(100, 400),
    st.floats(-0.5, 1.5),
    st.lists(st.integers(0, 120), min_size=2, max_size=12, unique=True),
)
def test_a_straight_line_has_its_own_slope(kg, gain, days):
    found = growth(series(*((day, kg + gain * day) for day in days)))
    assert found.implausible == ()
    for rate in found[:3]:
        assert rate.value == pytest.approx(gain, abs=1e-9)
