"""What the farm has to do while something breaks: people read through nginx, others create, sensors send numbers.

Everything asked is counted, and what was acknowledged is remembered, to be looked for afterwards. Knows no fault.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv311

# Longer than any proxy or server here takes to say that it cannot.
PATIENCE_S = 30.0
TROUBLE = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Asked:
    """A request that was answered, or not (status 0)."""

    at: float
    seconds: float
    status: int
    cache: str = ""
    note: str = ""

    @property
    def failed(self) -> bool:
        return not 200 <= self.status < 400


class Wire:
    """A browser's connection: kept open, and opened again when it broke."""

    def __init__(self, url: str, authority: str | None, token: str) -> None:
        self._place = urlsplit(url)
        self._context = ssl.create_default_context(cafile=authority) if authority else None
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Asked:
        """One request, never repeated here."""
        began = time.monotonic()
        data = None if body is None else json.dumps(body)
        try:
            wire = self._connection or self._opened()
            wire.request(method, path, data, {**self._headers, **headers})
            with wire.getresponse() as answer:
                text = answer.read()
                status, cache = answer.status, answer.headers.get("X-Cache-Status", "")
        except TROUBLE as error:
            self.close()
            return Asked(began, time.monotonic() - began, 0, note=repr(error))
        note = "" if status < 400 else text.decode(errors="replace")[:300]
        return Asked(began, time.monotonic() - began, status, cache, note)

    def _opened(self) -> http.client.HTTPConnection:
        host, port = str(self._place.hostname), self._place.port
        if self._context is None:
            self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        else:
            self._connection = http.client.HTTPSConnection(
                host, port, timeout=PATIENCE_S, context=self._context
            )
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Crew:
    """Threads that do one thing over and over until they are told to end."""

    work: Callable[[int], None]
    size: int
    pause_s: float
    _ending: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(self.size)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        while not self._ending.wait(self.pause_s):
            self.work(number)

    def end(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    @property
    def ending(self) -> bool:
        return self._ending.is_set()


class Readers:
    """People who look at lists, over and over."""

    def __init__(self, wires: list[Wire], paths: list[str], pause_s: float = 0.02) -> None:
        self.asked: list[Asked] = []
        self._wires, self._paths = wires, paths
        self._turn = 0
        self.crew = Crew(self._read, len(wires), pause_s)

    def _read(self, number: int) -> None:
        self._turn += 1
        self.asked.append(self._wires[number].ask("GET", self._paths[self._turn % len(self._paths)]))


class Writers:
    """People who write down treatments; refused, they send the same again with the same key."""

    def __init__(self, wires: list[Wire], animal_id: int, pause_s: float = 0.05) -> None:
        self.asked: list[Asked] = []
        self.acknowledged: set[str] = set()
        self.named: set[str] = set()
        self._wires, self._animal_id = wires, animal_id
        self.crew = Crew(self._write, len(wires), pause_s)

    def _write(self, number: int) -> None:
        name = str(uuid.uuid4())
        self.named.add(name)
        body = {"animal_id": self._animal_id, "treatment_date": "2026-01-10", "description": name}
        body |= {"dosis": "3 ml", "frequency": "Cada día", "observations": "Ninguna"}
        deadline = time.monotonic() + 2 * PATIENCE_S
        while time.monotonic() < deadline:
            said = self._wires[number].ask("POST", "/api/v1/treatments", body, **{"Idempotency-Key": name})
            self.asked.append(said)
            if not said.failed:
                self.acknowledged.add(name)
                return
            time.sleep(0.3)


class Sensor:
    """Sends numbers, by QoS 1 if not told otherwise, and remembers which of them the broker has taken."""

    def __init__(
        self, name: str, code: str, port: int, *, host: str = "127.0.0.1", people: tuple[str, str] | None = None,
        stamped: bool = True, pause_s: float = 0.01, first: int = 0, qos: int = 1,
    ) -> None:  # fmt: skip
        self.key, self.code, self.stamped, self._qos = name, code, stamped, qos
        self.acknowledged: set[int] = set()
        self.sent = first
        self._mids: dict[int, int] = {}
        # Taken before we knew their number.
        self._early: set[int] = set()
        self._lock = threading.Lock()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=False, protocol=MQTTv311
        )
        if people:
            self._client.username_pw_set(*people)
        self._client.max_inflight_messages_set(100)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_publish = self._taken
        self._client.connect(host, port, keepalive=5)
        self._client.loop_start()
        self.crew = Crew(lambda _n: self._send(), 1, pause_s)

    def _send(self) -> None:
        body: dict[str, Any] = {self.key: self.sent}
        if self.stamped:
            body["timestamp"] = time.time()
        # Not under our lock: the library holds its own when it calls us back.
        told = self._client.publish(f"finca/{self.code}/telemetry", json.dumps(body), qos=self._qos)
        with self._lock:
            if told.mid in self._early:
                self._early.discard(told.mid)
                self.acknowledged.add(self.sent)
            else:
                self._mids[told.mid] = self.sent
        self.sent += 1

    def _taken(self, _client: Any, _data: Any, mid: int, *_more: Any) -> None:
        with self._lock:
            number = self._mids.pop(mid, None)
            if number is None:
                self._early.add(mid)
            else:
                self.acknowledged.add(number)

    @property
    def waiting(self) -> int:
        return len(self._mids)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
