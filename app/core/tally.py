"""What one process counts of its own requests: totals, and the last minute with its latencies. Numbers only.

Latencies are counted in buckets, each a tenth wider than the one before. So a minute takes the same memory however
much happened in it, and the buckets of several processes can simply be added up.
"""

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

SLICE_S = 5.0
SLICES = 12
WINDOW_S = SLICE_S * SLICES
SMALLEST_MS = 0.1
GROWTH = 1.1
LAST_BUCKET = 150


def bucket_of(ms: float) -> int:
    """The bucket of a latency."""
    if ms <= SMALLEST_MS:
        return 0
    return min(int(math.log(ms / SMALLEST_MS, GROWTH)), LAST_BUCKET)


def middle_of(bucket: int) -> float:
    """The latency (ms) that stands for all of a bucket: at most 5 % off any of them."""
    return float(SMALLEST_MS * GROWTH ** (bucket + 0.5))


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """The latency (ms) that this share of the requests stayed within; None when there were none."""
    rank, passed = share * sum(buckets.values()), 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if passed >= rank:
            return round(middle_of(bucket), 2)
    return None


@dataclass
class Slice:
    """Some seconds of requests."""

    number: int = 0
    errors: int = 0
    buckets: Counter[int] = field(default_factory=Counter)


class Tally:
    """Counts the requests of this process. Errors are the server's own (5xx)."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._lock = threading.Lock()
        self._slices: deque[Slice] = deque(maxlen=SLICES)
        self._untold: Counter[str] = Counter()
        self._told: Counter[str] = Counter()

    def arrive(self) -> None:
        """A request begins."""
        with self._lock:
            self.in_flight += 1

    def settle(self) -> None:
        """A request is over."""
        with self._lock:
            self.in_flight -= 1

    def note(self, status: int, ms: float | None, cached: str | None = None) -> None:
        """An answer: its status, its time (None where that means nothing) and what the cache had to do with it."""
        with self._lock:
            self._untold["requests"] += 1
            self._untold[f"{status // 100}xx"] += 1
            if cached:
                self._untold[f"cache_{cached}"] += 1
            present = self._present(time.monotonic())
            if status >= 500:
                self._untold["errors"] += 1
                present.errors += 1
            if ms is not None:
                present.buckets[bucket_of(ms)] += 1

    def window(self) -> Slice:
        """The last minute as one."""
        with self._lock:
            oldest = int(time.monotonic() / SLICE_S) - SLICES
            whole = Slice()
            for each in self._slices:
                if each.number > oldest:
                    whole.errors += each.errors
                    whole.buckets.update(each.buckets)
            return whole

    def totals(self) -> Counter[str]:
        """Everything since the process began."""
        with self._lock:
            return self._told + self._untold

    def take(self) -> Counter[str]:
        """What has been counted since it was last taken."""
        with self._lock:
            taken, self._untold = self._untold, Counter()
            self._told += taken
            return taken

    def give_back(self, taken: Counter[str]) -> None:
        """It could not be told, and is taken again next time."""
        with self._lock:
            self._told -= taken
            self._untold += taken

    def _present(self, now: float) -> Slice:
        number = int(now / SLICE_S)
        if not self._slices or self._slices[-1].number != number:
            self._slices.append(Slice(number))
        return self._slices[-1]
