"""How the live screens' rooms of several processes meet: Socket.IO's messages over Redis, with our patience.

The library waits for a hung Redis as long as it takes, and for one that is back up to a minute. Here nobody waits long
for either; meanwhile each process tells the screens that are its own.
"""

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

from redis import RedisError
from socketio import RedisManager

from app.core import redis_places

log = logging.getLogger("backfinca.live")
CHANNEL = "flask-socketio"
PATIENCE_S = 0.5
PAUSE_S = 2.0
RETRY_S = 1.0
# A connection that a cut cable or a lost host left behind is noticed by asking it.
ASKED_EVERY_S = 2.0
SILENCE_S = 3 * ASKED_EVERY_S


class LiveQueue(RedisManager):  # type: ignore[misc]
    """Socket.IO's way between processes, for one Redis or for Sentinels."""

    def __init__(self, url: str) -> None:
        super().__init__(url, channel=CHANNEL)
        self._speaker = redis_places.client(url, connect_s=PATIENCE_S, answer_s=PATIENCE_S)
        self._paused_until = 0.0

    def _publish(self, data: Any) -> None:
        if time.monotonic() < self._paused_until:
            return
        try:
            self._speaker.publish(self.channel, json.dumps(data))
        except (RedisError, OSError) as error:
            self._paused_until = time.monotonic() + PAUSE_S
            log.warning("other processes' screens are not told: %s", type(error).__name__)

    def _listen(self) -> Iterator[Any]:
        while True:
            try:
                yield from self._heard()
            except (RedisError, OSError) as error:
                log.warning("other processes are not heard: %s", type(error).__name__)
                time.sleep(RETRY_S)

    def _heard(self) -> Iterator[Any]:
        client = redis_places.client(self.redis_url, connect_s=PATIENCE_S, answer_s=SILENCE_S)
        with client.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(self.channel)
            heard_at = asked_at = time.monotonic()
            while heard_at + SILENCE_S > asked_at:
                word = pubsub.get_message(timeout=ASKED_EVERY_S)
                now = time.monotonic()
                if word:
                    heard_at = now
                    if word["type"] == "message":
                        yield word["data"]
                if now - asked_at >= ASKED_EVERY_S:
                    asked_at = now
                    pubsub.ping()
