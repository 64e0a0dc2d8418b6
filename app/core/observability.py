"""What is seen of each request: its trace id, its log line, its figures. Knows requests, not what they are about."""

import logging
import re
import time
import uuid

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


def _arrive() -> None:
    given = request.headers.get("X-Request-ID", "")
    trace_id.set(given if ACCEPTABLE_ID.match(given) else str(uuid.uuid4()))
    route.set(str(request.url_rule) if request.url_rule else "unknown")
    g.arrived = time.perf_counter()
    IN_FLIGHT.inc()
    _tally().arrive()


def _leave(response: Response) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    response.headers["X-Request-ID"] = trace_id.get()
    response.headers["X-Server-Id"] = settings.server_id
    seconds = time.perf_counter() - g.get("arrived", time.perf_counter())
    _count(response, seconds, settings.server_id)
    facts = {"method": request.method, "path": request.path, "status": response.status_code}
    log.info("request", extra={"facts": {**facts, "ms": round(seconds * 1000, 1)}})
    return response


def _count(response: Response, seconds: float, server_id: str) -> None:
    method = request.method if request.method in METHODS else "OTHER"
    REQUESTS.labels(method, route.get(), str(response.status_code), server_id).inc()
    cached = response.headers.get("X-Cache-Status", "").lower() or None
    if cached:
        CACHED.labels(cached).inc()
    # A WebSocket is one request as long as it lasts, which says nothing of how fast anything is.
    is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
    if not is_socket:
        SECONDS.labels(method, route.get()).observe(seconds)
    _tally().note(response.status_code, None if is_socket else seconds * 1000, cached)


def _settle(_error: BaseException | None) -> None:
    if "arrived" in g:
        IN_FLIGHT.dec()
        _tally().settle()
