"""Real servers killed and frozen under real web processes: what still works, what is said, and that it comes back."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import servers
from sensors.farmyard import Publisher, wait_until
from server_process import Server, ServerMissing
from serving import Gunicorn, Screen

pytestmark = [pytest.mark.services, pytest.mark.slow]

# Nobody waits for a part that is away as long as this; the driver alone would wait for 60 s.
NO_HANG_S = 20.0
BACK_S = 30.0
Break = Callable[[Server], None]


def killed(server: Server) -> None:
    server.kill()


def frozen(server: Server) -> None:
    server.freeze()


def mended(server: Server) -> None:
    """Started again, or thawed."""
    if server.running:
        server.thaw()
    else:
        server.start()


@contextmanager
def broken(server: Server, how: Break) -> Iterator[None]:
    how(server)
    try:
        yield
    finally:
        mended(server)


class Answer:
    """What came back, whatever its status."""

    def __init__(self, status: int, headers: Any, text: bytes) -> None:
        self.status, self.headers = status, headers
        self.json = json.loads(text) if text[:1] in (b"{", b"[") else None

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.json["data"]]


def ask(server: Gunicorn, path: str, token: str | None = None, body: Any = None, **headers: str) -> Answer:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=NO_HANG_S) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.status, refused.headers, refused.read())


class Stream:
    """Somebody who follows the changes, and keeps the ids of the species that came."""

    def __init__(self, server: Gunicorn, token: str) -> None:
        self.ids: list[int] = []
        self._answer = server.open("/api/v1/events", token)
        self._answer.readline()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for line in self._answer:
                if line.startswith(b"data:"):
                    self.ids.append(json.loads(line[5:])["id"])
        except (OSError, ValueError):
            pass

    def join(self) -> None:
        self._thread.join(NO_HANG_S)
        self._answer.close()


class Farm:
    """MariaDB, Redis, Mosquitto and two web processes; the first one takes the readings in."""

    def __init__(self, stack: ExitStack) -> None:
        self.mariadb = stack.enter_context(servers.MariaDB())
        self.redis = stack.enter_context(servers.Redis())
        self.broker = stack.enter_context(servers.Mosquitto())
        places = {
            "database_url": self.mariadb.create_database("finca"),
            "redis_url": self.redis.url,
            "mqtt_url": self.broker.url,
            "login_rate_limit": "6 per minute",
        }
        self.one = stack.enter_context(Gunicorn(mqtt_ingest="inline", server_id="1", **places))
        self.two = Gunicorn(server_id="2", **places)
        # The first one's tables are there already.
        self.two._prepared = True
        stack.enter_context(self.two)
        self.token = self.one.log_in()
        wait_until(lambda: self.services(self.one)["broker"] == "connected", "the broker is heard")

    def get(self, path: str, server: Gunicorn | None = None, **headers: str) -> Answer:
        return ask(server or self.one, f"/api/v1{path}", self.token, **headers)

    def post(self, path: str, body: Any, server: Gunicorn | None = None) -> Answer:
        return ask(server or self.one, f"/api/v1{path}", self.token, body)

    def services(self, server: Gunicorn) -> dict[str, Any]:
        return dict(ask(server, "/health").json["services"])

    def is_healthy(self) -> bool:
        return all(ask(server, "/health").json["status"] == "healthy" for server in (self.one, self.two))

    def stored(self, key: str) -> list[float]:
        with self.mariadb.connect("finca") as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT value FROM readings JOIN channels ON channels.id = channel_id WHERE `key` = %s",
                (key,),
            )
            return sorted(value for (value,) in cursor.fetchall())


@pytest.fixture(scope="module")
def farm(request: pytest.FixtureRequest) -> Iterator[Farm]:
    with ExitStack() as stack:
        try:
            found = Farm(stack)
        except ServerMissing as missing:
            pytest.skip(f"not installed: {missing}")
        yield found


@pytest.mark.parametrize("how", [killed, frozen])
def test_redis_away_while_screens_watch(farm: Farm, how: Break) -> None:
    name = f"Especie {how.__name__}"
    assert farm.get("/species", farm.two).status == 200
    with (
        Screen(farm.one.url, farm.token) as near,
        Screen(farm.two.url, farm.token) as far,
        Publisher(farm.broker.port) as sensor,
    ):
        assert near.ask("subscribe")["ok"]
        assert far.ask("subscribe")["ok"]
        here, there = Stream(farm.one, farm.token), Stream(farm.two, farm.token)
        sensor.publish("finca/r1/telemetry", {how.__name__: 1})
        for screen in (near, far):
            screen.await_value(how.__name__, 1)
        with broken(farm.redis, how):
            for server in (farm.one, farm.two):
                wait_until(lambda s=server: ask(s, "/health").json["status"] == "degraded", "it is told")
                assert ask(server, "/health").status == 200
                answer = farm.get("/species", server)
                assert (answer.status, answer.headers["X-Cache-Strategy"]) == (200, "none")
            made = farm.post("/species", {"name": name})
            assert made.status == 201
            assert name in farm.get("/species").names
            wait_until(lambda: made.json["data"]["id"] in here.ids, "its own listeners hear of it")
            sensor.publish("finca/r1/telemetry", {how.__name__: 2})
            near.await_value(how.__name__, 2)
            assert 429 in [refused_login(farm) for _ in range(20)], "limits are counted in memory"
        wait_until(farm.is_healthy, "all is well again", BACK_S)
        # A frozen one comes back with the stamps it had: what was written meanwhile must not stay hidden behind them.
        wait_until(lambda: name in farm.get("/species", farm.two).names, "the other sees the change", BACK_S)

        def heard_again() -> bool:
            told = farm.post("/species", {"name": f"{name} {time.time_ns()}"}).json["data"]["id"]
            time.sleep(0.5)
            return told in there.ids

        wait_until(heard_again, "changes cross over again", BACK_S)
        numbers = iter(range(3, 1000))

        def seen_again() -> bool:
            value = next(numbers)
            sensor.publish("finca/r1/telemetry", {how.__name__: value})
            time.sleep(1.5)
            return bool([seen for seen in far.values(how.__name__) if seen > 2])

        wait_until(seen_again, "readings cross over again", BACK_S)
    wait_until(lambda: farm.get("/species").headers["X-Cache-Status"] == "HIT", "answers are kept again")
    ask(farm.one, "/api/v1/auth/me", farm.token)
    for stream in (here, there):
        stream._answer.fp.raw._sock.shutdown(2)
        stream.join()


def refused_login(farm: Farm) -> int:
    return ask(farm.one, "/api/v1/auth/login", None, {"identification": "999999", "password": "x"}).status


@pytest.mark.parametrize("how", [killed, frozen])
def test_the_database_away(farm: Farm, how: Break) -> None:
    name, key = f"Raza {how.__name__}", f"db_{how.__name__}"
    before = farm.get("/diseases")
    assert farm.get("/food_types").status == 200
    assert farm.post("/diseases", {"name": name}).status == 201
    with Publisher(farm.broker.port) as sensor:
        sensor.publish("finca/d1/telemetry", {key: 0})
        wait_until(lambda: farm.stored(key) == [0], "a reading is stored")
        with broken(farm.mariadb, how):
            current = farm.get("/food_types")
            assert (current.status, current.headers["X-Cache-Status"]) == (200, "HIT")
            old = farm.get("/diseases")
            assert (old.status, old.headers["X-Cache-Status"]) == (200, "STALE")
            assert old.headers["Warning"].startswith("110")
            assert old.names == before.names
            for refused in (farm.post("/diseases", {"name": "Fiebre"}), farm.get("/medications?page=2")):
                assert refused.status == 503, refused.json
                assert int(refused.headers["Retry-After"]) > 0
                assert refused.json["error"]["code"] == "UNAVAILABLE"
            health = ask(farm.one, "/health")
            assert (health.status, health.json["services"]["database"]) == (503, "down")
            for number in range(1, 200):
                sensor.publish("finca/d1/telemetry", {key: number})
            sensor.settle()
        wait_until(farm.is_healthy, "all is well again", BACK_S)
        wait_until(lambda: len(farm.stored(key)) >= 200, "what waited is stored", BACK_S)
        assert farm.stored(key) == list(range(200))
    assert farm.post("/diseases", {"name": f"{name} después"}).status == 201
    fresh = farm.get("/diseases")
    assert "Warning" not in fresh.headers
    assert {name, f"{name} después"} <= set(fresh.names)


@pytest.mark.parametrize("how", [killed, frozen])
def test_the_broker_away(farm: Farm, how: Break) -> None:
    code, key = f"b-{how.__name__}", f"v_{how.__name__}"

    def shown() -> list[bool]:
        devices = farm.get("/sensors").json["data"]
        return [device["online"] for device in devices if device["code"] == code]

    with Publisher(farm.broker.port, keepalive=5) as sensor:
        sensor.publish(f"finca/{code}/telemetry", {key: 0})
        wait_until(lambda: shown() == [True], "the sensor is there")
        (device,) = (d for d in farm.get("/sensors").json["data"] if d["code"] == code)
        patched = urllib.request.Request(
            f"{farm.one.url}/api/v1/sensors/{code}",
            json.dumps({"expected_interval_s": 1}).encode(),
            {"Authorization": f"Bearer {farm.token}", "Content-Type": "application/json"},
            method="PATCH",
        )
        with urllib.request.urlopen(patched, timeout=NO_HANG_S):
            pass
        assert device["code"] == code
        with broken(farm.broker, how):
            wait_until(lambda: shown() == [False], "it is shown offline", BACK_S)
            assert farm.post("/species", {"name": f"Sin broker {how.__name__}"}).status == 201
            if how is killed:
                wait_until(lambda: farm.services(farm.one)["broker"] == "down", "it is told")
            for number in range(1, 50):
                sensor.publish(
                    f"finca/{code}/telemetry", {key: number, "timestamp": time.time() + number / 100}
                )
        wait_until(lambda: farm.services(farm.one)["broker"] == "connected", "reconnected", BACK_S)
        sensor.settle()
        kept = set(range(50))
        wait_until(
            lambda: kept <= set(farm.stored(key)), f"what it kept is stored: {farm.stored(key)}", BACK_S
        )
        numbers = iter(range(50, 10_000))

        def there_again() -> bool:
            sensor.publish(f"finca/{code}/telemetry", {key: next(numbers)})
            return shown() == [True]

        wait_until(there_again, "it is there again", BACK_S)
