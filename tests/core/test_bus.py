"""Words between subscribers: in one process, and between two through Redis."""

from collections.abc import Iterator
from queue import Empty, Queue
from typing import Any

import pytest
import servers

from app.core.bus import BACKLOG, Bus


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.services)])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Bus, Bus]]:
    """(who speaks, who listens): the same bus in memory, two processes' buses on Redis."""
    if request.param == "memory":
        one = Bus(None)
        yield one, one
    else:
        url = request.getfixturevalue("redis_server").url
        yield Bus(url), Bus(url)


def heard(queue: "Queue[Any]", count: int) -> list[Any]:
    return [queue.get(timeout=10) for _ in range(count)]


def test_every_subscriber_hears_every_word_in_order(pair: tuple[Bus, Bus]) -> None:
    speaker, listener = pair
    with listener.subscribe("campo") as one, listener.subscribe("campo") as two:
        speaker.publish("campo", {"n": 1}, {"n": 2})
        speaker.publish("campo", "tres")
        assert heard(one, 3) == heard(two, 3) == [{"n": 1}, {"n": 2}, "tres"]


def test_topics_are_apart_and_leaving_is_final(pair: tuple[Bus, Bus]) -> None:
    speaker, listener = pair
    with listener.subscribe("campo") as field, listener.subscribe("corral") as gone:
        pass
    with listener.subscribe("corral") as yard:
        speaker.publish("campo", 1)
        speaker.publish("corral", 2)
        assert heard(yard, 1) == [2]
    for queue in (field, gone):
        with pytest.raises(Empty):
            queue.get_nowait()


def test_a_slow_subscriber_loses_the_oldest(pair: tuple[Bus, Bus]) -> None:
    speaker, listener = pair
    with listener.subscribe("campo") as slow, listener.subscribe("fin") as end:
        speaker.publish("campo", *range(BACKLOG + 5))
        speaker.publish("fin", "dicho")
        assert heard(end, 1) == ["dicho"]
        assert heard(slow, slow.qsize()) == list(range(5, BACKLOG + 5))


@pytest.mark.services
def test_while_redis_is_away_the_own_process_hears(redis_server: servers.Redis) -> None:
    with servers.Redis() as own:
        bus = Bus(own.url)
        with bus.subscribe("campo") as queue:
            bus.publish("campo", "antes")
            assert heard(queue, 1) == ["antes"]
            own.kill()
            bus.publish("campo", "sin Redis")
            assert heard(queue, 1) == ["sin Redis"]
            own.start()
            assert eventually(bus, queue) == "de nuevo"


@pytest.mark.services
def test_a_hung_redis_does_not_hold_the_speaker() -> None:
    with servers.Redis() as own:
        bus = Bus(own.url)
        with bus.subscribe("campo") as queue:
            own.freeze()
            bus.publish("campo", "a pesar de todo")
            assert heard(queue, 1) == ["a pesar de todo"]
            own.thaw()


def eventually(bus: Bus, queue: "Queue[Any]") -> Any:
    """What a subscriber hears once Redis is back: words are not kept, so it is said until it is heard."""
    for _ in range(50):
        bus.publish("campo", "de nuevo")
        try:
            return queue.get(timeout=0.2)
        except Empty:
            continue
    return None
