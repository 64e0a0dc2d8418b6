"""Answers kept in this process under a name that changes with what they show; bounded in bytes and in time."""

import time
from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

LARGEST = 2 * 1024 * 1024
ALL_TOGETHER = 32 * 1024 * 1024
SECONDS = 300.0


class Kept(NamedTuple):
    """A whole answer: its headers and its bytes."""

    headers: list[tuple[str, str]]
    body: bytes
    until: float


class Shelf:
    """The answers asked for last, as many as fit."""

    def __init__(self, size: int = ALL_TOGETHER, largest: int = LARGEST) -> None:
        self._size, self._largest, self._held = size, largest, 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> Kept | None:
        """The answer of this name while it is kept."""
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return None
            if found.until < time.monotonic():
                self._drop(name)
                return None
            self._kept.move_to_end(name)
            return found

    def put(self, name: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keeps an answer, unless it is too large; those not asked for the longest make room."""
        if len(body) > self._largest:
            return
        with self._lock:
            if name in self._kept:
                self._drop(name)
            self._kept[name] = Kept(headers, body, time.monotonic() + SECONDS)
            self._held += len(body)
            while self._held > self._size:
                self._drop(next(iter(self._kept)))

    def _drop(self, name: str) -> None:
        self._held -= len(self._kept.pop(name).body)


shelf = Shelf()
