"""Hits leased from Redis: no limit is exceeded, whoever counts, and most hits ask nobody."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter
from servers import Redis

from app.core.leases import MOST_KEPT, SCHEME, Lease, LeasedRedisStorage

pytestmark = pytest.mark.services
ROOMY, TIGHT = RateLimitItemPerMinute(600), RateLimitItemPerMinute(10)


@pytest.fixture
def storages(redis_server: Redis) -> Iterator[list[LeasedRedisStorage]]:
    """As many processes have one each."""
    made = [LeasedRedisStorage(SCHEME + redis_server.url, socket_timeout=5.0) for _ in range(3)]
    made[0].reset()
    yield made
    made[0].reset()
    for storage in made:
        storage.get_connection().connection_pool.disconnect()


def commands(storage: LeasedRedisStorage) -> int:
    return int(storage.get_connection().info("stats")["total_commands_processed"])


def admitted(storage: LeasedRedisStorage, item: RateLimitItem, tries: int) -> int:
    limiter = FixedWindowRateLimiter(storage)
    return sum(limiter.hit(item, "person:1", "list") for _ in range(tries))


@pytest.mark.parametrize("item", [ROOMY, TIGHT])
def test_one_process_admits_exactly_the_limit(
    storages: list[LeasedRedisStorage], item: RateLimitItem
) -> None:
    limiter = FixedWindowRateLimiter(storages[0])
    for number in range(1, item.amount + 1):
        assert limiter.hit(item, "person:1", "list")
        stats = limiter.get_window_stats(item, "person:1", "list")
        assert stats.remaining == item.amount - number
    assert admitted(storages[0], item, 30) == 0
    assert limiter.get_window_stats(item, "person:1", "list").remaining == 0
    assert limiter.hit(item, "person:2", "list")


def test_many_at_once_do_not_take_the_limit_from_each_other(
    storages: list[LeasedRedisStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share for each of them would be more than there is, and most hits refused though there were hardly any."""
    people, storage = 80, storages[0]
    together, take = Barrier(people), storage._take

    def taking(*args: Any) -> Any:
        together.wait(30)
        return take(*args)

    monkeypatch.setattr(storage, "_take", taking)
    with ThreadPoolExecutor(people) as pool:
        hits = list(pool.map(lambda _n: admitted(storage, ROOMY, 1), range(people)))
    assert sum(hits) == people
    monkeypatch.undo()
    assert people + sum(admitted(each, ROOMY, 600) for each in storages) == ROOMY.amount


def test_several_processes_never_admit_more(storages: list[LeasedRedisStorage]) -> None:
    taken = [0, 0, 0]
    for _ in range(100):
        for place, storage in enumerate(storages):
            taken[place] += admitted(storage, ROOMY, 3)
    assert 600 - 2 * 12 <= sum(taken) <= 600
    assert all(taken)
    assert sum(admitted(storage, TIGHT, 8) for storage in storages) == 10


def test_requests_at_once_lose_no_hits(storages: list[LeasedRedisStorage]) -> None:
    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(lambda _: admitted(storages[0], ROOMY, 60), range(12))) == 600


def test_most_hits_ask_nobody(storages: list[LeasedRedisStorage]) -> None:
    assert admitted(storages[0], ROOMY, 1) == 1
    before = commands(storages[0])
    assert admitted(storages[0], ROOMY, 11) == 11
    assert commands(storages[0]) == before + 1  # The question itself.


def test_a_window_ends_and_another_begins(storages: list[LeasedRedisStorage]) -> None:
    item = RateLimitItemPerSecond(100)
    first = admitted(storages[0], item, 150)
    storages[0].clear(item.key_for("person:1", "list"))
    assert first >= 100
    assert admitted(storages[0], item, 50) == 50


def test_leases_do_not_pile_up(storages: list[LeasedRedisStorage]) -> None:
    storage = storages[0]
    storage._leases = {f"old/{n}": Lease(ends=0.0) for n in range(MOST_KEPT)}
    assert admitted(storage, ROOMY, 1) == 1
    assert len(storage._leases) == 1
