"""Where a stack lives: its folder, ports and secrets. Made at the first start, kept for the next ones."""

import json
import os
import random
import secrets
import shutil
import socket
import string
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
HOST = "127.0.0.1"
WEB_PROCESSES = 3
DEVICE = "biodigestor-1"
# What each program is called, and the Debian package it comes in.
PROGRAMS = {
    "nginx": "nginx",
    "supervisord": "supervisor",
    "supervisorctl": "supervisor",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "redis-server": "redis-server",
    "mosquitto": "mosquitto",
    "mosquitto_passwd": "mosquitto",
}
SINGLE_PORTS = ("https", "http", "mariadb", "redis", "mqtt", "mqtts")
SECRETS = ("jwt", "mariadb", "redis", "mqtt", "device", "metrics", "admin")
# The kernel's limit for the path of a Unix socket is 107; below the folder lies `run/supervisor.sock` and a suffix.
LONGEST_FOLDER = 70


class CannotStart(RuntimeError):
    """The stack cannot be brought up here; the message says why and what to do."""


def program(name: str) -> str:
    """Path of an installed program; Debian keeps servers off a user's PATH. Raises CannotStart."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    if found := shutil.which(name, path=path):
        return found
    raise CannotStart(f"{name} is not installed (Debian: apt-get install {PROGRAMS[name]})")


def missing_packages() -> list[str]:
    """The Debian packages that would have to be installed first."""
    missing = []
    for name, package in PROGRAMS.items():
        try:
            program(name)
        except CannotStart:
            missing.append(package)
    return sorted(set(missing))


@dataclass
class Places:
    """A stack's folder, and what was chosen for it."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Places":
        """What was kept in the folder, or nothing yet."""
        kept = folder / "places.json"
        chosen = json.loads(kept.read_text()) if kept.exists() else {}
        return cls(folder, **chosen)

    def __getattr__(self, name: str) -> Path:
        """places.etc, places.run, places.log, places.data, places.tls: the folders inside."""
        if name in ("etc", "run", "log", "data", "tls"):
            return self.folder / name
        raise AttributeError(name)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.ports['https']}"

    @property
    def web_ports(self) -> list[int]:
        return [self.ports["web"] * 10 + number for number in range(1, WEB_PROCESSES + 1)]

    @property
    def ingest_port(self) -> int:
        """Where the ingest tells its health and figures."""
        return self.ports["web"] * 10 + 9

    def prepare(self) -> None:
        """Makes the folders, and chooses ports that are free and secrets that were not there."""
        if len(str(self.folder)) > LONGEST_FOLDER or " " in str(self.folder):
            raise CannotStart(f"The folder's path is too long or has spaces: {self.folder} (use --folder)")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for place in (self.etc, self.run, self.log, self.data, self.tls):
            place.mkdir(exist_ok=True)
        self._choose_ports()
        for name in SECRETS:
            self.secrets.setdefault(name, _password())
        write_private(
            self.folder / "places.json", json.dumps({"ports": self.ports, "secrets": self.secrets}, indent=1)
        )

    def _choose_ports(self) -> None:
        taken = {port for name, port in self.ports.items() if name != "web"}
        for name in SINGLE_PORTS:
            while not _free(self.ports.get(name, 0)):
                port = random.randint(15_000, 31_999)
                if port not in taken:
                    self.ports[name] = port
                    taken.add(port)
        while "web" not in self.ports or not all(_free(port) for port in self._own_ports):
            self.ports["web"] = random.randint(1_500, 3_199)
            if taken & set(self._own_ports):
                del self.ports["web"]

    @property
    def _own_ports(self) -> list[int]:
        return [*self.web_ports, self.ingest_port]


def write_private(path: Path, text: str) -> None:
    """Writes a file that nobody else may read."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _password() -> str:
    """Letters and digits: some of them stand in URLs. Always with what the rules for people's passwords ask for."""
    return "Aa1" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))


def _free(port: int) -> bool:
    """Whether nobody listens there. Ports stay below the range the kernel gives to outgoing connections."""
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
