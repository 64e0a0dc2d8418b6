"""A new password by mail: the same answer and the same work for everybody, a link that works once and for a while."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from server_process import free_port
from users.visits import Browser, changed_settings, code, settle

from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.users import mail, new_passwords
from app.users.models import User
from app.users.token_models import OutgoingMail, ResetToken

NEW = "Potrero-2027-azul"


@pytest.fixture
def marta(app: Flask) -> int:
    return settle(app, username="marta")


@pytest.fixture
def browser(app: Flask, marta: int) -> Browser:
    browser = Browser(app)
    assert browser.log_in().status_code == 200
    return browser


def recover(app: Flask, **body: Any) -> Any:
    return app.test_client().post("/api/v1/auth/recover", json=body)


def reset(app: Flask, token: str, new: str = NEW, name: str = "reset_token") -> Any:
    return app.test_client().post("/api/v1/auth/reset-password", json={name: token, "new_password": new})


def mailed(app: Flask) -> list[tuple[str, str]]:
    """Recipient and text of what waits to be sent."""
    with app.app_context(), transaction():
        taken = [mail.take(mail_id) for mail_id in mail.due()]
    return [(found[0], found[1].text) for found in taken if found]


def asked_token(app: Flask) -> str:
    assert recover(app, email="marta@finca.test").status_code == 200
    [(recipient, text)] = mailed(app)
    assert recipient == "marta@finca.test"
    found = re.search(r"http://localhost:\d+/reset-password\?token=([\w-]{40,})", text)
    assert found
    return found[1]


@pytest.mark.parametrize("field", ["email", "identification", "identifier", "username"])
def test_any_name_will_do(app: Flask, marta: int, field: str) -> None:
    value = {"email": " MARTA@finca.test", "identification": 52000111, "username": "marta"}.get(
        field, "marta"
    )
    answer = recover(app, **{field: value})
    assert answer.status_code == 200
    assert answer.json["data"]["email_sent"] is True
    assert answer.json["data"]["expires_in"] == 1800
    assert [recipient for recipient, _ in mailed(app)] == ["marta@finca.test"]


def test_the_link_sets_a_password_once_and_ends_every_session(app: Flask, browser: Browser) -> None:
    token = asked_token(app)
    answer = reset(app, token)
    assert answer.status_code == 200
    assert answer.json["data"] == {"should_clear_auth": True}
    assert browser.me().status_code == 401
    assert browser.log_in().status_code == 401
    assert browser.log_in(password=NEW).status_code == 200
    assert [recipient for recipient, text in mailed(app) if "acaba de cambiar" in text] == [
        "marta@finca.test"
    ]
    again = reset(app, token, "Potrero-2028-verde")
    assert (again.status_code, code(again)) == (422, "VALIDATION_ERROR")
    assert "reset_token" in again.json["error"]["details"]["validation_errors"]
    assert browser.log_in(password=NEW).status_code == 200


def test_the_token_may_be_called_token(app: Flask, marta: int) -> None:
    assert reset(app, asked_token(app), name="token").status_code == 200


def test_one_used_link_ends_the_others(app: Flask, marta: int) -> None:
    first, second = asked_token(app), asked_token(app)
    assert reset(app, second).status_code == 200
    assert reset(app, first, "Potrero-2028-verde").status_code == 422


def test_a_weak_password_does_not_use_the_link_up(app: Flask, marta: int) -> None:
    token = asked_token(app)
    answer = reset(app, token, "corta")
    assert "new_password" in answer.json["error"]["details"]["validation_errors"]
    assert reset(app, token).status_code == 200


def test_an_old_link_and_a_deactivated_persons_are_worth_nothing(app: Flask, marta: int) -> None:
    old = asked_token(app)
    with app.app_context(), transaction() as session:
        session.query(ResetToken).update({"expires_at": times.now() - timedelta(seconds=1)})
    assert reset(app, old).status_code == 422
    young = asked_token(app)
    with app.app_context(), transaction() as session:
        session.get_one(User, marta).status = False
    assert reset(app, young).status_code == 422


@pytest.mark.parametrize("token", ["nada", "a.b.c", "x" * 4096, "\x00", "é"])
def test_an_invalid_token_is_a_wrong_field_never_an_error(app: Flask, marta: int, token: str) -> None:
    assert reset(app, token).status_code == 422


def test_a_reset_token_opens_nothing_else_and_no_other_token_resets(app: Flask, browser: Browser) -> None:
    token = asked_token(app)
    client = app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/auth/me", headers=bearer).status_code == 401
    assert client.post("/api/v1/auth/refresh", json={"refresh_token": token}).status_code == 401
    for name in ("access_token_cookie", "refresh_token_cookie"):
        assert reset(app, browser.cookie(name) or "").status_code == 422
    with app.app_context():
        assert token not in {kept.digest for kept in db.session.query(ResetToken)}


def test_nobody_can_tell_an_account_from_none(app: Flask, marta: int) -> None:
    """Bodies, headers and the work done are the same; only what is mailed differs."""
    known, unknown = (recover(app, email=f"{name}@finca.test") for name in ("marta", "marto"))
    assert known.status_code == unknown.status_code == 200
    assert known.get_data() == unknown.get_data()
    varying = {"X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date"}
    headers = [{k: v for k, v in answer.headers.items() if k not in varying} for answer in (known, unknown)]
    assert headers[0] == headers[1]
    with app.app_context():
        assert db.session.query(ResetToken).count() == 2
        letters = db.session.query(OutgoingMail).all()
        assert [bool(letter.sealed) for letter in letters] == [True, True]
        assert sorted(letter.recipient or "" for letter in letters) == ["", "marta@finca.test"]
    assert [recipient for recipient, _ in mailed(app)] == ["marta@finca.test"]


def test_an_identification_gets_no_hint_and_an_address_its_own(app: Flask, marta: int) -> None:
    assert recover(app, identification="52000111").json["data"]["email_hint"] is None
    assert recover(app, email="marta@finca.test").json["data"]["email_hint"] == "ma***@finca.test"
    assert new_passwords.email_hint("@x") is None


def test_a_mailbox_is_not_flooded(app: Flask, marta: int) -> None:
    for _ in range(new_passwords.MOST_RESETS_AN_HOUR + 2):
        assert recover(app, email="marta@finca.test").status_code == 200
    assert len(mailed(app)) == new_passwords.MOST_RESETS_AN_HOUR


def test_a_dead_mail_server_costs_nobody_an_error(app: Flask, marta: int) -> None:
    with changed_settings(app, smtp_host="127.0.0.1", smtp_port=free_port()):
        assert recover(app, email="marta@finca.test").status_code == 200


def test_the_link_never_follows_the_host_header(app: Flask, marta: int) -> None:
    with changed_settings(app, frontend_url="https://finca.example/"):
        app.test_client().post(
            "/api/v1/auth/recover", json={"email": "marta@finca.test"}, headers={"Host": "evil.example"}
        )
    [(_, text)] = mailed(app)
    assert "https://finca.example/reset-password?token=" in text
    assert "evil" not in text


def test_nothing_to_go_by_is_told(app: Flask) -> None:
    assert recover(app).status_code == 422
