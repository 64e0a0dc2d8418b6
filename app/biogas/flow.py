"""How flows (RATE, m3/h now) and increments (INCREMENT, m3 since the last message) become volumes.

Each sample stands for itself: nothing waits for confirmation. Cumulative registers are in register.py.
"""

from collections.abc import Iterable

from app.biogas.meter_state import Event, EventKind, MeterSpec, MeterState, Progress, Sample, Span


def read_rate(state: MeterState | None, samples: Iterable[Sample], spec: MeterSpec) -> Progress:
    """Integrate a flow by trapezoids between neighbours; a silence longer than the largest gap gives nothing.

    A flow backwards counts as none; one above the largest is dropped (one event per run of such samples).
    """
    spans: list[Span] = []
    events: list[Event] = []
    highest = spec.max_m3_per_ms * 3_600_000 * spec.margin
    factor, max_gap_ms, per_ms = spec.factor, spec.max_gap_ms, 1.0 / 7_200_000
    start, base, rejected = (state.frontier_ms, state.value, state.rejected) if state else (0, None, 0)
    last = state.last_ms if state else None
    for last, value in samples:
        rate = value * factor
        if rate > highest:
            if not rejected:
                events.append(Event(last, EventKind.SPIKE, {"to": value}))
            rejected += 1
            if base is not None and last - start > max_gap_ms:  # no trapezoid can bridge this any more
                events.append(Event(start, EventKind.GAP, {"until_ms": last}))
                base = None
            start = last if base is None else start
            continue
        rate = max(rate, 0.0)
        if base is not None:
            if last - start <= max_gap_ms:
                spans.append(Span(start, last, (base + rate) * (last - start) * per_ms, False))
            else:
                events.append(Event(start, EventKind.GAP, {"until_ms": last}))
        start, base, rejected = last, rate, 0
    return Progress(_checkpoint(start, base, last, rejected), spans, events)


def read_increment(state: MeterState | None, samples: Iterable[Sample], spec: MeterSpec) -> Progress:
    """Take each increment for the gas since the message before it, or of one interval after a silence.

    One below zero or above the largest flow is dropped (one event per run) and its time stays unmeasured.
    """
    spans: list[Span] = []
    events: list[Event] = []
    interval_ms, max_gap_ms, factor = spec.interval_ms, spec.max_gap_ms, spec.factor
    highest_per_ms, step = spec.max_m3_per_ms * spec.margin, spec.resolution_m3
    before, rejected = (state.frontier_ms, state.rejected) if state else (None, 0)
    for now, value in samples:
        start = now - interval_ms if before is None else before
        if now - start > max_gap_ms:
            events.append(Event(start, EventKind.GAP, {"until_ms": now - interval_ms}))
            start = now - interval_ms
        volume = value * factor
        if 0.0 <= volume <= max(now - start, interval_ms) * highest_per_ms + step:
            spans.append(Span(start, now, volume, False))
            rejected = 0
        else:
            if not rejected:
                kind = EventKind.GLITCH if volume < 0.0 else EventKind.SPIKE
                events.append(Event(now, kind, {"to": value}))
            rejected += 1
        before = now
    return Progress(_checkpoint(before, None, before, rejected), spans, events)


def _checkpoint(
    frontier_ms: int | None, value: float | None, last_ms: int | None, rejected: int
) -> MeterState | None:
    if frontier_ms is None or last_ms is None:
        return None
    return MeterState(frontier_ms, value, last_ms, rejected=rejected)
