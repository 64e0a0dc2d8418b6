"""The live screen: the Socket.IO namespace /live, who is in which room, and pushing what was committed.

Stores nothing and reads no message: readings arrive here after their commit.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, Namespace, join_room, leave_room

from app.core import times
from app.core.errors import DomainError, Forbidden
from app.core.extensions import socketio
from app.sensors import snapshots
from app.users.tokens import Principal, principal_of

log = logging.getLogger("backfinca.live")
NAMESPACE = "/live"
PERMISSION = "sensors.view"
SWEEP_S = 30.0
EVERYTHING = "all"
DigestersOf = Callable[[Iterable[int]], dict[int, int]]


@dataclass(frozen=True, slots=True)
class LiveReading:
    """One reading as the screen needs it."""

    channel_id: int
    key: str
    quantity: str
    unit: str
    ts_ms: int
    value: float


class Live(Namespace):
    """The handlers of /live: connect with a token, subscribe to devices or digesters, draw at once."""

    def __init__(
        self, devices_of_digester: Callable[[int], list[int]], extras: Callable[[list[int]], Any]
    ) -> None:
        super().__init__(NAMESPACE)
        self._devices_of_digester = devices_of_digester
        self._extras = extras
        self._people: dict[str, Principal] = {}
        self._sweeping = False

    def on_connect(self, auth: Any = None) -> None:
        """Admits holders of a token who may see sensors; everybody else is refused before anything is sent."""
        try:
            principal = principal_of(_token(auth))
            if not principal.may(PERMISSION):
                raise Forbidden("No tiene permiso para ver los sensores")
        except DomainError as error:
            raise ConnectionRefusedError(error.message, {"code": error.code}) from error
        self._people[_sid()] = principal
        if not self._sweeping:
            self._sweeping = True
            socketio.start_background_task(self._sweep)

    def on_disconnect(self, *_reason: Any) -> None:
        """Forgets who it was."""
        self._people.pop(_sid(), None)

    def on_subscribe(self, wanted: Any = None) -> dict[str, Any]:
        """Joins the rooms asked for, then answers the present state: nothing falls between the two."""
        try:
            asked = snapshots.read_request(wanted, self._devices_of_digester)
        except DomainError as error:
            return {"ok": False, "error": {"code": error.code, "message": error.message}}
        for room in asked.rooms or [EVERYTHING]:
            join_room(room)
        picture = snapshots.picture(asked)
        picture["production"] = self._extras(asked.digester_ids)
        socketio.emit("snapshot", picture, namespace=NAMESPACE, to=_sid())
        return {"ok": True}

    def on_unsubscribe(self, wanted: Any = None) -> dict[str, Any]:
        """Leaves the rooms named, or the room of everything."""
        try:
            asked = snapshots.read_request(wanted, self._devices_of_digester)
        except DomainError as error:
            return {"ok": False, "error": {"code": error.code, "message": error.message}}
        for room in asked.rooms or [EVERYTHING]:
            leave_room(room)
        return {"ok": True}

    def _sweep(self) -> None:
        """A token that ends also ends its connection."""
        while True:
            socketio.sleep(SWEEP_S)
            for sid, principal in list(self._people.items()):
                if principal.expires_at < time.time():
                    self._people.pop(sid, None)
                    socketio.server.disconnect(sid, namespace=NAMESPACE)


class Pusher:
    """Sends committed readings to the rooms, at most one event per device (so per channel) and interval.

    The first reading goes out at once; later ones within the interval are merged, the newest of each channel kept.
    """

    def __init__(self, interval_ms: int, digesters_of: DigestersOf, app: Flask) -> None:
        self._app = app
        self._interval_s = interval_ms / 1000
        self._digesters_of = digesters_of
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[str, dict[int, LiveReading]]] = {}
        self._sent_at: dict[int, float] = {}
        self._thread: threading.Thread | None = None

    def push(self, readings_by_device: dict[tuple[int, str], list[LiveReading]]) -> None:
        """Takes what a batch committed: (device id, code) -> its readings."""
        with self._lock:
            for (device_id, code), readings in readings_by_device.items():
                _, newest = self._waiting.setdefault(device_id, (code, {}))
                for reading in readings:
                    known = newest.get(reading.channel_id)
                    if known is None or known.ts_ms <= reading.ts_ms:
                        newest[reading.channel_id] = reading
        self.flush()
        if self._thread is None and self._interval_s > 0:
            self._thread = threading.Thread(target=self._tick, name="live", daemon=True)
            self._thread.start()

    def flush(self) -> None:
        """Sends what is due."""
        now = time.monotonic()
        with self._lock:
            due = {
                device_id: self._waiting.pop(device_id)
                for device_id in list(self._waiting)
                if now - self._sent_at.get(device_id, -1e9) >= self._interval_s
            }
            self._sent_at.update(dict.fromkeys(due, now))
        digesters = self._digesters_of(due) if due else {}
        for device_id, (code, newest) in due.items():
            announce(
                "reading",
                _event(device_id, code, digesters.get(device_id), newest),
                device_id,
                digesters.get(device_id),
            )

    def _tick(self) -> None:
        while True:
            time.sleep(max(self._interval_s / 10, 0.01))
            try:
                with self._app.app_context():
                    self.flush()
            except Exception:
                log.exception("the screens were not told")


def init_app(
    app: Flask, devices_of_digester: Callable[[int], list[int]], extras: Callable[[list[int]], Any]
) -> None:
    """Opens the namespace."""
    socketio.on_namespace(Live(devices_of_digester, extras))


def announce(
    event: str, body: dict[str, Any], device_id: int | None = None, digester_id: int | None = None
) -> None:
    """Sends an event to the rooms of a device, of a digester, and of those who follow everything."""
    rooms = [EVERYTHING]
    rooms += [f"device:{device_id}"] if device_id is not None else []
    rooms += [f"digester:{digester_id}"] if digester_id is not None else []
    socketio.emit(event, body, namespace=NAMESPACE, to=rooms)


def announce_availability(device_id: int, code: str, online: bool) -> None:
    """Tells the screens that a device came or went."""
    body = {"device_id": device_id, "device": code, "online": online, "at": times.iso_ms(times.now_ms())}
    announce("device", body, device_id)


def _event(
    device_id: int, code: str, digester_id: int | None, newest: dict[int, LiveReading]
) -> dict[str, Any]:
    readings = [
        {
            "channel_id": reading.channel_id,
            "key": reading.key,
            "quantity": reading.quantity,
            "unit": reading.unit,
            "ts_ms": reading.ts_ms,
            "ts": times.iso_ms(reading.ts_ms),
            "value": reading.value,
        }
        for reading in newest.values()
    ]
    return {"device_id": device_id, "device": code, "digester_id": digester_id, "readings": readings}


def _token(auth: Any) -> str:
    if isinstance(auth, dict) and auth.get("token"):
        return str(auth["token"]).removeprefix("Bearer ")
    header = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return header or request.args.get("token", "")


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]
