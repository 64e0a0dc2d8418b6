"""From the broker to committed rows and back: acknowledgement, redelivery, watchers, pressure, status."""

from collections.abc import Callable

import pytest
import servers
from sensors.farmyard import Farmyard, Publisher, wait_until

from app.sensors.ingest import Ingest

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
