"""The live screen: the Socket.IO namespace /live, who is in which room, and the events they are sent.

Stores nothing and reads no message: readings arrive here after their commit.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any

from flask import request
from flask_socketio import ConnectionRefusedError, Namespace, emit, join_room, leave_room
from prometheus_client import Gauge

from app.core import times
from app.core.errors import DomainError, Unauthenticated
from app.core.extensions import db, socketio
from app.sensors import snapshots
from app.sensors.admission import Admission
from app.sensors.pusher import LiveReading
from app.sensors.snapshots import Wanted
from app.users import cookies
from app.users.guard import presented_token
from app.users.tokens import Principal, principal_of

log = logging.getLogger("backfinca.live")
NAMESPACE = "/live"
EVERYTHING = "all"
SWEEP_S = 1.0
CLIENTS = Gauge("live_clients", "Connections to /live", multiprocess_mode="livesum")
Context = Callable[[], AbstractContextManager[Any]]
Extras = Callable[[list[int] | None], list[dict[str, Any]]]


class Live(Namespace):
    """The handlers of /live: connect with a token, subscribe to devices or digesters, draw at once."""

    def __init__(
        self, devices_of_digester: Callable[[int], list[int]], production: Extras, context: Context
    ) -> None:
        super().__init__(NAMESPACE)
        self._devices_of_digester = devices_of_digester
        self._production = production
        self._context = context
        self._admissions: dict[str, Admission] = {}
        self._lock = threading.Lock()
        self._sweeper: Any = None

    def on_connect(self, auth: Any = None) -> None:
        """Admits holders of a token who may see sensors; everybody else is refused before anything is sent."""
        try:
            self._admissions[_sid()] = Admission(_principal(auth))
        except Exception as error:
            refusal = _refusal(error)
            raise ConnectionRefusedError(refusal["message"], refusal) from error
        CLIENTS.inc()
        with self._lock:
            if self._sweeper is None:
                self._sweeper = socketio.start_background_task(self._sweep)

    def on_disconnect(self, *_reason: Any) -> None:
        """Forgets who it was."""
        if self._admissions.pop(_sid(), None) is not None:
            CLIENTS.dec()

    def on_subscribe(self, wanted: Any = None, *_rest: Any) -> dict[str, Any]:
        """Joins the rooms asked for, then sends the present state: nothing falls between the two."""
        asked = self._read(wanted)
        for room in asked.rooms or [EVERYTHING]:
            join_room(room)
        picture = snapshots.picture(asked)
        picture["production"] = self._production(None if not asked.rooms else asked.digester_ids)
        # Only this server has this client: the others need not hear of it.
        emit("snapshot", picture, ignore_queue=True)
        return {"ok": True}

    def on_unsubscribe(self, wanted: Any = None, *_rest: Any) -> dict[str, Any]:
        """Leaves the rooms named, or the room of everything."""
        for room in self._read(wanted).rooms or [EVERYTHING]:
            leave_room(room)
        return {"ok": True}

    def _read(self, wanted: Any) -> Wanted:
        asked = snapshots.read_request(wanted, self._devices_of_digester)
        # What is read from here on must include all that was committed before the rooms were joined.
        db.session.rollback()
        return asked

    def _sweep(self) -> None:
        """A token that is no longer good ends its connection."""
        while True:
            socketio.sleep(SWEEP_S)
            try:
                with self._context():
                    self._dismiss()
            except Exception:
                log.exception("live connections were not checked")

    def _dismiss(self) -> None:
        for sid, admission in list(self._admissions.items()):
            if not admission.holds():
                socketio.server.disconnect(sid, namespace=NAMESPACE)


def init_app(devices_of_digester: Callable[[int], list[int]], production: Extras, context: Context) -> None:
    """Opens the namespace, and no other: Socket.IO would let anybody into its default one."""
    socketio.server.namespaces = [NAMESPACE]
    socketio.on_namespace(Live(devices_of_digester, production, context))
    socketio.on_error(NAMESPACE)(lambda error: {"ok": False, "error": _refusal(error)})


def announce_readings(readings: list[LiveReading], digesters: dict[int, int]) -> None:
    """Sends an event `reading` for each device, to those who follow it, its digester or everything."""
    by_device = sorted(readings, key=lambda reading: reading.device_id)
    for device_id, group in groupby(by_device, key=lambda reading: reading.device_id):
        shown = list(group)
        body = {"device_id": device_id, "device": shown[0].device, "digester_id": digesters.get(device_id)}
        _announce(
            "reading", {**body, "readings": [_shape(r) for r in shown]}, device_id, digesters.get(device_id)
        )


def announce_availability(device_id: int, code: str, online: bool, digester_id: int | None) -> None:
    """Sends an event `device`: one came or went."""
    body = {"device_id": device_id, "device": code, "digester_id": digester_id, "online": online}
    _announce("device", {**body, "at": times.iso_ms(times.now_ms())}, device_id, digester_id)


def announce_production(digester_id: int, body: dict[str, Any]) -> None:
    """Sends an event `production`: what a digester's day has given so far."""
    _announce("production", body, None, digester_id)


def _announce(event: str, body: dict[str, Any], device_id: int | None, digester_id: int | None) -> None:
    """One event to everybody in any of the rooms; who is in several of them gets it once."""
    rooms = [EVERYTHING]
    rooms += [snapshots.device_room(device_id)] if device_id is not None else []
    rooms += [snapshots.digester_room(digester_id)] if digester_id is not None else []
    socketio.emit(event, body, namespace=NAMESPACE, to=rooms)


def _shape(reading: LiveReading) -> dict[str, Any]:
    return {
        "channel_id": reading.channel_id,
        "key": reading.key,
        "quantity": reading.quantity,
        "unit": reading.unit,
        "ts_ms": reading.ts_ms,
        "ts": times.iso_ms(reading.ts_ms),
        "value": reading.value,
    }


def _refusal(error: Exception) -> dict[str, Any]:
    """Why not, for the client; nothing of an unexpected error leaves the server."""
    if isinstance(error, DomainError):
        return {"code": error.code, "message": error.message, "details": error.details}
    log.error("an event of the live screen failed", exc_info=error)
    return {
        "code": "UNAVAILABLE",
        "message": "El servidor no pudo responder; intente de nuevo",
        "details": {},
    }


def _principal(auth: Any) -> Principal:
    """Whoever the Socket.IO auth names, or else the handshake's header, query or cookie."""
    given = auth.get("token") if isinstance(auth, dict) else None
    token = str(given).removeprefix("Bearer ") if given else presented_token()
    if token:
        return principal_of(token)
    token = request.cookies.get(cookies.ACCESS, "")
    if not token:
        raise Unauthenticated("Inicie sesión para continuar", code="MISSING_TOKEN")
    cookies.require_own_origin()
    return principal_of(token)


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]
