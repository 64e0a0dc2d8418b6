"""The gas of one day from the channels that measure it, whatever gap, reset or midnight lies in between.

Works on checkpoints: opening states in, closing states out. How one meter is read is in meter.py; where
samples and states are kept is not known here.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from operator import itemgetter
from zoneinfo import ZoneInfo

from app.biogas.meter import (
    Event,
    EventKind,
    MeterKind,
    MeterSpec,
    MeterState,
    Replacements,
    Sample,
    Span,
    advance,
    conclude,
)
from app.biogas.spans import best_of, clipped, watched_ms

_PRIORITY = {MeterKind.TOTAL: 0, MeterKind.RATE: 1, MeterKind.INCREMENT: 2}
_DOUBTS = (EventKind.SPIKE, EventKind.GLITCH, EventKind.JUMP)

# Under 80 % of a day measured, actual and expected gas are not compared; see monitoring of production.
GOOD_COVERAGE, PARTIAL_COVERAGE = 0.95, 0.80
TOLERATED_SPIKES = 3


class Quality(StrEnum):
    """How far a day's volume can be trusted: buena, parcial, insuficiente, sin datos."""

    GOOD = "good"
    PARTIAL = "partial"
    POOR = "poor"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ChannelSeries:
    """A channel on a day: its state before the first sample, the samples up to the end of the day and those
    after it, in order of time. Of lookahead only as much is read as the end of the day depends on.
    """

    key: str
    spec: MeterSpec
    opening: MeterState | None
    samples: Sequence[Sample]
    lookahead: Iterable[Sample] = ()
    replacements: Replacements = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """What one channel gave. closing is the next day's opening; depends_until_ms is the last sample after the
    day that its end depends on, None while the samples that will decide it have not come; silent: it has said
    nothing for so long that its next sample tells nothing about this day."""

    spans: tuple[Span, ...]
    events: tuple[Event, ...]
    closing: MeterState | None
    depends_until_ms: int | None
    silent: bool


@dataclass(frozen=True, slots=True)
class DayProduction:
    """The gas of a day. volume_m3 is at the meter's conditions; covered_ms the time that some channel watched
    (the inside of a gap is not); resets and spikes (glitches and jumps too) count the day's events."""

    start_ms: int
    end_ms: int
    volume_m3: float
    covered_ms: int
    samples: int
    resets: int
    spikes: int
    channels: Mapping[str, ChannelDay]

    @property
    def coverage(self) -> float:
        """The watched part of the day, 0 to 1."""
        return self.covered_ms / (self.end_ms - self.start_ms)

    @property
    def events(self) -> tuple[Event, ...]:
        """The day's events of all channels in order of time."""
        found = [event for channel in self.channels.values() for event in channel.events]
        return tuple(sorted(found, key=lambda event: event.ts_ms))

    @property
    def closing(self) -> dict[str, MeterState | None]:
        """The state of each channel after the day's samples: the checkpoint the next day opens with."""
        return {key: channel.closing for key, channel in self.channels.items()}

    @property
    def depends_until_ms(self) -> int | None:
        """The last sample that any channel depends on; None while one that is not silent is provisional.

        A reading only changes days that depend on its own channel: see `channels`.
        """
        until = [channel.depends_until_ms for channel in self.channels.values() if not channel.silent]
        known = [ts_ms for ts_ms in until if ts_ms is not None]
        return max(known) if known and len(known) == len(until) else None


def day_production(channels: Sequence[ChannelSeries], start_ms: int, end_ms: int) -> DayProduction:
    """Return the gas between two instants, measured by `channels` that all watch the same pipe.

    At each moment the best channel that covers it counts: TOTAL before RATE before INCREMENT, among equals
    the first given. A span that is cut (by midnight or by a better channel) gives its share of time.
    Summed over consecutive days the volumes are those of the whole. Raises ValueError for an empty day, two
    channels of one key, or samples after the day among those of the day.
    """
    if end_ms <= start_ms or len({channel.key for channel in channels}) < len(channels):
        raise ValueError("a day must end after its start, and each channel has a key of its own")
    days = {channel.key: _channel_day(channel, start_ms, end_ms) for channel in channels}
    ranked = sorted(channels, key=lambda channel: _PRIORITY[channel.spec.kind])
    layers = [days[channel.key].spans for channel in ranked]
    kinds = [event.kind for day in days.values() for event in day.events]
    return DayProduction(
        start_ms,
        end_ms,
        volume_m3=math.fsum(span.volume_m3 for span in best_of(layers)),
        covered_ms=watched_ms(layers),
        samples=sum(len(channel.samples) - _before(channel.samples, start_ms) for channel in channels),
        resets=kinds.count(EventKind.RESET),
        spikes=sum(kind in _DOUBTS for kind in kinds),
        channels=days,
    )


def quality(coverage: float, resets: int, spikes: int) -> Quality:
    """Judge a day by the watched part of it (0-1) and the resets and spikes seen."""
    if coverage <= 0.0:
        return Quality.NONE
    if coverage < PARTIAL_COVERAGE:
        return Quality.POOR
    if coverage < GOOD_COVERAGE or resets or spikes > TOLERATED_SPIKES:
        return Quality.PARTIAL
    return Quality.GOOD


def day_bounds(day: date, zone: tzinfo | str) -> tuple[int, int]:
    """Return the first instant of a local day and that of the next one, in ms since the epoch."""
    zone = _zone(zone)
    start, end = (datetime.combine(when, time(), zone) for when in (day, day + timedelta(days=1)))
    return round(start.timestamp() * 1000), round(end.timestamp() * 1000)


def day_of(ts_ms: int, zone: tzinfo | str) -> date:
    """Return the local day in which an instant (ms since the epoch) lies."""
    return datetime.fromtimestamp(ts_ms // 1000, _zone(zone)).date()


def _zone(zone: tzinfo | str) -> tzinfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone


def _channel_day(channel: ChannelSeries, start_ms: int, end_ms: int) -> ChannelDay:
    if channel.samples and channel.samples[-1][0] >= end_ms:
        raise ValueError(f"channel {channel.key} has samples after the day")
    spec, replacements = channel.spec, channel.replacements
    closing, spans, events = advance(channel.opening, channel.samples, spec, replacements)
    state, until_ms = closing, None
    for sample in channel.lookahead:
        if state is not None and state.frontier_ms >= end_ms:
            break
        state, more_spans, more_events = advance(state, [sample], spec, replacements)
        spans += more_spans
        events += more_events
        until_ms = sample[0]
    silent = until_ms is None and not channel.samples and _says_nothing(state, spec, start_ms)
    if state is None or state.frontier_ms < end_ms:
        until_ms = None
        _, more_spans, more_events = conclude(state, spec)
        spans += more_spans
        events += more_events
    of_day = tuple(event for event in events if start_ms <= event.ts_ms < end_ms)
    return ChannelDay(tuple(clipped(spans, start_ms, end_ms)), of_day, closing, until_ms, silent)


def _says_nothing(state: MeterState | None, spec: MeterSpec, start_ms: int) -> bool:
    if state is None:
        return True
    # A total that speaks again tells how much came in between; a flow or an increment does not.
    return spec.kind is not MeterKind.TOTAL and state.frontier_ms + spec.max_gap_ms < start_ms


def _before(samples: Sequence[Sample], ts_ms: int) -> int:
    return bisect_left(samples, ts_ms, key=itemgetter(0))
