"""Nothing acknowledged is lost or stored twice: killed processes, broker or database gone, two at work."""

import threading
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
