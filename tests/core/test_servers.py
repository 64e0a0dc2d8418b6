"""The suite's own servers keep their data over a kill, stand still when frozen, and leave nothing behind."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import paho.mqtt.publish as publish
import paho.mqtt.subscribe as subscribe
import pytest
import redis
from paho.mqtt.reasoncodes import ReasonCode
from server_process import HOST, Server, ServerFailed, ServerMissing, find_program
from servers import KINDS, NO_RETRY, MariaDB, Mosquitto, Redis, available

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        os.environ.get("REQUIRE_SERVICES") != "1" and not all(map(available, KINDS)), reason="not installed"
    ),
]


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def retained(broker: Mosquitto, topic: str) -> bytes:
    return bytes(subscribe.simple(topic, hostname=HOST, port=broker.port).payload)


def test_mariadb_keeps_a_committed_row_over_a_kill() -> None:
    with MariaDB() as server:
        url = server.create_database("finca")
        assert url.endswith(f":{server.port}/finca?charset=utf8mb4")
        with server.connect("finca") as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE notes (text VARCHAR(20)) ENGINE=InnoDB")
            cursor.execute("INSERT INTO notes VALUES ('estiércol 🐄')")
        port = server.port
        server.kill()
        assert not server.running
        server.start()
        assert server.port == port
        with server.connect("finca") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT text FROM notes")
            assert cursor.fetchall() == (("estiércol 🐄",),)
        server.create_database("finca")
        with server.connect("finca") as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            assert cursor.fetchall() == ()
        with pytest.raises(ValueError, match="database name"):
            server.create_database("finca`; DROP DATABASE mysql")
    assert not server.folder.exists()


def test_mosquitto_keeps_a_retained_message_over_a_restart_and_an_autosaved_one_over_a_kill() -> None:
    with Mosquitto("autosave_interval 1") as broker:
        publish.single("finca/d1/status", b"online", qos=1, retain=True, hostname=HOST, port=broker.port)
        broker.restart()
        assert retained(broker, "finca/d1/status") == b"online"
        saved = broker.folder / "mosquitto.db"
        publish.single("finca/d2/status", b"late", qos=1, retain=True, hostname=HOST, port=broker.port)
        assert until(lambda: b"finca/d2/status" in saved.read_bytes())
        broker.kill()
        broker.start()
        assert retained(broker, "finca/d2/status") == b"late"


def test_mosquitto_runs_on_the_shipped_queue_settings() -> None:
    with Mosquitto() as broker:
        conf = (broker.folder / "mosquitto.conf").read_text().splitlines()
    assert f"include_dir {Mosquitto.SHIPPED}" in conf
    assert "allow_anonymous true" in conf
    shipped = (Mosquitto.SHIPPED / "backfinca.conf").read_text().splitlines()
    for line in (
        "persistence true",
        "max_queued_messages 0",
        "max_inflight_messages 1000",
        "set_tcp_nodelay true",
    ):
        assert line in shipped
    both = [*conf, *shipped]
    assert not any(line.startswith(("password_file", "acl_file", "listener 1883")) for line in both)


def password_file(folder: Path, *users: str) -> Path:
    path = folder / "passwd"
    path.touch(mode=0o600)
    for user in users:
        command = [find_program("mosquitto_passwd"), "-b", str(path), user, f"clave-{user}"]
        subprocess.run(command, check=True, capture_output=True)
    return path


def signed_in(broker: Mosquitto, user: str | None) -> tuple[mqtt.Client, list[ReasonCode]]:
    answers: list[ReasonCode] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(reason)
    if user:
        client.username_pw_set(user, f"clave-{user}")
    client.connect(HOST, broker.port)
    assert until(lambda: client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS or bool(answers))
    return client, answers


def test_mosquitto_takes_extra_lines_such_as_a_password_file(tmp_path: Path) -> None:
    passwords = password_file(tmp_path, "backfinca")
    with Mosquitto(f"password_file {passwords}", anonymous=False) as broker:
        stranger, refused = signed_in(broker, None)
        backend, accepted = signed_in(broker, "backfinca")
        backend.disconnect()
        stranger.disconnect()
    assert refused[0].is_failure
    assert not accepted[0].is_failure


def test_with_the_shipped_rights_a_device_writes_only_its_own_topics(
    tmp_path: Path,
) -> None:
    passwords = password_file(tmp_path, "backfinca", "d1")
    rights = Mosquitto.SHIPPED.with_name("acl")
    with Mosquitto(f"password_file {passwords}", f"acl_file {rights}", anonymous=False) as broker:
        backend, _ = signed_in(broker, "backfinca")
        heard: list[str] = []
        backend.on_message = lambda _client, _data, message: heard.append(message.topic)
        topics = ("$share/finca/finca/+/telemetry", "finca/+/status", "Biogestor/#", "Prueba")
        backend.subscribe([(topic, 1) for topic in topics])
        for topic in ("finca/d2/telemetry", "Biogestor/d2", "Prueba"):
            trespasser, _ = signed_in(broker, "d1")
            trespasser.publish(topic, b"1")
            trespasser.disconnect()
        device, _ = signed_in(broker, "d1")
        for topic in ("finca/d1/telemetry", "Biogestor/d1", "finca/d1/status"):
            device.publish(topic, b"1", qos=1)

        def last_heard() -> bool:
            device.loop(0.02)
            backend.loop(0.02)
            return "finca/d1/status" in heard

        complete = until(last_heard)
        device.disconnect()
        backend.disconnect()
    assert complete
    assert sorted(heard) == ["Biogestor/d1", "finca/d1/status", "finca/d1/telemetry"]


def test_redis_answers_and_a_frozen_one_does_not() -> None:
    with Redis() as server, redis.Redis.from_url(server.url, socket_timeout=0.2, retry=NO_RETRY) as client:
        client.set("k", "v")
        server.freeze()
        with pytest.raises(redis.TimeoutError):
            client.get("k")
        server.thaw()
        assert until(server.answers)
        assert client.get("k") == b"v"
        server.freeze()
        server.stop()
        assert not server.running
        server.start()
        assert client.get("k") is None


@pytest.mark.parametrize("kind", [MariaDB, Redis, Mosquitto])
def test_a_server_that_cannot_start_says_why_and_leaves_nothing(kind: type[Server]) -> None:
    server = kind()
    with socket.socket() as squatter:
        squatter.bind((HOST, server.port))
        squatter.listen()
        with pytest.raises(ServerFailed, match=r"(?i)address already in use|bind"), server:
            pass
    assert not server.running
    assert not server.folder.exists()


def test_a_suite_that_dies_takes_its_servers_and_their_folders_with_it() -> None:
    program = textwrap.dedent("""
        import time
        from servers import Redis
        server = Redis().start()
        print(server.pid, server.folder, flush=True)
        time.sleep(60)
    """)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=env, text=True
    ) as suite:
        assert suite.stdout is not None
        pid, folder = suite.stdout.readline().split()
        assert alive(int(pid))
        suite.send_signal(signal.SIGKILL)
    assert until(lambda: not alive(int(pid)))
    assert until(lambda: not Path(folder).exists())


def test_a_stopped_server_that_nobody_holds_leaves_no_folder() -> None:
    server = Redis().start()
    folder = server.folder
    server.stop()
    assert folder.exists()
    del server
    gc.collect()
    assert not folder.exists()


def test_a_missing_program_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerMissing, match="sin-tal-programa"):
        find_program("sin-tal-programa")
    monkeypatch.setattr(Redis, "programs", ("sin-tal-programa",))
    assert not available("redis")
    with pytest.raises(ServerMissing):
        Redis()
