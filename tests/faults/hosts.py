"""Servers on hosts of their own: network namespaces joined to this machine by a cable that can be cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
import servers
from server_process import HOST

# 198.18.0.0/15 is set apart for tests of networks: nobody's own addresses are there.
NETWORK = "198.18.{process}.{host}"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def permitted() -> bool:
    """Whether this process may make hosts."""
    name = f"finca-try-{os.getpid()}"
    try:
        ip("netns", "add", name)
        ip("netns", "del", name)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


class Host:
    """A host, its cable, and the address by which it is reached."""

    def __init__(self, number: int) -> None:
        process = os.getpid() % 250
        self.name = f"finca-{os.getpid()}-{number}"
        self.cable = f"fc{os.getpid() % 100_000}n{number}"
        self.ours = NETWORK.format(process=process, host=number * 4 + 1)
        self.address = NETWORK.format(process=process, host=number * 4 + 2)

    def build(self) -> None:
        ip("netns", "add", self.name)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("addr", "add", f"{self.ours}/30", "dev", self.cable)
        ip("link", "set", self.cable, "up")
        ip("-n", self.name, "addr", "add", f"{self.address}/30", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", self.name, "link", "set", device, "up")

    def remove(self) -> None:
        subprocess.run(["ip", "link", "del", self.cable], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing that the host says arrives, and nobody is told: silence, as with a cable pulled far away."""
        ip("-n", self.name, "route", "add", "blackhole", f"{self.ours}/32")
        try:
            yield
        finally:
            ip("-n", self.name, "route", "del", "blackhole", f"{self.ours}/32")

    def inside(self, command: list[str]) -> list[str]:
        """The command, run on this host and listening on its address."""
        there = [part.replace(HOST, self.address) for part in command]
        return ["ip", "netns", "exec", self.name, *there]


class Away:
    """What a server of the suite needs to live on another host."""

    host: Host

    def __init__(self, host: Host) -> None:
        self.host = host
        super().__init__()

    def command(self) -> list[str]:
        command: list[str] = self.host.inside(super().command())  # type: ignore[misc]
        return command

    @property
    def url(self) -> str:
        url: str = super().url  # type: ignore[misc]
        return url.replace(HOST, self.host.address)

    def answers(self) -> bool:
        there = [
            "ip",
            "netns",
            "exec",
            self.host.name,
            "sh",
            "-c",
            f"exec 3<>/dev/tcp/{self.host.address}/{self.port}",
        ]  # type: ignore[attr-defined]
        there[4] = "bash"
        return subprocess.run(there, capture_output=True).returncode == 0


class FarMariaDB(Away, servers.MariaDB):
    """MariaDB, reached over the cable by an account for any host."""

    def connect(self, database: str | None = None, *, timeout: float = 60) -> pymysql.Connection:
        socket = str(self.folder / "socket")
        return pymysql.connect(
            unix_socket=socket, user="root", database=database, autocommit=True, read_timeout=timeout
        )

    def create_database(self, name: str) -> str:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("GRANT ALL ON *.* TO 'root'@'%' IDENTIFIED BY ''")
        return super().create_database(name).replace(HOST, self.host.address)


class FarRedis(Away, servers.Redis):
    """Redis, which lets nobody in from elsewhere unless it is told to."""

    def command(self) -> list[str]:
        return [*super().command(), "--protected-mode", "no"]


class FarMosquitto(Away, servers.Mosquitto):
    """Mosquitto; its address stands in a file."""

    def prepare(self) -> None:
        super().prepare()
        place = self.folder / "mosquitto.conf"
        place.write_text(place.read_text().replace(HOST, self.host.address))
