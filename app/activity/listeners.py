"""Who listens to the stream of changes in this process, and what each is sent. Words get here by `core.bus`."""

import json
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from queue import Empty
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.activity.recording import TOPIC
from app.core.bus import Backlog, Bus
from app.core.errors import TooMany
from app.core.observability import SSE_CLIENTS
from app.users import tokens
from app.users.tokens import Principal

log = logging.getLogger("backfinca.events")
# A browser's tabs, some devices; and what one process can hold open beside its requests.
PER_PERSON, PER_PROCESS = 12, 1000
COME_BACK_S = 30
RETRY_MS = 3000
# Proxies close what is silent for a minute, and a client that vanished is noticed by writing to it.
PING_S = 15.0
# How soon a listener notices that it should leave.
TICK_S = 1.0
# How long a listener may outlive a session or account that was ended.
RECHECK_S = 5.0
PING = b": ping\n\n"
# Older words had to give way to newer ones: whatever is on the screen may be old.
MISSED = {"endpoint": "all", "action": "bulk", "id": None}
Context = Callable[[], AbstractContextManager[object]]


class Listener:
    """One open stream of a person."""

    def __init__(self, principal: Principal, wire: socket.socket | None = None) -> None:
        self.principal = principal
        self.dismissed = False
        self._wire = wire
        self._recheck_at = time.monotonic() + RECHECK_S

    def may_stay(self, context: Context) -> bool:
        """Whether it is still there, the session it came with lives, its person is active and no worker leaves."""
        self.dismissed = self.dismissed or hung_up(self._wire)
        if not self.dismissed and time.monotonic() >= self._recheck_at:
            self._recheck_at = time.monotonic() + RECHECK_S
            self.dismissed = not self._is_known(context)
        return not self.dismissed

    def _is_known(self, context: Context) -> bool:
        try:
            with context():
                found = tokens.principal(self.principal.id, self.principal.session_id)
        except SQLAlchemyError:
            log.warning("database unavailable, listeners stay")
            return True
        return found is not None and found.token_version == self.principal.token_version


class Listeners:
    """The listeners of this process, so many and no more."""

    def __init__(self) -> None:
        self._here: set[Listener] = set()
        self._lock = threading.Lock()

    def admit(self, principal: Principal, wire: socket.socket | None = None) -> Listener:
        """A place for one more; TooMany when the person, or the process, has no more."""
        with self._lock:
            own = sum(each.principal.id == principal.id for each in self._here)
            if own >= PER_PERSON or len(self._here) >= PER_PROCESS:
                raise TooMany("Hay demasiadas conexiones abiertas", retry_after_seconds=COME_BACK_S)
            listener = Listener(principal, wire)
            self._here.add(listener)
            SSE_CLIENTS.labels("events").set(len(self._here))
            return listener

    def release(self, listener: Listener) -> None:
        """Its place is free again."""
        with self._lock:
            self._here.discard(listener)
            SSE_CLIENTS.labels("events").set(len(self._here))

    def dismiss_all(self) -> None:
        """Everybody leaves within a second, so that a worker can; browsers connect to another one by themselves."""
        with self._lock:
            for listener in self._here:
                listener.dismissed = True

    def __len__(self) -> int:
        return len(self._here)


def hung_up(wire: socket.socket | None) -> bool:
    """Whether the other side closed the connection in good order; False where that cannot be seen, as under TLS."""
    if wire is None:
        return False
    try:
        poll = select.poll()
        poll.register(wire, select.POLLIN)
        return bool(poll.poll(0)) and wire.recv(1, socket.MSG_PEEK) == b""
    except ValueError:
        return False
    except OSError:
        return True


def stream(listener: Listener, bus: Bus, context: Context) -> Iterator[bytes]:
    """What is written to the listener, until it leaves; it hears what is said once the first piece is out."""
    with bus.subscribe(TOPIC) as backlog:
        yield b"retry: %d\n\n" % RETRY_MS
        written_at = time.monotonic()
        while listener.may_stay(context):
            piece = b"".join(map(_message, _heard(backlog)))
            if not piece and time.monotonic() - written_at >= PING_S:
                piece = PING
            if piece:
                yield piece
                written_at = time.monotonic()


def _heard(backlog: Backlog) -> list[dict[str, Any]]:
    """What has been said by now, after waiting a moment for it."""
    words = []
    try:
        words.append(backlog.get(timeout=TICK_S))
        while True:
            words.append(backlog.get_nowait())
    except Empty:
        pass
    if backlog.lost:
        backlog.lost = False
        return [MISSED]
    return words


def _message(word: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % json.dumps(word, separators=(",", ":")).encode()
