"""Cookies travel with anybody's request; what changes something must prove that our own page asks."""

from typing import Any

import pytest
from flask import Flask
from users.visits import ACCESS, ACCESS_CSRF, REFRESH, REFRESH_CSRF, Browser, code, details, settle


@pytest.fixture
def browser(app: Flask) -> Browser:
    settle(app)
    browser = Browser(app)
    assert browser.log_in().status_code == 200
    return browser


def log_out_everywhere(browser: Browser, **headers: str) -> Any:
    return browser.ask("POST", "/auth/logout-all", proof=None, headers=headers)


def test_reading_needs_no_proof(browser: Browser) -> None:
    assert browser.me().status_code == 200


@pytest.mark.parametrize("name", ["X-CSRF-Token", "X-CSRF-TOKEN"])
@pytest.mark.parametrize("form", ["{}", "{0},{0}", "{0}, {0}", " {0} "])
def test_both_spellings_and_the_merged_header_prove(browser: Browser, name: str, form: str) -> None:
    proof = browser.cookie(ACCESS_CSRF) or ""
    assert log_out_everywhere(browser, **{name: form.replace("{}", "{0}").format(proof)}).status_code == 200


@pytest.mark.parametrize("given", [None, "", "wrong", "wrong, {0}", "{refresh}", "é"])
def test_without_the_right_proof_nothing_changes(browser: Browser, given: str | None) -> None:
    headers = {}
    if given is not None:
        proofs = {"refresh": browser.cookie(REFRESH_CSRF)}
        headers = {"X-CSRF-Token": given.format(browser.cookie(ACCESS_CSRF), **proofs)}
    answer = log_out_everywhere(browser, **headers)
    assert (answer.status_code, code(answer)) == (401, "CSRF_ERROR")
    assert details(answer)["client_action"] == "RETRY_WITH_CSRF"
    assert browser.me().status_code == 200


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_refresh_wants_the_proof_of_its_own_cookie(browser: Browser, method: str) -> None:
    for proof in (None, ACCESS_CSRF):
        headers = {"X-CSRF-Token": browser.cookie(proof) or ""} if proof else {}
        answer = browser.ask(method, "/auth/refresh", proof=None, headers=headers)
        assert (answer.status_code, code(answer)) == (401, "CSRF_ERROR")
    headers = {"X-CSRF-Token": browser.cookie(REFRESH_CSRF) or ""}
    assert browser.ask(method, "/auth/refresh", proof=None, headers=headers).status_code == 200


def test_a_header_token_needs_no_proof_even_beside_cookies(browser: Browser) -> None:
    bearer = {"Authorization": f"Bearer {browser.cookie(ACCESS)}"}
    assert log_out_everywhere(browser, **bearer).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/recover", {"email": "marta@finca.test"}),
        ("/auth/login", {"identification": "52000111", "password": "Finca-2026"}),
        ("/auth/reset-password", {"reset_token": "nada", "new_password": "Otra-2026-x"}),
        ("/auth/logout", None),
    ],
)
def test_the_doors_of_strangers_never_ask_for_it(browser: Browser, path: str, body: Any) -> None:
    answer = browser.ask("POST", path, proof=None, json=body)
    assert answer.status_code in (200, 422), answer.json


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [("http://localhost", True), ("https://evil.example", False), (None, False), ("null", False)],
)
def test_a_websocket_by_cookie_must_come_from_our_own_page(
    browser: Browser, origin: str | None, admitted: bool
) -> None:
    headers = {"Upgrade": "websocket", **({"Origin": origin} if origin else {})}
    answer = browser.ask("GET", "/auth/me", headers=headers)
    assert answer.status_code == (200 if admitted else 401)


def test_a_token_of_another_person_with_ones_own_proof_is_refused(app: Flask, browser: Browser) -> None:
    settle(app, identification=52_000_222, email="otra@finca.test", fullname="Otra")
    other = Browser(app)
    other.log_in(52_000_222)
    browser.put_cookie(ACCESS_CSRF, other.cookie(ACCESS_CSRF) or "")
    assert code(browser.ask("POST", "/auth/logout-all")) == "CSRF_ERROR"
    browser.put_cookie(REFRESH, other.cookie(REFRESH) or "")
    assert code(browser.refresh()) == "CSRF_ERROR"
