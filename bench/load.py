"""SIGLAB's load suite against the whole stack: its four tests, stages and pauses, scaled to one small machine.

    make bench-load                     three web processes behind nginx, through TLS
    make bench-load ARGS="--time 1"     for as long as SIGLAB's own documentation says: 90 minutes

What its users do to machines of a laboratory is done to treatments of an animal here: create, list, search, history.
`--time` and `--users` are the scale; nothing else is changed.
"""

from gevent import monkey

monkey.patch_all()

import argparse
import json
import os
import random
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import locust.log
from locust import FastHttpUser, LoadTestShape
from locust.env import Environment

ROOT = Path(__file__).resolve().parents[1]
PYTHON = str(ROOT / ".venv" / "bin" / "python")
# What the house asks of every test, whatever its own thresholds allow.
P95_MS, ERRORS, RATE, MEMORY_MB = 500, 0.001, 100, 512
MINUTE = 60.0


@dataclass(frozen=True)
class Test:
    """Seconds and users of each stage, what its users do, and how long they pause."""

    name: str
    stages: tuple[tuple[float, int], ...]
    tasks: dict[str, int]
    pause: tuple[float, float]
    p95_ms: int
    errors: float

    @property
    def is_hurried(self) -> bool:
        """Users who pause for seconds ask for little, whatever the server can do."""
        return self.pause[1] < 1

    def users_at(self, second: float, scale_time: float, scale_users: float) -> int | None:
        """How many there should be; None at the end. Between two stages their number changes evenly, as k6 does."""
        before = 0
        for length, users in self.stages:
            lasts = length * scale_time
            if second < lasts:
                return max(round((before + (users - before) * second / lasts) * scale_users), 1)
            second, before = second - lasts, users
        return None


M = MINUTE
TESTS = (
    Test("saturation", ((2 * M, 10), (5 * M, 10), (2 * M, 50), (5 * M, 50), (2 * M, 100), (10 * M, 100), (2 * M, 0)),
         {"create": 1}, (1, 3), 500, 0.1),
    Test("concurrent users", ((M, 10), (2 * M, 25), (3 * M, 50), (5 * M, 100), (3 * M, 50), (2 * M, 25), (M, 0)),
         {"listed": 4, "searched": 3, "create": 2, "history": 1}, (1, 3), 1000, 0.05),
    Test("stress", ((2 * M, 50), (5 * M, 100), (5 * M, 200), (5 * M, 300), (5 * M, 400), (5 * M, 500), (2 * M, 0)),
         {"create": 1}, (0.1, 0.1), 2000, 0.2),
    Test("spike", ((2 * M, 10), (10, 200), (M, 200), (10, 10), (2 * M, 10), (10, 300), (M, 300), (10, 10), (2 * M, 0)),
         {"listed": 1}, (0.1, 0.1), 1500, 0.15),
)  # fmt: skip


def user_class(test: Test, place: "Place") -> type[FastHttpUser]:
    """Somebody who does what the test asks, with a token."""

    class Person(FastHttpUser):
        host = place.url
        insecure = True
        connection_timeout = network_timeout = 30

        def wait_time(self) -> float:
            return random.uniform(*test.pause)

        def on_start(self) -> None:
            self.client.auth_header = f"Bearer {place.token}"

        def _ask(self, method: str, path: str, name: str, **more: Any) -> None:
            headers = {"Authorization": f"Bearer {place.token}"}
            wanted = 201 if method == "POST" else 200
            with self.client.request(
                method, f"/api/v1{path}", name=name, headers=headers, catch_response=True, **more
            ) as said:
                good = said.status_code == wanted and (said.json() or {}).get("success")
                said.success() if good else said.failure(f"{said.status_code} {said.text!s:.200}")

        def create(self) -> None:
            number = f"TM-{time.time_ns() // 1_000_000}-{random.randint(0, 999):03}"
            body = {"animal_id": place.animal_id, "treatment_date": "2026-01-10", "description": number,
                    "dosis": "3 ml", "frequency": "Cada día", "observations": "Ninguna"}  # fmt: skip
            self._ask("POST", "/treatments", "create", json=body)

        def listed(self) -> None:
            self._ask("GET", "/treatments?limit=20", "list")

        def searched(self) -> None:
            self._ask("GET", f"/treatments?search=TM-{random.randint(0, 99)}&limit=20", "search")

        def history(self) -> None:
            self._ask("GET", f"/treatments?animal_id={place.animal_id}&limit=20&page=2", "history")

    Person.tasks = [getattr(Person, name) for name, weight in test.tasks.items() for _ in range(weight)]
    return Person


class Place:
    """The stack under test, and somebody logged in there."""

    def __init__(self, folder: Path) -> None:
        kept = json.loads((folder / "places.json").read_text())
        self._folder = folder
        self.url = f"https://localhost:{kept['ports']['https']}"
        self.token = ""
        who = {"email": "admin@finca.test", "password": kept["secrets"]["admin"]}
        self.token = self.ask("/auth/login", who)["access_token"]
        self.animal_id = self._animal()

    def ask(self, path: str, body: Any = None) -> Any:
        context = ssl.create_default_context(cafile=str(self._folder / "tls" / "ca.crt"))
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers)
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return json.load(answer)

    def _animal(self) -> int:
        species = self.ask("/species", {"name": "Bovina"})["data"]["id"]
        breed = self.ask("/breeds", {"name": "Criolla", "species_id": species})["data"]["id"]
        body = {
            "record": "A-1",
            "birth_date": "2022-05-01",
            "weight": 350,
            "sex": "Hembra",
            "breeds_id": breed,
        }
        return int(self.ask("/animals", {**body, "status": "Vivo"})["data"]["id"])

    def leave_one(self) -> None:
        """Stops the other web processes: what one can do is only seen when they do not share its processor."""
        for idle in ("web-2", "web-3"):
            subprocess.run(
                [*_command(self._folder), "ctl", "stop", f"backfinca:{idle}"], cwd=ROOT, check=True
            )

    def servers(self) -> list[dict[str, Any]]:
        """What each web process tells of itself."""
        found: list[dict[str, Any]] = self.ask("/system/load")["data"]["servers"]
        return [server for server in found if server["status"] == "alive"]


def _command(folder: Path) -> list[str]:
    return [PYTHON, "-m", "scripts.stack", "--folder", str(folder)]


@contextmanager
def stack() -> Iterator[Place]:
    """A stack of its own, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="finca-load-"))
    command = _command(folder)
    limits = ["--set", "RATE_LIMIT=100000000 per minute", "--set", "LOGIN_RATE_LIMIT=1000 per minute"]
    try:
        subprocess.run([*command, "up", *limits], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        yield Place(folder)
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, check=True)
        shutil.rmtree(folder, ignore_errors=True)


def run(test: Test, place: Place, options: argparse.Namespace) -> list[str]:
    """Runs a test; its line of the table."""

    class Stages(LoadTestShape):
        def tick(self) -> tuple[int, float] | None:
            users = test.users_at(self.get_run_time(), options.time, options.users)
            return None if users is None else (users, 1000.0)

    environment = Environment(user_classes=[user_class(test, place)], shape_class=Stages(), stop_timeout=30)
    runner = environment.create_local_runner()
    runner.start_shape()
    runner.shape_greenlet.join()
    runner.greenlet.join(0.1)
    total, servers = environment.stats.total, place.servers()
    for error in sorted(environment.stats.errors.values(), key=lambda one: -one.occurrences)[:3]:
        print(f"  {error.occurrences} x {error.name}: {error.error}", file=sys.stderr)
    busiest = max(total.num_reqs_per_sec.values(), default=0) / len(servers)
    memory_mb = max(one["memory_mb"] for one in servers)
    return _cells(test, options, total, len(servers), busiest, memory_mb)


def _cells(
    test: Test, options: argparse.Namespace, total: Any, processes: int, busiest: float, memory_mb: float
) -> list[str]:
    p95, failed = total.get_response_time_percentile(0.95) or 0, total.fail_ratio
    bars = {
        f"p95 < {P95_MS} ms": p95 < P95_MS,
        f"errors < {ERRORS:.1%}": failed < ERRORS,
        f"< {MEMORY_MB} MB": memory_mb < MEMORY_MB,
    }
    if processes == 1:
        bars[f"> {RATE}/s a process"] = busiest > RATE
    missed = [name for name, held in bars.items() if not held]
    own = p95 < test.p95_ms and failed < test.errors
    return [
        test.name, str(processes), f"{max(users for _, users in test.stages) * options.users:.0f}",
        str(total.num_requests),
        f"{total.total_rps:.0f}/s", f"{busiest:.0f}/s",
        f"{total.median_response_time or 0:.0f} / {p95:.0f} / {total.get_response_time_percentile(0.99) or 0:.0f} ms",
        f"{failed:.3%}", f"{memory_mb:.0f} MB", "held" if own else "missed",
        f"missed: {', '.join(missed)}" if missed else "held",
    ]  # fmt: skip


HEADINGS = [
    "test", "web processes", "users at most", "requests", "on average", "a process, busiest second",
    "p50 / p95 / p99", "errors", "memory of a server", "SIGLAB's thresholds", "ours",
]  # fmt: skip


def main() -> None:
    """Prints the table; fails when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--time", type=float, default=1 / 20, help="a minute of the suite in minutes (1/20)")
    parser.add_argument("--users", type=float, default=0.05, help="a user of the suite in users (0.05)")
    parser.add_argument("--only", choices=[test.name for test in TESTS], help="one test alone")
    options = parser.parse_args()
    locust.log.setup_logging("ERROR")
    with stack() as place:
        wanted = [test for test in TESTS if options.only in (None, test.name)]
        rows = [run(test, place, options) for test in wanted]
        place.leave_one()
        rows += [run(test, place, options) for test in wanted if test.is_hurried]
    for cells in (HEADINGS, ["---"] * len(HEADINGS), *rows):
        print(f"| {' | '.join(cells)} |")
    print(
        f"\n{os.cpu_count()} cores for everything, the asking included; load average {os.getloadavg()[0]:.1f}"
    )
    sys.exit(any(cells[-1] != "held" for cells in rows))


if __name__ == "__main__":
    main()
