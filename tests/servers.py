"""Real servers for the suite: MariaDB, Redis, Mosquitto; own instances, free ports, temporary folders.

What is done when one is not installed (skip or fail) is the business of `conftest.py`, not of this module.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
BINARIES = {
    "mariadb": ("mariadbd", "mysqld"),
    "redis": ("redis-server",),
    "mosquitto": ("mosquitto",),
}
NO_RETRY = Retry(NoBackoff(), 0)
READY_SECONDS = 60
STOP_SECONDS = 30


class ServerMissing(RuntimeError):
    """The program is not installed on this machine."""


class ServerFailed(RuntimeError):
    """The program ended, or did not answer in time; the message carries the end of its log."""


def find_program(*names: str) -> str:
    """Path of the first of `names` that is installed; Debian keeps servers off a user's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    raise ServerMissing(f"none of {', '.join(names)} is installed")


def available(name: str) -> bool:
    """Whether the server (`mariadb`, `redis` or `mosquitto`) is installed here."""
    try:
        find_program(*BINARIES[name])
    except ServerMissing:
        return False
    return True


def free_port() -> int:
    """A port nobody listens on, below the range the kernel gives to outgoing connections.

    Inside that range, a client of a stopped server could take the server's port, or even connect to itself.
    """
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


class Lifeline:
    """A shell that holds a pipe from us: when we die, however, it kills the server and removes its folder."""

    SCRIPT = 'read -r released || { kill -KILL "$1"; rm -rf "$2"; } 2>/dev/null'

    def __init__(self, pid: int, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", self.SCRIPT, "lifeline", str(pid), str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def release(self) -> None:
        """Tell the shell that the server has ended in good order."""
        self._shell.communicate(b"released\n")


class Server:
    """One server process: started, stopped, killed, frozen; started again on the same port with its data."""

    name = ""

    def __init__(self) -> None:
        self.program = find_program(*BINARIES[self.name])
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"finca-{self.name}-"))
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: Lifeline | None = None
        self._prepared = False

    def prepare(self) -> None:
        """Lay what must exist in `folder` before the first start."""

    def command(self) -> list[str]:
        """The program and its arguments, running in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server does its work for a client by now."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> Self:
        """Start, and return when it answers."""
        if not self._prepared:
            self.prepare()
            self._prepared = True
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._lifeline = Lifeline(self._process.pid, self.folder)
        try:
            self._await_answer()
        except ServerFailed:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End it politely (SIGTERM), as a system's shutdown does; its data stay for the next start."""
        if not self.running:
            self._reap()
            return
        os.kill(self.pid, signal.SIGCONT)
        os.kill(self.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)  # type: ignore[union-attr]
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut does."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers. Returns when it stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Stop politely and start again: same port, same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None
        if self._lifeline is not None:
            self._lifeline.release()
            self._lifeline = None

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not (self.answers() and self.running):
            if not self.running:
                raise ServerFailed(f"{self.name} ended at start:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer in {READY_SECONDS} s:\n{self._log_end()}")
            time.sleep(0.02)

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


class MariaDB(Server):
    """MariaDB, root without a password; what was committed survives a kill, not a power cut."""

    name = "mariadb"

    def prepare(self) -> None:
        self.folder.joinpath("tmp").mkdir()
        installed = subprocess.run(
            [
                find_program("mariadb-install-db", "mysql_install_db"),
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *self._as_root(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if installed.returncode:
            raise ServerFailed(f"mariadb-install-db:\n{installed.stdout.decode(errors='replace')[-3000:]}")

    def command(self) -> list[str]:
        return [
            self.program,
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--tmpdir={self.folder / 'tmp'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--bind-address={HOST}",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--innodb-buffer-pool-size=256M",
            "--innodb-flush-log-at-trx-commit=2",
            "--max-connections=200",
            *self._as_root(),
        ]

    @staticmethod
    def _as_root() -> list[str]:
        return ["--user=root"] if os.geteuid() == 0 else []

    @property
    def url(self) -> str:
        return f"mysql+pymysql://root@{HOST}:{self.port}/?charset=utf8mb4"

    def connect(self, database: str | None = None, *, timeout: float = 60) -> pymysql.Connection:
        """A connection of its own for the test, in autocommit."""
        return pymysql.connect(
            host=HOST,
            port=self.port,
            user="root",
            database=database,
            autocommit=True,
            connect_timeout=5,
            read_timeout=timeout,
        )

    def answers(self) -> bool:
        try:
            self.connect(timeout=1).close()
        except pymysql.err.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> str:
        """Create `name` empty, dropping one that was there, and return its SQLAlchemy URL."""
        if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", name):
            raise ValueError(f"not a database name: {name!r}")
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}`")
        return f"mysql+pymysql://root@{HOST}:{self.port}/{name}?charset=utf8mb4"

    def drop_database(self, name: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


class Redis(Server):
    """Redis that keeps nothing on disk: a restart is an empty one."""

    name = "redis"

    def command(self) -> list[str]:
        return [
            self.program,
            *("--bind", HOST),
            *("--port", str(self.port)),
            *("--dir", str(self.folder)),
            *("--save", ""),
            *("--appendonly", "no"),
        ]

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def answers(self) -> bool:
        with redis.Redis(host=HOST, port=self.port, socket_timeout=1, retry=NO_RETRY) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class Mosquitto(Server):
    """Mosquitto with the configuration we ship; places and people differ, `extra` lines are appended."""

    name = "mosquitto"
    SHIPPED = ROOT / "deploy" / "mosquitto" / "mosquitto.conf"
    REPLACED = ("listener", "allow_anonymous", "password_file", "acl_file", "persistence_location")
    # MQTT 3.1.1 CONNECT, clean session, empty client id; whatever CONNACK comes back, the broker is at work.
    CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"

    def __init__(self, *extra: str, anonymous: bool = True) -> None:
        super().__init__()
        self.extra = extra
        self.anonymous = anonymous

    def prepare(self) -> None:
        shipped = self.SHIPPED.read_text(encoding="utf-8").splitlines()
        lines = [
            f"listener {self.port} {HOST}",
            f"allow_anonymous {str(self.anonymous).lower()}",
            f"persistence_location {self.folder}/",
            *(["user root"] if os.geteuid() == 0 else []),
            *(line for line in shipped if line.split(" ")[0] not in self.REPLACED),
            *self.extra,
        ]
        self.folder.joinpath("mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self) -> list[str]:
        return [self.program, "-c", str(self.folder / "mosquitto.conf")]

    @property
    def url(self) -> str:
        return f"mqtt://{HOST}:{self.port}"

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as wire:
                wire.sendall(self.CONNECT)
                return wire.recv(4)[:1] == b"\x20"
        except OSError:
            return False
