"""Which failures of a transaction leave nothing behind, so that it may simply be run again, and how that is done.

Knows neither requests nor sessions: whoever asks has undone what was begun, and says whether it can be done once more.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from app.core.database_patience import timed_out
from app.core.errors import Unavailable

log = logging.getLogger("backfinca.transaction")
Result = TypeVar("Result")

ATTEMPTS = 3
RETRY_AFTER_S = 2
FIRST_WAIT_S = 0.03
# Deadlock, or Galera found at the commit that another node was first; record changed since it was read.
UNDONE = {1213, 1020}
# Before the commit these leave nothing either. During the commit nobody can know, so nothing is run twice:
# lock wait timeout, node not ready, server shutting down, connection killed, server gone, connection lost.
UNDONE_BEFORE_COMMIT = UNDONE | {1205, 1047, 1053, 1927, 2006, 2013}
BUSY = "Varias personas cambiaron lo mismo a la vez; intente de nuevo en unos segundos"
RETRIES = Counter("transaction_retries_total", "Transactions run again, or given up", ["door", "outcome"])


def is_victim(error: DBAPIError) -> bool:
    """Whether the database undid the whole transaction through no fault of its own; not so where we gave up waiting."""
    if timed_out(error.orig):
        return False
    return code_of(error) in (UNDONE if error.statement is None else UNDONE_BEFORE_COMMIT)


def is_overtaken(error: Exception) -> bool:
    """Whether a record that had been read was deleted by somebody else before it was locked or written."""
    if isinstance(error, InvalidRequestError) and "Could not refresh instance" in str(error):
        return True
    return isinstance(error, StaleDataError | ObjectDeletedError)


def code_of(error: Exception) -> object:
    """The server's number for what went wrong; ours has a name."""
    if not isinstance(error, DBAPIError):
        return type(error).__name__
    return error.orig.args[0] if error.orig is not None and error.orig.args else None


def repeatedly(attempt: Callable[[], Result], door: str, repeatable: Callable[[], bool]) -> Result:
    """The result of `attempt`, made up to three times; Unavailable when it was the victim each time.

    `attempt` must leave nothing behind when it raises; `repeatable` says whether it can be made once more.
    """
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except (DBAPIError, InvalidRequestError, StaleDataError) as error:
            undone = is_victim(error) if isinstance(error, DBAPIError) else is_overtaken(error)
            if not undone or not repeatable():
                raise
            _note(error, door, number)
            if number == ATTEMPTS:
                raise Unavailable(BUSY, retry_after_seconds=RETRY_AFTER_S) from error
            # Not all at once again: each waits differently, and longer each time.
            time.sleep(random.uniform(0.5, 1.5) * FIRST_WAIT_S * 2**number)  # noqa: S311
    raise AssertionError


def _note(error: Exception, door: str, number: int) -> None:
    given_up = number == ATTEMPTS
    RETRIES.labels(door, "given_up" if given_up else "repeated").inc()
    facts = {"door": door, "attempt": number, "error": code_of(error)}
    log.warning("transaction given up" if given_up else "transaction repeated", extra={"facts": facts})
