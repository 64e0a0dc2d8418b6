"""What lies under every WebSocket: the server's socket, made to send whole frames, and closed when the worker leaves.

Knows nothing of what is said over it.
"""

import socket
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

# A close frame with code 1001, "going away": the other side may connect again at once.
GOING_AWAY = b"\x88\x02\x03\xe9"
PLACES = ("werkzeug.socket", "gunicorn.socket")


class FrameSocket:
    """A socket whose `send` sends everything, one frame at a time.

    simple-websocket calls `send` from two threads and takes it for complete; under gevent it may stop half way.
    """

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def send(self, data: bytes) -> int:
        """Sends all of it, however long that takes."""
        with self._lock:
            self._plain.sendall(data)
        return len(data)

    def dismiss(self) -> None:
        """Says goodbye if the other side is listening, and ends the connection either way."""
        try:
            if self._lock.acquire(timeout=0.1):
                self._plain.settimeout(0.1)
                self._plain.sendall(GOING_AWAY)
        except OSError:
            pass
        try:
            self._plain.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class WebSockets:
    """WSGI middleware that gives every WebSocket request a FrameSocket and remembers it."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self._wsgi_app = wsgi_app
        self._open: weakref.WeakSet[FrameSocket] = weakref.WeakSet()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            for place in PLACES:
                if place in environ:
                    environ[place] = FrameSocket(environ[place])
                    self._open.add(environ[place])
        return self._wsgi_app(environ, start_response)

    def dismiss_all(self) -> None:
        """Ends every WebSocket, so that a worker can leave; their clients connect to another one."""
        for each in list(self._open):
            each.dismiss()


def init_app(app: Flask) -> None:
    """Stands before everything else that a request meets."""
    app.extensions["websockets"] = WebSockets(app.wsgi_app)
    app.wsgi_app = app.extensions["websockets"]  # type: ignore[method-assign]
