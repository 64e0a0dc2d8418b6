"""gunicorn as production runs it: workers, stopping, reloading, recycling; nothing in flight is lost."""

import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

import pytest
import servers
import serving
import websocket
from sensors.farmyard import Publisher, wait_until
from serving import PASSWORD, PEOPLE, Gunicorn, Screen

pytestmark = pytest.mark.services


def workers_of(server: Gunicorn) -> set[int]:
    """The process ids of the workers that live."""
    with open(f"/proc/{server.pid}/task/{server.pid}/children") as children:
        return {int(pid) for pid in children.read().split()}


def ask(server: Gunicorn, path: str = "/health") -> Any:
    """One request, over a connection of its own."""
    return server.get(path)


class Asking:
    """Requests without pause, from several threads, for as long as the block lasts."""

    def __init__(self, server: Gunicorn, threads: int = 3) -> None:
        self.server = server
        self.pids: set[int] = set()
        self.failures: list[str] = []
        self.count = 0
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._ending.is_set():
            try:
                self.pids.add(ask(self.server)["pid"])
                self.count += 1
            except (OSError, HTTPException) as error:
                self.failures.append(repr(error))


def empty_places(request: pytest.FixtureRequest, name: str) -> dict[str, str]:
    """An empty database of that name, and Redis."""
    database_url = request.getfixturevalue("mariadb").create_database(name)
    return {"redis_url": request.getfixturevalue("redis_server").url, "database_url": database_url}


@pytest.fixture
def places(request: pytest.FixtureRequest) -> dict[str, str]:
    return empty_places(request, "gunicorn")


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest) -> Iterator[Gunicorn]:
    """Two workers forked from a master that has loaded the application."""
    with Gunicorn("--preload", workers=2, **empty_places(request, "gunicorn_pair")) as server:
        yield server


@contextmanager
def half_a_login(server: Gunicorn) -> Iterator[Callable[[], bytes]]:
    """A request whose body is only half there, so a worker is busy with it. Called, it sends the rest and answers."""
    body = json.dumps({"email": PEOPLE["email"], "password": PASSWORD}).encode()
    head = f"POST /api/v1/auth/login HTTP/1.1\r\nHost: finca\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as wire:
        wire.sendall(head + body[:10])

        def finish() -> bytes:
            wire.sendall(body[10:])
            answer = b""
            while chunk := wire.recv(65536):
                answer += chunk
            return answer

        yield finish


def test_both_workers_answer_and_their_figures_add_up(pair: Gunicorn) -> None:
    token = pair.log_in()
    pids, asked = set(), 0
    while len(pids) < 2 or asked < 30:
        pids.add(ask(pair)["pid"])
        pair.get("/api/v1/auth/me", token)
        asked += 1
        assert asked < 1000
    assert pids <= workers_of(pair)
    for _ in range(6):
        figures = pair.get("/metrics")
        (line,) = re.findall(
            r'http_requests_total\{[^}]*route="/api/v1/auth/me"[^}]*status="200"\} (\S+)', figures
        )
        assert float(line) == asked


@pytest.mark.parametrize("piece", [b"ZZ\r\n{}\r\n", b"2\r\n{}{}\r\n", b"-1\r\n"])
def test_a_body_that_is_not_what_it_says_is_not_understood(pair: Gunicorn, piece: bytes) -> None:
    head = b"POST /api/v1/users/public HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", pair.port), timeout=10) as wire:
        wire.sendall(head + piece + b"0\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")


def test_the_master_connects_to_nothing(pair: Gunicorn) -> None:
    ask(pair)

    def peers(pid: int) -> set[int]:
        inodes = {
            os.readlink(f"/proc/{pid}/fd/{fd}").removeprefix("socket:[").rstrip("]")
            for fd in os.listdir(f"/proc/{pid}/fd")
        }
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table][1:]
        return {int(row[2].split(":")[1], 16) for row in rows if row[9] in inodes} - {0}

    assert peers(pair.pid) == set()
    assert any(peers(pid) for pid in workers_of(pair))


def test_a_screen_hears_whichever_worker_it_is_on(pair: Gunicorn) -> None:
    token = pair.log_in()
    screens = [Screen(pair.url, token) for _ in range(6)]
    for screen in screens:
        assert screen.ask("subscribe")["ok"]
        wait_until(lambda screen=screen: screen.events("snapshot"), "snapshot")
        screen.close()


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["plain", "preloaded"])
def test_a_stop_finishes_requests_and_dismisses_screens(options: tuple[str, ...]) -> None:
    with Gunicorn(*options) as server:
        token = server.log_in()
        screen = Screen(server.url, token)
        screen.ask("subscribe")
        frames = websocket.create_connection(
            f"ws://127.0.0.1:{server.port}/ws/mqtt/?token={token}", timeout=30
        )
        with half_a_login(server) as finish:
            time.sleep(0.5)
            (worker,) = workers_of(server)
            os.kill(server.pid, signal.SIGTERM)
            assert frames.recv_data()[0] == websocket.ABNF.OPCODE_CLOSE
            wait_until(lambda: screen.gone, "the screen dismissed", 20)
            assert worker in workers_of(server)
            assert finish().startswith(b"HTTP/1.1 200")
        wait_until(lambda: not server.running, "end of the server", 20)
        assert not os.path.exists(f"/proc/{worker}")
        assert "graceful timeout" not in server.log.read_text()
        frames.shutdown()
        screen.close()


def test_a_stop_does_not_wait_for_a_screen_that_hangs() -> None:
    with Gunicorn() as server:
        token = server.log_in()
        wire = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        wire.sendall(
            f"GET /ws/mqtt/?token={token} HTTP/1.1\r\nHost: finca\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert wire.recv(12) == b"HTTP/1.1 101"
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not server.running, "end of the server", 20)
        assert "graceful timeout" not in server.log.read_text()
        wire.close()


def test_a_reload_changes_the_workers_and_loses_nothing(places: dict[str, str]) -> None:
    with Gunicorn(workers=2, **places) as server:
        screen = Screen(server.url, server.log_in(), reconnection=True)
        before = workers_of(server)
        with Asking(server) as asking:
            os.kill(server.pid, signal.SIGHUP)
            wait_until(
                lambda: len(workers_of(server) - before) == 2 and not before & workers_of(server),
                "reload",
                60,
            )
            already = asking.count
            wait_until(lambda: asking.count > already + 20, "answers of the new workers")
        assert asking.failures == []
        assert asking.pids & workers_of(server)
        wait_until(lambda: not screen.gone and screen.client.connected, "the screen returns", 30)
        assert screen.ask("subscribe")["ok"]
        screen.close()


def test_recycled_workers_lose_no_request(places: dict[str, str]) -> None:
    with Gunicorn(workers=2, max_requests=40, **places) as server:
        with Asking(server) as asking:
            wait_until(lambda: asking.count > 400 and len(asking.pids) > 6, "several generations", 120)
        assert asking.failures == []


def test_one_of_several_workers_takes_the_readings_in(
    places: dict[str, str], mariadb: servers.MariaDB
) -> None:
    with serving.broker() as broker:
        settings = {**places, "mqtt_url": broker.url, "mqtt_ingest": "inline", "mqtt_client_id": "one-of-two"}
        with Gunicorn(workers=2, **settings) as server, Publisher(broker.port) as publisher:

            def stored() -> list[float]:
                with mariadb.connect("gunicorn") as database, database.cursor() as cursor:
                    cursor.execute("SELECT value FROM readings ORDER BY value")
                    return [row[0] for row in cursor.fetchall()]

            def holders() -> set[int]:
                inode = os.stat(server.folder / "ingest.lock").st_ino
                with open("/proc/locks") as locks:
                    return {int(line.split()[4]) for line in locks if line.split()[5].endswith(f":{inode}")}

            wait_until(holders, "one takes the duty")
            # Nothing is kept for a session that has not begun: what is published before it is nobody's.
            wait_until(lambda: server.get("/health")["services"]["broker"] == "connected", "it listens")
            for n in range(20):
                publisher.publish("finca/uno/telemetry", {"n": n})
            (first,) = holders()
            assert first in workers_of(server)
            wait_until(lambda: stored() == list(range(20)), "20 stored once")
            os.kill(first, signal.SIGKILL)
            for n in range(20, 40):
                publisher.publish("finca/uno/telemetry", {"n": n})
            wait_until(lambda: holders() - {first}, "another takes over")
            wait_until(lambda: stored() == list(range(40)), "all stored once")
            assert len(holders()) == 1
            # A polite leave hands it over as well.
            os.kill(server.pid, signal.SIGHUP)
            second = holders()
            wait_until(lambda: holders() and not holders() & second, "the duty passes at a reload", 60)
            publisher.publish("finca/uno/telemetry", {"n": 40})
            wait_until(lambda: stored() == list(range(41)), "the newest stored")
