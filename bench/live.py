"""From a sensor's publish to the screens: latency with 100 and 500 clients of one gevent worker.

One command, under a minute: `python bench/live.py`. Starts its own broker and gunicorn. The path measured is all of it:
MQTT QoS 1, ingest, commit (SQLite), the live thread, Socket.IO, and the client's receipt in another process.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import serving
from sensors.farmyard import Publisher, wait_until

CLIENTS_PROGRAM = "import live_clients; live_clients.run()"
# (clients, messages a second)
ROUNDS = ((100, 10), (500, 10), (500, 40))
ROUND_S = 6.0


@dataclass
class Round:
    """What the clients of a round saw."""

    clients: int
    rate: int
    sent: int
    latencies_ms: list[float]

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    @property
    def row(self) -> str:
        expected = self.clients * self.sent
        return (
            f"{self.clients:>8} {self.rate:>8} {self.clients * self.rate:>13} {self.quantile(0.5):>8.1f} "
            f"{self.quantile(0.99):>8.1f} {max(self.latencies_ms):>8.1f} {expected - len(self.latencies_ms):>7}"
        )


def play(server: serving.FarmServer, publisher: Publisher, token: str, clients: int, rate: int) -> Round:
    """Publishes for a while to so many clients and collects how long each receipt took."""
    command = [sys.executable, "-c", CLIENTS_PROGRAM, str(server.port), token, str(clients)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=Path(__file__).parent, **pipes) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stdout.readline() == "ready\n"
        sent = int(rate * ROUND_S)
        started = time.monotonic()
        for n in range(sent):
            time.sleep(max(0.0, started + n / rate - time.monotonic()))
            # One clock serves all processes of a machine; the reading's value is the moment it was published.
            publisher.publish("finca/reloj/telemetry", {"reloj": time.monotonic() * 1000})
        publisher.settle()
        time.sleep(1.0)
        program.stdin.close()
        latencies = json.loads(program.stdout.readline())
    return Round(clients, rate, sent, latencies)


def main() -> None:
    """Prints a table."""
    with serving.broker() as broker:
        settings = {
            "mqtt_url": broker.url,
            "mqtt_ingest": "inline",
            "live_interval_ms": 1,
            "log_level": "WARNING",
        }
        with serving.Gunicorn(**settings) as server, Publisher(broker.port) as publisher:
            wait_until(lambda: server.get("/health")["services"]["broker"] == "connected", "broker")
            token = server.log_in()
            print(f"publish to receipt, {broker.name}, gunicorn 1 gevent worker; times in ms")
            print(" clients    msg/s  deliveries/s      p50      p99      max  merged")
            for clients, rate in ROUNDS:
                print(play(server, publisher, token, clients, rate).row, flush=True)


if __name__ == "__main__":
    main()
