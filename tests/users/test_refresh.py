"""Refresh tokens: rotated at each use, good for two tabs at once, fatal for their family when used again later."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from users.visits import ACCESS, REFRESH, REFRESH_CSRF, Browser, changed_settings, code, details, settle

from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.users import rounds
from app.users.token_models import Incident, LoginSession, RefreshToken


@pytest.fixture
def marta(app: Flask) -> int:
    return settle(app)


@pytest.fixture
def browser(app: Flask, marta: int) -> Browser:
    browser = Browser(app)
    assert browser.log_in().status_code == 200
    return browser


def twin(app: Flask, browser: Browser, agent: str | None = None) -> Browser:
    """Another holder of the same refresh cookies: a second tab, or a thief."""
    other = Browser(app, agent or browser.agent)
    for name in (REFRESH, REFRESH_CSRF):
        other.put_cookie(name, browser.cookie(name) or "")
    return other


def require_relogin(answer: Any, expected: str = "TOKEN_REVOKED") -> None:
    assert (answer.status_code, code(answer)) == (401, expected)
    assert details(answer)["client_action"] == "CLEAR_AUTH_AND_RELOGIN"
    assert details(answer)["should_clear_auth"] is True


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"data": "null", "content_type": "application/json"},
        {"data": "", "content_type": "application/json"},
        {"json": {}},
    ],
    ids=["nothing", "null", "empty", "object"],
)
def test_the_cookie_renews_the_session_whatever_the_body(browser: Browser, kwargs: dict[str, Any]) -> None:
    before = browser.cookie(ACCESS), browser.cookie(REFRESH)
    answer = browser.refresh(**kwargs)
    assert answer.status_code == 200
    assert answer.json["data"].keys() == {"access_token", "token_type", "expires_in"}
    assert answer.json["data"]["access_token"] == browser.cookie(ACCESS)
    assert before[0] != browser.cookie(ACCESS)
    assert before[1] != browser.cookie(REFRESH)
    assert browser.me().status_code == 200


def test_logins_and_refreshes_are_figures(app: Flask, marta: int) -> None:
    def figures() -> list[float]:
        wanted = [
            ("auth_login_total", "opened"),
            ("auth_login_total", "invalid_credentials"),
            ("auth_refresh_total", "opened"),
            ("auth_refresh_total", "token_revoked"),
        ]
        return [REGISTRY.get_sample_value(name, {"result": result}) or 0 for name, result in wanted]

    before, browser = figures(), Browser(app)
    browser.log_in(password="No-1")
    browser.log_in()
    browser.refresh()
    refused = app.test_client().post("/api/v1/auth/refresh", json={"refresh_token": "nobody's"})
    assert refused.status_code == 401
    assert [now - then for now, then in zip(figures(), before, strict=True)] == [1, 1, 1, 1]


def test_good_refresh_tokens_are_a_figure(app: Flask, browser: Browser) -> None:
    def counted() -> float | None:
        with app.app_context():
            rounds.go_round()
        return REGISTRY.get_sample_value("refresh_tokens_active")

    before = counted()
    assert before is not None
    browser.refresh()
    assert counted() == before >= 1
    browser.client.post("/api/v1/auth/logout")
    assert counted() == before - 1


def test_get_renews_too(browser: Browser) -> None:
    headers = {"X-CSRF-Token": browser.cookie(REFRESH_CSRF) or ""}
    before = browser.cookie(REFRESH)
    assert browser.ask("GET", "/auth/refresh", headers=headers).status_code == 200
    assert browser.cookie(REFRESH) != before
    assert browser.refresh().status_code == 200


@pytest.mark.parametrize("name", ["refresh_token", "refreshToken", "refresh"])
def test_the_body_renews_without_cookies(app: Flask, marta: int, name: str) -> None:
    client = app.test_client()
    body = {"identification": "52000111", "password": "Finca-2026", "client": "mobile"}
    token = client.post("/api/v1/auth/login", json=body).json["data"]["refresh_token"]
    for _ in range(3):
        answer = client.post("/api/v1/auth/refresh", json={name: token})
        assert answer.status_code == 200
        assert answer.json["data"]["refresh_token"] != token
        assert answer.headers.getlist("Set-Cookie") == []
        token = answer.json["data"]["refresh_token"]


def test_only_hashes_are_kept(app: Flask, browser: Browser) -> None:
    with app.app_context():
        [kept] = db.session.scalars(db.select(RefreshToken))
        session = db.session.get_one(LoginSession, kept.session_id)
    assert browser.cookie(REFRESH) not in (kept.digest, "")
    assert len(kept.digest) == 64
    assert (session.device, session.address) == ("Firefox en la lechería", "127.0.0.1")


def test_two_tabs_that_refresh_at_once_both_survive(app: Flask, browser: Browser) -> None:
    """The database lets one thread rotate; the other is in the grace."""
    tabs = [browser, twin(app, browser)]
    start, answers = threading.Barrier(2), []

    def press(tab: Browser) -> None:
        start.wait()
        answers.append(tab.refresh().status_code)

    threads = [threading.Thread(target=press, args=(tab,)) for tab in tabs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]
    assert tabs[0].cookie(REFRESH) != tabs[1].cookie(REFRESH)
    for tab in tabs:
        assert tab.refresh().status_code == 200
        assert tab.me().status_code == 200
    with app.app_context():
        assert db.session.query(LoginSession).count() == 1


def test_of_two_at_once_one_rotates(app: Flask, browser: Browser) -> None:
    """Without a grace the loser of the race is a thief, and the session ends."""
    tabs = [browser, twin(app, browser)]
    start, answers = threading.Barrier(2), []

    def press(tab: Browser) -> None:
        start.wait()
        answers.append(tab.refresh().status_code)

    with changed_settings(app, refresh_grace_seconds=0):
        threads = [threading.Thread(target=press, args=(tab,)) for tab in tabs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [200, 401]
    assert [tab.refresh().status_code for tab in tabs] == [401, 401]


def test_a_token_used_again_later_ends_its_family_and_is_an_incident(
    app: Flask, browser: Browser, marta: int
) -> None:
    thief = twin(app, browser)
    assert browser.refresh().status_code == 200
    other_device = Browser(app)
    other_device.log_in()
    with app.app_context(), transaction() as session:
        session.query(RefreshToken).filter(RefreshToken.rotated_at.is_not(None)).update(
            {"rotated_at": times.now() - timedelta(seconds=60)}
        )
    require_relogin(thief.refresh())
    require_relogin(browser.me())
    require_relogin(browser.refresh())
    assert other_device.me().status_code == 200
    admin = Browser(app)
    settle(app, role="Administrador", identification=52_000_333, email="jefe@finca.test")
    admin.log_in(52_000_333)
    alerts = admin.ask("GET", "/security/alerts").json["data"]
    [found] = [alert for alert in alerts if alert["type"] == "refresh_reuse"]
    assert (found["user_id"], found["address"], found["level"]) == (marta, "127.0.0.1", "high")
    with app.app_context():
        [stored] = db.session.query(Incident).filter_by(kind="refresh_reuse")
        assert stored.message


def test_the_grace_is_for_the_same_browser_alone(app: Flask, browser: Browser) -> None:
    thief = twin(app, browser, agent="curl")
    assert browser.refresh().status_code == 200
    require_relogin(thief.refresh())
    require_relogin(browser.me())


def test_an_expired_session_is_told_from_a_revoked_one(app: Flask, browser: Browser) -> None:
    with app.app_context(), transaction() as session:
        session.query(LoginSession).update({"expires_at": times.now() - timedelta(seconds=1)})
    require_relogin(browser.refresh(), "TOKEN_EXPIRED")


def test_nothing_to_refresh(app: Flask, marta: int) -> None:
    require_relogin(Browser(app).refresh(), "MISSING_TOKEN")


def test_an_access_token_never_refreshes(app: Flask, browser: Browser) -> None:
    access = browser.cookie(ACCESS)
    client = app.test_client()
    for kwargs in ({"json": {"refresh_token": access}}, {"headers": {"Authorization": f"Bearer {access}"}}):
        answer = client.post("/api/v1/auth/refresh", **kwargs)
        assert answer.status_code == 401
        assert details(answer)["should_clear_auth"] is True


def test_a_refresh_token_never_opens_a_route(app: Flask, browser: Browser) -> None:
    refresh = browser.cookie(REFRESH) or ""
    bearer = app.test_client().get("/api/v1/auth/me", headers={"Authorization": f"Bearer {refresh}"})
    assert (bearer.status_code, code(bearer)) == (401, "JWT_ERROR")
    browser.put_cookie(ACCESS, refresh)
    assert code(browser.me()) == "JWT_ERROR"


@pytest.mark.parametrize("field", ["status", "approved"])
def test_somebody_who_may_no_longer_enter_refreshes_nothing(app: Flask, browser: Browser, field: str) -> None:
    from app.users.models import User

    with app.app_context(), transaction() as session:
        setattr(session.query(User).one(), field, False)
    require_relogin(browser.refresh())
