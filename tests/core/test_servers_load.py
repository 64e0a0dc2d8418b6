"""The board of servers: who is alive, what each process counted, added up by server; its doors and its stream."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Caller, started
from flask import Flask
from servers import Redis

from app.core import servers, tally
from app.core.board import SILENT_S, board_of, changes, line_of
from app.core.errors import TooMany
from app.core.servers import PROCESS_KEPT_S, PROCESSES, SERVER_KEPT_S, TOTALS, Servers
from app.core.tally import GROWTH, WINDOW_S, Tally, bucket_of, middle_of, percentile

KEYS_OF_SIGLAB = {"server_id", "uptime_s", "requests_total", "errors_total", "error_rate", "rps", "memory_mb"}
KEYS_OF_SIGLAB |= {"p50_ms", "p95_ms", "p99_ms", "cache_hit_ratio"}


def test_a_percentile_is_within_five_percent_of_the_true_one() -> None:
    many = [0.4 + n * 0.37 for n in range(1000)]
    counted = Tally()
    for ms in many:
        counted.note(200, ms)
    buckets = counted.window().buckets
    for share in (0.5, 0.95, 0.99):
        true = many[int(share * 1000) - 1]
        assert percentile(buckets, share) == pytest.approx(true, rel=(GROWTH - 1) / 2 + 0.005)
    assert percentile({}, 0.5) is None
    assert bucket_of(0) == bucket_of(-1) == 0
    assert middle_of(bucket_of(100)) == pytest.approx(100, rel=0.05)
    assert len({bucket_of(10.0**power) for power in range(-3, 30)}) < 20


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(tally, "time", found)
    monkeypatch.setattr(servers, "time", found)
    return found


def test_the_window_slides_and_its_memory_is_bounded(clock: Clock) -> None:
    counted = Tally()
    for second in range(3600):
        clock.now = 1000.0 + second
        counted.note(500 if second % 10 == 0 else 200, 3.0)
    window = counted.window()
    assert WINDOW_S - tally.SLICE_S < sum(window.buckets.values()) <= WINDOW_S
    assert window.errors == 6
    assert len(counted._slices) == tally.SLICES
    clock.now += WINDOW_S + tally.SLICE_S
    assert (counted.window().errors, counted.window().buckets) == (0, {})
    assert counted.totals()["requests"] == 3600


def test_what_could_not_be_told_is_told_later_and_once() -> None:
    counted = Tally()
    counted.note(200, 1.0, "hit")
    counted.note(503, None)
    taken = counted.take()
    assert taken == {"requests": 2, "2xx": 1, "5xx": 1, "errors": 1, "cache_hit": 1}
    counted.give_back(taken)
    counted.note(404, 1.0)
    assert counted.take() == {**taken, "requests": 3, "4xx": 1}
    assert counted.take() == {}
    assert counted.totals()["requests"] == 3


def said(beat: int, requests: int, **others: Any) -> dict[str, Any]:
    facts = {"up_s": 600.0, "in_flight": 1, "memory_mb": 50.0, "errors": 0, "buckets": {"40": requests}}
    return {"beat": beat, **facts, **others}


def test_processes_are_added_up_and_the_silent_do_not_count() -> None:
    now = 1_000_000
    late = now - int(SILENT_S * 1000) - 1
    totals = {"seen": now, "requests": 500, "errors": 3, "2xx": 490, "cache_hit": 30, "cache_miss": 10}
    one = line_of("1", totals, [said(now, 100, errors=2), said(now - 5000, 50), said(late, 999)], now)
    two = line_of("2", {"seen": now}, [said(now, 0, buckets={})], now)
    three = line_of("3", {"seen": late, "requests": 7}, [said(late, 7)], now)
    board = board_of("1", [one, two, three], complete=True)
    assert (one["processes"], one["requests"], one["in_flight"], one["memory_mb"]) == (2, 150, 2, 100.0)
    assert (one["rps"], one["error_rate"], one["cache_hit_ratio"]) == (2.5, round(2 / 150, 5), 0.75)
    assert (two["status"], two["p50_ms"], two["rps"], two["cache_hit_ratio"]) == ("alive", None, 0.0, None)
    assert (three["status"], three["in_flight"], three["requests_total"]) == ("dead", 0, 7)
    assert (board["expected"], board["alive"], board["availability_pct"]) == (3, 2, 66.7)
    assert [line["share_pct"] for line in board["servers"]] == [100.0, 0.0, 0.0]


def test_the_earlier_board_is_told_what_changed_in_its_own_words() -> None:
    now = 1_000_000
    lines = [
        line_of("1", {"seen": now, "requests": 4}, [said(now, 4)], now),
        line_of("2", {"seen": 0}, [], now),
    ]
    board = board_of("1", lines, complete=True)
    alive, dead = changes(None, board)
    assert alive["stats"] == {"Server_1": 4, "Server_2": 0}
    assert (alive["status"], alive["server_health"], alive["total_requests"]) == (200, "alive", 4)
    assert "server_died" not in alive
    assert (dead["server_name"], dead["status"], dead["server_died"]) == ("Server_2", 0, True)
    assert changes(board, board) == []


def test_every_answer_names_its_server(nobody: Caller, instructor: Caller) -> None:
    for answer in (
        nobody.get("/health"),
        nobody.get("/nada"),
        nobody.post("/auth/login"),
        instructor.get("/species"),
    ):
        assert answer.headers["X-Server-Id"] == "0"


def test_the_load_is_there_for_who_teaches(instructor: Caller) -> None:
    for _ in range(5):
        instructor.get("/species")
    board = instructor.get("/system/load").json["data"]
    (line,) = (line for line in board["servers"] if line["server_id"] == "0")
    assert (board["server_id"], board["complete"], board["alive"]) == ("0", True, board["expected"])
    assert (line["status"], line["processes"]) == ("alive", 1)
    assert line["responses"]["2xx"] <= line["requests_total"]
    assert line["requests"] >= 5
    assert line["in_flight"] == 1
    assert 0 < line["p50_ms"] <= line["p95_ms"] <= line["p99_ms"]


def test_the_figures_are_where_the_earlier_clients_look(instructor: Caller, nobody: Caller) -> None:
    answer = instructor.get("/system/metrics").json
    assert set(answer) >= KEYS_OF_SIGLAB
    assert {name: answer[name] for name in answer["data"]} == answer["data"]
    for path in ("/system/health", "/health/ready"):
        health = nobody.get(path)
        assert health.status_code == 200
        assert (health.json["status"], health.json["database"], health.json["server_id"]) == (
            "healthy",
            "healthy",
            "0",
        )
        assert health.json["cache"] == health.json["services"]["cache"]


def test_the_cache_says_how_it_is_doing(instructor: Caller, profile: str) -> None:
    for _ in range(3):
        instructor.get("/species")
    state = instructor.get("/system/cache").json["data"]
    assert (state["kind"], state["available"]) == ("redis" if profile == "services" else "memory", True)
    assert 0 < state["hit_ratio"] <= 1


def events(response: Any) -> Iterator[tuple[str, Any]]:
    """What a stream says, as it says it."""
    for piece in response.response:
        for message in piece.decode().strip().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in message.splitlines())
            if "event" in lines:
                yield lines["event"], json.loads(lines["data"])


def test_the_stream_tells_the_load_and_ends_when_the_worker_leaves(
    app: Flask, instructor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: Servers = app.extensions["servers"]
    monkeypatch.setattr(own, "leaving", threading.Event())
    assert instructor.head("/system/load/stream").content_type.startswith("text/event-stream")
    response = instructor.get("/system/load/stream")
    assert response.headers["X-Accel-Buffering"] == "no"
    heard = events(response)
    name, board = next(heard)
    assert (name, board["server_id"]) == ("load", "0")
    name, message = next(heard)
    assert (name, message["server_health"]) == ("server", "alive")
    assert own._streams == 1
    own.dismiss_all()
    list(heard)
    response.close()
    assert own._streams == 0


def test_followers_are_not_without_number(app: Flask, instructor: Caller) -> None:
    own: Servers = app.extensions["servers"]
    for _ in range(servers.MOST_STREAMS):
        own.admit()
    with pytest.raises(TooMany):
        own.admit()
    assert instructor.get("/system/load/stream").status_code == 429
    for _ in range(servers.MOST_STREAMS):
        own.release()


@pytest.fixture
def redis_alone() -> Iterator[Redis]:
    """A Redis that may be stopped without anybody else missing it."""
    yield from started(Redis)


@pytest.fixture
def trio(redis_alone: Redis) -> Iterator[list[Servers]]:
    """Two processes of server `a` and one of `b`, on an empty Redis."""
    made = [Servers(name, redis_alone.url, Tally()) for name in ("a", "a", "b")]
    for number, one in enumerate(made):
        # One process of this test plays three.
        one._field = lambda one=one, number=number: f"{one.server_id}|{number}"  # type: ignore[method-assign, misc]
    yield made
    for one in made:
        one._redis.close()


def lines(one: Servers) -> dict[str, dict[str, Any]]:
    one._known = None
    return {line["server_id"]: line for line in one.board()["servers"]}


def grow_old(one: Servers, seconds: float) -> None:
    """As if the process had been silent for so long."""
    told = json.loads(one._redis.hget(PROCESSES, one._field()))
    told["beat"] -= int(seconds * 1000)
    one._redis.hset(PROCESSES, one._field(), json.dumps(told))
    one._redis.hset(TOTALS, f"{one.server_id}|seen", told["beat"])


@pytest.mark.services
def test_processes_of_one_server_meet_in_redis(trio: list[Servers]) -> None:
    first, second, other = trio
    first.tally.note(200, 10.0)
    second.tally.note(500, 20.0)
    for one in trio:
        one._tell()
    found = lines(first)
    assert (found["a"]["processes"], found["a"]["requests_total"], found["a"]["errors_total"]) == (2, 2, 1)
    assert (found["b"]["status"], found["b"]["requests_total"]) == ("alive", 0)
    assert {name: line["requests_total"] for name, line in lines(other).items()} == {"a": 2, "b": 0}
    second.tally.note(200, 1.0)
    second._thread = threading.Thread()
    second._thread.start()
    second.stop()
    found = lines(first)
    assert (found["a"]["processes"], found["a"]["requests_total"]) == (1, 3)


@pytest.mark.services
def test_the_silent_are_dead_then_forgotten_and_alive_when_they_come_back(trio: list[Servers]) -> None:
    first, _, other = trio
    other.tally.note(200, 1.0)
    other._tell()
    grow_old(other, SILENT_S + 1)
    assert (lines(first)["b"]["status"], lines(first)["b"]["requests_total"]) == ("dead", 1)
    other._tell()
    assert lines(first)["b"]["status"] == "alive"
    grow_old(other, PROCESS_KEPT_S + 1)
    assert lines(first)["b"]["status"] == "dead"
    assert first._redis.hkeys(PROCESSES) == [b"a|0"]
    first._redis.hincrby(TOTALS, "b|seen", -int(SERVER_KEPT_S * 1000))
    assert set(lines(first)) == {"a"}
    assert not [field for field in first._redis.hkeys(TOTALS) if field.startswith(b"b|")]


@pytest.mark.services
def test_without_redis_a_process_knows_itself_and_tells_the_rest_later(
    trio: list[Servers], redis_alone: Redis
) -> None:
    first = trio[0]
    first.tally.note(200, 10.0)
    redis_alone.stop()
    try:
        board = first.board()
        assert (board["complete"], [line["server_id"] for line in board["servers"]]) == (False, ["a"])
        assert board["servers"][0]["requests_total"] == 1
    finally:
        redis_alone.start()
    assert lines(first)["a"]["requests_total"] == 1
    assert first.board()["complete"] is True
