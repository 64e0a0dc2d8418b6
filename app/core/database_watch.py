"""What is seen of the database from here: its connections, statements that take too long, and nodes that left.

Statements are logged without their values: those may be anything that people have written.
"""

import logging
import re
import time
from typing import Any

from prometheus_client import Counter, Gauge
from sqlalchemy import Engine, QueuePool, event

from app.core import pooling
from app.core.logs import route
from app.core.retrying import UNDONE, code_of

log = logging.getLogger("backfinca.database")
# Galera: the node lives, but its cluster has no majority. Connections to it are of no use.
NODE_NOT_READY = 1047
LONGEST_TEXT = 2000
QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'")
IN_USE = Gauge("database_pool_in_use", "Database connections in use", multiprocess_mode="livesum")
OVERFLOW = Gauge(
    "database_pool_overflow", "Connections beyond the pool's own size", multiprocess_mode="livesum"
)
SIZE = Gauge("database_pool_size", "Connections the pools keep", multiprocess_mode="livesum")
SLOW = Counter("database_slow_statements_total", "Statements slower than SLOW_QUERY_MS")


def watch(engine: Engine, slow_ms: int) -> None:
    """Begins to watch the engine; `slow_ms` 0 finds nothing slow."""
    event.listen(engine, "handle_error", _notice)
    if engine.dialect.name != "sqlite":
        pooling.watch_over(engine)
    if isinstance(engine.pool, QueuePool):
        _watch_pool(engine)
    if slow_ms:
        _watch_statements(engine, slow_ms / 1000)


def _notice(context: Any) -> None:
    """Every connection to a node without a majority is given up, so that the next one goes to another node.

    And the one whose transaction the database undid: the server would let each further statement stand for itself, so
    that a part of the work held. Without its connection a transaction takes none until it is rolled back.
    """
    error = context.sqlalchemy_exception
    if error is None or not getattr(error, "orig", None):
        return
    if code_of(error) == NODE_NOT_READY:
        context.is_disconnect = True
    elif code_of(error) in UNDONE and context.statement:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def _watch_pool(engine: Engine) -> None:
    told: tuple[int, int] | None = None

    def tell(returning: int) -> None:
        nonlocal told
        pool: Any = engine.pool
        IN_USE.set(max(pool.checkedout() - returning, 0))
        # These hardly ever change, and this is called twice a request.
        sizes = max(pool.overflow(), 0), pool.size()
        if sizes != told:
            told = sizes
            OVERFLOW.set(sizes[0])
            SIZE.set(sizes[1])

    event.listen(engine, "checkout", lambda *_: tell(0))
    # Told before the connection is back in its place.
    event.listen(engine, "checkin", lambda *_: tell(1))


def _watch_statements(engine: Engine, slow_s: float) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def begin(_connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
        if context is not None:
            context.began = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def end(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
        seconds = time.perf_counter() - getattr(context, "began", float("inf"))
        if seconds >= slow_s:
            _tell_slow(text, seconds)

    @event.listens_for(engine, "handle_error")
    def fail(failure: Any) -> None:
        # What waited for a lock until it gave up is as slow as what came to an end.
        if failure.statement:
            end(failure.connection, None, failure.statement, None, failure.execution_context, False)


def _tell_slow(text: str, seconds: float) -> None:
    SLOW.inc()
    facts = {"ms": round(seconds * 1000, 1), "route": route.get(), "statement": without_values(text)}
    log.warning("slow statement", extra={"facts": facts})


def without_values(text: str) -> str:
    """The statement in one line, its quoted texts left out."""
    return " ".join(QUOTED.sub("'?'", text).split())[:LONGEST_TEXT]
