"""Is it alive, and which part is not: database, migrations, cache, broker and ingest."""

import os
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core import cache, schema, times
from app.core.access import public
from app.core.extensions import db, limiter
from app.core.http import json_response

VERSION = "0.1.0"
PATHS = ("/health", "/healthz", "/health/ready", "/api/v1/health", "/api/v1/health/ready")
STARTED = time.monotonic()
Probe = Callable[[], dict[str, Any]]


def init_app(app: Flask, ingest: Probe) -> None:
    """Serves the figures at /health and /api/v1/health. `ingest` tells the state of the readings' way in."""

    app.extensions["health_of_ingest"] = ingest

    @public
    def health() -> Response:
        return answer()

    for path in PATHS:
        app.add_url_rule(path, f"health{path}", limiter.exempt(health))


def answer() -> Response:
    """The state as JSON; 503 when the database is out of reach, for those who only look at the status."""
    figures = state(current_app.extensions["health_of_ingest"])
    return json_response(figures, 503 if figures["status"] == "unhealthy" else 200)


def state(ingest: Probe) -> dict[str, Any]:
    """Liveness, services and figures; `unhealthy` only when the database is out of reach.

    `database` and `cache` stand beside `services` too, where the earlier systems' clients look for them.
    """
    database = _reachable()
    migrations = "current" if schema.is_current() else "pending"
    services = {"database": database, "migrations": migrations, "cache": cache_state(), **_broker(ingest)}
    words = {services["database"], services["migrations"], services["cache"], services["broker"]}
    status = (
        "unhealthy" if database != "healthy" else "degraded" if words & {"down", "pending"} else "healthy"
    )
    return {
        "success": status != "unhealthy",
        "status": status,
        "services": services,
        "database": database,
        "cache": services["cache"],
        "timestamp": times.iso(times.now()),
        "uptime_seconds": round(time.monotonic() - STARTED, 1),
        "version": VERSION,
        "server_id": current_app.config["SETTINGS"].server_id,
        "pid": os.getpid(),
    }


def _reachable() -> str:
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "down"
    return "healthy"


def cache_state() -> str:
    """`memory` without Redis; with it `healthy` when it gives back what it is given, else `down`."""
    if current_app.config["CACHE_TYPE"] != "RedisCache":
        return "memory"
    mark = str(time.monotonic_ns())
    cache.keep("health", mark, 10)
    return "healthy" if cache.fetch("health") == mark else "down"


def _broker(ingest: Probe) -> dict[str, Any]:
    figures = ingest()
    connected = figures.get("connected")
    return {
        "broker": "unknown" if connected is None else "connected" if connected else "down",
        "ingest": figures,
    }
