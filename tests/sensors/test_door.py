"""The door of an ingest of its own: health and figures over HTTP, told by a real one."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import servers
from sensors.farmyard import Farmyard, Publisher, wait_until
from server_process import free_port
from serving import ROOT

from app.sensors import door as doors
from app.sensors.door import Door
from app.sensors.ingest import Ingest
from app.sensors.watchers import Watchers

TOKEN = "figures-token"


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def health(port: int) -> tuple[int, dict[str, Any]]:
    status, body = get(port, "/health")
    return status, json.loads(body)


@pytest.fixture
def ingest(lay: Callable[..., Farmyard]) -> Ingest:
    """One that was not started, before a broker that is not there."""
    farm = lay()
    return Ingest(farm.app, farm.settings, Watchers())


@pytest.fixture
def door(ingest: Ingest) -> Iterator[Door]:
    door = Door("127.0.0.1", 0, TOKEN, ingest.status)
    door.start()
    assert door.opened.wait(10)
    yield door
    door.stop()


def test_figures_are_for_who_bears_the_token(door: Door) -> None:
    for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "Bearer ñ"}):
        encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        status, body = get(door.port, "/metrics", **encoded)
        assert (status, json.loads(body)["error"]["code"]) == (401, "MISSING_TOKEN")
    status, body = get(door.port, "/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert "ingest_messages_total" in body


def test_without_a_token_figures_are_everybodys(ingest: Ingest) -> None:
    assert Door("127.0.0.1", 0, None, ingest.status).answer("/metrics?x=1", None).status == 200


def test_nothing_else_is_told_and_nothing_taken(door: Door) -> None:
    status, body = get(door.port, "/api/v1/species")
    assert (status, json.loads(body)["success"]) == (404, False)
    with closing(socket.create_connection(("127.0.0.1", door.port), 10)) as wire:
        wire.sendall(b"POST /health HTTP/1.0\r\n\r\n")
        assert b" 501 " in wire.recv(1000)


def test_without_a_broker_or_a_thread_it_is_not_well(door: Door) -> None:
    status, told = health(door.port)
    assert (status, told["status"], told["services"]["broker"]) == (503, "unhealthy", "down")
    assert (told["services"]["threads"], told["threads_gone"]) == ("down", ["writer", "roller", "heartbeat"])
    assert told["last_batch_at"] is None


def test_a_port_that_is_taken_is_tried_again(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "RETRY_S", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        door = Door("127.0.0.1", taken.getsockname()[1], None, ingest.status)
        door.start()
        assert not door.opened.wait(0.5)
    assert door.opened.wait(10)
    assert health(door.port)[0] == 503
    door.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", door.port), 1)


@pytest.mark.services
@pytest.mark.slow
def test_the_command_tells_of_its_broker_and_its_last_batch(
    lay: Callable[..., Farmyard], broker: servers.Mosquitto, tmp_path: Path
) -> None:
    farm, port = lay(mqtt_url=broker.url), free_port()
    environment = {
        "FLASK_APP": "wsgi",
        "FLASK_ENV": "testing",
        "INSTANCE_DIR": str(tmp_path),
        "DATABASE_URL": farm.settings.database_uri,
        "MQTT_URL": broker.url,
        "INGEST_PORT": str(port),
        "METRICS_TOKEN": TOKEN,
        "PYTHONPATH": str(ROOT),
        "FLASK_SKIP_DOTENV": "1",
    }
    command = [sys.executable, "-m", "flask", "ingest"]
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=tmp_path)
    farm.processes.append(process)

    def tells(status: int, **services: str) -> bool:
        try:
            found, told = health(port)
        except OSError:
            return False
        return found == status and told["services"].items() >= services.items()

    wait_until(lambda: tells(200, broker="connected", database="healthy", threads="healthy"), "it is well")
    with Publisher(broker.port) as publisher:
        publisher.publish("finca/n1/telemetry", b'{"ph": 7.1}')
        publisher.settle()
    wait_until(lambda: health(port)[1]["last_batch_at"], "a batch")
    figures = get(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1]
    assert 'ingest_messages_total{result="stored"} 1.0' in figures
    broker.stop()
    wait_until(lambda: tells(503, broker="down"), "it misses its broker")
    broker.start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
