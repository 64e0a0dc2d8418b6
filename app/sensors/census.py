"""How many devices are in which state, as a figure for Prometheus. Asks once for all; decides nothing of any device."""

import time
from collections import Counter

from flask import Flask
from prometheus_client import Gauge
from sqlalchemy import Connection, func, select

from app.core.extensions import db
from app.sensors.models import Device

EVERY_S = 15.0
# `silent` was heard and is no longer; `awaited` never was; `quarantine` waits for somebody to approve it.
STATES = ("online", "silent", "awaited", "quarantine", "disabled")
DEVICES = Gauge(
    "sensor_devices", "Devices by what is known of them", ["state"], multiprocess_mode="livemostrecent"
)
# Of its own an ingest that has just begun knows of no message; the database does.
LAST_SEEN = Gauge(
    "sensor_last_seen_timestamp", "When a device was last heard (s since 1970)", multiprocess_mode="livemax"
)


class Census:
    """Taken by every ingest for its own figures, so that none shows what another has found long ago."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._due = time.monotonic()

    def take_if_due(self) -> None:
        """Counts, a few times a minute at most. Raises what the database raises, and is then due again at once."""
        if time.monotonic() < self._due:
            return
        with self._app.app_context(), db.engine.connect() as connection:
            counts, seen_ms = count(connection)
        self._due = time.monotonic() + EVERY_S
        LAST_SEEN.set(seen_ms / 1000)
        for state in STATES:
            DEVICES.labels(state).set(counts[state])


def count(connection: Connection) -> tuple[Counter[str], int]:
    """Devices by state, and when one of them was last heard (ms since 1970; 0: never)."""
    unheard = Device.last_seen_ms.is_(None)
    kinds = (Device.status, Device.online, unheard)
    query = select(*kinds, func.count(), func.max(Device.last_seen_ms)).group_by(*kinds)
    counts: Counter[str] = Counter()
    last_ms = 0
    for status, online, never, number, seen_ms in connection.execute(query):
        counts[state_of(status, bool(online), bool(never))] += number
        last_ms = max(last_ms, seen_ms or 0)
    return counts, last_ms


def state_of(status: str, online: bool, unheard: bool) -> str:
    """The state of such a device."""
    if status != "active":
        return "quarantine" if status == "pending" else "disabled"
    return "online" if online else "awaited" if unheard else "silent"
