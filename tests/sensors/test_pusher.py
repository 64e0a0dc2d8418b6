"""What waits, what is merged and what is given back when the screens cannot be told."""

import threading
from contextlib import nullcontext

from sensors.farmyard import wait_until

from app.sensors.pusher import MOST_WORDS, LiveReading, Pusher

LONG_MS = 3_600_000


def reading(channel_id: int, ts_ms: int, value: float = 0.0) -> LiveReading:
    return LiveReading(1, "nodo", channel_id, "n", "n", "", ts_ms, value)


class Screens:
    """What was sent, in the order it was."""

    def __init__(self, interval_ms: int) -> None:
        self.sent: list[LiveReading] = []
        self.pusher = Pusher(interval_ms, self.sent.extend, nullcontext)

    def await_count(self, count: int) -> None:
        wait_until(lambda: len(self.sent) >= count, f"{count} sent of {self.sent}", 20)

    def instants(self) -> list[int]:
        return [each.ts_ms for each in self.sent]


def test_the_first_goes_at_once_and_the_newest_of_the_rest_at_the_end() -> None:
    screens = Screens(LONG_MS)
    screens.pusher.push([reading(1, 10)])
    screens.await_count(1)
    for ts_ms in (20, 40, 30):
        screens.pusher.push([reading(1, ts_ms)])
    screens.pusher.close()
    assert screens.instants() == [10, 40]


def test_each_channel_has_its_own_interval() -> None:
    screens = Screens(LONG_MS)
    for channel_id in (1, 2, 3):
        screens.pusher.push([reading(channel_id, channel_id)])
        screens.await_count(channel_id)
    assert screens.instants() == [1, 2, 3]
    screens.pusher.close()


def test_an_interval_that_ends_sends_what_waited() -> None:
    screens = Screens(50)
    for ts_ms in range(20):
        screens.pusher.push([reading(1, ts_ms)])
    wait_until(lambda: 19 in screens.instants(), "the newest", 20)
    assert len(screens.sent) < 20
    screens.pusher.close()


def test_of_two_at_one_instant_the_later_word_counts() -> None:
    screens = Screens(LONG_MS)
    screens.pusher.push([reading(1, 5)])
    screens.await_count(1)
    screens.pusher.push([reading(1, 6, 1.0), reading(1, 6, 2.0)])
    screens.pusher.close()
    assert [each.value for each in screens.sent] == [0.0, 2.0]


def test_a_screen_that_hangs_holds_nobody_and_old_words_are_lost() -> None:
    going, said = threading.Event(), []
    pusher = Pusher(0, lambda _readings: None, nullcontext)
    hung = threading.Event()

    def hang() -> None:
        hung.set()
        going.wait(20)

    pusher.tell(hang)
    assert hung.wait(20)
    for n in range(MOST_WORDS + 10):
        pusher.tell(lambda n=n: said.append(n))
    going.set()
    pusher.close()
    assert said == list(range(10, MOST_WORDS + 10))


def test_what_could_not_be_sent_is_sent_later() -> None:
    sent: list[LiveReading] = []
    failures = [OSError("Redis is away")]

    def send(readings: list[LiveReading]) -> None:
        if failures:
            raise failures.pop()
        sent.extend(readings)

    pusher = Pusher(1, send, nullcontext)
    pusher.push([reading(1, 10), reading(2, 10)])
    wait_until(lambda: len(sent) == 2, "both sent after all", 20)
    assert {each.channel_id for each in sent} == {1, 2}
    pusher.close()
