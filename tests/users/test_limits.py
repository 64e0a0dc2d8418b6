"""How often a door may be tried: limits by address and name, waiting that grows and ends, with and without Redis."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import migrate, settings_for
from flask import Flask
from servers import Redis
from users.visits import IDENTIFICATION, Browser, changed_settings, code, details, settle

from app import create_app
from app.core.extensions import db, limiter
from app.core.transaction import transaction
from app.users import lockout
from app.users.token_models import LoginFailure

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WRONG = "No-es-esta-1"
# So quick that a test may wait for its end.
QUICK = {"login_free_failures": 2, "login_delay_seconds": 1, "login_max_delay_seconds": 2}
ROOMY = {"login_rate_limit": "1000 per minute", "login_address_rate_limit": "1000 per minute"}


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (9, 0), (10, 30), (11, 60), (12, 120), (14, 480), (15, 900), (16, 900), (10_000, 900)],
)
def test_the_waiting_doubles_up_to_the_longest(failures: int, seconds: int) -> None:
    assert lockout.wait_s(failures, 10, 30, 900) == seconds


@pytest.mark.parametrize(
    ("failures", "after_s", "left"),
    [(10, 0, 30), (10, 29.5, 1), (10, 30, 0), (10, 31, 0), (11, 31, 29), (9, 0, 0)],
)
def test_the_waiting_ends(app: Flask, failures: int, after_s: float, left: int) -> None:
    with app.app_context():
        assert lockout.seconds_left(failures, NOON, NOON + timedelta(seconds=after_s), 10) == left


def test_a_locked_account_refuses_even_the_right_password_until_the_end(app: Flask) -> None:
    settle(app)
    browser = Browser(app)
    with changed_settings(app, **QUICK, **ROOMY):
        assert [browser.log_in(password=WRONG).status_code for _ in range(2)] == [401, 401]
        answer = browser.log_in()
        assert (answer.status_code, code(answer)) == (429, "RATE_LIMIT_EXCEEDED")
        seconds = details(answer)["retry_after_seconds"]
        assert 1 <= seconds <= 2
        assert answer.headers["Retry-After"] == str(seconds)
        threading.Event().wait(2.1)
        assert browser.log_in().status_code == 200
        assert browser.log_in(password=WRONG).status_code == 401
        assert browser.log_in().status_code == 200


def test_a_name_nobody_has_is_locked_alike(app: Flask) -> None:
    settle(app)
    answers: dict[int, list[Any]] = {IDENTIFICATION: [], 52_999_999: []}
    with changed_settings(
        app, **{**QUICK, "login_delay_seconds": 60, "login_max_delay_seconds": 60}, **ROOMY
    ):
        for name, given in answers.items():
            given.extend(Browser(app).log_in(name, WRONG) for _ in range(3))
    known, unknown = answers.values()
    assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown]
    assert known[2].status_code == 429
    for one, other in zip(known, unknown, strict=True):
        told = [{**answer.json["error"], "trace_id": "", "details": ""} for answer in (one, other)]
        assert told[0] == told[1]
        assert _steady(one.headers) == _steady(other.headers)


def _steady(headers: Any) -> dict[str, str]:
    """The headers without the values that differ between any two answers."""
    moving = {"X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"}
    return {name: "" if name in moving else value for name, value in headers.items()}


def test_all_names_of_a_person_are_one(app: Flask) -> None:
    settle(app, username="marta")
    with changed_settings(app, **{**QUICK, "login_delay_seconds": 60}, **ROOMY):
        for name in ("marta", "marta@finca.test"):
            body = {"identifier": name, "password": WRONG}
            assert app.test_client().post("/api/v1/auth/login", json=body).status_code == 401
        assert Browser(app).log_in().status_code == 429


def test_an_address_that_tries_many_names_must_wait_too(app: Flask) -> None:
    settle(app)
    with changed_settings(
        app, **{**QUICK, "login_delay_seconds": 60, "login_max_delay_seconds": 60}, **ROOMY
    ):
        free = 2 * lockout.ADDRESS_FACTOR
        tries = [Browser(app).log_in(53_000_000 + n, WRONG).status_code for n in range(free)]
        assert tries == [401] * free
        assert Browser(app).log_in().status_code == 429


def test_long_ago_is_forgotten(app: Flask) -> None:
    user_id = settle(app)
    with changed_settings(app, **{**QUICK, "login_delay_seconds": 60}, **ROOMY):
        Browser(app).log_in(password=WRONG)
        with app.app_context(), transaction() as session:
            [kept] = session.query(LoginFailure).filter_by(subject=lockout.person(user_id))
            kept.last_at -= timedelta(seconds=lockout.FORGOTTEN_S + 1)
        assert [Browser(app).log_in(password=WRONG).status_code for _ in range(2)] == [401, 401]


def test_failures_at_once_are_all_counted(app: Flask) -> None:
    user_id = settle(app)
    start = threading.Barrier(4)

    def guess() -> None:
        start.wait()
        Browser(app).log_in(password=WRONG)

    with changed_settings(app, **ROOMY):
        threads = [threading.Thread(target=guess) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with app.app_context(), transaction() as session:
        assert session.get_one(LoginFailure, lockout.person(user_id)).failures == 4


@pytest.mark.parametrize(
    ("setting", "path", "body", "usual"),
    [
        ("refresh_rate_limit", "/auth/refresh", {}, 401),
        ("recover_rate_limit", "/auth/recover", {"email": "nadie@finca.test"}, 200),
        (
            "password_rate_limit",
            "/auth/reset-password",
            {"token": "nada", "new_password": "Potrero-27-x"},
            422,
        ),
        ("login_address_rate_limit", "/auth/login", {"identification": "1234", "password": WRONG}, 401),
    ],
)
def test_each_door_of_strangers_has_a_limit(
    app: Flask, setting: str, path: str, body: dict[str, str], usual: int
) -> None:
    client = app.test_client()
    with changed_settings(app, **{setting: "2 per minute"}):
        answers = [client.post("/api/v1" + path, json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [usual, usual, 429]
    refused = answers[2]
    assert code(refused) == "RATE_LIMIT_EXCEEDED"
    assert 1 <= details(refused)["retry_after_seconds"] <= 60
    assert "Retry-After" in refused.headers
    assert "X-RateLimit-Limit" in refused.headers


def test_me_is_polled_without_limit(app: Flask) -> None:
    settle(app)
    browser = Browser(app)
    browser.log_in()
    with changed_settings(app, rate_limit="1 per minute"):
        assert {browser.me().status_code for _ in range(5)} == {200}


def test_whom_the_guard_turns_away_is_counted_by_address(app: Flask) -> None:
    client = app.test_client()
    with changed_settings(app, rate_limit="3 per minute"):
        statuses = [client.get("/api/v1/auth/sessions").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_an_address_that_the_client_makes_up_changes_nothing(app: Flask) -> None:
    client = app.test_client()
    body = {"email": "nadie@finca.test"}
    with changed_settings(app, recover_rate_limit="2 per minute"):
        statuses = [
            client.post(
                "/api/v1/auth/recover",
                json=body,
                headers={"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"{n}"},
            ).status_code
            for n in range(3)
        ]
    assert statuses == [200, 200, 429]


@pytest.mark.services
def test_limits_and_sessions_outlive_redis(redis_server: Redis, tmp_path: Path) -> None:
    """Killed in the middle: the count begins again in memory; nobody goes unlimited, nobody is locked out."""
    with Redis() as redis:
        uri = f"sqlite:///{tmp_path / 'farm.sqlite3'}"
        app = create_app(settings_for(tmp_path, redis_url=redis.url, sqlalchemy_database_uri=uri))
        with app.app_context():
            migrate()
            assert type(limiter.storage).__name__ == "LeasedRedisStorage"
        settle(app)
        _kill_in_the_middle(app, redis)
        with app.app_context():
            db.engine.dispose()


def _kill_in_the_middle(app: Flask, redis: Redis) -> None:
    browser, client = Browser(app), app.test_client()
    body = {"email": "nadie@finca.test"}
    with changed_settings(app, recover_rate_limit="3 per minute"):
        browser.log_in()
        assert [client.post("/api/v1/auth/recover", json=body).status_code for _ in range(2)] == [200, 200]
        redis.kill()
        statuses = [client.post("/api/v1/auth/recover", json=body).status_code for _ in range(6)]
        assert statuses == [200, 200, 200, 429, 429, 429]
        assert browser.me().status_code == 200
        assert browser.refresh().status_code == 200
        assert browser.ask("POST", "/auth/logout-all").status_code == 200
        assert browser.me().status_code == 401
        redis.start()
        assert browser.log_in().status_code == 200
        assert browser.me().status_code == 200


def test_a_refusal_takes_nobody_elses_limit_away(admin: Any, nobody: Any) -> None:
    assert nobody.get("/species").status_code == 401
    assert "X-RateLimit-Remaining" in admin.get("/species").headers
