"""The queue of those who have signed up and wait to be let in."""

import pytest
from conftest import PASSWORD, Caller
from flask import Flask
from users.folk import bestow, code_of, enrol, facts_of, logged_in, own_id

from app.core.extensions import db
from app.users.models import User

FORM = {
    "identification": "1088123456",
    "fullname": "Ana Ruiz",
    "email": "ana.ruiz@finca.test",
    "password": "Verde7-Monte",
}
LOGIN = {"identification": "1088123456", "password": "Verde7-Monte"}


@pytest.fixture
def waiting(app: Flask, nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> int:
    """The id of somebody who has just signed up where approval is required."""
    monkeypatch.setattr(app.config["SETTINGS"], "require_approval", True)
    answer = nobody.post("/users/public", json={**FORM, "approved": True})
    assert (answer.status_code, answer.json["data"]["approved"]) == (201, False)
    return int(answer.json["data"]["id"])


def test_nobody_who_waits_gets_in_until_approved(admin: Caller, nobody: Caller, waiting: int) -> None:
    answer = nobody.post("/auth/login", json=LOGIN)
    assert (answer.status_code, code_of(answer)) == (403, "APPROVAL_PENDING")
    assert [row["id"] for row in admin.get("/users/pending").json["data"]] == [waiting]
    for _ in range(2):
        approved = admin.post(f"/users/{waiting}/approve")
        assert (approved.status_code, approved.json["data"]["approved"]) == (200, True)
    assert admin.get("/users/pending").json["data"] == []
    assert nobody.post("/auth/login", json=LOGIN).status_code == 200


def test_a_wrong_password_does_not_tell_that_somebody_waits(nobody: Caller, waiting: int) -> None:
    answer = nobody.post("/auth/login", json={**LOGIN, "password": "No-es-esta-1"})
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_CREDENTIALS")


def test_a_rejected_person_is_forgotten(app: Flask, admin: Caller, nobody: Caller, waiting: int) -> None:
    answer = admin.post(f"/users/{waiting}/reject")
    assert (answer.status_code, answer.json["data"]) == (200, {"deleted_id": waiting})
    with app.app_context():
        assert db.session.get(User, waiting) is None
    assert nobody.post("/auth/login", json=LOGIN).status_code == 401
    assert nobody.post("/users/public", json=FORM).status_code == 201


def test_nobody_is_rejected_once_in(app: Flask, admin: Caller) -> None:
    user_id = enrol(app)
    answer = admin.post(f"/users/{user_id}/reject")
    assert (answer.status_code, code_of(answer)) == (409, "ALREADY_APPROVED")
    assert logged_in(app, user_id, PASSWORD).get("/auth/me").status_code == 200


def test_whoever_has_been_in_is_not_forgotten_as_a_request(app: Flask, admin: Caller) -> None:
    user_id = enrol(app)
    logged_in(app, user_id)
    assert admin.patch(f"/users/{user_id}", json={"approved": False}).status_code == 200
    assert code_of(admin.post(f"/users/{user_id}/reject")) == "ALREADY_APPROVED"
    assert facts_of(app, user_id)["approved"] is False


def test_nobody_who_does_not_exist(admin: Caller) -> None:
    assert [admin.post(f"/users/99999/{verb}").status_code for verb in ("approve", "reject")] == [404, 404]


def test_the_permission_to_approve_can_be_given(app: Flask, instructor: Caller, waiting: int) -> None:
    refused = instructor.get("/users/pending")
    assert (refused.status_code, code_of(refused)) == (403, "ADMIN_ROLE_REQUIRED")
    bestow(app, own_id(instructor), {"users.approve": True})
    assert [row["id"] for row in instructor.get("/users/pending").json["data"]] == [waiting]
    assert instructor.post(f"/users/{waiting}/approve").status_code == 200
    # Approving is not managing.
    assert instructor.patch(f"/users/{waiting}", json={"approved": False}).status_code == 403
    assert instructor.patch(f"/users/{waiting}", json={"role": "Instructor"}).status_code == 403
    assert facts_of(app, waiting)["approved"] is True


def test_without_the_setting_nobody_waits(admin: Caller, nobody: Caller) -> None:
    assert nobody.post("/users/public", json=FORM).json["data"]["approved"] is True
    assert nobody.post("/auth/login", json=LOGIN).status_code == 200
    assert admin.get("/users/pending").json["meta"]["pagination"]["total_items"] == 0
