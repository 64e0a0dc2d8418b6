"""Nothing acknowledged is lost or stored twice: killed processes, broker or database gone, two at work."""

import threading
import time
from collections.abc import Callable

import pytest
import servers
from sensors.farmyard import Farmyard, Publisher, wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]

COUNT = 6000
Lay = Callable[..., Farmyard]


@pytest.fixture
def farm(lay: Lay, mariadb_server: servers.MariaDB, broker: servers.Mosquitto) -> Farmyard:
    """MariaDB and the broker, both empty."""
    broker.stop()
    (broker.folder / "mosquitto.db").unlink(missing_ok=True)
    broker.start()
    return lay(mariadb_server.create_database("finca"), broker.url)


def subscribe(farm: Farmyard, **environment: str) -> None:
    """Has the broker know our session, so that it keeps what comes while we are away."""
    with farm.ingest(**environment):
        pass


def require_each_once(farm: Farmyard, count: int = COUNT) -> None:
    """Every number is stored, exactly once, and so is its raw message."""
    wait_until(lambda: len(farm.readings(key="n")) >= count, f"{count} readings")
    assert sorted(value for _, value in farm.readings(key="n")) == list(range(count))
    assert len(farm.readings(key="same")) == count
    assert farm.messages() == count


@pytest.mark.parametrize("stamped", [True, False], ids=["own instants", "server instants"])
def test_ingest_killed_twice(farm: Farmyard, broker: servers.Mosquitto, stamped: bool) -> None:
    subscribe(farm)
    process = farm.spawn()
    with Publisher(broker.port) as publisher:
        stream = threading.Thread(target=publisher.number, args=(0, COUNT), kwargs={"stamped": stamped})
        stream.start()
        for share in (4, 2):
            wait_until(lambda share=share: farm.messages() > COUNT // share, "a part of the stream is stored")
            process.kill()
            process.wait()
            process = farm.spawn()
        stream.join()
        publisher.settle()
    require_each_once(farm)
    process.terminate()
    assert process.wait(30) == 0


def test_broker_restarted(farm: Farmyard, broker: servers.Mosquitto) -> None:
    """Own instants: what the publisher repeats, not knowing whether it arrived, is known by them."""
    with farm.ingest(), Publisher(broker.port) as publisher:
        stream = threading.Thread(target=publisher.number, args=(0, COUNT), kwargs={"stamped": True})
        stream.start()
        wait_until(lambda: farm.messages() > COUNT // 3, "a third of the stream is stored")
        broker.restart()
        stream.join()
        publisher.settle()
        require_each_once(farm)


def test_broker_restarted_without_own_instants(
    farm: Farmyard, broker: servers.Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker goes down with deliveries that are stored and not acknowledged, and others still waiting."""
    with farm.ingest() as ingest, Publisher(broker.port) as publisher:
        with monkeypatch.context() as patch:
            patch.setattr(ingest._subscriber._client, "acknowledge", lambda _mids: None)
            publisher.number(0, 3000, stamped=False)
            publisher.settle()
            wait_until(lambda: farm.messages() >= 1000, "all that may be in flight is stored")
            assert farm.messages() < 3000
            broker.stop()
        broker.start()
        require_each_once(farm, 3000)


@pytest.mark.parametrize("stamped", [True, False], ids=["own instants", "server instants"])
def test_database_stopped_for_ten_seconds(
    farm: Farmyard, broker: servers.Mosquitto, mariadb_server: servers.MariaDB, stamped: bool
) -> None:
    with farm.ingest() as ingest, Publisher(broker.port) as publisher:
        stream = threading.Thread(target=publisher.number, args=(0, COUNT), kwargs={"stamped": stamped})
        stream.start()
        wait_until(lambda: farm.messages() > COUNT // 3, "a third of the stream is stored")
        mariadb_server.kill()
        wait_until(lambda: ingest.status()["database_away"], "ingest notices")
        time.sleep(10)
        assert ingest.status()["connected"], "the broker knows nothing of it"
        mariadb_server.start()
        stream.join()
        publisher.settle()
        require_each_once(farm)
        assert not ingest.status()["database_away"]


def knock(farm: Farmyard, publisher: Publisher) -> bool:
    """Publishes something, and tells whether the other process has stored anything yet."""
    publisher.publish("finca/n1/status", b"online")
    time.sleep(0.2)
    return bool(farm.rows("SELECT 1 FROM deliveries WHERE client_id = 'other'"))


def test_two_processes_share_the_load(farm: Farmyard, broker: servers.Mosquitto) -> None:
    """Neither alone has everything, together they have it once; one is killed on the way and comes back."""
    group = {"MQTT_SHARE_GROUP": "ingest"}
    subscribe(farm, mqtt_share_group="ingest")
    other = farm.spawn(MQTT_CLIENT_ID="other", **group)
    with farm.ingest(mqtt_share_group="ingest") as ingest, Publisher(broker.port) as publisher:
        wait_until(lambda: other.poll() is None and knock(farm, publisher), "the other has a part")
        stream = threading.Thread(target=publisher.number, args=(0, COUNT), kwargs={"stamped": False})
        stream.start()
        wait_until(lambda: farm.messages() > COUNT // 3, "a third of the stream is stored")
        other.kill()
        other.wait()
        farm.spawn(MQTT_CLIENT_ID="other", **group)
        stream.join()
        publisher.settle()
        require_each_once(farm)
        assert 0 < ingest.status()["messages_total"] < COUNT


def test_broker_killed_while_ingest_is_away(farm: Farmyard, broker: servers.Mosquitto) -> None:
    """What it acknowledged before its last save is there again; it saves every two seconds."""
    subscribe(farm)
    # A stop saves the session.
    broker.restart()
    with Publisher(broker.port) as publisher:
        publisher.number(0, 500, stamped=True)
        publisher.settle()
    settled = time.time()
    kept = broker.folder / "mosquitto.db"
    wait_until(lambda: kept.stat().st_mtime > settled, "all of it is on disk", 8)
    broker.kill()
    broker.start()
    with farm.ingest():
        require_each_once(farm, 500)
