"""The earlier clients' WebSocket, /ws/mqtt/: real servers, raw clients, messages that come by MQTT."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import serving
import websocket
from sensors.farmyard import Publisher, wait_until
from serving import FarmServer, Gunicorn


@dataclass
class Door:
    """A server with ingest, and what publishes to it."""

    server: FarmServer
    token: str
    publisher: Publisher

    def connect(self, *, header: str | None = None, query: str | None = None) -> websocket.WebSocket:
        url = self.server.url.replace("http", "ws") + "/ws/mqtt/" + (f"?token={query}" if query else "")
        headers = [f"Authorization: Bearer {header}"] if header else []
        return websocket.create_connection(url, header=headers, timeout=20)

    def publish(self, values: dict[str, Any]) -> None:
        self.publisher.publish("Prueba", values)

    def following(self) -> websocket.WebSocket:
        """A client that certainly hears what comes from now on."""
        client = self.connect(header=self.token)
        client.settimeout(0.2)
        while True:
            self.publish({"aviso": 1})
            try:
                client.recv()
            except websocket.WebSocketTimeoutException:
                continue
            break
        client.settimeout(20)
        return client


@pytest.fixture(
    scope="module", params=["werkzeug", "gevent", pytest.param("redis", marks=pytest.mark.services)]
)
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    with serving.broker() as broker:
        settings = {"mqtt_url": broker.url, "mqtt_ingest": "inline"}
        if request.param == "redis":
            settings["redis_url"] = request.getfixturevalue("redis_server").url
        server = FarmServer(**settings) if request.param == "werkzeug" else Gunicorn(**settings)
        with server:
            wait_until(lambda: server.get("/health")["services"]["broker"] == "connected", "broker")
            with Publisher(broker.port) as publisher:
                yield Door(server, server.log_in(), publisher)


@pytest.mark.parametrize("token", [None, "a.b.c", "expired"])
def test_a_stranger_gets_401_and_no_websocket(door: Door, token: str | None) -> None:
    given = serving.aged(door.token, -60) if token == "expired" else token
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    wire = HTTPConnection("127.0.0.1", door.server.port, timeout=20)
    wire.request("GET", f"/ws/mqtt/?token={given}" if given else "/ws/mqtt/", headers=headers)
    answer = wire.getresponse()
    assert answer.status == 401
    assert json.load(answer)["error"]["code"] in ("MISSING_TOKEN", "JWT_ERROR", "TOKEN_EXPIRED")
    wire.close()


def test_header_and_query_admit_alike(door: Door) -> None:
    clients = [door.connect(header=door.token), door.connect(query=door.token)]
    assert [client.status for client in clients] == [101, 101]
    for client in clients:
        client.close()


def test_each_message_is_one_flat_frame(door: Door) -> None:
    client, other = door.following(), door.following()
    sent = [{"temperatura": 30 + n, "ph": 7.5, "nodo_17": n} for n in range(30)]
    for values in sent:
        door.publish({**values, "device": "texto", "timestamp": time.time()})
        time.sleep(0.03)
    expected = [{"type": "sensor_data", **values} for values in sent]
    for each in (client, other):
        frames: list[Any] = []
        while len(frames) < len(sent):
            frame = json.loads(each.recv())
            frames += [frame] if "aviso" not in frame else []
        assert frames == expected
        each.close()


def test_what_a_client_says_is_ignored(door: Door) -> None:
    client = door.following()
    for word in ("hola", '{"type": "subscribe"}', "x" * 1000):
        client.send(word)
    client.send_binary(b"\0\xff")
    door.publish({"n": 5})
    while "n" not in (frame := json.loads(client.recv())):
        assert frame.keys() == {"type", "aviso"}
    assert frame == {"type": "sensor_data", "n": 5}
    client.close()


def test_a_slow_client_misses_old_frames_and_gets_the_newest(door: Door) -> None:
    client = door.following()
    for n in range(1500):
        door.publish({"lento": n})
    last = 1499
    door.publisher.settle()
    seen = []
    while not seen or seen[-1] != last:
        frame = json.loads(client.recv())
        seen += [frame["lento"]] if "lento" in frame else []
    assert seen == sorted(set(seen))
    client.close()


def test_a_client_that_leaves_leaves_nothing_behind(door: Door) -> None:
    door.following().close()
    pid = door.server.get("/health")["pid"]

    def held() -> tuple[int, int]:
        threads = len(os.listdir(f"/proc/{pid}/task"))
        sockets = sum(_is_socket(file) for file in Path(f"/proc/{pid}/fd").iterdir())
        return threads, sockets

    time.sleep(2)
    before = held()
    # More than the database's pool has connections: a screen must not keep one.
    with ExitStack() as stack:
        clients = [door.connect(header=door.token) for _ in range(25)]
        for client in clients:
            stack.callback(client.close, timeout=0)
        assert door.server.get("/api/v1/sensors", door.token)["success"]
        assert all(client.connected for client in clients)
        assert held()[1] >= before[1] + len(clients)
    wait_until(lambda: held()[0] <= before[0] and held()[1] <= before[1], f"{before} again, now {held()}", 30)


def test_a_connection_ends_with_its_token(door: Door) -> None:
    client = door.connect(query=serving.aged(door.token, 2))
    opcode, data = client.recv_data()
    while opcode == websocket.ABNF.OPCODE_TEXT:
        opcode, data = client.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(data[:2], "big") == 1008
    client.shutdown()


def _is_socket(file: Path) -> bool:
    try:
        return str(file.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False
