"""Where one is logged in: the list, ending one, ending all."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from users.visits import IDENTIFICATION, Browser, code, settle

from app.core.transaction import transaction
from app.users import sessions
from app.users.models import User


@pytest.fixture
def marta(app: Flask) -> int:
    return settle(app)


@pytest.fixture
def browsers(app: Flask, marta: int) -> list[Browser]:
    found = [Browser(app, agent) for agent in ("Teléfono", "Portátil", "Sala de ordeño")]
    for browser in found:
        assert browser.log_in().status_code == 200
    return found


def listed(browser: Browser) -> list[dict[str, Any]]:
    answer = browser.ask("GET", "/auth/sessions")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def test_the_list_names_devices_and_marks_ones_own(browsers: list[Browser]) -> None:
    found = listed(browsers[1])
    assert {session["device"] for session in found} == {"Teléfono", "Portátil", "Sala de ordeño"}
    assert [session["device"] for session in found if session["current"]] == ["Portátil"]
    assert all(session["address"] == "127.0.0.1" for session in found)
    assert not {"digest", "token_version", "user_id"} & set(found[0])


def test_one_session_ends_alone(browsers: list[Browser]) -> None:
    [phone] = [s for s in listed(browsers[0]) if s["device"] == "Teléfono"]
    assert browsers[1].ask("DELETE", f"/auth/sessions/{phone['id']}").status_code == 200
    assert [browser.me().status_code for browser in browsers] == [401, 200, 200]
    assert browsers[0].refresh().status_code == 401
    assert len(listed(browsers[1])) == 2
    assert browsers[1].ask("DELETE", f"/auth/sessions/{phone['id']}").status_code == 404


def test_nobody_sees_or_ends_another_persons_session(app: Flask, browsers: list[Browser]) -> None:
    settle(app, identification=52_000_222, email="otra@finca.test", role="Administrador")
    other = Browser(app)
    other.log_in(52_000_222)
    assert len(listed(other)) == 1
    theirs = listed(browsers[0])[0]["id"]
    assert other.ask("DELETE", f"/auth/sessions/{theirs}").status_code == 404
    assert browsers[0].me().status_code == 200


def everywhere(app: Flask, browser: Browser, user_id: int) -> None:
    assert browser.ask("POST", "/auth/logout-all").status_code == 200


def deactivation(app: Flask, browser: Browser, user_id: int) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(User, user_id).status = False


def new_password(app: Flask, browser: Browser, user_id: int) -> None:
    body = {"current_password": "Finca-2026", "new_password": "Potrero-2027-azul"}
    answer = browser.ask("POST", "/auth/change-password", json=body)
    assert answer.status_code == 200
    assert answer.json["data"] == {"should_clear_auth": True}


@pytest.mark.parametrize("how", [everywhere, deactivation, new_password])
def test_what_ends_all_ends_all(
    app: Flask, browsers: list[Browser], marta: int, how: Callable[[Flask, Browser, int], None]
) -> None:
    refreshed = browsers[2]
    assert refreshed.refresh().status_code == 200
    how(app, browsers[0], marta)
    assert [browser.me().status_code for browser in browsers] == [401, 401, 401]
    assert [browser.refresh().status_code for browser in browsers] == [401, 401, 401]


def test_a_deactivated_persons_old_sessions_stay_dead(
    app: Flask, browsers: list[Browser], marta: int
) -> None:
    """Deactivated through the door, and let in again: only a new login counts."""
    settle(app, identification=52_000_222, email="jefa@finca.test", role="Administrador")
    boss = Browser(app)
    boss.log_in(52_000_222)
    for status in (False, True):
        assert boss.ask("PATCH", f"/users/{marta}", json={"status": status}).status_code == 200
    assert [browser.me().status_code for browser in browsers] == [401, 401, 401]
    assert [browser.refresh().status_code for browser in browsers] == [401, 401, 401]
    assert browsers[0].log_in().status_code == 200


def test_a_wrong_current_password_is_a_wrong_field(browsers: list[Browser]) -> None:
    body = {"current_password": "No-es-esta-1", "new_password": "Potrero-2027-azul"}
    answer = browsers[0].ask("POST", "/auth/change-password", json=body)
    assert (answer.status_code, code(answer)) == (422, "VALIDATION_ERROR")
    assert "current_password" in answer.json["error"]["details"]["validation_errors"]
    assert browsers[0].me().status_code == 200


@pytest.mark.parametrize("new", ["corta", "Finca-2026", "Contraseña1!", "marta-Ordóñez-1"])
def test_a_bad_new_password_is_refused_and_ends_nothing(browsers: list[Browser], new: str) -> None:
    body = {"current_password": "Finca-2026", "new_password": new}
    answer = browsers[0].ask("POST", "/auth/change-password", json=body)
    assert answer.status_code == 422
    assert "new_password" in answer.json["error"]["details"]["validation_errors"]
    assert browsers[0].me().status_code == 200


def test_guessing_the_current_password_of_a_stolen_session_must_wait(browsers: list[Browser]) -> None:
    body = {"current_password": "No-es-esta-1", "new_password": "Potrero-2027-azul"}
    statuses = [browsers[0].ask("POST", "/auth/change-password", json=body).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_a_login_replaces_the_session_its_browser_had(browsers: list[Browser]) -> None:
    before = {session["id"] for session in listed(browsers[0])}
    assert browsers[0].log_in().status_code == 200
    after = {session["id"] for session in listed(browsers[0])}
    assert len(after) == 3
    assert len(after & before) == 2


def test_a_person_who_is_deleted_leaves_no_session(app: Flask, browsers: list[Browser], marta: int) -> None:
    settle(app, identification=52_000_222, email="jefa@finca.test", role="Administrador")
    boss = Browser(app)
    boss.log_in(52_000_222)
    assert boss.ask("DELETE", f"/users/{marta}").status_code == 200
    assert [browser.me().status_code for browser in browsers] == [401, 401, 401]
    with app.app_context():
        assert sessions.open_sessions(marta) == []
    assert browsers[0].log_in(IDENTIFICATION).status_code == 401
