"""A message as it came from the broker, and the bounded queue where it waits. Knows no database."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(slots=True, eq=False)
class Arrival:
    """One delivery. `mid` is the broker's number for it, within the `session` and `connection` it came by."""

    topic: str
    payload: bytes
    received_ms: int
    qos: int = 0
    mid: int = 0
    dup: bool = False
    retain: bool = False
    connection: int = 0
    session: int = 0

    @property
    def digest(self) -> bytes:
        """Eight bytes that tell this message from others of the same device and instant."""
        return blake2b(self.topic.encode() + b"\0" + self.payload, digest_size=8).digest()


class Queue:
    """Bounded, many in, one out; a whole batch leaves under one lock."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[Arrival] = deque()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, arrival: Arrival, timeout_s: float) -> bool:
        """False when there was no room for it in `timeout_s`."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._waiting) < self._capacity, timeout_s):
                return False
            self._waiting.append(arrival)
            if len(self._waiting) == 1:
                self._changed.notify_all()
        return True

    def take(self, most: int, linger_s: float, timeout_s: float) -> list[Arrival]:
        """Up to `most` arrivals: waits `timeout_s` for the first, then `linger_s` for company."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting, timeout_s):
                return []
        if len(self._waiting) < most:
            time.sleep(linger_s)
        with self._changed:
            batch = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._changed.notify_all()
        return batch
