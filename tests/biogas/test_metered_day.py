"""Days cut out of meters: midnight, several channels, checkpoints, and that days sum to the whole."""

import math
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.biogas.meter import MeterKind, MeterSpec, integrate
from app.biogas.metered_day import ChannelSeries, Quality, day_bounds, day_of, day_production, quality

HOUR = 3_600_000
DAY = 24 * HOUR
BOGOTA = ZoneInfo("America/Bogota")

TOTAL = MeterSpec(MeterKind.TOTAL, max_rate_m3h=5, expected_interval_s=3600)
RATE = MeterSpec(MeterKind.RATE, max_rate_m3h=5, expected_interval_s=3600)
INCREMENT = MeterSpec(MeterKind.INCREMENT, max_rate_m3h=5, expected_interval_s=3600)


def every_hour(first, *values):
    return [(first + hour * HOUR, value) for hour, value in enumerate(values)]


def channel(key, spec, samples, end_ms=DAY, opening=None, replacements=None):
    """The series of a day that ends at `end_ms`, with all later samples as lookahead."""
    own = [sample for sample in samples if sample[0] < end_ms]
    later = iter([sample for sample in samples if sample[0] >= end_ms])
    return ChannelSeries(key, spec, opening, own, later, replacements or {})


def by_day(channels, first_ms, days):
    """Compute `days` days one after the other, as the roller does: closing states become opening states."""
    openings = {}
    for start in range(first_ms, first_ms + days * DAY, DAY):
        series = []
        for key, spec, samples, replacements in channels:
            rest = [sample for sample in samples if sample[0] >= start]
            series.append(channel(key, spec, rest, start + DAY, openings.get(key), replacements))
        day = day_production(series, start, start + DAY)
        openings = day.closing
        yield day


# --- midnight --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["America/Bogota", "America/Managua"])
def test_case_15_an_interval_over_midnight_is_shared(zone):
    start, end = day_bounds(date(2026, 11, 20), zone)
    half_past = end - HOUR // 2
    samples = [(half_past, 10.0), (half_past + HOUR, 11.0)]
    first = day_production([channel("gas", TOTAL, samples, end)], start, end)
    opening = first.closing["gas"]
    second = day_production([ChannelSeries("gas", TOTAL, opening, samples[1:])], end, end + DAY)
    assert (first.volume_m3, second.volume_m3) == (0.5, 0.5)
    assert day_of(half_past, zone) == date(2026, 11, 20)
    assert day_of(half_past + HOUR, zone) == date(2026, 11, 21)
    assert datetime.fromtimestamp(start / 1000, ZoneInfo(zone)).hour == 0


@pytest.mark.parametrize(
    ("zone", "offset_h"), [("America/Bogota", 5), ("America/Managua", 6), (BOGOTA, 5), (UTC, 0)]
)
def test_days_begin_at_local_midnight(zone, offset_h):
    start, end = day_bounds(date(2026, 3, 1), zone)
    assert start == datetime(2026, 3, 1, offset_h, tzinfo=UTC).timestamp() * 1000
    assert end - start == DAY
    assert day_of(start, zone) == day_of(end - 1, zone) == date(2026, 3, 1)
    assert day_of(start - 1, zone) == date(2026, 2, 28)


def test_days_of_a_zone_with_summer_time_leave_no_hole():
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    bounds = [day_bounds(day, "America/Santiago") for day in days]
    assert all(before[1] == after[0] for before, after in pairwise(bounds))
    assert {(end - start) // HOUR for start, end in bounds} == {23, 24, 25}
    assert [day_of(start, "America/Santiago") for start, _ in bounds] == days


# --- several channels --------------------------------------------------------------------------------------


def test_case_13_flow_during_a_hole_of_the_total_is_not_counted_twice():
    total = [(0, 10.0), (HOUR, 10.5), (4 * HOUR, 12.0), (5 * HOUR, 12.5)]
    rate = every_hour(0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    day = day_production([channel("rate", RATE, rate), channel("total", TOTAL, total)], 0, DAY)
    assert day.volume_m3 == pytest.approx(2.5)
    assert (day.covered_ms, day.samples) == (5 * HOUR, 10)


def test_case_13_flow_stands_in_where_the_total_ends():
    total = every_hour(0, 10.0, 10.5, 11.0)
    rate = every_hour(0, 0.25, 0.25, 0.25, 0.25, 0.25)
    day = day_production([channel("total", TOTAL, total), channel("rate", RATE, rate)], 0, DAY)
    assert day.volume_m3 == pytest.approx(1.0 + 2 * 0.25)


def test_increments_fill_only_what_is_left_by_their_share_of_time():
    total = [(HOUR // 2, 10.0), (HOUR * 3 // 2, 10.5)]
    rate = [(HOUR, 1.0), (2 * HOUR, 1.0)]
    increments = every_hour(HOUR, 0.4, 0.4, 0.4)
    layers = [("i", INCREMENT, increments), ("r", RATE, rate), ("t", TOTAL, total)]
    day = day_production([channel(*layer) for layer in layers], 0, DAY)
    # 0:30-1:30 total, 1:30-2:00 flow, 0:00-0:30 and 2:00-3:00 increments
    assert day.volume_m3 == pytest.approx(0.5 + 0.5 + 0.2 + 0.4)
    assert day.covered_ms == 3 * HOUR


def test_the_hole_of_a_jump_is_filled_by_the_flow():
    total = every_hour(0, 10, 10.5, 500, 500.5, 501, 501.5)
    rate = every_hour(0, 1, 1, 1, 1, 1, 1)
    day = day_production([channel("total", TOTAL, total), channel("rate", RATE, rate)], 0, DAY)
    assert day.volume_m3 == pytest.approx(0.5 + 1.0 + 1.5)
    assert (day.resets, day.spikes) == (0, 1)


def test_of_two_equal_meters_the_first_counts():
    one, other = every_hour(0, 10, 11, 12), every_hour(0, 50, 53, 56, 59)
    day = day_production([channel("one", TOTAL, one), channel("other", TOTAL, other)], 0, DAY)
    assert day.volume_m3 == pytest.approx(2 + 3)


# --- events, coverage, dependence ------------------------------------------------------------------------


def test_an_outage_is_counted_but_not_covered():
    samples = [(0, 10.0), *every_hour(10 * HOUR, 15, 15.5, 16)]
    day = day_production([channel("gas", TOTAL, samples)], 0, DAY)
    assert day.volume_m3 == pytest.approx(6)
    assert day.covered_ms == 2 * HOUR
    assert day.coverage == pytest.approx(2 / 24)
    assert [event.kind for event in day.events] == ["gap"]


def test_events_belong_to_one_day_each():
    values = [10 + n / 2 for n in range(48)]
    values[5], values[23] = 9999, 0  # the second one is only understood after midnight
    samples = every_hour(0, *values[:30], *[n / 2 for n in range(18)])
    first, second = by_day([("gas", TOTAL, samples, {})], 0, 2)
    assert [event.kind for event in first.events] == ["meter_spike", "meter_glitch"]
    assert [event.kind for event in second.events] == ["meter_reset"]
    assert (first.resets, first.spikes, second.resets, second.spikes) == (0, 2, 1, 0)


def test_lookahead_is_read_only_as_far_as_needed():
    taken = []

    def later():
        for hour in count(24):
            taken.append(hour)
            yield hour * HOUR, {24: 9999.0}.get(hour, 10.0 + hour / 2)

    samples = every_hour(0, *[10.0 + hour / 2 for hour in range(24)])
    day = day_production([ChannelSeries("gas", TOTAL, None, samples, later())], 0, DAY)
    assert day.depends_until_ms == 25 * HOUR
    assert taken[-1] <= 26
    assert day.volume_m3 == pytest.approx(12)


def test_a_day_without_what_follows_is_provisional():
    samples = every_hour(0, 10.0, 10.5)
    assert day_production([channel("gas", TOTAL, samples)], 0, DAY).depends_until_ms is None
    both = [channel("gas", TOTAL, [*samples, (DAY, 11.0)]), channel("rate", RATE, every_hour(0, 1, 1))]
    day = day_production(both, 0, DAY)
    assert day.channels["gas"].depends_until_ms == DAY
    assert day.depends_until_ms is None


def test_a_silent_channel_keeps_no_day_provisional():
    gas = channel("gas", TOTAL, every_hour(DAY, 10.0, 10.5, *[11.0] * 30), 2 * DAY)
    dead = day_production([channel("rate", RATE, [(0, 1.0)])], 0, DAY).closing["rate"]
    never, long_ago = ChannelSeries("never", TOTAL, None, []), ChannelSeries("old", RATE, dead, [])
    day = day_production([gas, never, long_ago], DAY, 2 * DAY)
    assert day.depends_until_ms == 2 * DAY
    # A total that comes back will tell what it counted meanwhile.
    total = day_production([channel("t", TOTAL, [(0, 1.0)])], 0, DAY).closing["t"]
    assert day_production([gas, ChannelSeries("t", TOTAL, total, [])], DAY, 2 * DAY).depends_until_ms is None


def test_no_channel_no_gas():
    day = day_production([], 0, DAY)
    assert (day.volume_m3, day.covered_ms, day.samples, day.events) == (0, 0, 0, ())
    assert day.depends_until_ms is None


def test_part_of_a_day_reads_what_came_before_it():
    samples = every_hour(0, *[10.0 + hour / 2 for hour in range(24)])
    part = day_production([channel("gas", TOTAL, samples, 12 * HOUR)], 6 * HOUR, 12 * HOUR)
    assert part.volume_m3 == pytest.approx(3)
    assert (part.covered_ms, part.samples) == (6 * HOUR, 6)


def test_a_changed_meter_at_night():
    samples = [(22 * HOUR, 10.0), (23 * HOUR, 10.5), (26 * HOUR, 100.0), (27 * HOUR, 100.5)]
    first, second = by_day([("gas", TOTAL, samples, {25 * HOUR: (11.5, 99.5)})], 0, 2)
    assert (first.volume_m3, second.volume_m3) == (1.0, 1.5)
    assert [event.kind for event in second.events] == ["meter_replaced"]


def test_refuses_wrong_days():
    gas = ChannelSeries("gas", TOTAL, None, [(DAY, 1.0)])
    with pytest.raises(ValueError, match="after the day"):
        day_production([gas], 0, DAY)
    with pytest.raises(ValueError, match="a key of its own"):
        day_production([gas, gas], 0, DAY)
    with pytest.raises(ValueError, match="end after its start"):
        day_production([], DAY, DAY)


@pytest.mark.parametrize(
    ("coverage", "resets", "spikes", "expected"),
    [
        (1.0, 0, 0, Quality.GOOD),
        (0.95, 0, 3, Quality.GOOD),
        (0.94, 0, 0, Quality.PARTIAL),
        (1.0, 1, 0, Quality.PARTIAL),
        (1.0, 0, 4, Quality.PARTIAL),
        (0.80, 0, 0, Quality.PARTIAL),
        (0.79, 0, 0, Quality.POOR),
        (0.01, 9, 9, Quality.POOR),
        (0.0, 0, 0, Quality.NONE),
    ],
)
def test_quality(coverage, resets, spikes, expected):
    assert quality(coverage, resets, spikes) is expected


# --- days sum to the whole ---------------------------------------------------------------------------------


@st.composite
def troubled(draw, kind, key):
    """A channel over a few days with resets, spikes, zeros, silences of days and samples around midnight."""
    capacity = draw(st.sampled_from([None, 60.0]))
    spec = MeterSpec(kind, max_rate_m3h=5, expected_interval_s=1800, capacity=capacity)
    now, true, samples = DAY + draw(st.integers(0, 6 * HOUR)), draw(st.floats(0, 59)), []
    steps = st.tuples(
        st.sampled_from([600_000, HOUR // 2, HOUR // 2, HOUR, HOUR, 5 * HOUR, DAY, 2 * DAY + 17]),
        st.floats(0, 1),
        st.sampled_from([*["flow"] * 10, "spike", "zero", "reset", "jump", "midnight"]),
    )
    for passed_ms, flow, what in draw(st.lists(steps, max_size=40)):
        before = now
        now = (now // DAY + 1) * DAY + round(flow * 2) - 1 if what == "midnight" else now + passed_ms
        now = max(now, before + 1)
        true += flow * 5 * (now - before) / HOUR
        true = {"reset": flow, "jump": true + 50 * flow}.get(what, true) % (capacity or math.inf)
        value = {"spike": true + 1000, "zero": 0.0}.get(what, true)
        samples.append((now, value if kind is MeterKind.TOTAL else value % 7))
    changes = draw(
        st.lists(st.tuples(st.integers(DAY, now + 1), st.floats(0, 60), st.floats(0, 60)), max_size=1)
    )
    return key, spec, samples, {ts_ms: (final, initial) for ts_ms, final, initial in changes}


def days_needed(*channels):
    newest = max((samples[-1][0] for _, _, samples, _ in channels if samples), default=0)
    return newest // DAY + 2


@given(st.sampled_from(list(MeterKind)).flatmap(lambda kind: troubled(kind, "gas")))
@settings(max_examples=200, deadline=None)
def test_days_of_a_channel_sum_to_its_whole(meter):
    _, spec, samples, replacements = meter
    whole = integrate(samples, spec, replacements)
    days = list(by_day([meter], 0, days_needed(meter)))
    assert math.fsum(day.volume_m3 for day in days) == pytest.approx(whole.volume_m3, rel=1e-9, abs=1e-9)
    assert sum(day.samples for day in days) == len(samples)
    watched = sum(span.end_ms - span.start_ms for span in whole.spans if not span.gap)
    assert sum(day.covered_ms for day in days) == watched
    events = sorted((event.ts_ms, event.kind) for day in days for event in day.events)
    assert events == sorted((event.ts_ms, event.kind) for event in whole.events)


@given(troubled(MeterKind.TOTAL, "t"), troubled(MeterKind.RATE, "r"), troubled(MeterKind.INCREMENT, "i"))
@settings(max_examples=100, deadline=None)
def test_days_of_several_channels_sum_to_their_whole(total, rate, increment):
    channels = (increment, rate, total)
    needed = days_needed(*channels)
    series = [channel(key, spec, samples, needed * DAY, None, r) for key, spec, samples, r in channels]
    whole = day_production(series, 0, needed * DAY)
    days = list(by_day(channels, 0, needed))
    assert math.fsum(day.volume_m3 for day in days) == pytest.approx(whole.volume_m3, rel=1e-9, abs=1e-9)
    assert sum(day.covered_ms for day in days) == whole.covered_ms
    assert all(day.covered_ms <= DAY for day in days)
    assert all(0 <= day.volume_m3 < math.inf for day in days)


@given(st.sampled_from(list(MeterKind)).flatmap(lambda kind: troubled(kind, "gas")), st.integers(1, 200))
@settings(max_examples=100, deadline=None)
def test_a_final_day_stays_as_it_is_when_more_comes(meter, more_ms):
    key, spec, samples, replacements = meter
    end = 3 * DAY
    day = day_production([channel(key, spec, samples, end, None, replacements)], 2 * DAY, end)
    if day.depends_until_ms is None:
        return
    known = [sample for sample in samples if sample[0] <= day.depends_until_ms]
    again = [*known, (day.depends_until_ms + more_ms, 3.0)]
    known_changes = {ts_ms: r for ts_ms, r in replacements.items() if ts_ms <= day.depends_until_ms}
    later = day_production([channel(key, spec, again, end, None, known_changes)], 2 * DAY, end)
    assert (later.volume_m3, later.events, later.closing) == (day.volume_m3, day.events, day.closing)
