"""From a meter's samples to volumes of gas: the one place where readings become production.

A fold with checkpoints: advance() carries a MeterState over new samples and hands out what has become final.
The rules are in register.py (TOTAL) and flow.py (RATE, INCREMENT), days in metered_day.py. No database.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from app.biogas.flow import read_increment, read_rate
from app.biogas.meter_state import (
    Event,
    EventKind,
    MeterKind,
    MeterSpec,
    MeterState,
    Progress,
    Sample,
    Span,
)
from app.biogas.register import Register

__all__ = [
    "Event",
    "EventKind",
    "Integral",
    "MeterKind",
    "MeterSpec",
    "MeterState",
    "Progress",
    "Replacements",
    "Sample",
    "Span",
    "advance",
    "conclude",
    "integrate",
]

# When somebody changed the meter: ts_ms -> (final reading of the old one, initial reading of the new one).
Replacements = Mapping[int, tuple[float, float]]
_NONE: Replacements = {}


class Integral(NamedTuple):
    """A whole series read to its end."""

    volume_m3: float
    spans: list[Span]
    events: list[Event]


def advance(
    state: MeterState | None,
    samples: Iterable[Sample],
    spec: MeterSpec,
    replacements: Replacements = _NONE,
) -> Progress:
    """Read `samples`, in order of time, on from `state` (None: the very first ones).

    Returns the new state, the spans that are final (volumes in m3 at the meter) and the events noticed.
    Reading a series in pieces gives exactly what reading it whole gives. A second sample of one instant and a
    value that is no finite number are passed over; `replacements` concern TOTAL only and take effect with the
    first sample after their time. Raises ValueError for samples out of order.
    """
    fresh = _fresh(samples, state.last_ms if state else None)
    if spec.kind is MeterKind.RATE:
        return read_rate(state, fresh, spec)
    if spec.kind is MeterKind.INCREMENT:
        return read_increment(state, fresh, spec)
    register = Register(spec, state)
    changes = sorted(ts_ms for ts_ms in replacements if state is None or ts_ms >= state.last_ms)
    if changes:
        _read_with_replacements(register, list(fresh), changes, replacements)
    else:
        register.read(fresh)
    return Progress(register.state(), register.spans, register.events)


def conclude(state: MeterState | None, spec: MeterSpec) -> Progress:
    """Return what `state` still has pending, as if no sample would ever follow.

    Provisional: a rollover that fits counts, everything unconfirmed is dropped as spike or glitch. Keep the
    given state, not these spans: the next sample may tell another story.
    """
    if state is None or not state.pending:
        return Progress(state, [], [])
    register = Register(spec, state)
    register.conclude()
    return Progress(state, register.spans, register.events)


def integrate(samples: Iterable[Sample], spec: MeterSpec, replacements: Replacements = _NONE) -> Integral:
    """Read a whole series, in any order, to its end: volume (m3 at the meter), spans and events in order."""
    state, spans, events = advance(None, sorted(samples, key=itemgetter(0)), spec, replacements)
    end = conclude(state, spec)
    spans += end.spans
    events = sorted(events + end.events, key=itemgetter(0))
    return Integral(math.fsum(span.volume_m3 for span in spans), spans, events)


def _fresh(samples: Iterable[Sample], last_ms: int | None) -> Iterator[Sample]:
    """Pass on the samples after last_ms that hold a finite number; a door may let others through."""
    newest = -math.inf if last_ms is None else last_ms
    for sample in samples:
        ts_ms, value = sample
        if ts_ms <= newest:
            if ts_ms < newest:
                raise ValueError(f"samples out of order: {ts_ms} after {newest}")
            continue
        if type(value) is not float:
            if type(value) is not int:
                continue
            sample = (ts_ms, float(value))
        elif value - value != 0.0:  # NaN and infinities
            continue
        newest = ts_ms
        yield sample


def _read_with_replacements(
    register: Register, samples: list[Sample], changes: list[int], replacements: Replacements
) -> None:
    for ts_ms in changes:
        cut = bisect_right(samples, ts_ms, key=itemgetter(0))
        register.read(samples[:cut])
        samples = samples[cut:]
        if not samples:
            return
        register.replace(ts_ms, *replacements[ts_ms])
    register.read(samples)
