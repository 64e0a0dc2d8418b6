"""A Galera cluster of MariaDB nodes as we ship it: started, wounded and brought back on one machine."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql
from server_process import HOST, ServerFailed, ServerMissing
from servers import ROOT, MariaDB

SHIPPED = ROOT / "deploy" / "mariadb"
PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
NAMES = ("one", "two", "three")
SYNCED = "4"
OWNER = "mysql"


def port_pair() -> int:
    """A free port whose next one is free too: Galera takes the next for what a node missed."""
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as one, socket.socket() as other, suppress(OSError):
            one.bind((HOST, port))
            other.bind((HOST, port + 1))
            return port


class Node(MariaDB):
    """A node: MariaDB by `deploy/mariadb`, small, on its own ports. Unless it is `first`, it begins as a copy."""

    name = "galera"

    def __init__(self, node: str) -> None:
        if not (PROVIDER.exists() and shutil.which("rsync")):
            raise ServerMissing("galera-4 and rsync")
        super().__init__()
        self.node = node
        self.talk, self.copy = port_pair(), port_pair()
        self.peers: list[Node] = []
        self.first = False
        self.log = self.folder / "server.log"

    @property
    def state(self) -> Path:
        """Where Galera notes how far the node got, and whether it may begin a cluster."""
        return self.folder / "data" / "grastate.dat"

    def prepare(self) -> None:
        self._hand_over()
        if self.first:
            super().prepare()
        else:
            self.folder.joinpath("tmp").mkdir()
            self.folder.joinpath("data").mkdir()
        self._configuration.write_text(
            f"{(SHIPPED / 'backfinca.cnf').read_text()}\n{(SHIPPED / 'galera.cnf').read_text()}\n"
            f"datadir={self.folder / 'data'}\n"
            f"tmpdir={self.folder / 'tmp'}\n"
            f"socket={self.folder / 'socket'}\n"
            f"pid-file={self.folder / 'pid'}\n"
            f"bind-address={HOST}\n"
            f"port={self.port}\n"
            "skip-log-bin\n"
            "innodb-buffer-pool-size=64M\n"
            "innodb-log-file-size=32M\n"
            f"wsrep-provider-options={self._options()}\n"
            f"wsrep-node-name={self.node}\n"
            f"wsrep-node-address={HOST}:{self.talk}\n"
            f"wsrep-sst-receive-address={HOST}:{self.copy}\n"
            f"wsrep-cluster-address=gcomm://{','.join(f'{HOST}:{peer.talk}' for peer in self.peers)}\n"
            'wsrep-sst-donor="three,two,"\n',
            encoding="utf-8",
        )
        self._hand_over()

    def _hand_over(self) -> None:
        if os.geteuid() == 0:
            for place in (self.folder, *self.folder.iterdir()):
                shutil.chown(place, OWNER)

    @staticmethod
    def _as_root() -> list[str]:
        # Not as root: what rsync receives as root it writes as nobody.
        return [f"--user={OWNER}"] if os.geteuid() == 0 else []

    @property
    def _configuration(self) -> Path:
        return self.folder / "my.cnf"

    def _options(self) -> str:
        """What we ship, but for the size of the cache, which is laid on the disk at once."""
        shipped = re.search(r'^wsrep-provider-options = "(.+)"$', (SHIPPED / "galera.cnf").read_text(), re.M)
        assert shipped
        here = f"gmcast.listen_addr=tcp://{HOST}:{self.talk};ist.recv_addr={HOST}:{self.talk + 1}"
        return f'"{shipped[1]};gcache.size=32M;{here}"'

    def command(self) -> list[str]:
        plain = [self.program, f"--defaults-file={self._configuration}", *self._as_root()]
        if self.first:
            return [*plain, "--wsrep-new-cluster"]
        return [*plain, *([f"--wsrep-start-position={self.position()}"] if self.state.exists() else [])]

    def position(self) -> str:
        """How far a stopped node got, as `galera_recovery` of the package asks it."""
        told = subprocess.run(
            [
                *(self.program, f"--defaults-file={self._configuration}", *self._as_root()),
                *("--wsrep-recover", f"--log-error={self.folder / 'recover.log'}"),
            ],
            capture_output=True,
        )
        log = self.folder.joinpath("recover.log")
        found = re.findall(r"Recovered position: *(\S+)", log.read_text(errors="replace"))
        log.unlink()
        if told.returncode or not found:
            raise ServerFailed(f"{self.node} does not know how far it got")
        return str(found[-1])

    def status(self, variable: str) -> str:
        """One of Galera's figures; empty while the node does not answer."""
        try:
            with self.connect(timeout=2) as connection, connection.cursor() as cursor:
                cursor.execute(f"SHOW STATUS LIKE 'wsrep_{variable}'")
                return str((cursor.fetchone() or ("", ""))[1])
        except pymysql.err.MySQLError:
            return ""

    def answers(self) -> bool:
        return self.status("ready") == "ON" and self.status("local_state") == SYNCED

    def isolate(self, alone: bool) -> None:
        """Cuts its cable to the others (or mends it), not the one to its clients."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={int(alone)}'")


class Cluster:
    """Nodes that know each other. The first begins; the others copy it, one after the other."""

    def __init__(self) -> None:
        self.nodes = [Node(name) for name in NAMES]
        for node in self.nodes:
            node.peers = self.nodes

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

    def start(self) -> Self:
        """A new cluster, complete."""
        first, *others = self.nodes
        first.first = True
        first.start()
        first.first = False
        for node in others:
            node.start()
        return self

    def close(self) -> None:
        """Ends it; nothing has to be kept, so no node waits for another."""
        for node in self.nodes:
            node.kill()
            node.close()

    def recover(self) -> str:
        """Begins anew from the node that got farthest, as after a power cut of all; that node's name."""
        reached = {node.node: int(node.position().rpartition(":")[2]) for node in self.nodes}
        farthest = max(self.nodes, key=lambda node: reached[node.node])
        text = farthest.state.read_text().replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1")
        farthest.state.write_text(text)
        farthest.first = True
        farthest.start()
        farthest.first = False
        for node in self.nodes:
            if node is not farthest:
                node.start()
        return farthest.node

    def create_database(self, name: str) -> str:
        """An empty database, and the address that names all nodes."""
        self.alive().create_database(name)
        return self.url(name)

    def url(self, name: str, *order: int) -> str:
        """The database's address; the nodes in that order."""
        nodes = [self.nodes[number] for number in order or range(len(self.nodes))]
        hosts = ",".join(f"{HOST}:{node.port}" for node in nodes)
        return f"mysql+pymysql://root@{hosts}/{name}?charset=utf8mb4"

    def whole(self) -> bool:
        """Whether every node answers and sees all the others; one that stood still does not know at once."""
        return all(n.answers() and n.status("cluster_size") == str(len(self.nodes)) for n in self.nodes)

    def alive(self) -> Node:
        """A node that answers."""
        return next(node for node in self.nodes if node.running and node.answers())
