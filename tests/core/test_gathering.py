"""Questions asked together: fewer of them, each answered by what was so after it was asked."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from app.core.gathering import Gathering


class Slow:
    """Answers with a count of the rounds, each held until it is let go."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.begun, self.go = Event(), Event()

    def __call__(self, keys: list[str]) -> Mapping[str, Any]:
        self.rounds.append(sorted(keys))
        number = len(self.rounds)
        self.begun.set()
        assert self.go.wait(10)
        return dict.fromkeys(keys, number)


def test_who_comes_during_a_round_is_answered_by_the_next() -> None:
    slow = Slow()
    gathering = Gathering(slow)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(gathering.values, ["a"])
        assert slow.begun.wait(10)
        others = [pool.submit(gathering.values, ["a", name]) for name in "bcde"]
        while len(gathering._next.keys) < 5:
            Event().wait(0.01)
        slow.go.set()
        assert first.result(10)["a"] == 1
        assert [one.result(10)["a"] for one in others] == [2, 2, 2, 2]
    assert slow.rounds == [["a"], ["a", "b", "c", "d", "e"]]


def test_a_failure_is_everybodys_and_ends_with_its_round() -> None:
    answers: list[Any] = [OSError("gone"), {"a": 1}]

    def ask(_keys: list[str]) -> Mapping[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    gathering = Gathering(ask)
    with pytest.raises(OSError, match="gone"):
        gathering.values(["a"])
    assert gathering.values(["a"]) == {"a": 1}


def test_many_ask_much_and_nobody_is_forgotten() -> None:
    gathering = Gathering(lambda keys: {key: key.upper() for key in keys})

    def ask(number: int) -> bool:
        return all(
            gathering.values([f"k{number}", f"n{turn}"])[f"n{turn}"] == f"N{turn}" for turn in range(200)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))
