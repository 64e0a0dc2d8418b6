"""Two ingests share one subscription; whichever dies, what the broker took is stored, each message once."""

from __future__ import annotations

import time

import pytest
from cluster.farm import Farm, Say
from cluster.load import publishing
from sensors.farmyard import wait_until
from servers import MariaDB, Mosquitto, Redis

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(300)]
STORED = (
    "SELECT value FROM readings JOIN channels ON channels.id = channel_id"
    " WHERE channels.key = 'n' ORDER BY value"
)
# How many messages each has stored: it counts them under its own name.
SHARES = "SELECT client_id, seq FROM deliveries WHERE mid = 0"


def test_each_ingest_is_killed_under_load(mariadb: MariaDB, redis_server: Redis, say: Say) -> None:
    url = mariadb.create_database("shares")

    def rows(sql: str) -> list[tuple[object, ...]]:
        with mariadb.connect("shares") as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def stored() -> int:
        return len(rows(STORED))

    with Mosquitto() as broker, Farm([url], redis_server.url, broker.url, ingests=2) as farm:
        farm.await_ingest()
        with publishing(broker.port, 400) as publisher:
            wait_until(lambda: len(rows(SHARES)) == 2, "both have a part", 60)
            for number in (1, 2):
                time.sleep(2)
                farm.kill_ingest(number)
                killed, before = time.monotonic(), stored()
                wait_until(lambda before=before: stored() > before, "the other goes on")
                others = time.monotonic() - killed
                time.sleep(3)
                waiting = publisher.sent - stored()
                farm.start_ingest(number)
                time.sleep(3)
                say(
                    f"ingest {number} killed: next stored after {others:.1f} s, {waiting} waited for its return"
                )
        wait_until(lambda: stored() >= publisher.sent, "everything", 60)
        assert [value for (value,) in rows(STORED)] == list(range(publisher.sent))
        say(f"  readings {publisher.sent}, each once; {dict(rows(SHARES))}")
