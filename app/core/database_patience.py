"""How long the database is waited for: a moment to let us in, some seconds for a statement of an ordinary request.

A host that lets nobody in (frozen, or behind a cut cable) is left alone for a moment, so that it costs one wait and not
one for every request. One that refuses costs nothing and is asked each time.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pymysql.connections import Connection  # type: ignore[import-untyped]
from pymysql.constants import CR, SERVER_STATUS  # type: ignore[import-untyped]
from pymysql.err import MySQLError, OperationalError  # type: ignore[import-untyped]

# All of it is less than the 8 s after which a proxy takes a request to the next process.
GREETING_S = 2.0
STATEMENT_S = 5.0
# Reports, exports, imports, commands.
LONG_S = 60.0
LEFT_ALONE_S = 1.0
LONG = re.compile(r"/.*(report|import|export|upload|bulk|inbreeding|analytics)")

_limit: ContextVar[float | None] = ContextVar("database_limit_s", default=LONG_S)


def hurry(path: str, is_export: bool) -> None:
    """An ordinary request waits for a statement no longer than somebody waits for the request."""
    _limit.set(LONG_S if is_export or LONG.match(path) else STATEMENT_S)


def be_patient() -> None:
    """The request is over."""
    _limit.set(LONG_S)


@contextmanager
def waiting(seconds: float | None) -> Iterator[None]:
    """Statements of the block are waited for so long; None is for ever."""
    token = _limit.set(seconds)
    try:
        yield
    finally:
        _limit.reset(token)


class Gate:
    """Shut for a moment after each vain wait; then one may try, and the others still not."""

    def __init__(self) -> None:
        self._shut_until: dict[Any, float] = {}
        self._lock = threading.Lock()

    def pass_through(self, host: Any) -> bool:
        """Whether the host may be asked now."""
        with self._lock:
            until = self._shut_until.get(host)
            if until is None:
                return True
            now = time.monotonic()
            if now < until:
                return False
            self._shut_until[host] = now + GREETING_S + LEFT_ALONE_S
            return True

    def shut(self, host: Any) -> None:
        """It was waited for in vain."""
        with self._lock:
            self._shut_until[host] = time.monotonic() + LEFT_ALONE_S

    def open(self, host: Any) -> None:
        """It answered."""
        with self._lock:
            self._shut_until.pop(host, None)


gate = Gate()


def timed_out(error: Any) -> bool:
    """Whether this error of the driver is our own impatience: the server may still be at the statement."""
    return isinstance(getattr(error, "__context__", None), TimeoutError)


class Wire(Connection):  # type: ignore[misc]
    """A connection of the driver that is impatient where nothing takes long by nature."""

    _greeting = False

    @property
    def _read_timeout(self) -> float | None:
        return GREETING_S if self._greeting else _limit.get()

    @_read_timeout.setter
    def _read_timeout(self, _seconds: Any) -> None:
        """The driver's own idea of it; ours counts."""

    def connect(self, sock: Any = None) -> None:
        """Lets us in. Raises OperationalError, at once when the host was waited for in vain a moment ago."""
        with self._watched(CR.CR_CONN_HOST_ERROR):
            super().connect(sock)

    def rollback(self) -> None:
        """Undoes the transaction. Where each statement stands for itself and none was begun, nothing is sent."""
        if self.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS or not self.get_autocommit():
            super().rollback()

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        """What a statement gives. Closed where it was left in the middle: the next one would be given the rest."""
        try:
            return super()._read_query_result(unbuffered)
        except MySQLError:
            raise
        except BaseException:
            self._force_close()
            raise

    def ping(self, reconnect: bool = False) -> None:
        """Shows that the connection lives; as impatient as `connect`."""
        with self._watched(CR.CR_SERVER_GONE_ERROR):
            super().ping(reconnect)

    @contextmanager
    def _watched(self, refusal: int) -> Iterator[None]:
        host = (self.host, self.port)
        if not gate.pass_through(host):
            raise OperationalError(refusal, "the host did not answer a moment ago")
        self._greeting = True
        try:
            yield
        except OperationalError as error:
            late = timed_out(error) or isinstance(getattr(error, "original_exception", None), TimeoutError)
            (gate.shut if late else gate.open)(host)
            raise
        else:
            gate.open(host)
        finally:
            self._greeting = False
