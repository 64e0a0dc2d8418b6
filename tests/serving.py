"""The application as its users run it: a process of its own, a broker, and what publishes and watches from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import URLError

import jwt
import servers
import socketio
import socketio.exceptions
import websocket
from sensors.farmyard import wait_until
from server_process import HOST, Server

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "Pastizal-2026"
KEY = "a key for the tests, long enough for them"
PEOPLE = {"identification": 10000001, "fullname": "Ana Pérez", "email": "ana@villaluz.test"}


class FarmServer(Server):
    """`python run.py`, with its own SQLite database and an administrator."""

    name = "farm"
    programs = ("python3",)

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        given = {
            "flask_env": "testing",
            "host": HOST,
            "port": self.port,
            "instance_dir": self.folder,
            "media_dir": self.folder / "media",
            "jwt_secret_key": KEY,
            "rate_limit": "100000 per minute",
            "login_rate_limit": "10000 per minute",
            "pythonpath": ROOT,
            "pythonunbuffered": 1,
            **settings,
        }
        known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**known, **{name.upper(): str(value) for name, value in given.items()}}

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> None:
        self.flask("db", "upgrade")
        options = [part for name, value in PEOPLE.items() for part in (f"--{name}", str(value))]
        self.flask("create-admin", *options, "--password", PASSWORD)

    def flask(self, *arguments: str) -> str:
        """Runs a command of ours to its end; what it printed."""
        command = self.flask_command(*arguments)
        done = subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @staticmethod
    def flask_command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]

    def command(self) -> list[str]:
        return [sys.executable, str(ROOT / "run.py")]

    def start(self) -> FarmServer:
        with_environment = dict(os.environ)
        try:
            os.environ.clear()
            os.environ.update(self.environment)
            return super().start()
        finally:
            os.environ.clear()
            os.environ.update(with_environment)

    def answers(self) -> bool:
        try:
            return self.get("/health")["success"] is True
        except (URLError, OSError):
            return False

    def get(self, path: str, token: str | None = None) -> Any:
        """A JSON answer, or the text of another."""
        with self.open(path, token) as response:
            body = response.read()
        return (
            json.loads(body) if response.headers.get_content_type() == "application/json" else body.decode()
        )

    def open(self, path: str, token: str | None = None, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=30)

    def log_in(self) -> str:
        """The administrator's token."""
        body = {"email": PEOPLE["email"], "password": PASSWORD}
        with self.open("/api/v1/auth/login", body=body) as response:
            return str(json.load(response)["access_token"])


class Gunicorn(FarmServer):
    """`gunicorn -c gunicorn.conf.py wsgi:app`."""

    name = "gunicorn"

    def __init__(self, *options: str, workers: int = 1, **settings: Any) -> None:
        super().__init__(web_concurrency=workers, **settings)
        self.options = options

    def command(self) -> list[str]:
        configuration = str(ROOT / "gunicorn.conf.py")
        return [sys.executable, "-m", "gunicorn", "-c", configuration, *self.options, "wsgi:app"]


class Amqtt(Server):
    """The embedded broker, for machines without Mosquitto."""

    name = "amqtt"
    programs = ("python3",)

    def prepare(self) -> None:
        self.folder.joinpath("broker.yaml").write_text(
            f"listeners:\n  default:\n    type: tcp\n    bind: {HOST}:{self.port}\n"
            "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n    allow_anonymous: true\n"
        )

    def command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("amqtt")), "-c", str(self.folder / "broker.yaml")]

    @property
    def url(self) -> str:
        return f"mqtt://{HOST}:{self.port}"

    answers = servers.Mosquitto.answers


def broker() -> Server:
    """Mosquitto where it is installed, the embedded broker elsewhere."""
    return servers.Mosquitto() if servers.available("mosquitto") else Amqtt()


@contextmanager
def running(
    command: list[str], environment: dict[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block lasts."""
    with subprocess.Popen(command, env=environment, cwd=folder) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


class Screen:
    """A real Socket.IO client that keeps what it is told. `refusal` is why it was not let in."""

    def __init__(
        self, url: str, token: str | None, *, namespace: str = "/live", reconnection: bool = False
    ) -> None:
        self.told: list[tuple[str, Any]] = []
        self.refusal: Any = None
        self._wires: list[websocket.WebSocket] = []
        options: dict[str, Any] = {"class_": self._wire}
        self.client = socketio.Client(
            reconnection=reconnection, reconnection_delay=0.2, websocket_extra_options=options
        )
        for event in ("reading", "production", "device", "snapshot", "alarm"):
            self.client.on(
                event, lambda body, event=event: self.told.append((event, body)), namespace=namespace
            )
        self.client.on("connect_error", self._refused, namespace=namespace)
        auth = {"token": token} if token is not None else None
        with suppress(socketio.exceptions.ConnectionError):
            self.client.connect(url, auth=auth, namespaces=[namespace], transports=["websocket"])

    def _refused(self, body: Any = None) -> None:
        self.refusal = body

    def _wire(self, **options: Any) -> websocket.WebSocket:
        """Each socket of the library, which forgets those of connections that the server ended."""
        self._wires.append(websocket.WebSocket(**options))
        return self._wires[-1]

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves without waiting for the server's last word, as a browser's tab does."""
        for wire in self._wires:
            wire.close = partial(wire.close, timeout=0)
        self.client.disconnect()
        for wire in self._wires:
            wire.shutdown()

    def ask(self, event: str, *wanted: Any) -> Any:
        """The acknowledgement of an event we send."""
        return self.client.call(
            event, wanted if len(wanted) != 1 else wanted[0], namespace="/live", timeout=20
        )

    def events(self, name: str) -> list[Any]:
        return [body for event, body in self.told if event == name]

    def values(self, key: str) -> list[float]:
        """The values of a channel as events brought them."""
        return [r["value"] for body in self.events("reading") for r in body["readings"] if r["key"] == key]

    def await_value(self, key: str, value: float) -> None:
        wait_until(lambda: value in self.values(key), f"{key}={value} in {self.told}", 20)

    @property
    def gone(self) -> bool:
        return "/live" not in self.client.namespaces


def aged(token: str, seconds: float) -> str:
    """The same token, expiring in so many seconds (or expired since)."""
    claims = jwt.decode(token, KEY, algorithms=["HS256"])
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.encode({**claims, "exp": int(time.time() + seconds)}, KEY, "HS256", headers={"kid": kid})
