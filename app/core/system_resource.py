"""HTTP door of the servers' own figures: load of all, also as a stream; figures, cache and health of one."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, request
from flask_restx import Namespace, Resource

from app.core import health
from app.core.access import allow, public
from app.core.board import Board, changes
from app.core.http import gives, json_response
from app.core.observability import SSE_CLIENTS
from app.core.servers import BEAT_S, Servers
from app.core.shapes import Shape

ns = Namespace("system", description="Los servidores: carga, cifras y salud")

# A browser comes back by itself, and is then asked again who it is: a right that was taken ends with the stream.
STREAM_S = 120.0
COME_BACK_MS = 1000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
FIGURES = (
    *("server_id", "uptime_s", "processes", "requests_total", "errors_total", "error_rate", "responses"),
    *("rps", "p50_ms", "p95_ms", "p99_ms", "in_flight", "memory_mb", "cache_hit_ratio"),
)


class ServerLoadOut(Shape):
    """One server: what it answered since it is known, and in the last minute (`requests`, `rps`, latencies)."""

    server_id: str
    status: str
    processes: int
    uptime_s: float
    last_heartbeat_at: str
    heartbeat_age_s: float
    requests_total: int
    errors_total: int
    responses: dict[str, int]
    requests: int
    share_pct: float
    rps: float
    error_rate: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    in_flight: int
    memory_mb: float
    cache_hit_ratio: float | None


class LoadOut(Shape):
    """All servers. `complete` is false while Redis is away and only the one that answers is known."""

    server_id: str
    complete: bool
    window_s: int
    timestamp: str
    expected: int
    alive: int
    availability_pct: float
    requests_total: int
    servers: list[ServerLoadOut]


class CacheStateOut(Shape):
    """Where answers are kept, whether that is within reach, and how often it helped."""

    kind: str
    available: bool
    hit_ratio: float | None


def _servers() -> Servers:
    found: Servers = current_app.extensions["servers"]
    return found


@ns.route("/load")
class Load(Resource):
    """Who does how much."""

    @allow("system.view")
    @gives(LoadOut)
    def get(self) -> Any:
        """Every server: alive or dead, share of the requests, rate, errors, latencies of the last minute."""
        return _servers().board()


@ns.route("/load/stream")
class LoadStream(Resource):
    """The same, as it changes."""

    @allow("system.view")
    @ns.doc(produces=["text/event-stream"], responses={200: "Eventos `load` y `server`"})
    def get(self) -> Any:
        """Follow the load: every two seconds an event `load`, and a `server` for each one that answered or died."""
        servers = _servers()
        if request.method == "HEAD":
            return Response(mimetype="text/event-stream", headers=HEADERS)
        servers.admit()
        SSE_CLIENTS.labels("load").inc()
        response = Response(_told(servers), mimetype="text/event-stream", headers=HEADERS)

        @response.call_on_close
        def leave() -> None:
            # Also when the client is gone before the first piece.
            servers.release()
            SSE_CLIENTS.labels("load").dec()

        return response


def _told(servers: Servers) -> Iterator[bytes]:
    yield b"retry: %d\n\n" % COME_BACK_MS
    before: Board | None = None
    for _ in range(int(STREAM_S / BEAT_S)):
        board = servers.board()
        yield _event("load", board)
        for message in changes(before, board):
            yield _event("server", message)
        before = board
        if servers.leaving.wait(BEAT_S):
            return


def _event(name: str, body: Board) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(body, separators=(",", ":")).encode())


@ns.route("/metrics")
class Figures(Resource):
    """What the server that answers has done."""

    @allow("system.view")
    @gives(None)
    def get(self) -> Any:
        """Figures of the server that answers, in `data` and, for the earlier clients, beside it."""
        own = _servers().own()
        figures = {name: own[name] for name in FIGURES}
        return json_response({"success": True, "message": "", "data": figures, **figures})


@ns.route("/cache")
class CacheState(Resource):
    """How the cache is doing."""

    @allow("system.view")
    @gives(CacheStateOut)
    def get(self) -> Any:
        """Redis or memory, within reach or not, and the share of answers it spared."""
        kind = "redis" if current_app.config["CACHE_TYPE"] == "RedisCache" else "memory"
        state, own = health.cache_state(), _servers().own()
        return {"kind": kind, "available": state != "down", "hit_ratio": own["cache_hit_ratio"]}


@ns.route("/health")
class Health(Resource):
    """Whether the server can work."""

    @public
    @ns.doc(security=[])
    def get(self) -> Any:
        """The same as /health; 503 while the database is out of reach."""
        return health.answer()
