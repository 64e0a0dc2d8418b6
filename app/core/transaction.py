"""One transaction per request, batch or command, opened and closed by the door; what others hear comes after.

A transaction that the database undid for another's sake (deadlock, a node that left) is run again: `core.retrying`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, request
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.core.database_patience import be_patient, hurry
from app.core.extensions import db, writing
from app.core.pooling import ALONE
from app.core.retrying import repeatedly

log = logging.getLogger("backfinca.transaction")
SAFE = {"GET", "HEAD", "OPTIONS"}
CALLS = "after_commit_calls"
UNDOINGS = "on_rollback_calls"
HELD = "something_held"
Result = TypeVar("Result")


def init_app(app: Flask) -> None:
    """Tells the database, before anything is read, whether this request intends to write, and how long it waits."""

    @app.before_request
    def intend() -> None:
        writing.set(request.method not in SAFE)
        hurry(request.path, "export" in request.args)

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        writing.set(False)
        be_patient()


@contextmanager
def transaction() -> Iterator[Session]:
    """All or nothing, for doors other than HTTP. Runs the after-commit calls when it holds."""
    # What was read before would be seen as it was, and a reader is refused SQLite's write lock.
    db.session.rollback()
    token = writing.set(True)
    try:
        yield db.session()
        db.session.commit()
    except BaseException:
        rollback()
        raise
    finally:
        writing.reset(token)
    db.session().info[HELD] = True
    _run_calls()


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for questions: that of the transaction under way, or one without any, which costs half as much."""
    if db.session.registry.has() and db.session().in_transaction():
        # What was changed in it is to be seen.
        db.session.flush()
        yield db.session.connection()
        return
    with db.engine.connect() as connection:
        yield connection.execution_options(**{ALONE: True})


def transacted(work: Callable[[Session], Result]) -> Result:
    """What `work` returns, all or nothing, in a `transaction` that is run again when it was the victim of others.

    `work` may therefore be called several times. Raises Unavailable when it was the victim each time.
    """

    def attempt() -> Result:
        with transaction() as session:
            return work(session)

    return repeatedly(attempt, "work", lambda: True)


def transactional(view: Callable[..., Any]) -> Callable[..., Any]:
    """Commits when the view answers well, rolls back when it raises or answers an error.

    The whole view is run again when its transaction was the victim of others and the request can be read once more.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if db.session.registry.has():
            db.session().info.pop(HELD, None)
        return repeatedly(lambda: _answered(view, args, kwargs), "http", _is_repeatable)

    return wrapper


def _answered(view: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    try:
        response = view(*args, **kwargs)
        if request.method in SAFE or getattr(response, "status_code", 200) >= 400:
            rollback()
            return response
        db.session.commit()
    except BaseException:
        rollback()
        raise
    _run_calls()
    return response


def _is_repeatable() -> bool:
    """Whether nothing of the request holds already, and its body can be read once more."""
    if db.session().info.get(HELD):
        return False
    read = vars(request._get_current_object())  # type: ignore[attr-defined]
    if "form" in read:
        return all(_rewound(file) for _, file in request.files.items(multi=True))
    return "stream" not in read or read.get("_cached_data") is not None


def _rewound(file: Any) -> bool:
    if file.stream.closed or not file.stream.seekable():
        return False
    file.stream.seek(0)
    return True


def after_commit(call: Callable[[], Any]) -> None:
    """Runs `call` once the present transaction is committed; never if it is not."""
    db.session().info.setdefault(CALLS, []).append(call)


def on_rollback(call: Callable[[], Any]) -> None:
    """Runs `call` if the present transaction does not hold: for what the database cannot undo, such as files."""
    db.session().info.setdefault(UNDOINGS, []).append(call)


def rollback() -> None:
    """Undoes the present transaction and forgets what would have been told about it."""
    if not db.session.registry.has():
        return
    info = db.session().info
    info.pop(CALLS, None)
    db.session.rollback()
    _run(info.pop(UNDOINGS, []))


def _run_calls() -> None:
    info = db.session().info
    info.pop(UNDOINGS, None)
    _run(info.pop(CALLS, []))


def _run(calls: list[Callable[[], Any]]) -> None:
    """What the transaction came to is decided: a call that fails changes it no more, nor keeps others from theirs."""
    for call in calls:
        try:
            call()
        except Exception:
            log.exception("a call after the transaction failed")
