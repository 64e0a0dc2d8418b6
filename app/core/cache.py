"""Conditional reads: an answer that still holds is not sent again, nor made again. `stamps` says what still holds."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, make_response, request
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.http import http_date

from app.core import times
from app.core.bodies import shelf
from app.core.extensions import current_settings, db, limiter
from app.core.recall import NOTES, Note
from app.core.stamps import Reading, fetch, foresee, ground, keep, note_touched, reading, stamps, touch

__all__ = ["conditional", "fetch", "foresee", "init_app", "keep", "present_tag", "shared", "stamps", "touch"]

log = logging.getLogger("backfinca.cache")
# Parameters that clients add so that a browser asks at all; the answer does not depend on them.
NOISE = frozenset({"cache_bust", "_ts", "_t", "treatmentId"})
REVALIDATE = "private, no-cache"
# The database is away, or has no connection left for us.
AWAY = (OperationalError, InterfaceError, PoolTimeout)
Tables = Iterable[str] | Callable[[], Iterable[str]]


def init_app(app: Flask) -> None:
    """Replaces the stamps of every table the ORM touches, once the change is committed."""
    event.listen(db.session, "after_flush", note_touched)


def conditional(*tables: str) -> Callable[..., Any]:
    """A GET whose answer depends on these tables, the day and the person who asks; 304 and no query while it holds."""
    return _reads(tables, "tag", REVALIDATE)


def shared(*tables: str, cache_control: str = REVALIDATE) -> Callable[..., Any]:
    """The same for an answer that is one for all who hold the same permissions."""
    return _reads(tables, "rights", cache_control)


def shared_by(tables: Callable[[], Iterable[str]]) -> Callable[..., Any]:
    """The same, where the request decides which tables it depends on."""
    return _reads(tables, "rights", REVALIDATE)


def present_tag() -> str | None:
    """The tag of the answer in the making, where it has one."""
    found: str | None = g.get("etag")
    return found


def _reads(tables: Tables, reader: str, cache_control: str) -> Callable[..., Any]:
    def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            names, day = frozenset(named(tables)), today()
            now = reading(names)
            question = _question(reader)
            g.etag = tag = _tag(now, day, question) if now else None
            response = _known(tag) or _kept(tag) or _made(tag, question, lambda: view(*args, **kwargs))
            if now:
                response.headers["Last-Modified"] = _http_date(now.since)
            response.headers["Cache-Control"] = cache_control
            response.headers.add("Vary", "Authorization, Cookie")
            response.headers["X-Cache-Strategy"] = "stamps" if now else "none"
            _note(response, tag, day, names)
            return response

        wrapper.reads = tables  # type: ignore[attr-defined]
        return wrapper

    return decorator


def named(tables: Tables) -> Iterable[str]:
    """The names of the tables, for this request."""
    return tables() if callable(tables) else tables


_http_date = lru_cache(maxsize=64)(http_date)


def today() -> date:
    """The farm's day."""
    return times.day_of_second(int(times.now().timestamp()), current_settings().farm_timezone)


def _note(response: Response, tag: str | None, day: date, own: frozenset[str]) -> None:
    """Lets the door remember an answer that was found, not made, with all that it rests on."""
    principal, status = g.get("principal"), response.headers["X-Cache-Status"]
    counted = limiter.context
    if not tag or principal is None or not principal.expires_at or counted.conditional_deductions:
        return
    if status not in ("HIT", "REVALIDATED") or request.url_rule is None:
        return
    known = ground()
    if known and known.bears(own):
        first = counted.view_rate_limit
        limits = sorted(counted.view_rate_limits, key=lambda one: one is not first)
        note = Note(
            ground=known,
            day=day,
            expires_at=principal.expires_at,
            tag=tag if status == "HIT" else "",
            limits=tuple((one.limit, one.request_args) for one in limits),
            route=str(request.url_rule),
        )
        request.environ.get(NOTES, []).append(note)


def _tag(now: Reading, day: date, question: str) -> str:
    return hashlib.blake2b(f"{now.text}|{day}|{question}".encode(), digest_size=12).hexdigest()


def _question(reader: str) -> str:
    """Who asks for what: all that the answer depends on but the tables and the day."""
    environ, who = request.environ, getattr(g.get("principal"), reader, "")
    # Pictures are shown by whole addresses: what one host is told is not for another.
    place = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST')}{request.path}?{_query()}"
    return f"{who}|{place}"


def _query() -> str:
    """The query string without its noise, in the same order of names whatever order they came in."""
    raw: bytes = request.query_string
    if not raw:
        return ""
    told = [pair for pair in request.args.items(multi=True) if pair[0] not in NOISE]
    return urlencode(sorted(told, key=lambda pair: pair[0]))


def _known(tag: str | None) -> Response | None:
    """304 for who has this answer. An item's tag goes on with the mark of its row, which the stamps vouch for."""
    if tag is None or "If-None-Match" not in request.headers:
        return None
    for one in request.if_none_match.as_set(include_weak=True):
        # An empty tag is read as None.
        if one and one.partition(".")[0] == tag:
            return _told(make_response(b"", 304), one, "REVALIDATED")
    return None


def _kept(tag: str | None) -> Response | None:
    if tag is None or "cache_bust" in request.args:
        return None
    found = shelf.get(tag)
    if found is None:
        return None
    response = Response(found.body, 200, found.headers)
    response.headers["X-Cache-Status"] = "HIT"
    return response


def _made(tag: str | None, question: str, view: Callable[[], Any]) -> Response:
    try:
        response = make_response(view())
    except AWAY as error:
        stale = _stale(question)
        if stale is None:
            raise
        log.warning("database unavailable, an earlier answer is given: %s", type(error).__name__)
        return stale
    mark, _ = response.get_etag()
    if tag is None:
        return _told(response, f"0.{mark}" if mark else None, "BYPASS")
    busted = "cache_bust" in request.args
    _told(response, f"{tag}.{mark}" if mark else tag, "BYPASS" if busted else "MISS")
    if response.status_code == 200 and not response.is_streamed and "Set-Cookie" not in response.headers:
        shelf.put(tag, list(response.headers), response.get_data(), question)
    return response


def _stale(question: str) -> Response | None:
    """What this process answered last to the same question, marked as old."""
    db.session.rollback()
    found = shelf.newest(question)
    if found is None or "cache_bust" in request.args:
        return None
    response = Response(found.body, 200, found.headers)
    response.headers["Warning"] = '110 - "Response is Stale"'
    response.headers["Age"] = str(int(found.age))
    response.headers["X-Cache-Status"] = "STALE"
    return response


def _told(response: Response, tag: str | None, status: str) -> Response:
    if tag:
        response.set_etag(tag)
    response.headers["X-Cache-Status"] = status
    return response
