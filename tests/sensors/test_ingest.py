"""From the broker to committed rows and back: acknowledgement, redelivery, watchers, pressure, status."""

import time
from collections.abc import Callable

import pytest
import servers
from prometheus_client import REGISTRY
from sensors.farmyard import Farmyard, Publisher, wait_until

from app.core.extensions import cache, db
from app.core.settings import SettingsError
from app.core.transaction import transaction
from app.sensors.ingest import Ingest, replay
from app.sensors.models import Device
from app.sensors.stored import Stored
from app.sensors.watchers import Watchers

pytestmark = pytest.mark.services
Lay = Callable[..., Farmyard]


def mute(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing it stores is acknowledged, as if it died in between."""
    monkeypatch.setattr(ingest._subscriber._client, "acknowledge", lambda _mids: None)


@pytest.mark.parametrize("stamped", [True, False], ids=["own instants", "server instants"])
def test_redelivery_after_commit_changes_nothing(
    lay: Lay, broker: servers.Mosquitto, database_url: str, stamped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = lay(database_url, broker.url, mqtt_client_id=f"redelivery-{stamped}-{bool(database_url)}")
    with Publisher(broker.port) as publisher:
        with farm.ingest() as first:
            mute(first, monkeypatch)
            publisher.number(0, 300, stamped=stamped)
            wait_until(lambda: farm.messages() == 300, "300 messages stored")
        before = farm.readings()
        with farm.ingest() as second:
            publisher.number(300, 310, stamped=stamped)
            wait_until(
                lambda: second.status()["messages_total"] == 310, "all delivered again, and the new ones"
            )
    assert sorted(value for _, value in farm.readings(key="n")) == list(range(310))
    assert set(before) < set(farm.readings())


@pytest.fixture
def farm(lay: Lay, broker: servers.Mosquitto, request: pytest.FixtureRequest) -> Farmyard:
    """SQLite, and a session of this test's own at the broker."""
    return lay(None, broker.url, mqtt_client_id=request.node.name[:60])


def test_readings_of_every_topic_reach_the_tables(farm: Farmyard, broker: servers.Mosquitto) -> None:
    with Publisher(broker.port) as publisher, farm.ingest():
        publisher.publish("finca/n1/telemetry", {"presion": 1006.5, "temperatura": "33.1"})
        publisher.publish("finca/gw/telemetry", [{"a": 1}, {"a": 2}])
        publisher.publish("Prueba", {"Calidad": 60})
        publisher.publish("Biogestor/temperatura", b"35.5", qos=0)
        wait_until(lambda: farm.messages() == 4, "four messages")
        wait_until(lambda: farm.one("SELECT SUM(n) FROM rollups") == 6, "their rollups")
    rows = farm.rows(
        "SELECT code, channels.`key` FROM channels JOIN devices ON devices.id = device_id ORDER BY 1, 2"
    )
    assert rows == [
        ("Prueba", "Calidad"),
        ("gw", "a"),
        ("n1", "presion"),
        ("n1", "temperatura"),
        ("temperatura", "temperatura"),
    ]
    assert sorted(value for _, value in farm.readings()) == [1.0, 2.0, 33.1, 35.5, 60.0, 1006.5]


def test_what_cannot_be_stored_is_counted_and_harms_nothing(
    farm: Farmyard, broker: servers.Mosquitto
) -> None:
    bad = [
        b"\xff",
        b"",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b"x" * 70_000,
        b'{"a": NaN}',
        b'{"a": true}',
        b'{"a": null}',
    ]
    with Publisher(broker.port) as publisher, farm.ingest() as ingest:
        before = REGISTRY.get_sample_value("ingest_rejects_total", {"reason": "too_large"}) or 0
        for body in bad:
            publisher.publish("finca/n1/telemetry", body)
        publisher.publish("Biogestor/a/b", b"1")
        publisher.publish("finca/n1/telemetry", {"a": 1})
        wait_until(lambda: ingest.status()["messages_total"] == len(bad) + 1 + 1, "all are dealt with")
        assert REGISTRY.get_sample_value("ingest_rejects_total", {"reason": "too_large"}) == before + 1
    assert farm.refused() == {
        "not_utf8": 1, "empty": 2, "not_json": 1, "not_object": 2, "too_large": 1, "not_finite": 1, "boolean": 1,
        "null": 1, "bad_topic": 1,
    }  # fmt: skip
    assert farm.one("SELECT COUNT(*) FROM rejects") == 11
    assert len(farm.readings()) == 1


def test_watchers_hear_after_the_commit_and_may_fail(farm: Farmyard, broker: servers.Mosquitto) -> None:
    seen: list[tuple[int, int]] = []
    available: list[tuple[str, bool]] = []

    def listen(stored: Stored) -> None:
        new = sum(len(readings) for _, readings in stored.by_device())
        seen.append((new, db.session.execute(db.text("SELECT COUNT(*) FROM readings")).scalar_one()))
        raise ValueError("a watcher's own trouble")

    watchers = Watchers(
        stored=listen, availability=lambda _id, code, online: available.append((code, online))
    )
    with Publisher(broker.port) as publisher, farm.ingest(watchers):
        for n in range(3):
            publisher.publish("finca/n1/telemetry", {"a": n, "b": n})
            wait_until(lambda n=n: len(seen) == n + 1, "the watcher hears")
        publisher.publish("finca/n1/status", b"offline")
        wait_until(lambda: ("n1", False) in available, "it goes")
        publisher.publish("finca/n1/telemetry", {"a": 9})
        wait_until(lambda: available[-1] == ("n1", True), "it comes back")
    assert seen[:3] == [(2, 2), (2, 4), (2, 6)]
    assert available == [("n1", True), ("n1", False), ("n1", True)]


def test_a_quarantined_device_is_stored_once_approved(farm: Farmyard, broker: servers.Mosquitto) -> None:
    with (
        Publisher(broker.port) as publisher,
        farm.ingest(sensors_auto_register=False) as ingest,
    ):
        publisher.number(0, 200, stamped=False, devices=1)
        wait_until(lambda: farm.messages() > 50, "some are kept")
        with farm.app.app_context(), transaction() as session:
            device = session.query(Device).one()
            assert device.status == "pending"
            device.status = "active"
            replay(device)
        publisher.number(200, 300, stamped=False, devices=1)
        wait_until(lambda: ingest.status()["messages_total"] == 300, "all of them")
    assert sorted(value for _, value in farm.readings(key="n")) == list(range(300))


def test_back_pressure_while_the_database_is_away(
    farm: Farmyard, broker: servers.Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue stays within its bound, the broker keeps the rest, and nothing is lost."""
    away = True

    def fail(*_given: object) -> None:
        if away:
            raise db.exc.OperationalError("BEGIN", None, Exception("database is away"))

    with Publisher(broker.port) as publisher, farm.ingest(mqtt_queue_size=400, mqtt_batch_size=50) as ingest:
        engine = ingest._writer._drafter
        draft = engine.draft

        def drafting(*given: object) -> object:
            fail()
            return draft(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(engine, "draft", drafting)
        publisher.number(0, 2000, stamped=False, per_second=10_000)
        publisher.settle()
        wait_until(lambda: ingest.status()["database_away"], "it is noticed")
        deepest = 0
        for _ in range(20):
            deepest = max(deepest, ingest.status()["queue_depth"])
            time.sleep(0.05)
        assert 0 < deepest <= 400
        assert ingest.status()["connected"]
        away = False
        wait_until(lambda: farm.messages() == 2000, "all of them")
    assert sorted(value for _, value in farm.readings(key="n")) == list(range(2000))


def test_stopping_stores_what_is_queued_and_leaves_the_rest(
    farm: Farmyard, broker: servers.Mosquitto
) -> None:
    with Publisher(broker.port) as publisher:
        for _ in range(4):
            with farm.ingest():
                first = publisher.sent
                publisher.number(first, first + 500, stamped=False, per_second=20_000)
        publisher.settle()
        with farm.ingest():
            wait_until(lambda: farm.messages() == 2000, "all of them")
    assert sorted(value for _, value in farm.readings(key="n")) == list(range(2000))


def test_the_heartbeat_is_heard_elsewhere(farm: Farmyard, broker: servers.Mosquitto) -> None:
    def heard() -> dict[str, object]:
        with farm.app.app_context():
            return cache.get(f"ingest:{farm.settings.mqtt_client_id}") or {}

    with farm.ingest():
        wait_until(lambda: heard().get("connected"), "a heartbeat")
    assert set(heard()) == {
        "connected",
        "protocol",
        "database_away",
        "queue_depth",
        "last_message_ms",
        "last_batch_ms",
        "messages_total",
        "threads_gone",
    }


def test_a_client_id_too_long_to_remember_is_refused(lay: Lay) -> None:
    farm = lay(mqtt_client_id="x" * 65)
    with pytest.raises(SettingsError, match="MQTT_CLIENT_ID"):
        Ingest(farm.app, farm.settings, Watchers())
