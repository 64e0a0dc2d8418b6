"""Stamps and conditional reads. A stamp names the present state of a resource; what carries it is still true.

A stamp is random, lives in the shared cache, is replaced after each commit that touches the resource and is read
before the database. When it cannot be trusted (Redis gone, or several servers without Redis) nothing is cached.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

from flask import Flask, current_app, g, make_response, request
from redis import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core.extensions import cache, db
from app.core.transaction import after_commit

# A process killed between its commit and its new stamp would leave an old one: none lives longer than this.
STAMP_SECONDS = 600
# After a failure Redis is left alone this long, so that a hung server costs one time-out, not one a request.
PAUSE_SECONDS = 2.0

_paused_until = 0.0


def init_app(app: Flask) -> None:
    """Replaces the stamps of every table the ORM touches, once the change is committed."""
    event.listen(db.session, "after_flush", _note_touched)


def fetch(key: str) -> Any:
    """What the cache holds under `key`, or None; None too when the cache is out of reach."""
    return _guarded(lambda: cache.get(key))


def keep(key: str, value: Any, seconds: int) -> None:
    """Keeps `value` for a while, where a cache is within reach."""
    _guarded(lambda: cache.set(key, value, timeout=seconds))


def stamps(resources: Iterable[str]) -> str | None:
    """One text that changes whenever any of the resources does; None when nothing may be cached."""
    sqlite = db.engine.dialect.name == "sqlite"
    if not (sqlite or current_app.config["CACHE_TYPE"] == "RedisCache"):
        return None
    found = [_guarded(partial(_stamp, name)) for name in sorted(resources)]
    if None in found:
        return None
    return "-".join([*found, _file_mark(db.engine.url.database) if sqlite else ""])


def touch(*resources: str) -> None:
    """Gives the resources new stamps; call after the commit that changed them."""
    for name in resources:
        _guarded(partial(cache.set, f"stamp:{name}", secrets.token_hex(8), timeout=STAMP_SECONDS))


def conditional(*resources: str) -> Callable[..., Any]:
    """A GET that answers 304 without touching the database while none of the tables has changed."""

    def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            tag = _etag(resources)
            if tag is None:
                return _revalidated(make_response(view(*args, **kwargs)))
            if request.if_none_match.contains(tag):
                response = make_response(b"", 304)
            else:
                response = make_response(view(*args, **kwargs))
            response.set_etag(tag)
            return _revalidated(response)

        return wrapper

    return decorator


def _revalidated(response: Any) -> Any:
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers.add("Vary", "Authorization, Cookie")
    return response


def _etag(resources: Iterable[str]) -> str | None:
    stamp = stamps(resources)
    if stamp is None:
        return None
    who = getattr(g.get("principal"), "tag", "")
    text = f"{stamp}|{request.full_path}|{who}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _stamp(name: str) -> str | None:
    key = f"stamp:{name}"
    if found := cache.get(key):
        return str(found)
    # add, not set: of two readers that both miss, the second must see the first one's stamp.
    cache.add(key, secrets.token_hex(8), timeout=STAMP_SECONDS)
    found = cache.get(key)
    return str(found) if found else None


def _file_mark(path: str | None) -> str:
    """SQLite without Redis: a command line beside the server changes the files, so their times are part of it."""
    marks = []
    for name in (f"{path}", f"{path}-wal"):
        try:
            status = os.stat(name)
            marks.append(f"{status.st_mtime_ns:x}.{status.st_size:x}")
        except OSError:
            marks.append("0")
    return ".".join(marks)


def _guarded(call: Callable[[], Any]) -> Any:
    global _paused_until
    if time.monotonic() < _paused_until:
        return None
    try:
        return call()
    except (RedisError, OSError):
        _paused_until = time.monotonic() + PAUSE_SECONDS
        return None


def _note_touched(session: Session, _context: Any) -> None:
    changed = {
        type(r).__tablename__ for group in (session.new, session.dirty, session.deleted) for r in group
    }
    if changed:
        after_commit(lambda: touch(*changed))
