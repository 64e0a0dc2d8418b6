"""Logs, trace ids and metrics. Knows requests, not what they are about."""

import json
import logging
import re
import sys
import time
import uuid
from contextvars import ContextVar
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import Counter, Gauge, Histogram

from app.core import times
from app.core.settings import Settings

trace_id: ContextVar[str] = ContextVar("trace_id", default="-")
ACCEPTABLE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
log = logging.getLogger("backfinca")

REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered", multiprocess_mode="livesum")


class JsonLines(logging.Formatter):
    """One JSON object a line, with the trace id of the request it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": times.iso_ms(int(record.created * 1000)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace_id.get(),
        }
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(settings: Settings) -> None:
    """JSON lines on standard error, once a process."""
    if not any(isinstance(handler.formatter, JsonLines) for handler in logging.root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logging.root.addHandler(handler)
    logging.root.setLevel(settings.log_level.upper())
    # It says at every start that it is not for production; docs/operations.md says it too.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


def init_app(app: Flask) -> None:
    """Gives each request its trace id, its log line and its figures."""
    app.before_request(_arrive)
    app.after_request(_leave)
    app.teardown_request(_settle)


def _arrive() -> None:
    given = request.headers.get("X-Request-ID", "")
    trace_id.set(given if ACCEPTABLE_ID.match(given) else str(uuid.uuid4()))
    g.arrived = time.perf_counter()
    IN_FLIGHT.inc()


def _leave(response: Response) -> Response:
    response.headers["X-Request-ID"] = trace_id.get()
    seconds = time.perf_counter() - g.get("arrived", time.perf_counter())
    route = str(request.url_rule) if request.url_rule else "unknown"
    REQUESTS.labels(request.method, route, str(response.status_code)).inc()
    SECONDS.labels(request.method, route).observe(seconds)
    facts = {"method": request.method, "path": request.path, "status": response.status_code}
    log.info("request", extra={"facts": {**facts, "ms": round(seconds * 1000, 1)}})
    return response


def _settle(_error: BaseException | None) -> None:
    if "arrived" in g:
        IN_FLIGHT.dec()
