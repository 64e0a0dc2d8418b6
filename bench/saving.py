"""What it costs Mosquitto to save what waits, and what a kill loses, by how often it saves. Nobody fetches meanwhile.

One command, one run: `python bench/saving.py`. Starts its own brokers, with the farm's configuration but for that.
"""

import argparse
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import servers
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from raw_publisher import packet, publish_packet, send
from server_process import HOST

# autosave_interval, autosave_on_changes.
WAYS = ((10, "false"), (1, "false"), (1000, "true"), (100, "true"), (1, "true"))
TOPIC, PADDING = "finca/n1/telemetry", "x" * 90
PER_SECOND = 500
QUIET_S = 2.0


def main() -> None:
    """A line for each way of saving; rates as parts of the first one's."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=8000)
    options.add_argument("--waiting", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=8.0, help="of publishing, before the kill")
    given = options.parse_args()
    first: tuple[float, float] | None = None
    for interval, on_changes in WAYS:
        with servers.Mosquitto(
            f"autosave_interval {interval}", f"autosave_on_changes {on_changes}"
        ) as broker:
            rates = rates_of(broker, given.messages, given.waiting)
            first = first or rates
            lost, acknowledged = lost_by_a_kill(broker, given.seconds)
        few, many = (mine / theirs for mine, theirs in zip(rates, first, strict=True))
        print(
            f"{interval:>5} {on_changes:<6} {few:5.2f} ({rates[0]:6.0f}/s)   with {given.waiting} waiting"
            f" {many:5.2f} ({rates[1]:6.0f}/s)   lost {lost} of {acknowledged}",
            flush=True,
        )


def rates_of(broker: servers.Mosquitto, count: int, waiting: int) -> tuple[float, float]:
    """Messages a second with few waiting, and with many. Where few are slow already, nobody waits for many."""
    begin_anew(broker)
    few = count / send(broker.port, numbered(count))
    if few * 60 < waiting:
        return few, float("nan")
    send(broker.port, numbered(waiting))
    return few, count / send(broker.port, numbered(count))


def lost_by_a_kill(broker: servers.Mosquitto, seconds: float) -> tuple[int, int]:
    """Of what was acknowledged: how many messages are not there afterwards, and how many there should be."""
    begin_anew(broker)
    killer = threading.Timer(seconds, broker.kill)
    killer.start()
    acknowledged = trickle(broker.port)
    killer.join()
    broker.start()
    return acknowledged - len(fetched(broker.port) & set(range(acknowledged))), acknowledged


def begin_anew(broker: servers.Mosquitto) -> None:
    """An empty broker that knows somebody who is away. A stop saves the session."""
    broker.stop()
    broker.folder.joinpath("mosquitto.db").unlink(missing_ok=True)
    broker.start()
    absent(broker.port, set(), lambda: True)
    broker.stop()
    broker.start()


def numbered(count: int) -> list[bytes]:
    """Packets, each with its number."""
    return [publish_packet(TOPIC, f"{n} {PADDING}".encode(), n % 65_535 + 1) for n in range(count)]


def trickle(port: int) -> int:
    """Publishes until the broker is gone; how many it acknowledged, the first ones."""
    wire = socket.create_connection((HOST, port))
    wire.sendall(packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x05bench"))
    wire.recv(4)
    received = 0
    try:
        for one in numbered(60_000):
            wire.sendall(one)
            while select.select([wire], [], [], 1 / PER_SECOND)[0]:
                told = len(wire.recv(4096))
                received += told
                if not told:
                    return received // 4
    except OSError:
        pass
    return received // 4


def fetched(port: int) -> set[int]:
    """What waits there, until it is quiet."""
    numbers: set[int] = set()
    before = [-1]

    def quiet() -> bool:
        same, before[0] = len(numbers) == before[0], len(numbers)
        return same

    absent(port, numbers, quiet)
    return numbers


def absent(port: int, numbers: set[int], enough: Callable[[], bool]) -> None:
    """The one who is away comes, takes what there is and leaves."""
    there = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id="absent", clean_session=False)
    client.on_subscribe = lambda *_: there.set()
    client.on_message = lambda _client, _data, told: numbers.add(int(told.payload.split()[0]))
    client.connect(HOST, port)
    client.loop_start()
    client.subscribe("finca/#", 1)
    there.wait(10)
    while True:
        time.sleep(QUIET_S if numbers else 0.5)
        if enough():
            break
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
