"""No log line holds a password or a token: a whole session is lived, and every secret of it looked for."""

import io
import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from server_process import free_port
from users.visits import COOKIES, Browser, changed_settings, settle

from app.core.observability import JsonLines
from app.core.transaction import transaction
from app.users import mail, rounds

NEW = "Potrero-2027-azul"
NEWER = "Establo-2028-verde"
WRONG = "Casi-la-mia-2026"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, down to the smallest."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, level = logging.root, logging.root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_whole_session_leaves_no_secret_in_the_log(app: Flask, log: io.StringIO) -> None:
    settle(app)
    secrets: list[str | None] = ["Finca-2026", NEW, NEWER, WRONG]
    browser = Browser(app)
    browser.log_in(password=WRONG)
    browser.log_in()
    secrets += [browser.cookie(name) for name in COOKIES]
    browser.refresh()
    secrets += [browser.cookie(name) for name in COOKIES]
    browser.ask("POST", "/auth/change-password", json={"current_password": WRONG, "new_password": NEW})
    browser.ask("POST", "/auth/change-password", json={"current_password": "Finca-2026", "new_password": NEW})
    body = {"identification": "52000111", "password": NEW, "client": "mobile"}
    mobile = app.test_client().post("/api/v1/auth/login", json=body).json["data"]
    secrets += [mobile["access_token"], mobile["refresh_token"]]
    app.test_client().post("/api/v1/auth/refresh", json={"refresh_token": mobile["refresh_token"] + "x"})
    app.test_client().get(f"/api/v1/auth/me?token={mobile['access_token']}")
    app.test_client().post("/api/v1/auth/recover", json={"email": "marta@finca.test"})
    with app.app_context():
        waiting = mail.due()
        with transaction():
            taken = mail.take(waiting[-1])
    assert taken
    token = taken[1].text.partition("token=")[2].split()[0]
    secrets.append(token)
    app.test_client().post("/api/v1/auth/reset-password", json={"token": token, "new_password": NEWER})
    with changed_settings(app, smtp_host="127.0.0.1", smtp_port=free_port()), app.app_context():
        rounds.go_round()
    browser.log_in(password=NEWER)
    browser.ask("POST", "/auth/logout", proof=None)
    said = log.getvalue()
    assert "/auth/login" in said
    assert "security incident" in said or "mail not sent" in said
    assert [secret for secret in secrets if secret and secret in said] == []
