"""The live screen as its clients see it: real Socket.IO clients, real servers, readings that come by MQTT."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import serving
import websocket
from sensors.farmyard import Publisher, wait_until
from serving import FarmServer, Gunicorn, Screen

DOORS = ["werkzeug", "gevent", pytest.param("two gevent workers", marks=pytest.mark.services)]


@dataclass
class Door:
    """A server, the token of somebody who may watch, and what publishes."""

    server: FarmServer
    token: str
    publisher: Publisher

    def publish(self, device: str, **values: float) -> None:
        self.publisher.publish(f"finca/{device}/telemetry", values)

    def screen(self, **more: Any) -> Screen:
        return Screen(self.server.url, self.token, **more)

    def known(self, device: str, **values: float) -> int:
        """The id of a device that has published these, once they are stored."""
        self.publish(device, **values)
        path = f"/api/v1/sensors/latest?device={device}"

        def stored() -> bool:
            try:
                rows = self.server.get(path, self.token)["data"]
            except OSError:
                return False
            return {key: float(value) for key, value in values.items()}.items() <= {
                row["key"]: row["value"] for row in rows
            }.items()

        wait_until(stored, f"{device} stored")
        return int(self.server.get(f"/api/v1/sensors/{device}", self.token)["data"]["id"])


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Each way of serving; with two workers, readings come in through a process of their own."""
    with serving.broker() as broker:
        settings: dict[str, Any] = {"mqtt_url": broker.url, "mqtt_ingest": "inline"}
        if request.param == "werkzeug":
            server = FarmServer(**settings)
        elif request.param == "gevent":
            server = Gunicorn("--preload", **settings)
        else:
            settings |= {
                "mqtt_ingest": "process",
                "redis_url": request.getfixturevalue("redis_server").url,
                "database_url": request.getfixturevalue("mariadb").create_database("live"),
            }
            server = Gunicorn(workers=2, **settings)
        with server:
            if settings["mqtt_ingest"] == "inline":
                yield from _opened(server, broker.port)
            else:
                command = FarmServer.flask_command("ingest")
                with serving.running(command, server.environment, server.folder):
                    yield from _opened(server, broker.port)


def _opened(server: FarmServer, broker_port: int) -> Iterator[Door]:
    wait_until(lambda: server.get("/health")["services"]["broker"] == "connected", "connection to the broker")
    with Publisher(broker_port) as publisher:
        door = Door(server, server.log_in(), publisher)
        # A farm with a single digester lets it adopt every new device; here the tests say what measures what.
        for name in ("1", "2"):
            _digester(door, name, [])
        yield door


@pytest.mark.parametrize("name", ["none", "garbage", "expired"])
def test_a_stranger_is_refused_with_a_code(door: Door, name: str) -> None:
    token = {"none": None, "garbage": "a.b.c", "expired": serving.aged(door.token, -60)}[name]
    code = {"none": "MISSING_TOKEN", "garbage": "JWT_ERROR", "expired": "TOKEN_EXPIRED"}[name]
    with Screen(door.server.url, token) as screen:
        assert screen.gone
    assert screen.refusal["data"]["code"] == code
    assert screen.refusal["message"]


def test_the_default_namespace_is_closed(door: Door) -> None:
    with Screen(door.server.url, door.token, namespace="/") as screen:
        assert screen.client.namespaces == {}
    assert screen.refusal


def test_every_client_sees_every_reading(door: Door) -> None:
    door.known("vista", temperatura=20)
    screens = [door.screen() for _ in range(5)]
    try:
        for screen in screens:
            assert screen.ask("subscribe") == {"ok": True}
        for value in (31, 32, 33):
            door.publish("vista", temperatura=value)
            for screen in screens:
                screen.await_value("temperatura", value)
    finally:
        for screen in screens:
            screen.close()
    event = screens[0].events("reading")[0]
    assert event["device"] == "vista"
    assert event["readings"][0]["unit"] == "°C"


def test_a_snapshot_draws_at_once(door: Door) -> None:
    for value in range(3):
        device_id = door.known("cuadro", ph=value)
    with door.screen() as screen:
        screen.ask("subscribe", {"devices": ["cuadro"]})
        wait_until(lambda: screen.events("snapshot"), "snapshot")
    (snapshot,) = screen.events("snapshot")
    (device,) = snapshot["devices"]
    assert (device["id"], device["code"], device["online"]) == (device_id, "cuadro", True)
    (channel,) = device["channels"]
    assert [value for _, value in channel["points"]] == [0, 1, 2]
    assert channel["name"] == "pH"
    assert snapshot["truncated"] is channel["truncated"] is False


def test_who_returns_gets_what_was_missed_and_nothing_twice(door: Door) -> None:
    door.known("regreso", n=0)
    with door.screen() as screen:
        screen.ask("subscribe", {"devices": ["regreso"]})
        door.publish("regreso", n=1)
        screen.await_value("n", 1)
    (reading,) = screen.events("reading")[0]["readings"]
    for value in range(2, 8):
        door.publish("regreso", n=value)
    door.known("regreso", n=8)
    for since in (reading["ts_ms"], reading["ts"], {str(reading["channel_id"]): reading["ts_ms"]}):
        with door.screen() as again:
            again.ask("subscribe", {"devices": ["regreso"], "since": since})
            wait_until(lambda: again.events("snapshot"), "snapshot")
        (channel,) = again.events("snapshot")[0]["devices"][0]["channels"]
        assert [value for _, value in channel["points"]] == list(range(2, 9)), since


def test_a_burst_is_merged_and_its_last_value_arrives(door: Door) -> None:
    door.known("rafaga", n=-1)
    with door.screen() as screen:
        screen.ask("subscribe", {"devices": ["rafaga"]})
        started = time.monotonic()
        for value in range(300):
            door.publish("rafaga", n=value)
            time.sleep(0.005)
        screen.await_value("n", 299)
        elapsed_s = time.monotonic() - started
    assert len(screen.events("reading")) <= elapsed_s + 2
    assert screen.values("n") == sorted(screen.values("n"))


def test_channels_do_not_wait_for_each_other(door: Door) -> None:
    door.known("canales", a=0, b=0)
    with door.screen() as screen:
        screen.ask("subscribe", {"devices": ["canales"]})
        for value in range(1, 6):
            door.publish("canales", a=value)
            door.publish("canales", b=value)
        screen.await_value("a", 5)
        screen.await_value("b", 5)
    # Each channel's first reading went out at once, and the later ones of both are merged.
    assert len(screen.values("a")) <= 4
    assert len(screen.values("b")) <= 4


def test_several_rooms_are_told_once(door: Door) -> None:
    device_id = door.known("salas", n=0)
    digester_id = _digester(door, "Salas", ["salas"])
    with door.screen() as screen:
        for wanted in ({}, {"devices": [device_id]}, {"digesters": [digester_id]}, {"devices": ["salas"]}):
            assert screen.ask("subscribe", wanted)["ok"]
        for value in (1, 2):
            door.publish("salas", n=value)
            screen.await_value("n", value)
    seen = Counter(
        (body["device"], reading["ts_ms"])
        for body in screen.events("reading")
        for reading in body["readings"]
        if body["device"] == "salas"
    )
    assert set(seen.values()) == {1}
    assert screen.events("reading")[0]["digester_id"] == digester_id


def test_rooms_keep_out_what_was_not_asked_for(door: Door) -> None:
    for device in ("propio", "ajeno"):
        door.known(device, n=0)
    digester_id = _digester(door, "Rooms", ["propio"])
    with door.screen() as watching, door.screen() as other:
        watching.ask("subscribe", {"digesters": [digester_id]})
        other.ask("subscribe", {"devices": ["ajeno"]})
        door.publish("propio", n=1)
        watching.await_value("n", 1)
        door.publish("ajeno", n=2)
        other.await_value("n", 2)
        assert watching.values("n") == [1]
        assert other.values("n") == [2]
        other.ask("unsubscribe", {"devices": ["ajeno"]})
        door.publish("ajeno", n=3)
        door.publish("propio", n=4)
        watching.await_value("n", 4)
    assert other.values("n") == [2]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"devices": ["nadie"]}, "devices"),
        ({"devices": [True, 1.5, None, {"a": 1}, [1]]}, "devices"),
        ({"devices": ["x" * 5000, 10**30]}, "devices"),
        ({"devices": "vista"}, "devices"),
        ({"devices": list(range(500))}, "devices"),
        ({"digesters": ["²", "9" * 5000]}, "digesters"),
        ({"digesters": [999999]}, ""),
        ({"since": "ayer"}, "since"),
        ({"since": 1e400}, "since"),
        ({"since": {"canal": 3}}, "since"),
    ],
)
def test_a_wrong_subscription_is_answered_and_joins_nothing(door: Door, wanted: Any, field: str) -> None:
    door.known("firme", n=0)
    with door.screen() as screen:
        answer = screen.ask("subscribe", wanted)
        assert answer["ok"] is False
        assert field in (list(answer["error"]["details"].get("validation_errors", {})) or [""])
        door.publish("firme", n=1)
        door.known("firme", n=2)
        assert screen.events("snapshot") == []
        # The connection is as good as before.
        assert screen.ask("subscribe", {"devices": ["firme"]})["ok"]
        door.publish("firme", n=3)
        screen.await_value("n", 3)


def test_garbage_kills_nothing(door: Door) -> None:
    door.known("basura", n=0)
    with door.screen() as screen:
        for wanted in ([], ["a"], 5, "x", None, b"\0\xff"):
            assert screen.ask("subscribe", wanted)["ok"]
        assert screen.ask("subscribe", {}, {}, "more")["ok"]
        screen.client.emit("nonsense", {"a": 1}, namespace="/live")
        screen.client.eio.ws.send('42/live,["subscribe"')
        screen.client.eio.ws.send("49999999999999")
    with door.screen() as another:
        assert another.ask("subscribe")["ok"]
        door.publish("basura", n=7)
        another.await_value("n", 7)


def test_large_snapshots_arrive_whole_at_a_slow_screen(door: Door) -> None:
    """Much more than the sockets' buffers hold, with pings in between."""
    start = time.time() - 3600
    for n in range(0, 500, 100):
        items = [{"timestamp": start + n + k, **{f"k{c}": n + k for c in range(40)}} for k in range(100)]
        door.publisher.publish("finca/grande/telemetry", items)
    door.known("grande", **{f"k{c}": 500 for c in range(40)})
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    url = door.server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    wire = websocket.create_connection(url, timeout=60, sockopt=small)
    wire.send("40/live," + json.dumps({"token": door.token}))
    for _ in range(8):
        wire.send('42/live,["subscribe",{"devices":["grande"],"since":0}]')
    time.sleep(2)
    for _ in range(20):
        wire.ping()
    snapshots = 0
    while snapshots < 8:
        packet = wire.recv()
        if packet.startswith('42/live,["snapshot"'):
            snapshots += 1
            (device,) = json.loads(packet.partition(",")[2])[1]["devices"]
            assert {len(channel["points"]) for channel in device["channels"]} == {501}
    wire.shutdown()


def test_a_connection_ends_with_its_token(door: Door) -> None:
    door.known("fin", n=0)
    with Screen(door.server.url, serving.aged(door.token, 3)) as screen:
        assert screen.ask("subscribe")["ok"]
        wait_until(lambda: screen.gone, "end of the connection", 20)


def test_devices_that_come_and_go_are_announced(door: Door) -> None:
    door.known("viajero", n=0)
    with door.screen() as screen:
        screen.ask("subscribe", {"devices": ["viajero"]})
        for word in ("offline", "online"):
            door.publisher.publish("finca/viajero/status", word.encode())
            wait_until(
                lambda word=word: [b["online"] for b in screen.events("device")][-1:] == [word == "online"],
                f"{word} announced",
                20,
            )
    assert {body["device"] for body in screen.events("device")} == {"viajero"}


def test_production_is_told_once_it_is_computed(door: Door) -> None:
    door.known("medidor", gas_total_m3=10)
    digester_id = _digester(door, "Medido", ["medidor"])
    with door.screen() as screen:
        screen.ask("subscribe", {"digesters": [digester_id]})
        door.publish("medidor", gas_total_m3=10.25)

        def told() -> bool:
            return any(round(body["volume_m3"], 6) == 0.25 for body in screen.events("production"))

        wait_until(told, "0.25 m3 announced", 30)
    with door.screen() as later:
        later.ask("subscribe", {"digesters": [digester_id]})
        wait_until(lambda: later.events("snapshot"), "snapshot", 20)
    (production,) = later.events("snapshot")[0]["production"]
    assert production.keys() == screen.events("production")[-1].keys()
    assert production["volume_m3"] == pytest.approx(0.25)


def _digester(door: Door, name: str, devices: list[str]) -> int:
    body = {"name": f"Biodigestor {name}", "volume_m3": 10, "max_rate_m3h": 1e5, "devices": devices}
    with door.server.open("/api/v1/biogas/digesters", door.token, body) as response:
        return int(json.load(response)["data"]["id"])
