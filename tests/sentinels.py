"""Redis with two replicas under three Sentinels, by `deploy/redis`, on one machine."""

from __future__ import annotations

import re
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import redis
from server_process import HOST, Server
from servers import NO_RETRY, ROOT, Redis

SHIPPED = ROOT / "deploy" / "redis"
MASTER = "farm"


class Replica(Redis):
    """A Redis that may follow another."""

    leader: Redis | None = None

    def prepare(self) -> None:
        # Sentinels have it rewrite the file that it was started with: never the one we ship.
        (self.folder / "redis.conf").write_text(f"include {SHIPPED / 'backfinca.conf'}\n")

    def command(self) -> list[str]:
        follow = ["--replicaof", HOST, str(self.leader.port)] if self.leader else []
        return [self.program, str(self.folder / "redis.conf"), *super().command()[1:], *follow]

    def role(self) -> str:
        """`master` or `slave`; empty while it does not answer."""
        with redis.Redis(host=HOST, port=self.port, socket_timeout=1, retry=NO_RETRY) as client:
            try:
                return str(client.info("replication")["role"])
            except redis.RedisError:
                return ""


class Sentinel(Server):
    """One who watches."""

    name = "sentinel"
    programs = ("redis-server",)

    def __init__(self, leader: Redis) -> None:
        super().__init__()
        self.leader = leader

    def prepare(self) -> None:
        text = (SHIPPED / "sentinel.conf").read_text()
        for shipped, here in (
            (r"^bind .*", f"bind {HOST}"),
            (r"^port .*", f"port {self.port}"),
            (r"^dir .*", f"dir {self.folder}"),
            (r"^logfile .*", ""),
            (r"10\.0\.0\.1 6379", f"{HOST} {self.leader.port}"),
        ):
            text, found = re.subn(shipped, here, text, flags=re.M)
            assert found == 1, shipped
        (self.folder / "sentinel.conf").write_text(text)

    def command(self) -> list[str]:
        return [self.program, str(self.folder / "sentinel.conf"), "--sentinel"]

    def told(self) -> dict[str, object]:
        """What it knows of the leader."""
        with redis.Redis(host=HOST, port=self.port, socket_timeout=1, retry=NO_RETRY) as client:
            found: dict[str, object] = client.sentinel_master(MASTER)
            return found

    def answers(self) -> bool:
        try:
            return bool(self.told())
        except redis.RedisError:
            return False


class Watched:
    """All six, knowing each other."""

    def __init__(self) -> None:
        self.replicas = [Replica() for _ in range(3)]
        first, *others = self.replicas
        for other in others:
            other.leader = first
        self.sentinels = [Sentinel(first) for _ in range(3)]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            for server in [*self.replicas, *self.sentinels]:
                self._stack.enter_context(server)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        places = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{places}/0/{MASTER}"

    def whole(self) -> bool:
        """Whether every Sentinel knows the two others, one Redis leads and two follow: any one may go."""
        told = [sentinel.told() for sentinel in self.sentinels]
        known = all(facts["num-other-sentinels"] == 2 and facts["num-slaves"] == 2 for facts in told)
        return known and sorted(replica.role() for replica in self.replicas) == ["master", "slave", "slave"]

    def leader(self) -> Replica | None:
        """Who leads now, by the word of most Sentinels and its own."""
        ports = [sentinel.told()["port"] for sentinel in self.sentinels if sentinel.running]
        for replica in self.replicas:
            if replica.running and ports.count(replica.port) >= 2 and replica.role() == "master":
                return replica
        return None
