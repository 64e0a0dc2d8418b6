"""Telling the screens, in a thread of its own: readings merged by channel, other words in their order.

Ingest only leaves a note here: it never waits for a screen, for Redis or for a lookup.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

log = logging.getLogger("backfinca.live")
MOST_WORDS = 1000
REST_S = 1.0
NEVER = float("-inf")

Word = Callable[[], None]


@dataclass(frozen=True, slots=True)
class LiveReading:
    """One reading as the screen needs it."""

    device_id: int
    device: str
    channel_id: int
    key: str
    quantity: str
    unit: str
    ts_ms: int
    value: float


Send = Callable[[list[LiveReading]], None]


class Pusher:
    """Sends committed readings, at most one for each channel in an interval.

    The first goes out at once; of those that follow within the interval the newest goes out when it ends.
    """

    def __init__(
        self, interval_ms: int, send: Send, context: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self._interval_s = interval_ms / 1000
        self._send = send
        self._context = context
        self._changed = threading.Condition()
        self._words: deque[Word] = deque(maxlen=MOST_WORDS)
        self._waiting: dict[int, LiveReading] = {}
        self._sent_at: dict[int, float] = {}
        self._thread: threading.Thread | None = None
        self._closing = False

    def push(self, readings: Iterable[LiveReading]) -> None:
        """Takes what a batch committed."""
        with self._changed:
            for reading in readings:
                known = self._waiting.get(reading.channel_id)
                if known is None or known.ts_ms <= reading.ts_ms:
                    self._waiting[reading.channel_id] = reading
            self._wake()

    def tell(self, word: Word) -> None:
        """Calls `word` soon, after the words before it. When too many wait, the oldest are lost."""
        with self._changed:
            self._words.append(word)
            self._wake()

    def close(self, timeout_s: float = 2.0) -> None:
        """Sends what waits, whether its interval has ended or not."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _wake(self) -> None:
        # Started on first use: never before a fork.
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="live", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _work(self) -> None:
        closing = False
        while not closing:
            with self._changed:
                if not self._closing:
                    self._changed.wait(self._pause_s())
                closing = self._closing
                words, due = self._take()
            try:
                with self._context():
                    for word in words:
                        word()
                    if due:
                        self._send(due)
            except Exception:
                log.exception("the screens were not told")
                self._give_back(due)
                time.sleep(0 if closing else REST_S)

    def _pause_s(self) -> float | None:
        """How long there is nothing to do; None is until somebody calls."""
        if self._words:
            return 0.0
        ends = [self._sent_at.get(channel_id, NEVER) + self._interval_s for channel_id in self._waiting]
        return max(min(ends) - time.monotonic(), 0.0) if ends else None

    def _take(self) -> tuple[list[Word], list[LiveReading]]:
        now = time.monotonic()
        words, due = list(self._words), []
        self._words.clear()
        for channel_id in list(self._waiting):
            if self._closing or now >= self._sent_at.get(channel_id, NEVER) + self._interval_s:
                due.append(self._waiting.pop(channel_id))
                self._sent_at[channel_id] = now
        return words, due

    def _give_back(self, due: list[LiveReading]) -> None:
        with self._changed:
            for reading in due:
                self._waiting.setdefault(reading.channel_id, reading)
