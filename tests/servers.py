"""Real servers for the suite: MariaDB, Redis, Mosquitto; own instances, free ports, temporary folders.

What is done when one is not installed (skip or fail) is the business of `conftest.py`, not of this module.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import pymysql
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from server_process import HOST, Server, ServerFailed, ServerMissing, find_program

ROOT = Path(__file__).resolve().parents[1]
NO_RETRY = Retry(NoBackoff(), 0)


class MariaDB(Server):
    """MariaDB, root without a password; what was committed survives a kill, not a power cut."""

    name = "mariadb"
    programs = ("mariadbd", "mysqld")

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
    programs = ("redis-server",)

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
    """Mosquitto behaving as we ship it; places and people differ, `extra` lines are appended."""

    name = "mosquitto"
    programs = ("mosquitto",)
    SHIPPED = ROOT / "deploy" / "mosquitto" / "conf.d"
    # MQTT 3.1.1 CONNECT, clean session, empty client id; whatever CONNACK comes back, the broker is at work.
    CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"

    def __init__(self, *extra: str, anonymous: bool = True) -> None:
        super().__init__()
        self.extra = extra
        self.anonymous = anonymous

    def prepare(self) -> None:
        lines = [
            f"listener {self.port} {HOST}",
            f"allow_anonymous {str(self.anonymous).lower()}",
            f"persistence_location {self.folder}/",
            *(["user root"] if os.geteuid() == 0 else []),
            f"include_dir {self.SHIPPED}",
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


KINDS: dict[str, type[Server]] = {kind.name: kind for kind in (MariaDB, Redis, Mosquitto)}


def available(name: str) -> bool:
    """Whether the server (`mariadb`, `redis` or `mosquitto`) is installed here."""
    try:
        find_program(*KINDS[name].programs)
    except ServerMissing:
        return False
    return True
