"""Answers remembered at the door: those of the long way, counted as they are, and gone as soon as they should be."""

from collections.abc import Iterator
from typing import Any

import flask
import pytest
from conftest import Caller, person
from flask import Flask
from redis import RedisError
from users.visits import changed_settings

from app.core import bodies, recall, stamps
from app.core.transaction import transaction
from app.users import sessions
from app.users.models import User
from app.users.permissions import Role
from app.users.tokens import claims_of

pytestmark = [
    pytest.mark.services,
    pytest.mark.parametrize("profile", ["services"], indirect=True, scope="session"),
]
OWN = {"X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
SPECIES = "/species"


@pytest.fixture
def long_way(app: Flask) -> Iterator[list[str]]:
    """The requests that the application itself has seen."""
    seen: list[str] = []

    def note(_app: Flask, **_more: Any) -> None:
        seen.append(f"{flask.request.method} {flask.request.full_path}")

    with flask.request_started.connected_to(note, app):
        yield seen
    seen.clear()


@pytest.fixture
def farm(app: Flask, long_way: list[str]) -> Caller:
    """An instructor who asks for the species again and again."""
    instructor = person(app, Role.INSTRUCTOR)
    assert instructor.post(SPECIES, json={"name": "Bovino"}).status_code == 201
    for _ in range(3):
        assert instructor.get(SPECIES).status_code == 200
    long_way.clear()
    return instructor


def tag(caller: Caller, path: str = SPECIES) -> dict[str, str]:
    return {"If-None-Match": caller.get(path).headers["ETag"]}


@pytest.mark.parametrize("path", [SPECIES, f"{SPECIES}/{{id}}"])
def test_the_answer_is_that_of_the_long_way(farm: Caller, long_way: list[str], path: str) -> None:
    path = path.format(id=farm.get(SPECIES).json["data"][0]["id"])
    for headers in ({}, tag(farm, path)):
        answers = [farm.get(path, headers=headers) for _ in range(4)]
        known = len(long_way)
        again = farm.get(path, headers=headers)
        assert len(long_way) == known
        assert again.status_code == (304 if headers else 200)
        assert again.data == answers[2].data
        told = [{k: v for k, v in one.headers.items() if k not in OWN} for one in (answers[2], again)]
        assert told[0] == told[1]
        assert again.headers["X-Cache-Status"] == ("REVALIDATED" if headers else "HIT")
        assert again.headers["X-Request-ID"] != answers[-1].headers["X-Request-ID"]


def test_each_is_counted_against_the_limit(farm: Caller, long_way: list[str]) -> None:
    left = [int(farm.get(SPECIES).headers["X-RateLimit-Remaining"]) for _ in range(3)]
    assert long_way == []
    assert [left[0] - one for one in left] == [0, 1, 2]


def test_a_limit_that_is_reached_is_reached_here_too(
    app: Flask, farm: Caller, long_way: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = recall.limiter.limiter
    monkeypatch.setattr(type(limiter), "hit", lambda *_args, **_more: False)
    answer = farm.get(SPECIES)
    assert (answer.status_code, long_way) == (429, [f"GET /api/v1{SPECIES}?"])


def test_it_is_told_in_the_figures(app: Flask, farm: Caller, long_way: list[str]) -> None:
    tally = app.extensions["servers"].tally
    before = tally.totals()
    farm.get(SPECIES, headers={"X-Request-ID": "una-peticion"})
    assert (
        farm.get(SPECIES, headers={"X-Request-ID": "otra-peticion"}).headers["X-Request-ID"]
        == "otra-peticion"
    )
    told = tally.totals() - before
    assert (told["requests"], told["2xx"], told["cache_hit"]) == (2, 2, 2)
    assert (long_way, tally.in_flight) == ([], 0)


def test_a_change_is_seen_at_once(app: Flask, farm: Caller) -> None:
    headers = tag(farm)
    assert [farm.get(SPECIES, headers=headers).status_code for _ in range(3)] == [304] * 3
    other = person(app, Role.ADMIN)
    assert other.post(SPECIES, json={"name": "Porcino"}).status_code == 201
    assert farm.get(SPECIES, headers=headers).json["meta"]["pagination"]["total_items"] == 2
    assert farm.get(SPECIES).json["meta"]["pagination"]["total_items"] == 2


def change_person(app: Flask, caller: Caller, **values: Any) -> None:
    with app.app_context():
        id = claims_of(str(caller.token))["id"]
        with transaction() as session:
            for name, value in values.items():
                setattr(session.get(User, id), name, value)


@pytest.mark.parametrize(
    ("values", "status"),
    [({"status": False}, 401), ({"token_version": 7}, 401), ({"role": Role.APPRENTICE}, 200)],
)
def test_a_change_of_the_person_is_seen_at_once(
    app: Flask, farm: Caller, long_way: list[str], values: dict[str, Any], status: int
) -> None:
    change_person(app, farm, **values)
    long_way.clear()
    assert farm.get(SPECIES).status_code == status
    assert len(long_way) == 1


def test_a_right_that_is_taken_away_is_gone_at_once(app: Flask, farm: Caller) -> None:
    with app.app_context():
        id = claims_of(str(farm.token))["id"]
    admin = person(app, Role.ADMIN)
    assert admin.put(f"/users/{id}/permissions", json={"records.view": False}).status_code == 200
    assert farm.get(SPECIES).status_code == 403
    assert admin.put(f"/users/{id}/permissions", json={"records.view": None}).status_code == 200
    assert farm.get(SPECIES).status_code == 200


def test_a_session_that_has_ended_is_over_at_once(app: Flask, farm: Caller) -> None:
    headers = tag(farm)
    assert [farm.get(SPECIES, headers=headers).status_code for _ in range(3)] == [304] * 3
    with app.app_context():
        session_id = claims_of(str(farm.token))["sid"]
        with transaction():
            sessions.end(session_id, "tests")
    assert farm.get(SPECIES, headers=headers).status_code == 401
    assert farm.get(SPECIES).status_code == 401


class Later:
    """The clock, some time from now."""

    def __init__(self, seconds: float, plain: Any) -> None:
        self._seconds, self._plain = seconds, plain
        self.perf_counter = plain.perf_counter

    def time(self) -> float:
        return float(self._plain.time() + self._seconds)

    def monotonic(self) -> float:
        return float(self._plain.monotonic())


class Rested(Later):
    """The clock of what is not moved by hand."""

    def time(self) -> float:
        return float(self._plain.time())

    def monotonic(self) -> float:
        return float(self._plain.monotonic() + self._seconds)


@pytest.mark.parametrize("clock", [Later(24 * 3600, recall.time), Rested(recall.SECONDS + 1, recall.time)])
def test_it_does_not_outlive_the_token_the_day_or_half_a_minute(
    farm: Caller, long_way: list[str], monkeypatch: pytest.MonkeyPatch, clock: Later
) -> None:
    farm.get(SPECIES)
    assert long_way == []
    monkeypatch.setattr(recall, "time", clock)
    farm.get(SPECIES)
    assert len(long_way) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://otra.example"},
        {"Host": "otra.example"},
        {"Accept": "text/html"},
        {"If-None-Match": '"otra"'},
        {"Range": "bytes=0-10"},
        {"X-Forwarded-For": "10.0.0.1"},
    ],
)
def test_whoever_says_anything_else_asks_something_else(
    farm: Caller, long_way: list[str], headers: dict[str, str]
) -> None:
    farm.get(SPECIES, headers=headers)
    assert len(long_way) == 1


def test_what_is_not_simply_asked_goes_the_long_way(app: Flask, farm: Caller, long_way: list[str]) -> None:
    farm.head(SPECIES)
    farm.get(SPECIES, data=b"x")
    farm.get(f"{SPECIES}?cache_bust=1")
    farm.get(f"{SPECIES}?cache_bust=1")
    Caller(app.test_client()).get(SPECIES)
    person(app, Role.ADMIN).get(SPECIES)
    farm.client.set_cookie("a", "b")
    farm.get(SPECIES)
    assert len(long_way) == 7


def test_without_its_body_or_redis_or_under_other_settings_it_is_made_anew(
    app: Flask, farm: Caller, long_way: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with changed_settings(app, farm_name="Otra"):
        assert farm.get(SPECIES).status_code == 200
    assert len(long_way) == 1
    monkeypatch.setattr(recall, "shelf", bodies.Shelf())
    assert farm.get(SPECIES).status_code == 200
    assert len(long_way) == 2
    monkeypatch.undo()

    def away(*_keys: str) -> Any:
        raise RedisError

    monkeypatch.setattr(stamps, "_paused_until", 0.0)
    monkeypatch.setattr(stamps._together(app), "_ask", away)
    assert farm.get(SPECIES).status_code == 200
    assert len(long_way) == 3


def test_what_is_remembered_is_bounded(app: Flask, farm: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "MOST", 3)
    for page in range(1, 7):
        for _ in range(2):
            farm.get(f"{SPECIES}?page={page}")
    remembering: Any = app.wsgi_app
    while not isinstance(remembering, recall.Recall):
        remembering = next(
            cell
            for cell in (
                *vars(remembering).values(),
                *(one.cell_contents for one in getattr(remembering, "__closure__", None) or ()),
            )
            if callable(cell) and cell is not app
        )
    assert len(remembering._memos) == 3
