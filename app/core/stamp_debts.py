"""Stamps that could not be renewed, because the cache was away, and are as soon as it answers again."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from redis import RedisError

DEBT_SECONDS = 0.2
Context = Callable[[], AbstractContextManager[object]]


class Debts:
    """Names for which `renew` could not be called without an error of Redis, until it can."""

    def __init__(self, renew: Callable[[str], object]) -> None:
        self._renew = renew
        self._owed: set[str] = set()
        self._lock = threading.Lock()
        self._payer: threading.Thread | None = None

    def owe(self, context: Context, names: Iterable[str]) -> None:
        """Takes note, and sees to it within `context`."""
        with self._lock:
            self._owed.update(names)
            if self._payer is None:
                self._payer = threading.Thread(target=self._pay, args=(context,), name="stamps", daemon=True)
                self._payer.start()

    def _pay(self, context: Context) -> None:
        with context():
            while not self._paid():
                time.sleep(DEBT_SECONDS)

    def _paid(self) -> bool:
        # Taken out before they are renewed: what is owed anew meanwhile belongs to a later change.
        with self._lock:
            names, self._owed = self._owed, set()
        try:
            for name in names:
                self._renew(name)
        except (RedisError, OSError):
            with self._lock:
                self._owed |= names
            return False
        with self._lock:
            if self._owed:
                return False
            self._payer = None
            return True
