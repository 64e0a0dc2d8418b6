"""The four cookies: which, for whom to read, how long, over HTTP and HTTPS; and logging in twice."""

import time
from http.cookies import SimpleCookie
from typing import Any

import jwt
import pytest
from flask import Flask
from users.visits import (
    ACCESS,
    ACCESS_CSRF,
    COOKIES,
    REFRESH,
    REFRESH_CSRF,
    Browser,
    changed_settings,
    settle,
)

DAY_S = 86_400


@pytest.fixture(autouse=True)
def marta(app: Flask) -> int:
    return settle(app)


def cookies_of(answer: Any) -> dict[str, Any]:
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.getlist("Set-Cookie"):
        jar.load(header)
    return dict(jar)


def test_login_sets_two_secret_cookies_and_two_that_scripts_may_read(app: Flask) -> None:
    answer = Browser(app).log_in()
    given = cookies_of(answer)
    assert set(given) == set(COOKIES)
    assert {name for name in COOKIES if given[name]["httponly"]} == {ACCESS, REFRESH}
    assert all(given[name]["path"] == "/" for name in COOKIES)
    assert "refresh_token" not in answer.json["data"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_cookies_do_not_die_before_their_tokens(app: Flask) -> None:
    given = cookies_of(Browser(app).log_in())
    claims = jwt.decode(given[ACCESS].value, options={"verify_signature": False})
    for name in COOKIES:
        assert int(given[name]["max-age"]) >= claims["exp"] - time.time() - 5
    for name in (REFRESH, REFRESH_CSRF):
        assert int(given[name]["max-age"]) >= 30 * DAY_S - 60
    assert given[ACCESS_CSRF].value == claims["csrf"]
    assert (claims["type"], claims["sub"]) == ("access", str(claims["id"]))
    assert isinstance(claims["sub"], str)


@pytest.mark.parametrize(
    ("base_url", "settings", "secure", "same_site"),
    [
        ("http://finca.test", {}, False, "Lax"),
        ("https://finca.test", {}, True, "Lax"),
        ("http://finca.test", {"flask_env": "production"}, True, "Lax"),
        ("http://finca.test", {"flask_env": "production", "jwt_cookie_secure": False}, False, "Lax"),
        ("https://finca.test", {"jwt_cookie_samesite": "None"}, True, "None"),
        ("http://finca.test", {"jwt_cookie_samesite": "None"}, False, "Lax"),
        ("https://finca.test", {"jwt_cookie_samesite": "Strict"}, True, "Strict"),
    ],
)
def test_flags_follow_the_settings_and_the_way_the_request_came(
    app: Flask, base_url: str, settings: dict[str, Any], secure: bool, same_site: str
) -> None:
    with changed_settings(app, **settings):
        given = cookies_of(Browser(app, base_url=base_url).log_in())
    assert {bool(given[name]["secure"]) for name in COOKIES} == {secure}
    assert {given[name]["samesite"] for name in COOKIES} == {same_site}


def test_the_domain_is_the_settings(app: Flask) -> None:
    with changed_settings(app, jwt_cookie_domain="finca.test"):
        given = cookies_of(Browser(app, base_url="http://api.finca.test").log_in())
    assert {given[name]["domain"] for name in COOKIES} == {"finca.test"}


def test_logout_unsets_all_four_and_works_without_proof(app: Flask) -> None:
    browser = Browser(app)
    browser.log_in()
    stolen = browser.cookie(ACCESS)
    answer = browser.ask("POST", "/auth/logout", proof=None)
    assert answer.status_code == 200
    assert answer.json["data"] == {"should_clear_auth": True}
    assert {int(cookie["max-age"]) for cookie in cookies_of(answer).values()} == {0}
    assert set(cookies_of(answer)) == set(COOKIES)
    assert browser.cookie(ACCESS) is None
    browser.put_cookie(ACCESS, stolen or "")
    assert browser.me().status_code == 401


def test_logout_needs_no_session(app: Flask) -> None:
    assert [Browser(app).ask("POST", "/auth/logout", proof=None).status_code for _ in range(2)] == [200, 200]


def test_a_login_never_continues_the_session_that_was_there(app: Flask) -> None:
    """Session fixation: cookies planted in a browser are worth nothing once their victim has logged in."""
    settle(app, identification=52_000_222, email="intruso@finca.test", fullname="Intruso")
    planted = Browser(app)
    planted.log_in(52_000_222)
    before = {name: planted.cookie(name) for name in COOKIES}
    assert planted.log_in().status_code == 200
    assert all(planted.cookie(name) != value for name, value in before.items())
    assert planted.me().json["data"]["user"]["fullname"] == "Marta Ordóñez"
    attacker = Browser(app)
    for name, value in before.items():
        attacker.put_cookie(name, value or "")
    assert attacker.me().status_code == 401
    assert attacker.refresh().status_code == 401


def test_a_mobile_client_keeps_no_cookies_and_gets_its_refresh_token(app: Flask) -> None:
    client = app.test_client()
    body = {"identification": "52000111", "password": "Finca-2026", "client": "mobile"}
    answer = client.post("/api/v1/auth/login", json=body)
    assert answer.json["data"]["refresh_token"]
    assert answer.headers.getlist("Set-Cookie") == []
