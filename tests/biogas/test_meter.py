"""Meter rules: the fifteen published cases, the finer ones, and that reading in pieces changes nothing."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.biogas.meter import (
    EventKind,
    MeterKind,
    MeterSpec,
    MeterState,
    advance,
    conclude,
    integrate,
)

HOUR = 3_600_000
SECOND = 1000
TOTAL = MeterSpec(MeterKind.TOTAL, max_rate_m3h=5, expected_interval_s=3600)
FAST_RATE = MeterSpec(MeterKind.RATE, max_rate_m3h=5, expected_interval_s=1)
FAST_INCREMENT = MeterSpec(MeterKind.INCREMENT, max_rate_m3h=5, expected_interval_s=1)


def hourly(*values):
    return [(hour * HOUR, value) for hour, value in enumerate(values)]


def every_second(value, count):
    return [(second * SECOND, value) for second in range(count)]


def kinds(integral):
    return [event.kind for event in integral.events]


# --- the published cases -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "capacity", "volume_m3", "events"),
    [
        pytest.param((10, 10.5, 11, 0.2, 0.9), None, 1.9, ["meter_reset"], id="1 reset"),
        pytest.param((99999.8, 99999.9, 0.4, 0.9), 100_000, 1.1, ["meter_rollover"], id="2 rollover"),
        pytest.param((10, 9.98, 10.02), None, 0.02, [], id="3 noise"),
        pytest.param((10, 10.1, 9999, 10.2, 10.3), None, 0.3, ["meter_spike"], id="4 spike"),
        pytest.param((10, 10.1, 0, 10.2, 10.3), None, 0.3, ["meter_glitch"], id="5 zero"),
    ],
)
def test_cases_of_a_total(values, capacity, volume_m3, events):
    spec = MeterSpec(MeterKind.TOTAL, max_rate_m3h=5, expected_interval_s=3600, capacity=capacity)
    got = integrate(hourly(*values), spec)
    assert got.volume_m3 == pytest.approx(volume_m3, abs=1e-9)
    assert kinds(got) == events


def test_case_3_without_a_known_step_is_a_glitch_with_the_same_volume():
    # 0.02 is more than 0.1 % of 10: only a register of 0.01 steps makes the dip noise, as the case expects.
    spec = MeterSpec(MeterKind.TOTAL, max_rate_m3h=5, expected_interval_s=3600, resolution_m3=0)
    got = integrate(hourly(10, 9.98, 10.02), spec)
    assert got.volume_m3 == pytest.approx(0.02)
    assert kinds(got) == ["meter_glitch"]


def test_case_6_gas_of_an_outage_is_real_and_flagged():
    got = integrate([(0, 10), (24 * HOUR, 34), (25 * HOUR, 34.5)], TOTAL)
    assert got.volume_m3 == pytest.approx(24.5)
    assert [span.gap for span in got.spans] == [True, False]
    assert kinds(got) == ["gap"]


def test_case_7_order_of_arrival_does_not_matter():
    got = integrate([(0, 10), (2 * HOUR, 11), (HOUR, 10.5), (3 * HOUR, 11.5)], TOTAL)
    assert got.volume_m3 == pytest.approx(1.5)


@pytest.mark.parametrize("kind", list(MeterKind))
def test_case_8_a_message_delivered_three_times_counts_once(kind):
    spec = MeterSpec(kind, max_rate_m3h=5, expected_interval_s=3600)
    once = hourly(0.5, 0.6, 0.7, 0.9)
    assert integrate([sample for sample in once for _ in range(3)], spec) == integrate(once, spec)


@pytest.mark.parametrize(
    ("value", "factor"),
    [pytest.param(0.5, 1.0, id="9 m3/h"), pytest.param(8.3333333333, 0.06, id="10 L/min")],
)
def test_cases_9_and_10_a_flow_for_an_hour(value, factor):
    spec = MeterSpec(MeterKind.RATE, factor=factor, max_rate_m3h=5, expected_interval_s=1)
    assert integrate(every_second(value, 3601), spec).volume_m3 == pytest.approx(0.5)


def test_case_11_increments_for_an_hour():
    got = integrate(every_second(0.5 / 3600, 3600), FAST_INCREMENT)
    assert got.volume_m3 == pytest.approx(0.5)
    assert got.spans[0][:2] == (-SECOND, 0)
    assert sum(span.end_ms - span.start_ms for span in got.spans) == HOUR


def test_case_12_a_flow_is_not_carried_over_a_silence():
    got = integrate([(0, 0.5), (48 * HOUR, 0.5)], FAST_RATE)
    assert (got.volume_m3, got.spans) == (0, [])
    assert [(event.kind, event.ts_ms) for event in got.events] == [("gap", 0)]


# Case 13 (several channels) and 15 (midnight) are in test_metered_day.py.


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, True, "12.3", None])
@pytest.mark.parametrize("kind", list(MeterKind))
def test_case_14_what_is_no_number_is_passed_over(kind, wrong):
    spec = MeterSpec(kind, max_rate_m3h=5, expected_interval_s=3600)
    clean = hourly(0.5, 0.6, 0.7, 0.9)
    assert integrate([*clean[:2], (HOUR + 1, wrong), *clean[2:]], spec) == integrate(clean, spec)
    assert integrate([(-1, wrong), *clean], spec) == integrate(clean, spec)


def test_whole_numbers_are_numbers():
    assert integrate(hourly(10, 11, 12), TOTAL).volume_m3 == 2


# --- registers: finer rules ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "volume_m3", "events"),
    [
        pytest.param((10, 10.1, 500, 500.2, 500.3, 500.4), 0.5, ["meter_jump"], id="jump, three agree"),
        pytest.param((10, 10.1, 500, 500.2, 500.3), 0.1, ["meter_spike"], id="jump, only two agree"),
        pytest.param((10, 10.1, 500, 500, 500, 10.3), 0.3, ["meter_spike"], id="long spike"),
        pytest.param((10, 900, 500, 10.3), 0.3, ["meter_spike", "meter_spike"], id="two spikes"),
        pytest.param((10, 900, 0, 10.3), 0.3, ["meter_spike", "meter_glitch"], id="spike and zero"),
        pytest.param((10, 0, 900, 10.3), 0.3, ["meter_glitch", "meter_spike"], id="zero and spike"),
        pytest.param((100, 60, 60.5, 61), 1.0, ["meter_reset"], id="restored reading is not gas"),
        pytest.param((100, -3, -2.5, -2), 1.0, ["meter_reset"], id="negative reading is not gas"),
        pytest.param((100, 40, 3, 3.5), 3.5, ["meter_glitch", "meter_reset"], id="falls in two steps"),
        pytest.param((100, 0, 0, 0, 0.5), 0.5, ["meter_reset"], id="reset, then no gas"),
        pytest.param((9, 0, 0, 9.1, 9.2, 9.3, 9.4), 0.3, ["meter_reset", "meter_jump"], id="boot"),
        pytest.param((10, 10.1, 0.2), 0.1, ["meter_glitch"], id="fall, then nothing more"),
        pytest.param((500, 10, 10.1, 10.2, 10.3), 0.3, ["meter_reset"], id="first one wrong"),
        pytest.param((10,), 0, [], id="one sample"),
        pytest.param((), 0, [], id="no sample"),
    ],
)
def test_registers(values, volume_m3, events):
    got = integrate(hourly(*values), TOTAL)
    assert got.volume_m3 == pytest.approx(volume_m3, abs=1e-9)
    assert kinds(got) == events


def test_the_interval_of_a_jump_stays_unmeasured():
    got = integrate(hourly(10, 10.1, 500, 500.2, 500.3, 500.4), TOTAL)
    assert [span[:2] for span in got.spans if span.start_ms == HOUR] == []
    assert [span[:2] for span in got.spans][1] == (2 * HOUR, 3 * HOUR)


@pytest.mark.parametrize(
    ("values", "volume_m3", "events"),
    [
        pytest.param((99_000, 0.2, 0.9), 0.9, ["meter_reset"], id="too far from the end to have gone round"),
        pytest.param((80_000, 0.2, 0.9), 0.9, ["meter_reset"], id="not in the last tenth"),
        pytest.param((99_999.9, 0, 99_999.95), 0.05, ["meter_glitch"], id="lone zero near the end"),
        pytest.param((250_000, 0.2, 0.9), 0.9, ["meter_reset"], id="was beyond its own end"),
        pytest.param((99_999.9, 0.4), 0.5, ["meter_rollover"], id="went round at the very end"),
    ],
)
def test_registers_with_an_end(values, volume_m3, events):
    spec = MeterSpec(MeterKind.TOTAL, max_rate_m3h=5, expected_interval_s=3600, capacity=100_000)
    got = integrate(hourly(*values), spec)
    assert got.volume_m3 == pytest.approx(volume_m3, abs=1e-9)
    assert kinds(got) == events


def test_time_alone_makes_no_jump_credible():
    # 7 m3 are too much for one hour though not for two: the later samples agree with the jump, not with gas.
    got = integrate(hourly(10, 17, 17.2, 17.3, 17.4), TOTAL)
    assert got.volume_m3 == pytest.approx(0.4)
    assert kinds(got) == ["meter_jump"]


def test_a_jump_of_a_register_that_stood_still_is_a_jump():
    got = integrate(hourly(10, 10, 10, 20, 20.1, 20.2, 20.3), TOTAL)
    assert got.volume_m3 == pytest.approx(0.3)
    assert kinds(got) == ["meter_jump"]


def test_a_register_of_whole_cubic_metres_counts_all_its_gas():
    # 0.5 m3/h read each minute: the step of 1 m3 looks like 60 m3/h, but it took two hours.
    spec = MeterSpec(MeterKind.TOTAL, max_rate_m3h=5, expected_interval_s=60)
    samples = [(minute * 60_000, 100.0 + minute // 120) for minute in range(24 * 60 + 10)]
    got = integrate(samples, spec)
    assert got.volume_m3 == pytest.approx(12)
    assert kinds(got) == []


def test_an_erratic_signal_does_not_stop_the_meter_for_ever():
    falling = hourly(*[1000.0 - 10 * hour for hour in range(60)])
    state = advance(None, falling, TOTAL).state
    assert state.last_ms - state.frontier_ms <= 21 * HOUR
    assert integrate(falling, TOTAL).volume_m3 == 0


def test_without_a_largest_flow_every_rise_counts():
    spec = MeterSpec(MeterKind.TOTAL, expected_interval_s=3600)
    assert integrate(hourly(10, 9999, 10_000), spec).volume_m3 == 9990


def test_units_of_the_register():
    litres = MeterSpec(MeterKind.TOTAL, factor=0.001, max_rate_m3h=5, expected_interval_s=3600)
    got = integrate(hourly(10_000, 10_500, 9_999_999, 11_000, 200, 900), litres)
    assert got.volume_m3 == pytest.approx(1.9)
    assert kinds(got) == ["meter_spike", "meter_reset"]


# --- a changed meter -------------------------------------------------------------------------------------

CHANGED = {int(2.5 * HOUR): (11.25, 700.0)}


def test_a_changed_meter_takes_its_final_and_first_readings():
    got = integrate(hourly(10, 10.5, 11, 700.25, 700.75), TOTAL, CHANGED)
    assert got.volume_m3 == pytest.approx(1.25 + 0.75)
    assert kinds(got) == ["meter_replaced"]


def test_what_the_old_meter_left_pending_is_dropped():
    got = integrate(hourly(10, 10.5, 9999, 700.25, 700.75), TOTAL, CHANGED)
    assert got.volume_m3 == pytest.approx(1.25 + 0.75)
    assert kinds(got) == ["meter_spike", "meter_replaced"]


def test_a_mistyped_final_reading_takes_no_gas_away():
    got = integrate(hourly(10, 10.5, 11, 700.25), TOTAL, {int(2.5 * HOUR): (1.125, 700.0)})
    assert got.volume_m3 == pytest.approx(1.25)


def test_a_sample_of_the_very_instant_is_the_old_meters():
    got = integrate(hourly(10, 10.5, 11, 700.25), TOTAL, {2 * HOUR: (11.25, 700.0)})
    assert got.volume_m3 == pytest.approx(1.0 + 0.25)
    assert kinds(got) == ["meter_replaced"]


def test_changes_outside_the_series_do_nothing():
    samples = hourly(10, 10.5, 11)
    assert integrate(samples, TOTAL, {-HOUR: (5, 9), 9 * HOUR: (20, 0)}) == integrate(samples, TOTAL)


# --- flows and increments --------------------------------------------------------------------------------


def test_a_flow_is_integrated_by_trapezoids():
    spec = MeterSpec(MeterKind.RATE, max_rate_m3h=5, expected_interval_s=3600)
    assert integrate(hourly(0, 1, 3), spec).volume_m3 == pytest.approx(0.5 + 2.0)


def test_a_flow_too_large_is_bridged_and_noted_once():
    got = integrate([(0, 0.5), (1000, 99), (2000, 99), (3000, 0.5), (4000, 99)], FAST_RATE)
    assert got.volume_m3 == pytest.approx(0.5 * 3 / 3600)
    assert [(event.kind, event.ts_ms) for event in got.events] == [
        ("meter_spike", 1000),
        ("meter_spike", 4000),
    ]


def test_a_flow_backwards_is_no_gas():
    spec = MeterSpec(MeterKind.RATE, max_rate_m3h=5, expected_interval_s=3600)
    assert integrate(hourly(1, -1, -1), spec).volume_m3 == pytest.approx(0.5)


def test_increments_after_a_silence_stand_for_one_interval():
    got = integrate([(0, 0.001), (10 * HOUR, 0.001)], FAST_INCREMENT)
    assert got.spans[1][:2] == (10 * HOUR - SECOND, 10 * HOUR)
    assert [(event.kind, event.ts_ms) for event in got.events] == [("gap", 0)]


def test_impossible_increments_are_dropped_with_their_time():
    got = integrate([(0, 0.001), (1000, 50), (2000, 60), (3000, 0.001), (4000, -1)], FAST_INCREMENT)
    assert got.volume_m3 == pytest.approx(0.002)
    assert [span[:2] for span in got.spans] == [(-1000, 0), (2000, 3000)]
    assert kinds(got) == ["meter_spike", "meter_glitch"]


def test_a_flow_that_begins_with_nonsense():
    got = integrate([(0, 99), (1000, 0.5), (2000, 0.5)], FAST_RATE)
    assert got.volume_m3 == pytest.approx(0.5 / 3600)
    assert kinds(got) == ["meter_spike"]


# --- the fold --------------------------------------------------------------------------------------------


def test_samples_out_of_order_are_refused():
    with pytest.raises(ValueError, match="out of order"):
        advance(None, [(1000, 1.0), (0, 1.0)], TOTAL)
    state = advance(None, [(1000, 1.0)], TOTAL).state
    with pytest.raises(ValueError, match="out of order"):
        advance(state, [(0, 1.0)], TOTAL)


def test_nothing_read_nothing_known():
    assert advance(None, [], TOTAL) == (None, [], [])
    assert advance(None, [(0, math.nan)], TOTAL) == (None, [], [])
    assert conclude(None, TOTAL) == (None, [], [])


def test_concluding_leaves_the_state_alone():
    state = advance(None, hourly(10, 10.5, 9999), TOTAL).state
    end = conclude(state, TOTAL)
    assert end.state == state
    assert [event.kind for event in end.events] == ["meter_spike"]
    assert advance(end.state, [(3 * HOUR, 11.0)], TOTAL).spans[0].volume_m3 == pytest.approx(0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"factor": 0},
        {"factor": math.nan},
        {"capacity": -1},
        {"max_rate_m3h": 0},
        {"max_rate_m3h": math.inf},
        {"expected_interval_s": 0},
        {"margin": 0.5},
        {"confirmations": 0},
        {"resolution_m3": -1},
    ],
)
def test_an_impossible_meter_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|start at"):
        MeterSpec(MeterKind.TOTAL, **wrong)


@st.composite
def meters(draw):
    """A meter and a troubled series of it: flows, resets, spikes, zeros, dips, silences, repetitions."""
    kind = draw(st.sampled_from(list(MeterKind)))
    capacity = draw(st.sampled_from([None, 50.0])) if kind is MeterKind.TOTAL else None
    spec = MeterSpec(kind, max_rate_m3h=5, expected_interval_s=60, capacity=capacity)
    now, true = draw(st.integers(0, HOUR)), draw(st.floats(0, 60))
    samples = []
    steps = st.tuples(
        st.sampled_from([0, 1_000, 30_000, 60_000, 60_000, 61_500, 299_999, 300_001, 2 * HOUR, 30 * HOUR]),
        st.floats(0, 1),
        st.sampled_from([*["flow"] * 12, "spike", "zero", "dip", "reset", "jump", "nan", "restore"]),
    )
    for passed_ms, flow, what in draw(st.lists(steps, max_size=60)):
        now += passed_ms
        true += flow * 5 * passed_ms / HOUR
        true = {"reset": flow, "jump": true + 40 * flow, "restore": true * flow}.get(what, true)
        if capacity:
            true %= capacity
        shown = {"spike": true + 1000 * flow, "zero": 0.0, "dip": true - 0.01 * flow, "nan": math.nan}
        value = shown.get(what, true)
        samples.append((now, value if kind is MeterKind.TOTAL else value % 8))
    changed = draw(st.lists(st.integers(0, now + 1), max_size=2, unique=True))
    replacements = {ts_ms: draw(st.tuples(st.floats(0, 60), st.floats(0, 60))) for ts_ms in changed}
    return spec, samples, replacements


@given(meters(), st.data())
@settings(max_examples=300, deadline=None)
def test_reading_in_pieces_is_reading_whole(meter, data):
    spec, samples, replacements = meter
    whole = advance(None, samples, spec, replacements)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(samples)), max_size=6)))
    state, spans, events = None, [], []
    for start, end in zip([0, *cuts], [*cuts, len(samples)], strict=True):
        state, more_spans, more_events = advance(state, samples[start:end], spec, replacements)
        if state:
            state = MeterState.from_json(state.to_json())
        spans += more_spans
        events += more_events
    assert (state, spans, events) == whole


@given(meters())
@settings(max_examples=300, deadline=None)
def test_spans_are_final_ordered_and_never_negative(meter):
    spec, samples, replacements = meter
    state, spans, events = advance(None, samples, spec, replacements)
    before = -HOUR
    for span in spans:
        assert before <= span.start_ms < span.end_ms <= state.frontier_ms
        assert 0 <= span.volume_m3 < math.inf
        before = span.end_ms
    if state:
        assert state.frontier_ms <= state.last_ms
        assert all(state.frontier_ms < ts_ms <= state.last_ms for ts_ms, _ in state.pending)
    assert all(isinstance(event.kind, EventKind) for event in events)


@given(st.lists(st.floats(0, 5), min_size=2, max_size=50), st.floats(0, 1e5))
@settings(max_examples=100, deadline=None)
def test_a_healthy_register_gives_last_minus_first(flows, first):
    values = [first]
    for flow in flows:
        values.append(values[-1] + flow)
    got = integrate(hourly(*values), TOTAL)
    assert got.volume_m3 == pytest.approx(values[-1] - values[0], abs=1e-6)
    assert got.events == []
