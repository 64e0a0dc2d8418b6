"""How a cumulative register (TOTAL) is read: resets, rollovers, spikes, glitches, jumps and gaps.

Knows one register at a time and no days; flows and increments are in flow.py, the door is meter.py.
"""

import math
from collections.abc import Iterable

from app.biogas.meter_state import Event, EventKind, MeterSpec, MeterState, Sample, Span

# Doubts in a row after which a signal is erratic: better to start again than to wait for ever.
MAX_QUARANTINE = 20
# A register that fell from its last tenth into its first one went round, if the flow allows it.
_NEARLY_FULL, _NEARLY_EMPTY = 0.9, 0.1
_NOISE_SHARE = 0.001


class Register:
    """The fold over a register's samples. `frontier_ms` and `value` are the last credible reading (NaN before
    the first); samples that contradict it wait in `pending` until later ones say who was right."""

    def __init__(self, spec: MeterSpec, state: MeterState | None) -> None:
        known = state or MeterState(0, math.nan, 0)
        self.spec = spec
        self.spans: list[Span] = []
        self.events: list[Event] = []
        self.frontier_ms = known.frontier_ms
        self.value = math.nan if known.value is None else known.value
        self.last_ms = known.last_ms
        self.pending: list[Sample] = list(known.pending)
        self.rejected = known.rejected
        self.still_since_ms = known.still_since_ms
        self._max_per_ms = spec.max_m3_per_ms / spec.factor
        self._step = spec.resolution_m3 / spec.factor

    def state(self) -> MeterState | None:
        """Return the checkpoint after the samples read so far; None before the first one."""
        if math.isnan(self.value):
            return None
        pending = tuple(self.pending)
        return MeterState(
            self.frontier_ms, self.value, self.last_ms, pending, self.rejected, self.still_since_ms
        )

    def read(self, samples: Iterable[Sample]) -> None:
        """Read samples in order of time. A credible one costs a comparison; the rest go to _judge."""
        per_ms, step = self._max_per_ms * self.spec.margin, self._step
        factor, max_gap_ms = self.spec.factor, self.spec.max_gap_ms
        start, base, still, last = self.frontier_ms, self.value, self.still_since_ms, self.last_ms
        calm, keep = not self.pending, self.spans.append
        for last, value in samples:
            rise, passed = value - base, last - start
            if calm and 0.0 <= rise <= passed * per_ms + step and passed <= max_gap_ms:
                keep(Span(start, last, rise * factor, False))
                if rise:
                    still = last
                start, base = last, value
                continue
            self.frontier_ms, self.value, self.still_since_ms = start, base, still
            self._judge(last, value)
            start, base, still = self.frontier_ms, self.value, self.still_since_ms
            calm = not self.pending
        self.frontier_ms, self.value, self.still_since_ms, self.last_ms = start, base, still, last

    def replace(self, ts_ms: int, final: float, initial: float) -> None:
        """Somebody changed the meter: the old one ended at `final`, the new one began at `initial`."""
        if math.isnan(self.value):
            return
        self._reject()
        if ts_ms > self.frontier_ms:
            self._measure(ts_ms, max(final - self.value, 0.0))
        self._note(ts_ms, EventKind.REPLACED, {"from": final, "to": initial})
        self._rebase(ts_ms, initial, ts_ms)

    def conclude(self) -> None:
        """No more samples will come: give what is pending its most careful meaning."""
        if not self.pending:
            return
        ts_ms, value = self.pending[0]
        wrapped = self._wrapped(ts_ms, value)
        if wrapped is not None:
            self._measure(ts_ms, wrapped)
            self._note(ts_ms, EventKind.ROLLOVER, {"from": self.value, "to": value})
        elif not self._is_coarse_step(ts_ms, value):
            self._reject()

    def _judge(self, ts_ms: int, value: float) -> None:
        if math.isnan(self.value):
            self._rebase(ts_ms, value, ts_ms)
        elif self._backs_the_jump(ts_ms, value):
            self._support(ts_ms, value)
        elif self._follows((self.frontier_ms, self.value), ts_ms, value):
            self._reject()
            self._accept(ts_ms, value)
        elif self.pending and self._follows(self.pending[-1], ts_ms, value):
            self._support(ts_ms, value)
        else:
            self._reject()
            self.pending = [(ts_ms, value)]
            self.rejected += 1
            if self.rejected > MAX_QUARANTINE:
                self._note(ts_ms, EventKind.JUMP, {"from": self.value, "to": value})
                self._rebase(ts_ms, value, ts_ms)

    def _follows(self, before: Sample, ts_ms: int, value: float) -> bool:
        start_ms, base = before
        noise = max(2.0 * self._step, _NOISE_SHARE * abs(base))
        return -noise <= value - base <= self._limit(ts_ms - start_ms)

    def _limit(self, passed_ms: int) -> float:
        return passed_ms * self._max_per_ms * self.spec.margin + self._step

    def _is_up(self) -> bool:
        return bool(self.pending) and self.pending[0][1] > self.value

    def _backs_the_jump(self, ts_ms: int, value: float) -> bool:
        # With time every small jump comes within reach of the flow: once in doubt, time alone proves nothing.
        if not self._is_up() or value < self.pending[-1][1]:
            return False
        return self._follows(self.pending[-1], ts_ms, value)

    def _support(self, ts_ms: int, value: float) -> None:
        self.pending.append((ts_ms, value))
        self.rejected += 1
        self._confirm()

    def _confirm(self) -> None:
        """Believe the pending samples once enough of them agree: two for a fall, more for a jump."""
        if self._is_up() and len(self.pending) <= self.spec.confirmations:
            return
        (ts_ms, value), *later = self.pending
        still_since_ms: int | None = ts_ms
        if value < self.value:
            self._restart(ts_ms, value)
            # A register that restarted at zero may come back with its old reading: no step of its own.
            still_since_ms = None
        elif self._is_coarse_step(ts_ms, value):
            self._measure(ts_ms, value - self.value)
        else:
            self._note(ts_ms, EventKind.JUMP, {"from": self.value, "to": value})
        self._rebase(ts_ms, value, still_since_ms)
        for sample in later:
            self._accept(*sample)

    def _is_coarse_step(self, ts_ms: int, value: float) -> bool:
        # A register that shows whole m3 stands still for hours, then steps further than the flow allows since
        # its last sample, but not since its last step, and stands still again. That is gas, not a jump.
        stands_still = all(later == value for _, later in self.pending)
        if self.still_since_ms is None or value <= self.value or not stands_still:
            return False
        return value - self.value <= self._limit(ts_ms - self.still_since_ms)

    def _restart(self, ts_ms: int, value: float) -> None:
        """The register fell: it went round, or began again and then holds at least what it shows now."""
        fall = {"from": self.value, "to": value}
        wrapped = self._wrapped(ts_ms, value)
        if wrapped is not None:
            self._measure(ts_ms, wrapped)
            self._note(ts_ms, EventKind.ROLLOVER, fall)
            return
        # More than the flow allows is an old reading restored, not gas; the interval stays unmeasured.
        if 0.0 <= value <= self._max_per_ms * (ts_ms - self.frontier_ms):
            self._measure(ts_ms, value)
        self._note(ts_ms, EventKind.RESET, fall)

    def _wrapped(self, ts_ms: int, value: float) -> float | None:
        """Return the rise through the end of the register, None when it cannot have gone round."""
        capacity = self.spec.capacity
        if capacity is None or self.value <= _NEARLY_FULL * capacity:
            return None
        rise = value + capacity - self.value
        if not 0.0 <= value < _NEARLY_EMPTY * capacity:
            return None
        return rise if 0.0 <= rise <= self._limit(ts_ms - self.frontier_ms) else None

    def _accept(self, ts_ms: int, value: float) -> None:
        rise = max(value - self.value, 0.0)  # a dip within the noise: the largest reading stays the base
        self._measure(ts_ms, rise)
        moved = rise > 0.0
        self._rebase(ts_ms, value if moved else self.value, ts_ms if moved else self.still_since_ms)

    def _measure(self, end_ms: int, rise: float) -> None:
        gap = end_ms - self.frontier_ms > self.spec.max_gap_ms
        self.spans.append(Span(self.frontier_ms, end_ms, rise * self.spec.factor, gap))
        if gap:
            self._note(self.frontier_ms, EventKind.GAP, {"until_ms": end_ms})

    def _rebase(self, ts_ms: int, value: float, still_since_ms: int | None) -> None:
        self.frontier_ms, self.value, self.still_since_ms = ts_ms, value, still_since_ms
        self.pending, self.rejected = [], 0

    def _reject(self) -> None:
        if self.pending:
            ts_ms, value = self.pending[0]
            kind = EventKind.SPIKE if self._is_up() else EventKind.GLITCH
            self._note(ts_ms, kind, {"from": self.value, "to": value, "samples": len(self.pending)})
            self.pending = []

    def _note(self, ts_ms: int, kind: EventKind, detail: dict[str, float]) -> None:
        self.events.append(Event(ts_ms, kind, detail))
