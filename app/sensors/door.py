"""What an ingest of its own answers over HTTP: how it is, and its figures. Nothing of the farm, and nothing is changed.

With `MQTT_INGEST=inline` the web process answers both, so only `flask ingest` opens this.
"""

import json
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST

from app.core import metrics, times
from app.core.errors import DomainError, NotFound

log = logging.getLogger("backfinca.ingest")

HEALTH = ("/health", "/healthz", "/api/v1/health")
PATIENCE_S = RETRY_S = 5.0
Status = Callable[[], dict[str, Any]]


class Answer(NamedTuple):
    """Status, type and body."""

    status: int
    kind: str
    body: bytes


class Door:
    """Listens in a thread of its own. A port that is taken is tried again: readings are not to wait for it."""

    def __init__(self, host: str, port: int, token: str | None, status: Status) -> None:
        self._address, self._token, self._status = (host, port), token, status
        self._stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)
        self.opened = threading.Event()

    @property
    def port(self) -> int:
        """The port listened on, once `opened`; another than the one asked for only when that was 0."""
        return int(self._server.server_address[1]) if self._server else 0

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answers nobody any more."""
        self._stopping.set()
        self._thread.join(PATIENCE_S)

    def answer(self, path: str, authorization: str | None) -> Answer:
        """What is answered to a GET."""
        try:
            place = path.partition("?")[0]
            if place in HEALTH:
                return _health(self._status())
            if place != "/metrics":
                raise NotFound("Aquí solo hay /health y /metrics")
            metrics.require_bearer(self._token, authorization)
            return Answer(200, CONTENT_TYPE_LATEST, metrics.exposition())
        except DomainError as error:
            told = {"code": error.code, "message": error.message}
            return _json(error.status, {"success": False, "message": error.message, "error": told})

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with _server(self._address, self.answer) as self._server:
                    self.opened.set()
                    while not self._stopping.is_set():
                        self._server.handle_request()
            except Exception as error:
                # Whoever looks for our health finds nobody, and says so; meanwhile readings come in.
                log.error("nobody can ask at port %s: %s", self._address[1], error)
                self._stopping.wait(RETRY_S)


def _health(status: dict[str, Any]) -> Answer:
    """503 unless broker and database are within reach and every thread works, for those who only look at that."""
    services = {
        "broker": "connected" if status["connected"] else "down",
        "database": "down" if status["database_away"] else "healthy",
        "threads": "down" if status["threads_gone"] else "healthy",
    }
    well = "down" not in services.values()
    told = {
        "success": well,
        "status": "healthy" if well else "unhealthy",
        "services": services,
        "threads_gone": status["threads_gone"],
        "protocol": status["protocol"],
        "queue_depth": status["queue_depth"],
        "messages_total": status["messages_total"],
        "last_message_at": _instant(status["last_message_ms"]),
        "last_batch_at": _instant(status["last_batch_ms"]),
        "timestamp": times.iso(times.now()),
    }
    return _json(200 if well else 503, told)


def _instant(ms: int | None) -> str | None:
    return times.iso_ms(ms) if ms else None


def _json(status: int, told: dict[str, Any]) -> Answer:
    return Answer(status, "application/json", json.dumps(told, ensure_ascii=False).encode())


def _server(address: tuple[str, int], answer: Callable[[str, str | None], Answer]) -> ThreadingHTTPServer:
    class Visitor(BaseHTTPRequestHandler):
        server_version, sys_version = "BackFinca", ""
        # Who connects and says nothing holds a thread for no longer.
        timeout = PATIENCE_S

        def do_GET(self) -> None:
            found = answer(self.path, self.headers.get("Authorization"))
            self.send_response(found.status)
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, form: str, *told: Any) -> None:
            log.debug(form, *told)

    class Server(ThreadingHTTPServer):
        # So often it is looked whether we are to stop.
        timeout = 0.5

        def handle_error(self, *_visitor: Any) -> None:
            log.warning("an answer at the ingest's door failed", exc_info=True)

    return Server(address, Visitor)
