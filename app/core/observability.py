"""What is seen of each request: its trace id, its log line, its figures. Knows requests, not what they are about."""

import logging
import random
import re
import time
import uuid
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Flask, Response, current_app, g, request
from prometheus_client import Counter, Gauge, Histogram

from app.core import database_watch, error_reports, logs
from app.core.extensions import db
from app.core.logs import JsonLines, route, trace_id
from app.core.servers import Servers
from app.core.settings import Settings
from app.core.tally import Tally

__all__ = ["SSE_CLIENTS", "JsonLines", "configure_logging", "init_app", "trace_id"]

ACCEPTABLE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
# What clients invent must not become a figure of its own.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
log = logging.getLogger("backfinca")

REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status", "server"])
SECONDS = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered", multiprocess_mode="livesum")
CACHED = Counter("cache_requests_total", "Reads that may be kept, by what the cache did for them", ["result"])
SSE_CLIENTS = Gauge("sse_clients", "Open streams of events", ["stream"], multiprocess_mode="livesum")


def configure_logging(settings: Settings) -> None:
    """The log, and who else is told of errors; once a process."""
    logs.configure(settings)
    error_reports.configure(settings)


def init_app(app: Flask) -> None:
    """Gives each request its trace id, its log line and its figures, and has the database watched."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["servers"] = Servers(settings.server_id, settings.redis_url, Tally())
    app.before_request(_arrive)
    app.after_request(_leave)
    app.teardown_request(_settle)
    with app.app_context():
        database_watch.watch(db.engine, settings.slow_query_ms)


def _tally() -> Tally:
    servers: Servers = current_app.extensions["servers"]
    return servers.tally


class Seen(NamedTuple):
    """A request that was answered; `cached` is what the cache did for it, '' when it had no part in it."""

    method: str
    route: str
    path: str
    status: int
    cached: str
    is_socket: bool = False


def note_recalled(app: Flask, seen: Seen, given_id: str, began: float) -> str:
    """A request that was answered before it came in: its log line and figures. The trace id it has."""
    route.set(seen.route)
    _name(given_id)
    settings: Settings = app.config["SETTINGS"]
    _note(app.extensions["servers"].tally, settings.server_id, seen, time.perf_counter() - began)
    return trace_id.get()


def _name(given: str) -> None:
    # A name, no secret: the system's own randomness costs more than all the rest of a remembered answer's name.
    new = random.getrandbits(128)
    trace_id.set(given if ACCEPTABLE_ID.match(given) else str(uuid.UUID(int=new, version=4)))


def _arrive() -> None:
    _name(request.headers.get("X-Request-ID", ""))
    route.set(str(request.url_rule) if request.url_rule else "unknown")
    g.arrived = time.perf_counter()
    IN_FLIGHT.inc()
    _tally().arrive()


def _leave(response: Response) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    response.headers["X-Request-ID"] = trace_id.get()
    response.headers["X-Server-Id"] = settings.server_id
    seconds = time.perf_counter() - g.get("arrived", time.perf_counter())
    cached = response.headers.get("X-Cache-Status", "").lower()
    # A WebSocket is one request as long as it lasts, which says nothing of how fast anything is.
    is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
    seen = Seen(request.method, route.get(), request.path, response.status_code, cached, is_socket)
    _note(_tally(), settings.server_id, seen, seconds)
    return response


def _note(tally: Tally, server_id: str, seen: Seen, seconds: float) -> None:
    method = seen.method if seen.method in METHODS else "OTHER"
    _requests(method, seen.route, seen.status, server_id).inc()
    if seen.cached:
        _cached(seen.cached).inc()
    if not seen.is_socket:
        _seconds(method, seen.route).observe(seconds)
    tally.note(seen.status, None if seen.is_socket else seconds * 1000, seen.cached or None)
    if log.isEnabledFor(logging.INFO):
        # Not `log.info`: it looks for the line of code it is called from, which nobody wants to know here.
        record = log.makeRecord(log.name, logging.INFO, "", 0, "request", (), None)
        facts = {"method": seen.method, "path": seen.path, "status": seen.status}
        record.facts = {**facts, "ms": round(seconds * 1000, 1)}
        log.handle(record)


# To find a figure by its labels takes longer than to add to it.
@lru_cache(maxsize=4096)
def _requests(method: str, template: str, status: int, server_id: str) -> Any:
    return REQUESTS.labels(method, template, str(status), server_id)


@lru_cache(maxsize=4096)
def _seconds(method: str, template: str) -> Any:
    return SECONDS.labels(method, template)


@lru_cache(maxsize=64)
def _cached(result: str) -> Any:
    return CACHED.labels(result)


def _settle(_error: BaseException | None) -> None:
    if "arrived" in g:
        IN_FLIGHT.dec()
        _tally().settle()
