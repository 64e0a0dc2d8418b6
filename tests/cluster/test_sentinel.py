"""Redis under Sentinels: the leader dies, another leads, and all that goes through Redis is between processes again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count

import pytest
from cluster.farm import Farm, Say, go_on, loaded
from sensors.farmyard import Publisher, wait_until
from sentinels import Watched
from servers import MariaDB, Mosquitto
from serving import Screen

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(600)]
LIMIT = 4
NUMBERS = count(1)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with Watched() as watched:
        wait_until(watched.whole, "the Sentinels know each other", 60)
        yield watched


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
def farm(watched: Watched, mariadb: MariaDB, broker: Mosquitto) -> Iterator[Farm]:
    """Two webs and an ingest that know the Sentinels only."""
    url = mariadb.create_database("sentinel")
    limits = {"recover_rate_limit": f"{LIMIT} per minute"}
    with Farm([url, url], watched.url, broker.url, ingests=1, **limits) as farm:
        farm.await_ingest()
        yield farm


def hears_changes(farm: Farm) -> bool:
    """Whether a change made at the first web is streamed by the second."""
    name = f"Especie {next(NUMBERS)}"
    with farm.webs[1].open("/api/v1/events", farm.token) as stream:
        assert stream.readline().startswith(b"retry:")
        wanted = {"endpoint": "species", "action": "create", "id": farm.create("/species", name=name)}
        deadline = time.monotonic() + 3
        for line in stream:
            if line.startswith(b"data:") and json.loads(line.removeprefix(b"data:")) == wanted:
                return True
            if time.monotonic() > deadline:
                break
    return False


def sees_readings(farm: Farm, publisher: Publisher, screens: list[Screen]) -> bool:
    """Whether a reading that the ingest stores now reaches the screens of both webs."""
    # Plausible, however often it is tried.
    value = round(20 + next(NUMBERS) % 1000 / 100, 2)
    publisher.publish("finca/corral/telemetry", {"temperatura": value})
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if all(value in screen.values("temperatura") for screen in screens):
            return True
        time.sleep(0.05)
    return False


def counts_together(farm: Farm) -> bool:
    """Whether both webs count one limit: alone, each would let as many pass as both do."""
    body = {"email": "nadie@finca.test"}
    answers = [farm.webs[n % 2].call("POST", "/auth/recover", body=body)[0] for n in range(2 * LIMIT)]
    assert set(answers) == {200, 429}, answers
    return answers.count(200) <= LIMIT + 1


def keeps_answers(farm: Farm) -> bool:
    """Whether both webs keep answers, and the second drops its own when the first changes what it shows."""
    name = f"Especie {next(NUMBERS)}"
    farm.create("/species", name=name)
    path = "/api/v1/species?limit=100&sort_by=id&sort_order=desc"
    status, shown = [], []
    for web in (*farm.webs, *farm.webs):
        with web.open(path, farm.token) as answer:
            status.append(answer.headers["X-Cache-Status"])
            shown.append(name in answer.read().decode())
    assert all(shown)
    return status[2:] == ["HIT", "HIT"]


def test_the_leader_dies_twice_and_nothing_stays_broken(
    watched: Watched, farm: Farm, broker: Mosquitto, say: Say
) -> None:
    screens = [Screen(web.url, farm.token, reconnection=True) for web in farm.webs]
    for screen in screens:
        assert screen.ask("subscribe")["ok"]
    with Publisher(broker.port) as publisher:
        assert hears_changes(farm)
        assert keeps_answers(farm)
        assert sees_readings(farm, publisher, screens)
        for name in ("first", "second"):
            with loaded(farm, name) as load:
                leader = watched.leader()
                assert leader
                since = time.monotonic()
                leader.kill()
                wait_until(watched.leader, "another leads", 30)
                elected = time.monotonic() - since
                wait_until(lambda: farm.health()["cache"] == "healthy", "the cache again", 30)
                wait_until(lambda: keeps_answers(farm), "kept answers again", 30)
                wait_until(lambda: hears_changes(farm), "the bus again", 30)
                wait_until(lambda: sees_readings(farm, publisher, screens), "the screens again", 30)
                again = time.monotonic() - since
                go_on(load)
                leader.start()
                wait_until(watched.whole, "the old leader follows the new one", 60)
            say(f"Redis' leader killed: another after {elected:.1f} s, all again after {again:.1f} s")
            say(f"  writes {load.writes}; reads {load.reads}")
            assert load.writes.unavailable + load.writes.dropped == 0
            assert load.reads.unavailable + load.reads.dropped == 0
        assert counts_together(farm)
        assert farm.webs[0].call("GET", "/system/load", farm.token)[1]["data"]["complete"]
    for screen in screens:
        screen.close()
    farm.verified()
