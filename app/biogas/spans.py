"""Spans of gas as intervals of time: cutting them, laying better ones over worse ones, the time they watched.

Where spans come from is in meter.py, what a day is in metered_day.py.
"""

from collections.abc import Iterable, Sequence

from app.biogas.meter_state import Span


def part(span: Span, start_ms: int, end_ms: int) -> Span:
    """Return what `span` gave between two instants inside it, by its share of time."""
    if start_ms == span.start_ms and end_ms == span.end_ms:
        return span
    share = (end_ms - start_ms) / (span.end_ms - span.start_ms)
    return Span(start_ms, end_ms, span.volume_m3 * share, span.gap)


def clipped(spans: Iterable[Span], start_ms: int, end_ms: int) -> Iterable[Span]:
    """Yield the parts of `spans` between two instants."""
    for span in spans:
        if span.start_ms >= start_ms and span.end_ms <= end_ms:
            yield span
        elif span.end_ms > start_ms and span.start_ms < end_ms:
            yield part(span, max(span.start_ms, start_ms), min(span.end_ms, end_ms))


def best_of(layers: Sequence[Sequence[Span]]) -> Sequence[Span]:
    """Return what counts of channels given best first: each fills the time the ones before it left free."""
    kept: list[Span] = []
    for layer in layers:
        kept = sorted([*kept, *outside(layer, united(kept))])
    return kept


def outside(spans: Sequence[Span], taken: Sequence[tuple[int, int]]) -> Iterable[Span]:
    """Yield the parts of `spans` outside the intervals `taken`; both in order and without overlaps."""
    first = 0
    for span in spans:
        while first < len(taken) and taken[first][1] <= span.start_ms:
            first += 1
        free_from, at = span.start_ms, first
        while at < len(taken) and taken[at][0] < span.end_ms:
            if taken[at][0] > free_from:
                yield part(span, free_from, taken[at][0])
            free_from = taken[at][1]
            at += 1
        if free_from < span.end_ms:
            yield part(span, free_from, span.end_ms)


def united(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Return the time inside any of `spans` (in order of their start) as intervals that do not touch."""
    found: list[tuple[int, int]] = []
    start_ms = end_ms = None
    for span in spans:
        if end_ms is None or span.start_ms > end_ms:
            if start_ms is not None and end_ms is not None:
                found.append((start_ms, end_ms))
            start_ms, end_ms = span.start_ms, span.end_ms
        elif span.end_ms > end_ms:
            end_ms = span.end_ms
    if start_ms is not None and end_ms is not None:
        found.append((start_ms, end_ms))
    return found


def watched_ms(layers: Iterable[Sequence[Span]]) -> int:
    """Return the time (ms) inside a span of any channel; the inside of a gap was not watched."""
    watched = sorted(span for layer in layers for span in layer if not span.gap)
    return sum(end_ms - start_ms for start_ms, end_ms in united(watched))
