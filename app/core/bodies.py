"""Answers kept in this process under a name that changes with what they show; bounded in bytes and in time.

The newest to each question is also found by the question, for when the database cannot be asked.
"""

import time
from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

LARGEST = 2 * 1024 * 1024
ALL_TOGETHER = 32 * 1024 * 1024
SECONDS = 300.0
# While the database is away, older ones are better than none.
STALE_SECONDS = 3600.0


class Kept(NamedTuple):
    """A whole answer: its headers and its bytes."""

    headers: list[tuple[str, str]]
    body: bytes
    made_at: float
    question: str

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self.made_at


class Shelf:
    """The answers asked for last, as many as fit."""

    def __init__(self, size: int = ALL_TOGETHER, largest: int = LARGEST) -> None:
        self._size, self._largest, self._held = size, largest, 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._newest: dict[str, str] = {}
        self._lock = Lock()

    def get(self, name: str) -> Kept | None:
        """The answer of this name while it is kept."""
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return None
            if found.age > SECONDS:
                return None
            self._kept.move_to_end(name)
            return found

    def newest(self, question: str) -> Kept | None:
        """The newest answer to the question, which may no longer be true."""
        with self._lock:
            found = self._kept.get(self._newest.get(question, ""))
            return found if found and found.age < STALE_SECONDS else None

    def put(self, name: str, headers: list[tuple[str, str]], body: bytes, question: str = "") -> None:
        """Keeps an answer, unless it is too large; those not asked for the longest make room."""
        if len(body) > self._largest:
            return
        with self._lock:
            if name in self._kept:
                self._drop(name)
            self._kept[name] = Kept(headers, body, time.monotonic(), question)
            self._newest[question] = name
            self._held += len(body)
            while self._held > self._size:
                self._drop(next(iter(self._kept)))

    def _drop(self, name: str) -> None:
        gone = self._kept.pop(name)
        self._held -= len(gone.body)
        if self._newest.get(gone.question) == name:
            del self._newest[gone.question]


shelf = Shelf()
