"""How connections to the database are kept: as many as were ever needed at once, and asked no more than they must be.

A small request has one question of its own; a sign of life before it and a second rollback after it would make four of
two. So a connection that answered a moment ago is not asked whether it lives: when it is dead all the same, the request
learns it from its first statement. And one whose transaction has ended is not rolled back once more.
"""

import time
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError

# Shorter than any server takes to come back after it went.
REST_S = 0.3
ANSWERED, ENDED = "answered_at", "transaction_ended"


def options(size: int) -> dict[str, Any]:
    """The engine's options; `size` connections ordinarily, twice as many at most."""
    # Beyond the pool's size they would be closed after each use, and a new one costs more than a list. The last one
    # used is used first, so that the rest have theirs, and are recycled in time.
    sizes = {"pool_size": 2 * size, "max_overflow": 0, "pool_use_lifo": True, "pool_recycle": 280}
    return {**sizes, "pool_reset_on_return": None}


def watch_over(engine: Engine) -> None:
    """Asks connections that have rested whether they live, and leaves no transaction in one that comes back."""
    dialect = engine.dialect

    def leave(_connection: Any, record: Any) -> None:
        record.info[ANSWERED] = time.monotonic()

    def arrive(connection: Any, record: Any, _fairy: Any) -> None:
        record.info[ENDED] = False
        if time.monotonic() - record.info.get(ANSWERED, float("inf")) < REST_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    def begin(connection: Connection) -> None:
        connection.info[ENDED] = False

    def end(connection: Connection) -> None:
        # One that broke has been given up already.
        if not connection.invalidated:
            connection.info[ENDED] = True

    def tidy(connection: Any, record: Any, _state: Any) -> None:
        if record is None or not record.info.get(ENDED):
            connection.rollback()

    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", end)
    event.listen(engine, "rollback", end)
    event.listen(engine, "reset", tidy)
    event.listen(engine, "checkin", leave)
    event.listen(engine, "checkout", arrive)
