"""The way in: queue, batches, acknowledgement after commit, and their threads. Decides about no message."""

import gc
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from prometheus_client import Counter, Gauge, Histogram

from app.core import times
from app.core.database_patience import waiting
from app.core.extensions import cache
from app.core.settings import Settings, SettingsError
from app.sensors.arrivals import Arrival, Queue
from app.sensors.census import Census
from app.sensors.replay import replay as replay
from app.sensors.roller import Roller
from app.sensors.stored import Stored
from app.sensors.subscriber import Subscriber
from app.sensors.watchers import Watchers
from app.sensors.writer import Stopped, Writer

log = logging.getLogger("backfinca.ingest")

LONGEST_CLIENT_ID = 64
HEARTBEAT_S = 3.0
# A batch takes milliseconds; a database behind a cut cable is given up, and found again, in time.
STATEMENT_S = 10.0
HEARTBEAT_LIVES_S = 15
MESSAGES = Counter("ingest_messages_total", "Messages, by what became of them", ["result"])
# There from the beginning: Prometheus takes what appears with its first count for no increase.
MESSAGES.labels("queue_full")
REJECTS = Counter("ingest_rejects_total", "Messages or values refused or remarked, by reason", ["reason"])
BATCH_SIZE = Histogram("ingest_batch_size", "Messages a batch", buckets=(1, 5, 20, 50, 100, 200, 500, 1000))
COMMIT_SECONDS = Histogram("ingest_commit_seconds", "From the batch's first statement to its commit")
LAG_SECONDS = Histogram(
    "ingest_lag_seconds",
    "From the arrival of a batch's oldest message to its commit",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
QUEUE_DEPTH = Gauge("ingest_queue_depth", "Messages waiting for a batch", multiprocess_mode="livesum")
LAST_MESSAGE = Gauge(
    "ingest_last_message_timestamp", "When the last message came (s since 1970)", multiprocess_mode="max"
)


class Ingest:
    """Subscribes, stores and tells. `start` it once in a process; `stop` it before the process ends.

    Raises SettingsError for a client id that is too long to be remembered.
    """

    def __init__(self, app: Flask, settings: Settings, watchers: Watchers) -> None:
        if len(settings.mqtt_client_id) > LONGEST_CLIENT_ID:
            raise SettingsError(f"MQTT_CLIENT_ID: hasta {LONGEST_CLIENT_ID} caracteres")
        self._app = app
        self._settings = settings
        self._watchers = watchers
        self._queue = Queue(settings.mqtt_queue_size)
        self._draining = threading.Event()
        self._stopping = threading.Event()
        self._subscriber = Subscriber(settings, self.take)
        self._writer = Writer(app, settings, watchers.new_device, self._stopping)
        self._roller = Roller(app, settings, watchers, self._writer.forget_devices)
        self._census = Census(app)
        self._messages = 0
        self._last_message_ms: int | None = None
        self._last_batch_ms: int | None = None
        self._threads = {
            name: threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("writer", self._write), ("roller", self._roll), ("heartbeat", self._beat))
        }

    def start(self) -> None:
        """Begins to work, whether broker and database are there yet or not."""
        # What is imported by now stays: the collector need not look through it again at every batch.
        gc.collect()
        gc.freeze()
        for thread in self._threads.values():
            thread.start()
        self._subscriber.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stores and acknowledges what is in the queue, then disconnects. What does not fit in the time stays
        with the broker."""
        self._subscriber.pause()
        self._draining.set()
        self._threads["writer"].join(timeout_s)
        self._stopping.set()
        for thread in self._threads.values():
            thread.join(timeout_s)
        self._subscriber.stop()

    def take(self, arrival: Arrival) -> bool:
        """Queues a message; False when there is no room. One without QoS is then lost, and counted."""
        if self._queue.put(arrival, self._settings.mqtt_keepalive_s / 3 if arrival.qos else 0):
            return True
        MESSAGES.labels("queue_full").inc()
        return False

    def status(self) -> dict[str, Any]:
        """How ingest is doing."""
        return {
            "connected": self._subscriber.connected,
            "protocol": self._subscriber.protocol,
            "database_away": self._writer.away,
            "queue_depth": len(self._queue),
            "last_message_ms": self._last_message_ms,
            "last_batch_ms": self._last_batch_ms,
            "messages_total": self._messages,
            "threads_gone": self._gone(),
        }

    def _gone(self) -> list[str]:
        """Threads that should work and do not: none of them ends while we are not told to stop."""
        return [name for name, thread in self._threads.items() if not thread.is_alive()]

    def _write(self) -> None:
        while True:
            try:
                if not self._write_some() and self._draining.is_set():
                    return
            except Exception:
                # Without its writer ingest would look alive and store nothing.
                log.exception("the writer stumbled")
                if self._stopping.wait(1.0):
                    return

    def _write_some(self) -> bool:
        linger_s = self._settings.mqtt_batch_linger_ms / 1000
        batch = self._queue.take(self._settings.mqtt_batch_size, linger_s, timeout_s=0.2)
        if batch:
            with waiting(STATEMENT_S):
                self._store(batch)
        return bool(batch)

    def _store(self, batch: list[Arrival]) -> None:
        started = time.perf_counter()
        try:
            stored = self._writer.store(batch)
        except Stopped:
            return
        except Exception:
            log.exception("a batch failed in an unforeseen way; the broker will deliver it again")
            self._subscriber.abandon(batch)
            return
        COMMIT_SECONDS.observe(time.perf_counter() - started)
        self._subscriber.acknowledge(batch)
        self._count(batch, stored)
        self._tell(self._watchers.stored, stored)
        for change in stored.availability:
            self._tell(self._watchers.availability, *change)

    def _count(self, batch: list[Arrival], stored: Stored) -> None:
        self._messages += len(batch)
        self._last_batch_ms = times.now_ms()
        LAG_SECONDS.observe(max(self._last_batch_ms - batch[0].received_ms, 0) / 1000)
        self._last_message_ms = batch[-1].received_ms
        LAST_MESSAGE.set(batch[-1].received_ms / 1000)
        BATCH_SIZE.observe(len(batch))
        QUEUE_DEPTH.set(len(self._queue))
        for result, count in stored.results.items():
            MESSAGES.labels(result).inc(count)
        for reason, count in stored.refusals.items():
            REJECTS.labels(reason).inc(count)

    def _tell(self, watcher: Callable[..., None], *told: Any) -> None:
        """A listener's failure is its own: the data are safe already."""
        try:
            with self._app.app_context():
                watcher(*told)
        except Exception:
            log.exception("a watcher of ingest failed")

    def _roll(self) -> None:
        delay_s = 1.0
        while not self._stopping.wait(delay_s):
            started = time.perf_counter()
            try:
                self._roller.turn()
                self._census.take_if_due()
            except Exception as error:
                log.warning("the rollups wait: %s", error)
            # At most a fifth of the time, however much there is to do.
            delay_s = max(1.0, 4 * (time.perf_counter() - started))

    def _beat(self) -> None:
        key = f"ingest:{self._settings.mqtt_client_id}"
        while True:
            try:
                with self._app.app_context():
                    cache.set(key, self.status(), timeout=HEARTBEAT_LIVES_S)
                QUEUE_DEPTH.set(len(self._queue))
            except Exception as error:
                log.debug("nobody hears our heartbeat: %s", error)
            if self._stopping.wait(HEARTBEAT_S):
                return
