"""A farm on several servers: two gunicorns and two ingests as processes of their own, over the servers it is given."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cluster.load import Load, call
from sensors.farmyard import wait_until
from server_process import Server
from serving import Gunicorn

Say = Callable[[str], None]
ANIMALS = 8
CALM_S = 3.0


class Web(Gunicorn):
    """A web server of the farm. Only the first one lays the tables and makes the administrator."""

    name = "web"

    def __init__(self, number: int, **settings: Any) -> None:
        super().__init__(workers=1, server_id=number, log_level="WARNING", **settings)
        self.number = number

    def prepare(self) -> None:
        if self.number == 1:
            super().prepare()

    def call(
        self, method: str, path: str, token: str = "", body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        answer = call(self.url, method, path, token, body, **headers)
        return answer.status, answer.body


class Farm:
    """Webs that ask the same database in the orders given, and ingests that share one subscription."""

    def __init__(
        self,
        urls: Sequence[str],
        redis_url: str,
        mqtt_url: str = "mqtt://127.0.0.1:9",
        ingests: int = 0,
        **settings: Any,
    ) -> None:
        shared = {"redis_url": redis_url, "mqtt_url": mqtt_url, "mqtt_ingest": "process", **settings}
        self.webs = [Web(n, database_url=url, **shared) for n, url in enumerate(urls, start=1)]
        self.ingests: dict[int, subprocess.Popen[bytes]] = {}
        self._ingests = ingests
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            for web in self.webs:
                self._stack.enter_context(web)
            self.token = self.webs[0].log_in()
            self.animals = self._animals()
            for number in range(1, self._ingests + 1):
                self.start_ingest(number)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in list(self.ingests):
            self.kill_ingest(number, signal.SIGTERM)
        self._stack.close()

    def create(self, path: str, **body: Any) -> int:
        """A record made through the first web; its id."""
        status, answer = self.webs[0].call("POST", path, self.token, body)
        assert status == 201, answer
        return int(answer["data"]["id"])

    def _animals(self) -> list[int]:
        species = self.create("/species", name="Bovina")
        breed = self.create("/breeds", name="Normando", species_id=species)
        facts = {"sex": "Hembra", "birth_date": "2020-01-01", "weight": 400, "breeds_id": breed}
        return [self.create("/animals", record=f"V-{n}", **facts) for n in range(ANIMALS)]

    @property
    def folder(self) -> Path:
        return self.webs[0].folder

    def start_ingest(self, number: int) -> None:
        """`flask ingest`, one of those that share the subscription."""
        environment = {**self.webs[0].environment, "MQTT_SHARE_GROUP": "farm"}
        name = ["--name", str(number)] if number > 1 else []
        with (self.folder / f"ingest-{number}.log").open("ab") as log:
            self.ingests[number] = subprocess.Popen(
                self.webs[0].flask_command("ingest", *name),
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    def kill_ingest(self, number: int, how: int = signal.SIGKILL) -> None:
        process = self.ingests.pop(number)
        os.kill(process.pid, how)
        process.wait(30)

    def await_ingest(self) -> None:
        """Returns when all ingests are connected to the broker."""
        wait_until(lambda: self.health()["services"]["broker"] == "connected", "the ingest's connection", 30)

    def health(self) -> Any:
        return self.webs[0].call("GET", "/health")[1]

    def verified(self) -> str:
        """What `flask activity verify` says; the test fails when the chain is broken."""
        return self.webs[0].flask("activity", "verify")

    def logs(self) -> str:
        """The ends of all logs, for whoever has to find out why."""
        servers: list[Server] = [*self.webs]
        files = [*(server.log for server in servers), *self.folder.glob("ingest-*.log")]
        return "".join(f"\n== {file.name}\n{file.read_text(errors='replace')[-2500:]}" for file in files)


def go_on(load: Load, records: int = 20, seconds: float = 60) -> None:
    """Returns when so many more are written."""
    wanted = load.written() + records
    wait_until(lambda: load.written() >= wanted, "writes go on", seconds)


@contextmanager
def loaded(farm: Farm, name: str, **more: int) -> Iterator[Load]:
    """Work for as long as the block lasts; nothing but good answers and 503s with `Retry-After` may come of it."""
    with Load([web.url for web in farm.webs], farm.token, farm.animals, name=name, **more) as load:
        time.sleep(CALM_S)
        yield load
        time.sleep(CALM_S)
    assert not load.writes.wrong, f"{load.writes.wrong}\n{farm.logs()}"
    assert not load.reads.wrong, f"{load.reads.wrong}\n{farm.logs()}"
