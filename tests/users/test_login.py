"""Logging in, and who may pass the door."""

import pytest
from conftest import PASSWORD, Caller
from flask import Flask

from app.core.transaction import transaction
from app.users.models import User


@pytest.mark.parametrize("name", ["identification", "identifier", "email", "username"])
def test_any_of_a_persons_names_opens_the_door(app: Flask, admin: Caller, nobody: Caller, name: str) -> None:
    with app.app_context(), transaction() as session:
        user = session.query(User).one()
        user.username = "jefa"
        values = {
            "identification": user.identification,
            "email": " ADMINISTRADOR@finca.test ",
            "username": "Jefa",
        }
    answer = nobody.post("/auth/login", json={name: values.get(name, "jefa"), "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.json
    assert body["access_token"] == body["data"]["access_token"]
    assert body["data"]["token_type"] == "Bearer"
    assert body["data"]["user"]["role"] == "Administrador"
    assert "password" not in str(body["data"]["user"])


def test_a_stranger_and_a_wrong_password_get_the_same_refusal(admin: Caller, nobody: Caller) -> None:
    answers = [
        nobody.post("/auth/login", json={"email": email, "password": "No-es-esta-1"})
        for email in ("administrador@finca.test", "nadie@finca.test")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    bodies = [{**answer.json["error"], "trace_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "INVALID_CREDENTIALS"


@pytest.mark.parametrize("field", ["status", "approved"])
def test_a_token_dies_with_the_account(app: Flask, admin: Caller, field: str) -> None:
    assert admin.get("/auth/me").status_code == 200
    with app.app_context(), transaction() as session:
        setattr(session.query(User).one(), field, False)
    answer = admin.get("/auth/me")
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "TOKEN_REVOKED"
    assert answer.json["error"]["details"]["should_clear_auth"] is True


def test_missing_and_malformed_tokens_are_told_apart(nobody: Caller) -> None:
    assert nobody.get("/auth/me").json["error"]["code"] == "MISSING_TOKEN"
    answer = nobody.get("/auth/me", headers={"Authorization": "Bearer nada.de.nada"})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "JWT_ERROR")


def test_missing_fields_are_named(nobody: Caller) -> None:
    answer = nobody.post("/auth/login", json={"identification": "12345"})
    assert answer.status_code == 422
    assert "password" in answer.json["error"]["details"]["validation_errors"]


def test_the_eleventh_try_in_a_minute_waits(nobody: Caller) -> None:
    body = {"identification": "99999", "password": "No-es-esta-1"}
    statuses = [nobody.post("/auth/login", json=body).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    answer = nobody.post("/auth/login", json=body)
    assert answer.json["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    seconds = answer.json["error"]["details"]["retry_after_seconds"]
    assert 1 <= seconds <= 60
    assert abs(int(answer.headers["Retry-After"]) - seconds) <= 1
