"""Messages a second from MQTT QoS 1 to committed rows: ingest, the ORM, paho storing nothing, two sharing.

One command, one run: `python bench/ingest.py`. Starts its own MariaDB and Mosquitto.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import servers
from raw_publisher import encode, send

from app import create_app
from app.core.extensions import db
from app.core.settings import load_settings

DEVICES = 50
KEYS = 8
PATIENCE_S = 300
BAR = 7
OURS, ORM, NOTHING, TWO = (
    "ingest, one process",
    "ORM, a commit per message",
    "paho storing nothing",
    "ingest, two $share processes",
)


@dataclass
class Run:
    """One consumer's result."""

    name: str
    messages: int
    seconds: float
    published_s: float
    rows: tuple[int, int] | None

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


class Yard:
    """The servers of one bench; each consumer gets an empty database and a new broker."""

    def __init__(self, maria: servers.MariaDB) -> None:
        self.maria = maria
        self.broker = servers.Mosquitto().start()
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.url = ""

    def renew_broker(self) -> None:
        """A broker without the sessions of earlier consumers, for which it would keep every message."""
        self.broker.close()
        self.broker = servers.Mosquitto().start()

    def lay(self) -> None:
        """An empty database with all tables, and a new broker."""
        self.renew_broker()
        self.url = self.maria.create_database("bench")
        app = create_app(load_settings(flask_env="testing", instance_dir=self.folder, database_url=self.url))
        with app.app_context():
            db.create_all()
            db.engine.dispose()

    def count(self, table: str) -> int:
        with self.maria.connect("bench") as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            return int(cursor.fetchone()[0])

    def ingest(self, name: str = "bench", group: str = "") -> subprocess.Popen[bytes]:
        """`flask ingest` in a process of its own."""
        environment = {
            "FLASK_ENV": "testing",
            "LOG_LEVEL": "ERROR",
            "INSTANCE_DIR": str(self.folder),
            "DATABASE_URL": self.url,
            "MQTT_URL": self.broker.url,
            "MQTT_CLIENT_ID": name,
            "MQTT_SHARE_GROUP": group,
            "MQTT_INGEST": "process",
        }
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "ingest"]
        return subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
        )

    def rival(self, kind: str, target: str) -> subprocess.Popen[bytes]:
        script = str(ROOT / "bench" / "ingest_consumers.py")
        return subprocess.Popen([sys.executable, script, kind, target, str(self.broker.port)])


def until(holds: Callable[[], bool], pause_s: float = 0.02) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("the consumer does not come to an end")
        time.sleep(pause_s)


def warm_up(yard: Yard, stored: Callable[[], int], others: int) -> None:
    """Messages until the consumers have stored some, so that nobody is measured while starting."""
    sent, start = 0, time.time() - 7200
    while stored() < DEVICES * 2 * others:
        send(yard.broker.port, encode(DEVICES * 2, DEVICES, start + sent))
        sent += 1
        time.sleep(0.5)
    last = -1
    while (now := stored()) != last:
        last = now
        time.sleep(0.5)


def measure(
    yard: Yard, name: str, messages: int, stored: Callable[[], int], rows: bool, processes: int = 1
) -> Run:
    """From the first publish until the last message is stored."""
    warm_up(yard, stored, processes)
    before = stored(), yard.count("readings") if rows else 0
    script = str(ROOT / "bench" / "raw_publisher.py")
    told = [yard.broker.port, messages, DEVICES, time.time() - 3600]
    publisher = subprocess.Popen(
        [sys.executable, script, *map(str, told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    publisher.stdout.readline()
    started = time.perf_counter()
    publisher.stdin.write("go\n")
    publisher.stdin.flush()
    until(lambda: stored() - before[0] >= messages * 0.9, 0.2)
    until(lambda: stored() - before[0] >= messages)
    seconds = time.perf_counter() - started
    published_s = float(publisher.communicate()[0])
    found = (yard.count("messages") - before[0], yard.count("readings") - before[1]) if rows else None
    return Run(name, messages, seconds, published_s, found)


def run_stored(
    yard: Yard, name: str, messages: int, start: Callable[[], list[subprocess.Popen[bytes]]]
) -> Run:
    """A consumer that stores rows."""
    processes = start()
    try:
        run = measure(yard, name, messages, lambda: yard.count("messages"), True, len(processes))
    finally:
        for process in processes:
            process.terminate()
            process.wait()
    if run.rows != (messages, messages * KEYS):
        raise AssertionError(f"{name}: {run.rows} rows for {messages} messages")
    print(f"  {name}: {run.rate:,.0f} messages/s (publisher done after {run.published_s:.1f} s)", flush=True)
    return run


def run_counting(yard: Yard, messages: int) -> Run:
    """paho that stores nothing."""
    counted = yard.folder / "counted"
    counted.write_text("0")
    process = yard.rival("count", str(counted))
    try:
        run = measure(yard, NOTHING, messages, lambda: int(counted.read_text() or 0), False)
    finally:
        process.terminate()
        process.wait()
    print(f"  {run.name}: {run.rate:,.0f} messages/s", flush=True)
    return run


def prepare_orm(yard: Yard) -> list[subprocess.Popen[bytes]]:
    """The ORM's consumer, its devices and channels made by ingest beforehand."""
    maker = yard.ingest("maker")
    warm_up(yard, lambda: yard.count("messages"), 1)
    maker.terminate()
    maker.wait()
    with yard.maria.connect("bench") as connection, connection.cursor() as cursor:
        for table in ("messages", "readings"):
            cursor.execute(f"DELETE FROM {table}")
    yard.renew_broker()
    return [yard.rival("orm", yard.url)]


def run_round(yard: Yard, messages: int) -> list[Run]:
    """Each consumer once; the slow one with a tenth of the messages, what counts being the rate."""
    yard.lay()
    ours = run_stored(yard, OURS, messages, lambda: [yard.ingest("one")])
    yard.lay()
    orm = run_stored(yard, ORM, max(1000, messages // 10), lambda: prepare_orm(yard))
    yard.lay()
    nothing = run_counting(yard, messages)
    yard.lay()
    pair = ("first", "second")
    two = run_stored(yard, TWO, messages, lambda: [yard.ingest(name, "bench") for name in pair])
    return [ours, orm, nothing, two]


def main() -> None:
    """Runs the rounds, and prints the medians and their ratios; exit code 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    runs: list[Run] = []
    with servers.MariaDB() as maria:
        yard = Yard(maria)
        try:
            for number in range(chosen.rounds):
                print(f"round {number + 1}", flush=True)
                runs += run_round(yard, chosen.messages)
        finally:
            yard.broker.close()
    rate = {name: median(run.rate for run in runs if run.name == name) for name in (OURS, ORM, NOTHING, TWO)}
    print(f"\n{'consumer (median)':34}{'messages/s':>12}{'readings/s':>12}")
    for name, found in rate.items():
        print(f"{name:34}{found:>12,.0f}{'-' if name == NOTHING else format(found * KEYS, ',.0f'):>12}")
    print(f"\ningest / ORM                  {rate[OURS] / rate[ORM]:6.1f}   (bar: {BAR})")
    print(f"ingest / paho storing nothing {rate[OURS] / rate[NOTHING]:6.2f}")
    print(f"two processes / one           {rate[TWO] / rate[OURS]:6.2f}   (bar: 1)")
    sys.exit(rate[OURS] < BAR * rate[ORM] or rate[TWO] <= rate[OURS])


if __name__ == "__main__":
    main()
