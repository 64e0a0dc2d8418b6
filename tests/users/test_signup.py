"""Signing up from outside: always an apprentice, whatever the request says."""

import threading
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from users.folk import code_of, enrol, facts_of, faults_of, logged_in

from app.core.extensions import db
from app.users.models import User
from app.users.permissions import Role

FORM = {
    "identification": "1088123456",
    "fullname": "Ana Ruiz",
    "email": "Ana.Ruiz@finca.test",
    "phone": "300 123 4567",
    "password": "Verde7-Monte",
    "password_confirmation": "Verde7-Monte",
    "role": "Aprendiz",
    "created_at": "2001-01-01 10:00:00",
}


def people_stored(app: Flask) -> int:
    with app.app_context():
        return db.session.query(User).count()


@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"role": "Administrador"},
        {"role": "Instructor", "approved": True},
        {"role": "Jefe supremo"},
        {"role": None, "id": 1, "token_version": 7, "permissions": {"users.manage": True}},
    ],
)
def test_whoever_signs_up_is_an_apprentice(app: Flask, nobody: Caller, claim: dict[str, Any]) -> None:
    enrol(app)
    answer = nobody.post("/users/public", json={**FORM, **claim})
    assert answer.status_code == 201
    row = answer.json["data"]
    assert (row["role"], row["identification"], row["email"]) == (
        "Aprendiz",
        1088123456,
        "ana.ruiz@finca.test",
    )
    assert not row["created_at"].startswith("2001")
    stored = facts_of(app, row["id"])
    assert (stored["role"], stored["token_version"], stored["phone"]) == (Role.APPRENTICE, 0, "3001234567")
    assert "Verde7-Monte" not in str(stored) + answer.get_data(as_text=True)
    caller = logged_in(app, row["id"], "Verde7-Monte")
    assert caller.post("/users", json=FORM).status_code == 403


def test_a_form_without_what_is_optional(nobody: Caller) -> None:
    needed = {name: FORM[name] for name in ("identification", "fullname", "email", "password")}
    answer = nobody.post("/users/public", json={**needed, "identification": 1088123456, "phone": ""})
    assert answer.status_code == 201
    assert answer.json["data"]["phone"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password_confirmation": "Verde7-Otro"}, "password_confirmation"),
        ({"password_confirmation": ""}, "password_confirmation"),
        ({"password": "sinclases", "password_confirmation": "sinclases"}, "password"),
        ({"password": "Contraseña2026", "password_confirmation": "Contraseña2026"}, "password"),
        ({"password": "x1088123456Y", "password_confirmation": "x1088123456Y"}, "password"),
        ({"identification": "123"}, "identification"),
        ({"email": "ana"}, "email"),
        ({"fullname": ""}, "fullname"),
    ],
)
def test_wrong_forms_are_refused(app: Flask, nobody: Caller, change: dict[str, Any], field: str) -> None:
    assert field in faults_of(nobody.post("/users/public", json={**FORM, **change}))
    assert people_stored(app) == 0


def test_a_missing_field_is_named(nobody: Caller) -> None:
    assert faults_of(nobody.post("/users/public", json={})).keys() == {
        "identification", "fullname", "email", "password"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [("identification", 1088123456), ("email", "ana.ruiz@finca.test"), ("phone", "3001234567")],
)
def test_a_clash_names_the_field(app: Flask, nobody: Caller, field: str, value: Any) -> None:
    enrol(app, **{field: value})
    answer = nobody.post("/users/public", json=FORM)
    assert (answer.status_code, code_of(answer)) == (409, "CONFLICT")
    conflict = answer.json["error"]["details"]["conflict"]
    assert (conflict["field"], conflict["value"]) == (field, value)
    assert conflict["label"] in answer.json["message"]
    assert people_stored(app) == 1


def test_it_can_be_closed(app: Flask, nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.config["SETTINGS"], "public_user_creation_enabled", False)
    answer = nobody.post("/users/public", json=FORM)
    assert (answer.status_code, code_of(answer)) == (403, "PUBLIC_SIGNUP_DISABLED")
    assert people_stored(app) == 0


def test_of_two_at_once_with_one_email_one_comes_in(app: Flask) -> None:
    barrier, statuses = threading.Barrier(2), []

    def sign_up(number: int) -> None:
        form = {**FORM, "identification": str(1088000000 + number), "phone": f"300111000{number}"}
        client = app.test_client()
        barrier.wait(timeout=10)
        statuses.append(client.post("/api/v1/users/public", json=form).status_code)

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(statuses) == [201, 409]
    assert people_stored(app) == 1


def test_a_stranger_cannot_fill_the_table(app: Flask, nobody: Caller) -> None:
    allowed = int(app.config["SETTINGS"].signup_rate_limit.split()[0])
    statuses = [nobody.post("/users/public", json={}).status_code for _ in range(allowed + 1)]
    assert statuses == [422] * allowed + [429]
