"""What tests of ingest stand on: an empty database, a broker, an application, processes, and a publisher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from paho.mqtt.client import CallbackAPIVersion, Client
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.core.extensions import db
from app.core.settings import Settings, load_settings
from app.sensors.ingest import Ingest
from app.sensors.watchers import Watchers

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90.0


def wait_until(holds: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> None:
    """Returns as soon as `holds()` is true; fails naming `what` when it never is."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


class Farmyard:
    """One database with its application. `mqtt_url` may point to a broker that is not there."""

    def __init__(
        self, folder: Path, database_url: str, mqtt_url: str = "mqtt://127.0.0.1:9", **more: Any
    ) -> None:
        self.folder = folder
        self.settings: Settings = load_settings(
            flask_env="testing",
            instance_dir=folder,
            media_dir=folder,
            database_url=database_url,
            mqtt_url=mqtt_url,
            **more,
        )
        self.app: Flask = create_app(self.settings)
        with self.app.app_context():
            db.create_all()
        self.processes: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        """Ends what was started and lets go of the database."""
        for process in self.processes:
            process.kill()
            process.wait()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query, in a transaction of its own."""
        with self.app.app_context():
            return [tuple(row) for row in db.session.execute(text(sql))]

    def one(self, sql: str) -> Any:
        """The single value a query answers; None while the database cannot."""
        try:
            return self.rows(sql)[0][0]
        except DBAPIError:
            return None

    def readings(self, device: str = "%", key: str = "%") -> list[tuple[int, float]]:
        """(ts_ms, value) of the channels whose device code and key are like these, in order of time."""
        return self.rows(
            "SELECT ts_ms, value FROM readings JOIN channels ON channels.id = channel_id"
            " JOIN devices ON devices.id = device_id"
            f" WHERE code LIKE '{device}' AND channels.key LIKE '{key}' ORDER BY ts_ms, value"
        )

    def messages(self) -> int:
        """How many raw messages are stored."""
        return self.one("SELECT COUNT(*) FROM messages") or 0

    def refused(self) -> dict[str, int]:
        """How many were refused or remarked, by reason."""
        return dict(self.rows("SELECT reason, count FROM reject_counts"))

    @contextmanager
    def ingest(self, watchers: Watchers | None = None, **changes: Any) -> Iterator[Ingest]:
        """Ingest in this process, connected, and stopped afterwards."""
        settings = self.settings.model_copy(update=changes)
        ingest = Ingest(self.app, settings, watchers or Watchers())
        ingest.start()
        try:
            wait_until(lambda: ingest.status()["connected"], "connection to the broker")
            yield ingest
        finally:
            ingest.stop()

    def spawn(self, **environment: str) -> subprocess.Popen[bytes]:
        """Ingest as its own process, which the test may kill."""
        given = {
            "FLASK_ENV": "testing",
            "INSTANCE_DIR": str(self.folder),
            "DATABASE_URL": self.settings.database_uri,
            "MQTT_URL": self.settings.mqtt_url,
            "PYTHONPATH": str(ROOT),
            "LOG_LEVEL": "ERROR",
        }
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("ingest_process.py"))],
            env={**os.environ, **given, **environment},
            cwd=self.folder,
        )
        self.processes.append(process)
        return process


class Publisher:
    """Publishes numbered messages, whose only purpose is to be counted afterwards."""

    def __init__(self, port: int, qos: int = 1, **broker: Any) -> None:
        self.qos = qos
        self.sent = self.confirmed = 0
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="publisher", clean_session=False)
        self._client.max_inflight_messages_set(200)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port, **broker)
        self._client.loop_start()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, body: Any, **more: Any) -> None:
        """One message: bytes as they are, anything else as JSON."""
        payload = body if isinstance(body, bytes) else json.dumps(body)
        self.sent += 1
        self._client.publish(topic, payload, **{"qos": self.qos, **more})

    def number(
        self, first: int, last: int, *, stamped: bool, devices: int = 5, per_second: int = 2500
    ) -> None:
        """Messages `first` to `last` (exclusive), with an instant of their own or without."""
        for n in range(first, last):
            body = {"n": n, "same": 1}
            if stamped:
                # Hundredths: several messages of a device share an instant, and none may be lost for it.
                body["timestamp"] = round(time.time(), 2)
            self.publish(f"finca/n{n % devices}/telemetry", body)
            time.sleep(1 / per_second)

    def settle(self) -> None:
        """Returns when the broker has acknowledged everything."""
        wait_until(lambda: self.confirmed == self.sent, "the broker has everything")

    def _on_publish(self, *_told: object) -> None:
        self.confirmed += 1
