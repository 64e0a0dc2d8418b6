"""Words between processes: what one publishes, every process's subscribers hear. Nothing is kept for latecomers."""

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import Any

from flask import Flask, current_app
from redis import Redis, RedisError

from app.core import redis_places

log = logging.getLogger("backfinca.bus")
PREFIX = "backfinca:bus:"
BACKLOG = 1000
RETRY_S = 1.0
PATIENCE_S = 1.0
# After a vain try Redis is left alone this long, so that a hung one costs one wait and not one a word.
PAUSE_S = 2.0


class Backlog(Queue[Any]):
    """What a subscriber has not read yet; `lost` tells that older words had to give way."""

    lost = False


class Bus:
    """Publish and subscribe over Redis, or inside the process when there is none."""

    def __init__(self, redis_url: str | None) -> None:
        self._url = redis_url
        # One try: whoever publishes is not kept waiting by a Redis that is away.
        patience = {"connect_s": PATIENCE_S, "answer_s": PATIENCE_S}
        self._speaker = redis_places.client(redis_url, **patience) if redis_url else None
        self._paused_until = 0.0
        self._queues: dict[str, set[Backlog]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None
        self._listening = threading.Event()

    def publish(self, topic: str, *bodies: Any) -> None:
        """Tells every subscriber of `topic`, in this order; only those of this process while Redis is away."""
        if self._speaker is not None and time.monotonic() >= self._paused_until:
            try:
                self._speaker.publish(PREFIX + topic, json.dumps(bodies))
                return
            except RedisError:
                self._paused_until = time.monotonic() + PAUSE_S
                log.warning("bus out of reach, telling this process only")
        self._deliver(topic, bodies)

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[Backlog]:
        """A queue of what is said from now on. A subscriber too slow for it loses the oldest."""
        queue = Backlog(BACKLOG)
        with self._lock:
            self._queues[topic].add(queue)
            self._listen()
        if self._url:
            self._listening.wait(PATIENCE_S)
        try:
            yield queue
        finally:
            with self._lock:
                self._queues[topic].discard(queue)

    def _deliver(self, topic: str, bodies: Any) -> None:
        with self._lock:
            queues = list(self._queues[topic])
        for queue in queues:
            for body in bodies:
                _push(queue, body)

    def _listen(self) -> None:
        if self._url and self._listener is None:
            self._listener = threading.Thread(target=self._hear, name="bus", daemon=True)
            self._listener.start()

    def _connection(self) -> Redis:
        return redis_places.client(str(self._url), connect_s=PATIENCE_S)

    def _hear(self) -> None:
        while True:
            try:
                with self._connection().pubsub() as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.psubscribe(PREFIX + "*")
                    for word in pubsub.listen():
                        if word["type"] == "pmessage":
                            self._deliver(word["channel"].decode()[len(PREFIX) :], json.loads(word["data"]))
                        else:
                            self._listening.set()
            except (RedisError, OSError, ValueError):
                self._listening.clear()
                time.sleep(RETRY_S)


def _push(queue: Backlog, body: Any) -> None:
    while True:
        try:
            queue.put_nowait(body)
        except Full:
            queue.lost = True
            try:
                queue.get_nowait()
            except Empty:
                pass
        else:
            return


def init_app(app: Flask, redis_url: str | None) -> None:
    """Gives the application its bus; it connects on first use."""
    app.extensions["bus"] = Bus(redis_url)


def bus() -> Bus:
    """The bus of the application at work."""
    found: Bus = current_app.extensions["bus"]
    return found
