"""`make stack`: everything from deploy/ at once, as production has it; asked through nginx over TLS, and wounded."""

import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import paho.mqtt.publish as mqtt_publish
import pytest
from paho.mqtt.client import MQTTv311
from sensors.farmyard import wait_until
from serving import ROOT, Screen

from app.core.armour import HEADERS
from scripts.stack.control import alive
from scripts.stack.places import DEVICE, SECRETS, Places, missing_packages

pytestmark = [pytest.mark.services, pytest.mark.slow]
COMMAND = [sys.executable, "-m", "scripts.stack"]
# When this process ends, however, the stack goes too.
LIFELINE = 'cd "$1" && shift && { read -r released; "$@" down; rm -rf "$FOLDER"; }'


class Stack:
    """A stack in a folder of its own, and what a client of it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = {**os.environ, "FOLDER": str(folder)}
        self.lifeline = subprocess.Popen(
            ["/bin/sh", "-c", LIFELINE, "lifeline", str(ROOT), *COMMAND, "--folder", str(folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*COMMAND, "--folder", str(self.folder), *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return done.stdout

    def close(self) -> None:
        self.lifeline.communicate(b"released\n")

    def logs(self) -> str:
        ends = (f"\n== {log.name}\n{log.read_text()[-1500:]}" for log in self.folder.glob("log/*.log"))
        return "".join(ends)

    @property
    def places(self) -> Places:
        return Places.of(self.folder)

    @property
    def authority(self) -> Path:
        return self.places.tls / "ca.crt"

    def ask(self, path: str, *, token: str | None = None, body: Any = None, **headers: str) -> Any:
        """An answer through nginx, over TLS that is verified; its status does not matter."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.places.url + path, data, {"Content-Type": "application/json", **headers}
        )
        context = ssl.create_default_context(cafile=str(self.authority))
        try:
            return urllib.request.urlopen(request, timeout=30, context=context)
        except urllib.error.HTTPError as answer:
            return answer

    def json(self, path: str, **more: Any) -> Any:
        with self.ask(path, **more) as answer:
            return json.load(answer)

    def log_in(self) -> str:
        who = {"email": "admin@finca.test", "password": self.places.secrets["admin"]}
        return str(self.json("/api/v1/auth/login", body=who)["access_token"])

    def publish(self, values: dict[str, float]) -> None:
        """What a sensor sends: over TLS, under its own name."""
        mqtt_publish.single(
            f"finca/{DEVICE}/telemetry",
            json.dumps(values),
            qos=1,
            hostname="localhost",
            port=self.places.ports["mqtts"],
            auth={"username": DEVICE, "password": self.places.secrets["device"]},
            tls={"ca_certs": str(self.authority)},
            protocol=MQTTv311,
        )

    def pid(self, program: str) -> int:
        return int(self.run("ctl", "pid", program))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if missing := missing_packages():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"not installed: {missing}")
        pytest.skip(f"not installed: {missing}")
    stack = Stack(Path(tempfile.mkdtemp(prefix="finca-stack-")))
    try:
        stack.run("up")
        yield stack
    finally:
        stack.close()
    assert not stack.folder.exists()


@pytest.fixture
def authority(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The WebSocket client believes the stack's certificate."""
    monkeypatch.setenv("WEBSOCKET_CLIENT_CA_BUNDLE", str(stack.authority))


class Asking:
    """Reads through nginx without pause for as long as the block lasts."""

    def __init__(self, ask: Callable[[], Any], threads: int = 2) -> None:
        self.ask = ask
        self.failures: list[str] = []
        self.servers: list[str] = []
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(threads)]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self) -> None:
        while not self._ending.is_set():
            try:
                self.servers.append(self.ask()["server_id"])
            except (OSError, HTTPException, ValueError, KeyError) as error:
                self.failures.append(repr(error))


def test_three_processes_answer_through_nginx_with_one_set_of_headers(stack: Stack) -> None:
    servers = {stack.json("/api/v1/health")["server_id"] for _ in range(30)}
    assert servers == {"1", "2", "3"}
    for path in ("/api/v1/health", "/web/main.js", "/metrics", "/"):
        with stack.ask(path) as answer:
            for name in (*HEADERS, "Strict-Transport-Security"):
                assert len(answer.headers.get_all(name, [])) == 1, (path, name)
            assert answer.headers["Server"] == "nginx"
    with stack.ask("/api/v1/health", **{"X-Request-ID": "seen-by-everybody"}) as answer:
        assert answer.headers["X-Request-ID"] == "seen-by-everybody"


def test_what_nginx_says_itself_has_the_shape_of_errors(stack: Stack) -> None:
    assert stack.json("/metrics")["error"]["code"] == "NOT_FOUND"
    with stack.ask("/api/v1/auth/login", body="x" * 18_000_000) as answer:
        assert answer.status == 413
        assert json.load(answer)["error"]["code"] == "PAYLOAD_TOO_LARGE"


def test_plain_http_leads_to_https(stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", stack.places.ports["http"]), timeout=10) as wire:
        wire.sendall(b"GET /api/v1/health?x=1 HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = wire.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 308")
    assert f"Location: {stack.places.url}/api/v1/health?x=1\r\n" in answer


def test_a_compressed_answer_is_known_again(stack: Stack) -> None:
    """nginx makes a strong ETag weak when it compresses; the application must know it nevertheless."""
    token = stack.log_in()
    path = "/api/v1/biogas/materials"
    with stack.ask(path, token=token, **{"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        tag = answer.headers["ETag"]
    with stack.ask(path, token=token, **{"If-None-Match": tag, "Accept-Encoding": "gzip"}) as answer:
        assert answer.status == 304


@pytest.mark.usefixtures("authority")
def test_a_reading_is_seen_by_whoever_asks_and_whoever_watches(stack: Stack) -> None:
    token = stack.log_in()
    with Screen(stack.places.url, token) as screen:
        assert screen.ask("subscribe")["ok"]
        stack.publish({"temperatura": 33.4})
        screen.await_value("temperatura", 33.4)

    def latest() -> list[str]:
        found = stack.json(f"/api/v1/sensors/latest?device={DEVICE}", token=token)["data"]
        return re.findall(r'"value": ?([\d.]+)', json.dumps(found))

    wait_until(lambda: "33.4" in latest(), "the reading through nginx", 20)


def test_a_change_is_streamed_as_it_happens(stack: Stack) -> None:
    token = stack.log_in()
    with stack.ask("/api/v1/events", token=token, **{"Accept-Encoding": "gzip"}) as stream:
        assert stream.headers["Content-Encoding"] is None
        assert stream.readline().startswith(b"retry:")
        made = stack.json("/api/v1/species", token=token, body={"name": "Ovina"})
        told = next(line for line in stream if line.startswith(b"data:"))
    change = json.loads(told.removeprefix(b"data:"))
    assert change == {"endpoint": "species", "action": "create", "id": made["data"]["id"]}


def test_a_killed_web_process_costs_no_read_and_comes_back(stack: Stack) -> None:
    token = stack.log_in()
    killed = stack.pid("backfinca:web-2")
    with Asking(lambda: stack.json("/api/v1/health", token=token)) as asking:
        wait_until(lambda: "2" in asking.servers, "the second process answers")
        os.killpg(killed, signal.SIGKILL)
        wait_until(lambda: stack.pid("backfinca:web-2") not in (0, killed), "supervisor starts it again")
        already = len(asking.servers)
        wait_until(lambda: "2" in asking.servers[already:], "it answers again", 30)
    assert asking.failures == []
    assert stack.json("/api/v1/auth/me", token=token)["success"]


def test_a_reload_changes_the_code_and_costs_no_read(stack: Stack) -> None:
    before = stack.pid("backfinca:web-1")
    with Asking(lambda: stack.json("/api/v1/health")) as asking:
        wait_until(lambda: len(asking.servers) > 20, "answers")
        stack.run("ctl", "signal", "HUP", "backfinca:web-1")
        log = stack.places.log / "web-1.log"
        wait_until(lambda: "Worker exiting" in log.read_text(), "the worker is replaced")
        already = len(asking.servers)
        wait_until(lambda: "1" in asking.servers[already:], "the new one answers")
    assert asking.failures == []
    assert stack.pid("backfinca:web-1") == before


def test_the_ingest_tells_its_health_and_its_figures_itself(stack: Stack) -> None:
    headers = {"Authorization": f"Bearer {stack.places.secrets['metrics']}"}

    def told(port: int, path: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.read().decode())

    stack.publish({"ph": 7.1})
    own, stored = stack.places.ingest_port, 'ingest_messages_total{result="stored"}'
    wait_until(lambda: stored in told(own, "/metrics"), "figures of the ingest", 20)
    wait_until(lambda: 'sensor_devices{state="online"} 1.0' in told(own, "/metrics"), "its devices", 30)
    assert json.loads(told(own, "/health"))["services"].items() >= {"broker": "connected"}.items()
    assert not any(stored in told(port, "/metrics") for port in stack.places.web_ports)


def test_secrets_are_nobody_elses(stack: Stack) -> None:
    assert stat.S_IMODE(stack.folder.stat().st_mode) == 0o700
    secrets = [stack.places.secrets[name].encode() for name in SECRETS]
    assert len(set(secrets)) == len(SECRETS)
    for file in (stack.folder / "etc").rglob("*"):
        if file.is_file() and any(secret in file.read_bytes() for secret in secrets):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE((stack.folder / "places.json").stat().st_mode) == 0o600


def test_without_any_web_process_nginx_says_so(stack: Stack) -> None:
    running = re.findall(r"backfinca:web-\d +RUNNING +pid (\d+)", stack.run("status"))
    assert len(running) == 3
    for pid in running:
        os.killpg(int(pid), signal.SIGKILL)
    # It takes them longer to start again than us to ask.
    with stack.ask("/api/v1/health") as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert json.load(answer)["error"]["code"] == "SERVICE_UNAVAILABLE"
    with stack.ask("/web/main.js") as answer:
        assert answer.status == 200
    wait_until(lambda: stack.json("/api/v1/health").get("status") == "healthy", "they come back")


def test_up_again_changes_nothing_and_down_leaves_nothing_running(stack: Stack) -> None:
    before = stack.pid("servers:nginx")
    assert stack.places.url in stack.run("up")
    assert stack.pid("servers:nginx") == before
    supervisord = int(stack.run("ctl", "pid"))
    stack.run("down")
    assert not alive(supervisord)
    for port in (
        *stack.places.web_ports,
        stack.places.ingest_port,
        stack.places.ports["mariadb"],
        stack.places.ports["https"],
    ):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, port
    assert "Error" not in (stack.places.log / "mosquitto.log").read_text()
    stack.run("down")
