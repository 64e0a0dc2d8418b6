"""The farm on three database nodes: whichever dies, writes go on, nothing acknowledged is lost, nothing doubled."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cluster.counting import require_each_once, require_readings, rows
from cluster.farm import Farm, Say, Web, go_on, loaded
from cluster.load import publishing
from galera import Cluster
from sensors.farmyard import wait_until
from servers import Mosquitto, Redis
from serving import PASSWORD

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(600)]
# The application waits 5 s for a statement; what is beyond is the bar of recovery.
RECOVERY_S = 10.0
ADMINISTRATORS = "SELECT id FROM users WHERE role = 'Administrador' AND status"


@pytest.fixture
def farm(cluster: Cluster, redis_server: Redis) -> Iterator[Farm]:
    """Two webs that prefer the same node, as we advise."""
    url = cluster.create_database("farm")
    with Farm([url, url], redis_server.url) as farm:
        yield farm


def test_each_node_killed_and_brought_back_under_load(
    cluster: Cluster, redis_server: Redis, say: Say
) -> None:
    url = cluster.create_database("farm")
    with Mosquitto() as broker, Farm([url, url], redis_server.url, broker.url, ingests=2) as farm:
        farm.await_ingest()
        with publishing(broker.port, 200) as publisher:
            for node in cluster.nodes:
                with loaded(farm, node.node) as load:
                    since = time.monotonic()
                    node.kill()
                    go_on(load)
                    away = load.writes.silence(since, time.monotonic())
                    since = time.monotonic()
                    node.start()
                    took, since = time.monotonic() - since, time.monotonic() - 5
                    go_on(load, 100)
                    again = load.writes.silence(since, time.monotonic())
                say(
                    f"{node.node} killed: silent {away:.1f} s, back in {took:.1f} s, then silent {again:.1f} s"
                )
                say(f"  writes {load.writes}; reads {load.reads}")
                assert max(away, again) < RECOVERY_S
                require_each_once(cluster, load)
        require_readings(cluster, publisher.sent)
        say(f"  readings {publisher.sent}, each once; {farm.verified()}")


def test_a_node_cut_off_from_the_others_is_left(cluster: Cluster, farm: Farm, say: Say) -> None:
    """It still lets its clients in, and answers them nothing: connections that are open must not stay with it."""
    node = cluster.nodes[0]
    with loaded(farm, "cut") as load:
        since = time.monotonic()
        node.isolate(True)
        go_on(load)
        away = load.writes.silence(since, time.monotonic())
        node.isolate(False)
        wait_until(cluster.whole, "the node is one of them again", 60)
        go_on(load)
    say(f"cut off: silent {away:.1f} s; writes {load.writes}; reads {load.reads}")
    assert away < RECOVERY_S
    require_each_once(cluster, load)
    farm.verified()


def test_a_node_that_stands_still_is_left(cluster: Cluster, farm: Farm, say: Say) -> None:
    node = cluster.nodes[0]
    with loaded(farm, "frozen") as load:
        since = time.monotonic()
        node.freeze()
        go_on(load)
        away = load.writes.silence(since, time.monotonic())
        time.sleep(8)
        node.thaw()
        time.sleep(2)
        wait_until(cluster.whole, "the node is one of them again", 60)
        go_on(load)
    say(f"frozen: silent {away:.1f} s; writes {load.writes}; reads {load.reads}")
    require_each_once(cluster, load)
    farm.verified()


def test_a_minority_writes_nothing_and_says_so(cluster: Cluster, farm: Farm, say: Say) -> None:
    """Two of three die at once: the third cannot know whether they go on without it. When both return, all go on."""
    _, two, three = cluster.nodes
    with loaded(farm, "minority") as load:
        two.kill()
        three.kill()
        wait_until(lambda: load.writes.unavailable > 10, "503 with Retry-After", 60)
        since = time.monotonic()
        with ThreadPoolExecutor() as both:
            list(both.map(lambda node: node.start(), (two, three)))
        go_on(load)
        took = time.monotonic() - since
    say(f"two of three killed: {took:.1f} s from when they start; writes {load.writes}; reads {load.reads}")
    require_each_once(cluster, load)
    farm.verified()


def test_all_killed_and_begun_anew_from_the_one_that_got_farthest(
    cluster: Cluster, farm: Farm, say: Say
) -> None:
    with loaded(farm, "all") as load:
        for node in reversed(cluster.nodes):
            node.kill()
        since = time.monotonic()
        first = cluster.recover()
        go_on(load)
        took = time.monotonic() - since
    say(f"all killed: begun anew from {first}, {took:.1f} s; writes {load.writes}; reads {load.reads}")
    require_each_once(cluster, load)
    farm.verified()


def test_webs_that_write_to_different_nodes_meet_at_the_commit(
    cluster: Cluster, redis_server: Redis, say: Say
) -> None:
    """The trail's head is one row: whoever comes second is undone, and runs again at the transaction's door."""
    cluster.create_database("farm")
    urls = [cluster.url("farm", 0, 1, 2), cluster.url("farm", 1, 2, 0)]
    with Farm(urls, redis_server.url) as farm:
        with loaded(farm, "meet", writers=4) as load:
            go_on(load, 200)
        repeated = {
            outcome: sum(
                float(count)
                for web in farm.webs
                for count in re.findall(
                    rf'transaction_retries_total{{door="http",outcome="{outcome}"}} (\S+)',
                    web.get("/metrics"),
                )
            )
            for outcome in ("repeated", "given_up")
        }
        say(f"two nodes written to: {repeated}; writes {load.writes}; reads {load.reads}")
        assert repeated["repeated"] > 0
        require_each_once(cluster, load)
        farm.verified()


def test_two_nodes_do_not_let_the_last_two_administrators_dismiss_each_other(
    cluster: Cluster, redis_server: Redis, say: Say
) -> None:
    """A rule about other rows than those it writes: locks stop at their node, the trail's head does not."""
    cluster.create_database("farm")
    urls = [cluster.url("farm", 0, 1, 2), cluster.url("farm", 1, 2, 0)]
    with Farm(urls, redis_server.url) as farm, ThreadPoolExecutor() as both:
        ((one,),), token = rows(cluster.nodes[0], "SELECT id FROM users"), farm.token
        answers: Counter[int] = Counter()
        for number in range(6):
            who = {"email": f"otra{number}@villaluz.test", "password": PASSWORD}
            facts = {
                **who,
                "identification": 50_000_000 + number,
                "fullname": "Otra",
                "role": "Administrador",
            }
            status, answer = farm.webs[0].call("POST", "/users", token, facts)
            assert status == 201, answer
            other = answer["data"]["id"]
            status, answer = farm.webs[1].call("POST", "/auth/login", body=who)
            assert status == 200, answer
            tokens, victims = [token, answer["access_token"]], [other, one]
            done = both.map(dismiss, farm.webs, tokens, victims)
            answers.update(status for status, _ in done)
            left = [id for (id,) in rows(cluster.nodes[2], ADMINISTRATORS)]
            assert len(left) == 1, answers
            if left == [other]:
                one, token = other, tokens[1]
        say(f"two administrators dismiss each other on two nodes: one stays each time; {dict(answers)}")
        farm.verified()


def dismiss(web: Web, token: str, victim: int) -> tuple[int, Any]:
    return web.call("PUT", f"/users/{victim}", token, {"status": False})
