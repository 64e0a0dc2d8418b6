"""The table role x permission, single grants on top of it, and rights that are never trusted to a token."""

from typing import Any

import pytest
from conftest import Caller, person
from flask import Flask
from users.folk import bestow, code_of, enrol, facts_of, faults_of, logged_in, own_id

from app.core.access import declared
from app.core.extensions import db
from app.core.transaction import transaction
from app.users.models import User
from app.users.permissions import GRANTS, PERMISSIONS, Role

NAMES_ONLY = {"id", "fullname", "role"}


def put_grants(caller: Caller, user_id: int, **grants: Any) -> Any:
    body = {name.replace("_", ".", 1): held for name, held in grants.items()}
    return caller.put(f"/users/{user_id}/permissions", json=body)


def keys_listed(caller: Caller) -> set[str]:
    return set(caller.get("/users").json["data"][0])


def test_each_role_holds_what_the_one_below_it_holds() -> None:
    assert GRANTS[Role.ADMIN] == PERMISSIONS
    assert GRANTS[Role.APPRENTICE] < GRANTS[Role.INSTRUCTOR] < GRANTS[Role.ADMIN]


def test_every_route_asks_for_a_permission_that_exists(app: Flask) -> None:
    asked = set()
    for view in app.view_functions.values():
        resource = getattr(view, "view_class", None)
        methods = ("get", "post", "put", "patch", "delete")
        handlers = [getattr(resource, m, None) for m in methods] if resource else [view]
        asked |= {access.permission for handler in handlers if (access := declared(handler))}
    assert "users.manage" in asked
    assert asked - {"", None} <= PERMISSIONS


def test_the_table_can_be_read(apprentice: Caller) -> None:
    rows = apprentice.get("/users/permissions").json["data"]
    held = {role: {row["permission"] for row in rows if role in row["roles"]} for role in Role}
    assert held == GRANTS
    assert all(row["meaning"] for row in rows)


def test_a_grant_and_a_revocation_work_at_once(app: Flask, admin: Caller, apprentice: Caller) -> None:
    user_id = own_id(apprentice)
    first = apprentice.get("/users")
    assert set(first.json["data"][0]) == NAMES_ONLY
    assert put_grants(admin, user_id, users_view=True).status_code == 200
    again = apprentice.get("/users", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert "email" in again.json["data"][0]
    assert put_grants(admin, user_id, users_view=False, biogas_view=False).status_code == 200
    assert keys_listed(apprentice) == NAMES_ONLY
    refused = apprentice.get("/biogas/digesters")
    assert (refused.status_code, code_of(refused)) == (403, "FORBIDDEN")
    assert put_grants(admin, user_id, users_view=None, biogas_view=None).status_code == 200
    assert apprentice.get("/biogas/digesters").status_code == 200
    assert keys_listed(apprentice) == NAMES_ONLY


def test_the_answer_tells_every_permission_and_the_single_grants(admin: Caller, instructor: Caller) -> None:
    user_id = own_id(instructor)
    data = put_grants(admin, user_id, reports_create=False, records_delete=True).json["data"]
    assert data == admin.get(f"/users/{user_id}/permissions").json["data"]
    assert data == instructor.get(f"/users/{user_id}/permissions").json["data"]
    assert data["permissions"].keys() == PERMISSIONS
    held = {name for name, holds in data["permissions"].items() if holds}
    assert held == GRANTS[Role.INSTRUCTOR] - {"reports.create"} | {"records.delete"}
    assert data["grants"] == {"reports.create": False, "records.delete": True}
    assert set(instructor.get("/auth/me").json["data"]["permissions"]) == held


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"users.fly": True}, "users.fly"),
        ({"users.view": "quizás"}, "users.view"),
        ({"users.view": True, "x" * 300: True}, "x" * 300),
    ],
)
def test_grants_that_mean_nothing_are_refused(
    admin: Caller, apprentice: Caller, body: Any, field: str
) -> None:
    path = f"/users/{own_id(apprentice)}/permissions"
    assert field in faults_of(admin.put(path, json=body))
    assert admin.get(path).json["data"]["grants"] == {}


def test_permissions_of_nobody(admin: Caller) -> None:
    assert admin.get("/users/99999/permissions").status_code == 404
    assert put_grants(admin, 99999, users_view=True).status_code == 404


def test_nobody_changes_his_own_permissions(app: Flask, admin: Caller, instructor: Caller) -> None:
    bestow(app, own_id(instructor), {"users.manage": True})
    for caller in (admin, instructor):
        answer = put_grants(caller, own_id(caller), reports_delete=True)
        assert (answer.status_code, code_of(answer)) == (403, "OWN_RIGHTS")


def test_nobody_gives_what_he_does_not_hold(app: Flask, instructor: Caller, apprentice: Caller) -> None:
    bestow(app, own_id(instructor), {"users.manage": True})
    user_id = own_id(apprentice)
    assert put_grants(instructor, user_id, reports_create=True).status_code == 200
    answer = put_grants(instructor, user_id, reports_view=True, security_view=True)
    assert answer.status_code == 403
    assert answer.json["error"]["details"]["missing"] == ["security.view"]
    made = instructor.get(f"/users/{user_id}/permissions").json["data"]["grants"]
    assert made == {"reports.create": True}


@pytest.mark.parametrize("verb", ["patch", "put", "delete", "permissions", "approve", "reject"])
def test_nobody_touches_whoever_may_do_more(app: Flask, instructor: Caller, verb: str) -> None:
    bestow(app, own_id(instructor), {"users.manage": True, "users.approve": True})
    chief = enrol(app, Role.ADMIN, approved=verb not in ("approve", "reject"))
    before = facts_of(app, chief)
    calls = {
        "patch": lambda: instructor.patch(f"/users/{chief}", json={"password": "Verde7-Monte"}),
        "put": lambda: instructor.put(f"/users/{chief}", json={"email": "otra@finca.test"}),
        "delete": lambda: instructor.delete(f"/users/{chief}"),
        "permissions": lambda: put_grants(instructor, chief, reports_view=False),
        "approve": lambda: instructor.post(f"/users/{chief}/approve"),
        "reject": lambda: instructor.post(f"/users/{chief}/reject"),
    }
    assert calls[verb]().status_code == 403
    assert facts_of(app, chief) == before


def test_nobody_makes_somebody_who_may_do_more(app: Flask, instructor: Caller, apprentice: Caller) -> None:
    bestow(app, own_id(instructor), {"users.manage": True})
    person_in = {
        "identification": "77001",
        "fullname": "X",
        "email": "x@finca.test",
        "password": "Verde7-Monte",
    }
    answer = instructor.post("/users", json={**person_in, "role": "Administrador"})
    assert answer.status_code == 403
    assert instructor.patch(f"/users/{own_id(apprentice)}", json={"role": "Administrador"}).status_code == 403
    assert instructor.post("/users", json={**person_in, "role": "Instructor"}).status_code == 201
    assert instructor.patch(f"/users/{own_id(apprentice)}", json={"role": "Instructor"}).status_code == 200


@pytest.mark.parametrize("permission", ["users.approve", "users.manage"])
def test_who_sees_the_permissions_of_others(app: Flask, instructor: Caller, permission: str) -> None:
    other = enrol(app)
    refused = instructor.get(f"/users/{other}/permissions")
    assert (refused.status_code, code_of(refused)) == (403, "ADMIN_ROLE_REQUIRED")
    bestow(app, own_id(instructor), {permission: True})
    assert instructor.get(f"/users/{other}/permissions").status_code == 200


def test_a_refusal_says_whether_the_administrator_is_needed(app: Flask, apprentice: Caller) -> None:
    answer = apprentice.post("/users", json={})
    assert (answer.status_code, code_of(answer)) == (403, "ADMIN_ROLE_REQUIRED")
    details = answer.json["error"]["details"]
    assert (details["required_role"], details["current_role"]) == ("Administrador", "Aprendiz")
    assert code_of(apprentice.post("/biogas/digesters", json={})) == "FORBIDDEN"


def test_a_token_of_an_old_role_opens_nothing(app: Flask, admin: Caller, instructor: Caller) -> None:
    user_id = own_id(instructor)
    assert "email" in keys_listed(instructor)
    assert admin.patch(f"/users/{user_id}", json={"role": "Aprendiz"}).status_code == 200
    answer = instructor.get("/users")
    assert (answer.status_code, code_of(answer)) == (401, "TOKEN_REVOKED")
    assert keys_listed(logged_in(app, user_id)) == NAMES_ONLY


def test_the_role_is_read_from_the_database_not_from_the_token(app: Flask) -> None:
    caller = person(app, Role.ADMIN)
    with app.app_context(), transaction():
        db.session.query(User).one().role = Role.APPRENTICE
    assert keys_listed(caller) == NAMES_ONLY
    assert caller.delete("/users/1").status_code == 403
