"""What a failed batch means: try again, look closer, wait for the database, or find the message at fault."""

import random
import threading
from enum import Enum, auto

from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

DEADLOCK = {1020, 1205, 1213}
# Errors about the data that the driver files under "operational": value, packet or check constraint.
ABOUT_DATA = {1153, 1366, 4025}
LONGEST_S = 5.0


class Verdict(Enum):
    """What to do about it."""

    AGAIN = auto()
    CLASH = auto()
    AWAY = auto()
    POISON = auto()


def judge(error: Exception) -> Verdict:
    """What the error of a transaction means.

    In doubt it is the database's fault, also for a missing table: waiting loses nothing, giving up does.
    """
    if isinstance(error, PoolTimeout):
        return Verdict.AWAY
    if not isinstance(error, DBAPIError):
        return Verdict.POISON
    if isinstance(error, IntegrityError):
        return Verdict.CLASH
    if _code(error) in DEADLOCK:
        return Verdict.AGAIN
    of_database = isinstance(error, OperationalError | InterfaceError | InternalError | ProgrammingError)
    away = error.connection_invalidated or (of_database and _code(error) not in ABOUT_DATA)
    return Verdict.AWAY if away else Verdict.POISON


def _code(error: DBAPIError) -> object:
    return error.orig.args[0] if error.orig is not None and error.orig.args else None


class Patience:
    """Waits longer each time, and not at all once the process is to end."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._delay_s = 0.05

    def wait(self) -> bool:
        """False when the process is to end."""
        stopped = self._stopping.wait(self._delay_s)
        self._delay_s = min(self._delay_s * 2, LONGEST_S)
        return not stopped

    def blink(self) -> bool:
        """A moment, different for each, so that two that clashed do not meet again; False as for `wait`."""
        return not self._stopping.wait(random.uniform(0.001, 0.02))  # noqa: S311
