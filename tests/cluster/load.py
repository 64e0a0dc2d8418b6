"""People who write and read without pause, and the count of what they were answered."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from typing import Any
from urllib.parse import urlsplit

from sensors.farmyard import Publisher

TIMEOUT_S = 20.0
PAUSE_S = 0.25


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: nothing."""

    status: int
    body: Any = None
    retry_after: str | None = None


def call(url: str, method: str, path: str, token: str = "", body: Any = None, **headers: str) -> Answer:
    """One request over a connection of its own. Paths are below /api/v1, but for /health."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body)
    prefix = "" if path.startswith("/health") else "/api/v1"
    wire = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        wire.request(method, prefix + path, data, {"Content-Type": "application/json", **headers})
        response = wire.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException):
        return Answer(0)
    finally:
        wire.close()
    told = json.loads(text) if response.headers.get_content_type() == "application/json" else text.decode()
    return Answer(response.status, told, response.headers.get("Retry-After"))


@dataclass
class Count:
    """What became of the requests."""

    good: int = 0
    unavailable: int = 0
    dropped: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[str, int] = field(default_factory=dict)
    instants: list[float] = field(default_factory=list)

    def note(self, answer: Answer, what: str) -> bool:
        """Counts an answer; whether it was the one wanted."""
        if 200 <= answer.status < 300:
            self.good += 1
            self.instants.append(time.monotonic())
            return True
        if answer.status == 503 and answer.retry_after:
            self.unavailable += 1
        elif answer.status == 0:
            self.dropped += 1
        else:
            self.wrong[f"{what}: {answer.status} {answer.body}"[:300]] += 1
        return False

    def silence(self, since: float, until: float) -> float:
        """The longest time without a good answer."""
        good = [since, *(instant for instant in self.instants if since < instant < until), until]
        return max(after - before for before, after in pairwise(good))

    def __str__(self) -> str:
        share = 100 * (self.unavailable + self.dropped) / max(1, self.good + self.unavailable + self.dropped)
        return (
            f"{self.good} good, {self.unavailable} 503, {self.dropped} unanswered ({share:.2f} %),"
            f" {sum(self.wrong.values())} wrong"
        )


class Load:
    """Writers that send each record until it is acknowledged, always with the same Idempotency-Key; and readers."""

    def __init__(
        self,
        urls: Sequence[str],
        token: str,
        animals: Sequence[int],
        *,
        writers: int = 4,
        readers: int = 1,
        name: str = "load",
    ) -> None:
        self.urls, self.token, self.animals, self.name = list(urls), token, list(animals), name
        self.writes, self.reads = Count(), Count()
        self.began = time.monotonic()
        self._ending = threading.Event()
        self._threads = [
            *(threading.Thread(target=self._write, args=(n,)) for n in range(writers)),
            *(threading.Thread(target=self._read, args=(n,)) for n in range(readers)),
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a record is never acknowledged"

    def _write(self, writer: int) -> None:
        number = 0
        while not self._ending.is_set():
            number += 1
            self._insist(f"{self.name}-{writer}-{number}", writer, number)

    def _insist(self, key: str, writer: int, number: int) -> None:
        """As a client does: again, at the next server, until it holds; a while after the end too."""
        body = {
            "animal_id": self.animals[(writer * 7 + number) % len(self.animals)],
            "checkup_date": "2026-01-01",
            "health_status": "Sano",
            "description": key,
        }
        deadline = time.monotonic() + 90
        for turn in cycle(range(len(self.urls))):
            url = self.urls[(writer + turn) % len(self.urls)]
            answer = call(url, "POST", "/controls", self.token, body, **{"Idempotency-Key": key})
            if self.writes.note(answer, "POST"):
                self.writes.acknowledged[key] = answer.body["data"]["id"]
                return
            if time.monotonic() > deadline:
                return
            time.sleep(PAUSE_S)

    def _read(self, reader: int) -> None:
        for turn in cycle(range(len(self.urls))):
            if self._ending.is_set():
                return
            url = self.urls[(reader + turn) % len(self.urls)]
            self.reads.note(call(url, "GET", "/controls?limit=5", self.token), "GET")
            time.sleep(0.02)

    def written(self) -> int:
        return len(self.writes.acknowledged)


@contextmanager
def publishing(port: int, per_second: int) -> Iterator[Publisher]:
    """Numbered readings of QoS 1 without pause; after the block, the broker has all `sent` of them."""
    ending = threading.Event()

    def publish(publisher: Publisher) -> None:
        while not ending.is_set():
            publisher.number(publisher.sent, publisher.sent + 20, stamped=False, per_second=per_second)

    with Publisher(port) as publisher:
        thread = threading.Thread(target=publish, args=(publisher,))
        thread.start()
        try:
            yield publisher
        finally:
            ending.set()
            thread.join()
            publisher.settle()
