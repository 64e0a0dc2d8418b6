"""The conversation with real brokers: versions, credentials, TLS, sessions; and the parts it is made of."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import servers
from sensors.farmyard import Publisher, wait_until
from server_process import find_program, free_port
from serving import Amqtt

from app.core.settings import Settings, load_settings
from app.sensors.arrivals import Arrival, Queue
from app.sensors.dialect import Dialect
from app.sensors.ledger import Ledger
from app.sensors.subscriber import Subscriber
from app.sensors.wire import BufferedSocket

services = pytest.mark.services


def settings_for(url: str, **more: Any) -> Settings:
    return load_settings(flask_env="testing", mqtt_url=url, **more)


class Inbox:
    """Takes and acknowledges everything, or nothing."""

    def __init__(self, room: bool = True, acknowledging: bool = True) -> None:
        self.arrivals: list[Arrival] = []
        self.room, self.acknowledging = room, acknowledging
        self.subscriber: Subscriber | None = None

    def take(self, arrival: Arrival) -> bool:
        if not self.room:
            return False
        self.arrivals.append(arrival)
        if self.acknowledging and self.subscriber:
            self.subscriber.acknowledge([arrival])
        return True

    @property
    def payloads(self) -> list[bytes]:
        return [arrival.payload for arrival in self.arrivals]


@contextmanager
def subscribed(inbox: Inbox, url: str, **more: Any) -> Iterator[Subscriber]:
    subscriber = inbox.subscriber = Subscriber(settings_for(url, **more), inbox.take)
    subscriber.start()
    try:
        wait_until(lambda: subscriber.connected, "connection")
        yield subscriber
    finally:
        subscriber.stop()


@services
@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_a_persistent_session_keeps_what_comes_while_away(broker: servers.Mosquitto, protocol: str) -> None:
    inbox, identity = Inbox(), {"mqtt_client_id": f"session-{protocol}", "mqtt_protocol": protocol}
    with Publisher(broker.port) as publisher:
        with subscribed(inbox, broker.url, **identity) as subscriber:
            assert subscriber.protocol == ("3.1.1" if protocol == "3.1.1" else "5")
            publisher.publish("finca/n1/telemetry", b"1")
            wait_until(lambda: inbox.payloads == [b"1"], "the first message")
        publisher.publish("finca/n1/telemetry", b"2")
        publisher.publish("Prueba", b"3")
        publisher.settle()
        with subscribed(inbox, broker.url, **identity):
            wait_until(lambda: len(inbox.arrivals) == 3, "what came meanwhile, and nothing again")
    assert inbox.payloads == [b"1", b"2", b"3"]
    assert [arrival.session for arrival in inbox.arrivals] == [1, 0, 0]
    assert all(arrival.qos == 1 and arrival.mid and not arrival.dup for arrival in inbox.arrivals)


@services
def test_unacknowledged_messages_come_again_marked(broker: servers.Mosquitto) -> None:
    inbox, identity = Inbox(acknowledging=False), {"mqtt_client_id": "again"}
    with Publisher(broker.port) as publisher, subscribed(inbox, broker.url, **identity):
        publisher.publish("finca/n1/telemetry", b"1")
        wait_until(lambda: inbox.arrivals, "the message")
    with subscribed(inbox, broker.url, **identity):
        wait_until(lambda: len(inbox.arrivals) == 2, "the message again")
    first, second = inbox.arrivals
    assert (second.dup, second.mid, second.payload) == (True, first.mid, b"1")


@services
def test_a_refused_message_comes_again_on_a_new_connection(broker: servers.Mosquitto) -> None:
    inbox = Inbox(room=False)
    with Publisher(broker.port) as publisher, subscribed(inbox, broker.url, mqtt_client_id="refused"):
        publisher.publish("finca/n1/telemetry", b"1")
        publisher.settle()
        inbox.room = True
        wait_until(lambda: inbox.payloads == [b"1"], "the message once there is room")
        publisher.publish("finca/n1/telemetry", b"2")
        wait_until(lambda: inbox.payloads == [b"1", b"2"], "the next")


@services
def test_only_availability_is_told_from_retained_messages(broker: servers.Mosquitto) -> None:
    inbox = Inbox()
    with Publisher(broker.port) as publisher:
        for topic in ("finca/r/telemetry", "finca/r/status", "Biogestor/r"):
            publisher.publish(topic, b"1", retain=True)
        publisher.settle()
        with subscribed(inbox, broker.url, mqtt_client_id="retained"):
            publisher.publish("finca/r/telemetry", b"2", retain=True)
            wait_until(lambda: len(inbox.arrivals) == 2, "the retained status and the new message")
        for topic in ("finca/r/telemetry", "finca/r/status", "Biogestor/r"):
            publisher.publish(topic, b"", retain=True)
        publisher.settle()
    told = {(arrival.topic, arrival.payload, arrival.retain) for arrival in inbox.arrivals}
    assert told == {("finca/r/status", b"1", True), ("finca/r/telemetry", b"2", False)}


@services
def test_a_large_message_and_many_small_ones(broker: servers.Mosquitto) -> None:
    inbox = Inbox()
    bodies = [b"x" * 200_000, *(b"%d" % n for n in range(3000)), b"", b"y" * 70_000]
    with (
        Publisher(broker.port) as publisher,
        subscribed(inbox, broker.url, mqtt_client_id="sizes"),
    ):
        for body in bodies:
            publisher.publish("finca/n1/telemetry", body)
        wait_until(lambda: len(inbox.arrivals) == len(bodies), "all of them")
    assert inbox.payloads == bodies


@services
def test_credentials_from_the_url(tmp_path: Path) -> None:
    command = [find_program("mosquitto_passwd"), "-c", "-b", str(tmp_path / "people"), "finca", "a@b:c"]
    subprocess.run(command, check=True, capture_output=True)
    with servers.Mosquitto(f"password_file {tmp_path / 'people'}", anonymous=False) as broker:
        inbox = Inbox()
        with subscribed(inbox, f"mqtt://finca:a%40b%3Ac@127.0.0.1:{broker.port}") as subscriber:
            assert subscriber.protocol == "5"
        stranger = Subscriber(settings_for(broker.url), inbox.take)
        stranger.start()
        wait_until(lambda: stranger._client._state.name != "MQTT_CS_CONNECT_ASYNC", "an attempt")
        assert not stranger.connected
        assert stranger.protocol == "5", "a refusal is no reason to speak another version"
        stranger.stop()


def certificate(folder: Path) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    files = str(folder / "server.crt"), str(folder / "server.key")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]]
    subprocess.run(command, check=True, capture_output=True)
    return files


@services
def test_tls(tmp_path: Path) -> None:
    crt, key = certificate(tmp_path)
    port = free_port()
    tls = (f"listener {port} 127.0.0.1", f"certfile {crt}", f"keyfile {key}", "allow_anonymous true")
    inbox = Inbox()
    with servers.Mosquitto(*tls) as broker, Publisher(broker.port) as publisher:
        with subscribed(inbox, f"mqtts://127.0.0.1:{port}", mqtt_ca_file=crt):
            for n in range(500):
                publisher.publish("finca/n1/telemetry", b"%d" % n)
            wait_until(lambda: len(inbox.arrivals) == 500, "all of them, encrypted")
        with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", port)) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
    assert inbox.payloads == [b"%d" % n for n in range(500)]


class Embedded(Amqtt):
    """The embedded broker, greeted as the other one is."""

    CONNECT = servers.Mosquitto.CONNECT


@pytest.mark.slow
def test_the_embedded_broker_is_spoken_to_in_its_version(tmp_path: Path) -> None:
    inbox = Inbox()
    with Embedded() as broker, subscribed(inbox, broker.url) as subscriber:
        assert subscriber.protocol == "3.1.1"
        with Publisher(broker.port) as publisher:
            for n in range(20):
                publisher.publish("finca/n1/telemetry", b"%d" % n)
            wait_until(lambda: len(inbox.arrivals) == 20, "all of them")
    assert inbox.payloads == [b"%d" % n for n in range(20)]


def dialect(version: str = "5", *, fixed: bool = False) -> tuple[Dialect, list[str]]:
    calls: list[str] = []
    return Dialect(version, lambda: calls.append("hung up"), fixed=fixed), calls


def test_a_broker_that_hangs_up_twice_is_tried_in_the_other_version_and_back() -> None:
    spoken, _ = dialect()
    tried = []
    for _ in range(6):
        spoken.opened()
        tried.append((spoken.lost(), spoken.version))
    assert tried == [
        (False, "5"),
        (True, "3.1.1"),
        (False, "3.1.1"),
        (True, "5"),
        (False, "5"),
        (True, "3.1.1"),
    ]


def test_a_broker_that_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sensors.dialect.GREETING_S", 0.01)
    spoken, calls = dialect()
    spoken.opened()
    wait_until(lambda: calls, "patience is lost")
    assert (spoken.lost(), spoken.version) == (True, "3.1.1")


@pytest.mark.parametrize("fixed", [True, False])
def test_a_version_that_is_given_or_was_understood_stays(fixed: bool) -> None:
    spoken, calls = dialect(fixed=fixed)
    spoken.opened()
    if not fixed:
        spoken.understood()
    for _ in range(3):
        assert not spoken.lost()
        spoken.opened()
    assert (spoken.version, calls) == ("5", [])


def test_the_older_version_may_be_left_again() -> None:
    spoken, _ = dialect("3.1.1")
    spoken.opened()
    spoken.understood()
    assert not spoken.lost()
    for _ in range(2):
        spoken.opened()
        spoken.refused(version_unknown=True)
        switched = spoken.lost()
    assert (switched, spoken.version) == (True, "5")


def test_a_refusal_for_another_reason_is_an_answer() -> None:
    spoken, _ = dialect()
    for _ in range(3):
        spoken.opened()
        spoken.refused(version_unknown=False)
        assert not spoken.lost()


def arrival(mid: int, payload: bytes = b"1", **more: Any) -> Arrival:
    return Arrival("finca/n1/telemetry", payload, 0, qos=1, mid=mid, **more)


def test_the_ledger_acknowledges_only_on_the_connection_they_came_by() -> None:
    ledger = Ledger()
    ledger.connected(session_kept=False)
    old, waiting = arrival(1, connection=1, session=1), arrival(2, connection=1, session=1)
    assert all(ledger.enter(one) for one in (old, waiting))
    ledger.connected(session_kept=True)
    assert ledger.settle([old]) == [], "the broker will deliver it again"
    assert ledger.enter(arrival(1, dup=True, connection=2, session=1)), "stored, but not acknowledged"
    assert not ledger.enter(arrival(2, dup=True, connection=2, session=1)), "waits here already"
    assert ledger.settle([waiting]) == [2]
    assert ledger.enter(arrival(2, connection=2, session=1)), "the number is free again"


@pytest.mark.parametrize(
    "again",
    [
        arrival(1, connection=1),
        arrival(1, b"2", dup=True, connection=1),
        arrival(1, dup=True, connection=1, session=1),
        arrival(2, dup=True, connection=1),
    ],
    ids=["not marked", "another payload", "another session", "another number"],
)
def test_what_is_no_redelivery(again: Arrival) -> None:
    ledger = Ledger()
    ledger.enter(arrival(1))
    assert ledger.enter(again)


def test_the_queue_is_bounded_and_gives_batches() -> None:
    queue = Queue(3)
    arrivals = [arrival(n) for n in range(4)]
    assert [queue.put(one, 0) for one in arrivals] == [True, True, True, False]
    assert queue.take(2, linger_s=0, timeout_s=0) == arrivals[:2]
    assert len(queue) == 1
    waiting = threading.Thread(target=lambda: [queue.put(one, 10) for one in arrivals])
    waiting.start()
    found: list[Arrival] = []
    while len(found) < 5:
        found += queue.take(10, linger_s=0.01, timeout_s=10)
    waiting.join()
    assert found == [arrivals[2], *arrivals]
    assert queue.take(1, linger_s=0, timeout_s=0) == []


def test_the_socket_gives_single_bytes_of_large_pieces() -> None:
    near, far = socket.socketpair()
    with near, far:
        wire = BufferedSocket(near)
        wire.setblocking(False)
        with pytest.raises(BlockingIOError):
            wire.recv(1)
        far.sendall(b"abcdef")
        assert (wire.recv(1), wire.pending(), wire.recv(3), wire.recv(10), wire.pending()) == (
            b"a",
            5,
            b"bcd",
            b"ef",
            0,
        )
        assert wire.send(b"xyz") == 3
        assert far.recv(3) == b"xyz"
        far.close()
        assert wire.recv(1) == b""


@services
def test_what_nobody_foresaw_costs_a_connection_and_no_message(broker: servers.Mosquitto) -> None:
    inbox = Inbox()

    def take_badly(arrival: Arrival) -> bool:
        if not inbox.arrivals and not arrival.dup:
            raise ZeroDivisionError
        return inbox.take(arrival)

    subscriber = inbox.subscriber = Subscriber(
        settings_for(broker.url, mqtt_client_id="stumbles"), take_badly
    )
    subscriber.start()
    try:
        wait_until(lambda: subscriber.connected, "connection")
        with Publisher(broker.port) as publisher:
            publisher.publish("finca/n1/telemetry", b"1")
            publisher.publish("finca/n1/telemetry", b"2")
            publisher.settle()
            wait_until(lambda: set(inbox.payloads) == {b"1", b"2"}, "both, on another connection")
    finally:
        subscriber.stop()
