"""How connections to the database are kept: as many as were ever needed at once, and asked no more than they must be.

A small request has one question of its own; a sign of life before it and the end of a transaction after it would make
three of one. So a connection that answered a moment ago is not asked whether it lives: when it is dead all the same,
the request learns it from its first statement. And outside of a transaction, which begins with a BEGIN of ours, each
statement stands for itself: what only asks one question (`transaction.reading`) begins none, and ends none.
"""

import time
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError

# Shorter than any server takes to come back after it went.
REST_S = 0.3
ANSWERED = "answered_at"
# The execution option of a connection whose statements stand for themselves.
ALONE = "stands_alone"


def options(size: int) -> dict[str, Any]:
    """The engine's options; `size` connections ordinarily, twice as many at most."""
    # Beyond the pool's size they would be closed after each use, and a new one costs more than a list. The last one
    # used is used first, so that the rest have theirs, and are recycled in time.
    return {"pool_size": 2 * size, "max_overflow": 0, "pool_use_lifo": True, "pool_recycle": 280}


def watch_over(engine: Engine) -> None:
    """Asks connections that have rested whether they live, and begins transactions where they are wanted."""
    dialect = engine.dialect

    def leave(_connection: Any, record: Any) -> None:
        record.info[ANSWERED] = time.monotonic()

    def arrive(connection: Any, record: Any, _fairy: Any) -> None:
        # One that closed for a reason of its own has nothing to undo, and so came back without a word.
        if connection.open and time.monotonic() - record.info.get(ANSWERED, float("inf")) < REST_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(ALONE):
            return
        try:
            connection.exec_driver_sql("BEGIN")
        except BaseException:
            # SQLAlchemy would begin no other on it: whatever it was asked next would stand for itself.
            connection.close()
            raise

    event.listen(engine, "begin", begin)
    event.listen(engine, "checkin", leave)
    event.listen(engine, "checkout", arrive)
