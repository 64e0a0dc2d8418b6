"""The words of metering: what a meter is, what it has shown so far, what came out of it. No arithmetic.

The rules that read a meter are in register.py and flow.py; meter.py is their door.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple

Sample = tuple[int, float]  # (ts_ms since the epoch, value as the device sent it)


class MeterKind(StrEnum):
    """What a channel's value means: m3 since ever, m3 since the last message, m3 per hour now."""

    TOTAL = "total"
    INCREMENT = "increment"
    RATE = "rate"


class EventKind(StrEnum):
    """What can happen to a meter."""

    RESET = "meter_reset"
    ROLLOVER = "meter_rollover"
    SPIKE = "meter_spike"
    GLITCH = "meter_glitch"
    JUMP = "meter_jump"
    REPLACED = "meter_replaced"
    GAP = "gap"


class Span(NamedTuple):
    """Gas between two instants, evenly spread; `gap`: nobody watched, only the two ends were seen."""

    start_ms: int
    end_ms: int
    volume_m3: float
    gap: bool


class Event(NamedTuple):
    """Something to know about a reading; `detail` holds raw values by name."""

    ts_ms: int
    kind: EventKind
    detail: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """What is known of a meter. Raises ValueError for impossible figures.

    factor: m3 per unit of TOTAL and INCREMENT, m3/h per unit of RATE (L/min: 0.06).
    capacity: the raw value at which a TOTAL starts again from zero; None when it has none or it is unknown.
    max_rate_m3h: the largest flow the pipe can give (None: unknown), allowed `margin` times.
    confirmations: how many samples must agree with a jump before it is believed.
    resolution_m3: the register's smallest step; 0.01 is that of a small bellows meter.
    """

    kind: MeterKind
    factor: float = 1.0
    capacity: float | None = None
    max_rate_m3h: float | None = None
    expected_interval_s: float = 60.0
    margin: float = 1.2
    confirmations: int = 3
    resolution_m3: float = 0.01

    def __post_init__(self) -> None:
        positive = (self.factor, self.expected_interval_s, self.capacity or 1.0)
        if not all(0.0 < value < float("inf") for value in positive):
            raise ValueError("factor, expected_interval_s and capacity must be above zero")
        if self.max_rate_m3h is not None and not 0.0 < self.max_rate_m3h < float("inf"):
            raise ValueError("max_rate_m3h must be above zero")
        if self.margin < 1.0 or self.confirmations < 1 or self.resolution_m3 < 0.0:
            raise ValueError("margin and confirmations start at 1, resolution_m3 at 0")

    @property
    def interval_ms(self) -> int:
        """The expected time between two messages."""
        return max(round(self.expected_interval_s * 1000), 1)

    @property
    def max_gap_ms(self) -> int:
        """The longest silence after which the meter still counts as watched."""
        return max(5 * self.interval_ms, 300_000)

    @property
    def max_m3_per_ms(self) -> float:
        """The largest flow, without margin; so large that it forbids nothing when it is unknown."""
        return (self.max_rate_m3h or 1e15) / 3_600_000


@dataclass(frozen=True, slots=True)
class MeterState:
    """A checkpoint: all that must be remembered of the samples read so far.

    frontier_ms: spans up to here are final; value: the raw reading there (None: none was credible yet);
    last_ms: the newest sample; pending: samples in quarantine, oldest first; rejected: samples doubted since
    the frontier; still_since_ms: since when a TOTAL has not moved (None: unknown after a reset).
    """

    frontier_ms: int
    value: float | None
    last_ms: int
    pending: tuple[Sample, ...] = ()
    rejected: int = 0
    still_since_ms: int | None = None

    def to_json(self) -> str:
        """Return the state as JSON text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "MeterState":
        """Return the state of a text made by to_json."""
        fields = json.loads(text)
        fields["pending"] = tuple((ts_ms, value) for ts_ms, value in fields["pending"])
        return cls(**fields)


class Progress(NamedTuple):
    """What reading some samples gave: the new checkpoint, the spans now final, the events noticed."""

    state: MeterState | None
    spans: list[Span]
    events: list[Event]
