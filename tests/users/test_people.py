"""People's records: who may read and change whom, what is stored, and what clashes."""

import io
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import PASSWORD, Caller
from flask import Flask
from queries import queries
from users.folk import bestow, code_of, enrol, facts_of, faults_of, logged_in, own_id

from app.core.extensions import db
from app.core.transaction import transaction
from app.users import people
from app.users.models import User
from app.users.permissions import PERMISSIONS, Role
from app.users.tokens import principal

NEWCOMER = {
    "identification": "1088123456",
    "fullname": "  Ana   Ruiz ",
    "email": " Ana.Ruiz@Finca.TEST ",
    "phone": "300 123-4567",
    "address": "",
    "username": "anaruiz",
    "role": "Instructor",
    "status": True,
    "password": "Verde7-Monte",
}
SECRETS = {"password", "password_hash", "token_version"}
ROLES = ("admin", "instructor", "apprentice", "nobody")
# What is asked, and what administrators, instructors, apprentices and strangers are told.
MATRIX: list[tuple[str, str, Any, tuple[int, int, int, int]]] = [
    ("get", "/users", None, (200, 200, 200, 401)),
    ("head", "/users", None, (200, 200, 200, 401)),
    ("post", "/users", NEWCOMER, (201, 403, 403, 401)),
    ("get", "/users/{own}", None, (200, 200, 200, 401)),
    ("get", "/users/{other}", None, (200, 200, 200, 401)),
    ("patch", "/users/{own}", {"fullname": "Otro Nombre"}, (200, 200, 200, 401)),
    ("put", "/users/{own}", {"address": "Vereda"}, (200, 200, 200, 401)),
    ("patch", "/users/{other}", {"fullname": "Otro Nombre"}, (200, 403, 403, 401)),
    ("put", "/users/{other}", {"role": "Instructor"}, (200, 403, 403, 401)),
    ("delete", "/users/{own}", None, (409, 403, 403, 401)),
    ("delete", "/users/{other}", None, (200, 403, 403, 401)),
    ("get", "/users/{other}/dependencies", None, (200, 403, 403, 401)),
    ("get", "/users/{own}/permissions", None, (200, 200, 200, 401)),
    ("get", "/users/{other}/permissions", None, (200, 403, 403, 401)),
    ("put", "/users/{own}/permissions", {"users.view": True}, (403, 403, 403, 401)),
    ("put", "/users/{other}/permissions", {"users.view": True}, (200, 403, 403, 401)),
    ("get", "/users/pending", None, (200, 403, 403, 401)),
    ("post", "/users/{waiting}/approve", None, (200, 403, 403, 401)),
    ("post", "/users/{waiting}/reject", None, (200, 403, 403, 401)),
    ("get", "/users/permissions", None, (200, 200, 200, 401)),
    ("get", "/users/statistics", None, (200, 200, 200, 401)),
    ("get", "/users/status", None, (200, 200, 200, 401)),
    ("get", "/users/roles", None, (200, 200, 200, 401)),
    ("get", "/users/stats", None, (200, 200, 200, 401)),
    # Last, because it ends the caller's sessions.
    ("patch", "/users/{own}", {"password": "Verde7-Monte"}, (200, 403, 403, 401)),
]


@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what(app: Flask, request: pytest.FixtureRequest, role: str) -> None:
    caller: Caller = request.getfixturevalue(role)
    own = own_id(caller) if role != "nobody" else enrol(app)
    told, expected = {}, {}
    for method, path, body, statuses in MATRIX:
        place = path.format(own=own, other=enrol(app), waiting=enrol(app, approved=False))
        told[method, path, str(body)] = getattr(caller, method)(place, json=body).status_code
        expected[method, path, str(body)] = statuses[ROLES.index(role)]
    assert told == expected


@pytest.mark.parametrize("role", ["instructor", "apprentice"])
@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize(
    "body",
    [
        {"role": "Administrador"},
        {"role": "Instructor", "fullname": "Nuevo"},
        {"status": False},
        {"approved": False},
        {"identification": "99887766"},
        {"password": "Verde7-Monte"},
    ],
)
def test_nobody_raises_himself(
    app: Flask, request: pytest.FixtureRequest, role: str, verb: str, body: dict[str, Any]
) -> None:
    caller: Caller = request.getfixturevalue(role)
    before = facts_of(app, own_id(caller))
    if all(before.get(name) == value for name, value in body.items() if name != "fullname"):
        body = {**body, "status": False}
    answer = getattr(caller, verb)(f"/users/{before['id']}", json=body)
    assert (answer.status_code, code_of(answer)) == (403, "ADMIN_ROLE_REQUIRED")
    assert facts_of(app, before["id"]) == before


@pytest.mark.parametrize("role", ["admin", "instructor", "apprentice"])
def test_what_is_nobodys_to_set_is_ignored(app: Flask, request: pytest.FixtureRequest, role: str) -> None:
    caller: Caller = request.getfixturevalue(role)
    before = facts_of(app, own_id(caller))
    stolen = {
        "id": 77,
        "token_version": 9,
        "password_hash": "x",
        "created_at": "2001-01-01",
        "permissions": {},
    }
    assert caller.patch(f"/users/{before['id']}", json={**stolen, "address": "Vereda"}).status_code == 200
    after = facts_of(app, before["id"])
    assert {name for name in after if after[name] != before[name]} <= {"address", "updated_at"}
    assert after["address"] == "Vereda"


@pytest.mark.parametrize("change", [{"role": "Instructor"}, {"status": False}, {"approved": False}])
def test_not_even_an_administrator_changes_his_own_rights(app: Flask, admin: Caller, change: Any) -> None:
    enrol(app, Role.ADMIN)
    before = facts_of(app, own_id(admin))
    answer = admin.patch(f"/users/{before['id']}", json=change)
    assert (answer.status_code, code_of(answer)) == (403, "OWN_RIGHTS")
    assert facts_of(app, before["id"]) == before


def test_a_form_may_send_back_what_has_not_changed(app: Flask, apprentice: Caller) -> None:
    user_id = own_id(apprentice)
    row = apprentice.get(f"/users/{user_id}").json["data"]
    row.update(address="Vereda El Roble", password="", identification=str(row["identification"]))
    answer = apprentice.put(f"/users/{user_id}", json=row)
    assert answer.status_code == 200
    assert answer.json["data"]["address"] == "Vereda El Roble"
    assert apprentice.get("/auth/me").status_code == 200


def test_apprentices_see_names_and_nothing_else(app: Flask, apprentice: Caller) -> None:
    other = enrol(app, fullname="Beatriz Gil", phone="3001112233", email="bea@finca.test")
    waiting = enrol(app, fullname="Carlos Sin Entrar", approved=False)
    rows = apprentice.get("/users?limit=1000&fields=id,email,fullname,phone,role").json["data"]
    assert {"id": other, "fullname": "Beatriz Gil", "role": "Aprendiz"} in rows
    assert all(row.keys() == {"id", "fullname", "role"} for row in rows)
    assert waiting not in {row["id"] for row in rows}
    assert apprentice.get(f"/users/{other}").json["data"].keys() == {"id", "fullname", "role"}
    assert apprentice.get(f"/users/{waiting}").status_code == 404
    assert "email" in apprentice.get(f"/users/{own_id(apprentice)}").json["data"]
    # Neither by searching nor by filtering nor by the order can the hidden be guessed.
    assert apprentice.get("/users?search=bea@").json["meta"]["pagination"]["total_items"] == 0
    everybody = apprentice.get("/users").json["meta"]["pagination"]["total_items"]
    for guess in ("email=bea@finca.test", "phone=3001112233", "identification=1", "status=false"):
        answer = apprentice.get(f"/users?{guess}")
        assert answer.json["meta"]["pagination"]["total_items"] == everybody
    by_email = [row["id"] for row in apprentice.get("/users?sort_by=email").json["data"]]
    assert by_email == sorted(by_email, reverse=True)


@pytest.mark.parametrize("role", ["admin", "instructor"])
def test_the_list_shows_everything_but_secrets(app: Flask, request: pytest.FixtureRequest, role: str) -> None:
    caller: Caller = request.getfixturevalue(role)
    enrol(app, Role.INSTRUCTOR, phone="3001112233", status=False)
    answer = caller.get("/users?sort=createdAt&dir=desc&limit=20")
    columns = set(facts_of(app, own_id(caller))) - SECRETS
    assert all(row.keys() == columns for row in answer.json["data"])
    found = caller.get("/users?search=300111").json
    assert [row["phone"] for row in found["data"]] == ["3001112233"]
    number = str(found["data"][0]["identification"])
    assert [str(row["identification"]) for row in caller.get(f"/users?q={number[2:]}").json["data"]] == [
        number
    ]
    assert caller.get("/users?role=Instructor&status=false").json["meta"]["pagination"]["total_items"] == 1
    past = caller.get("/users?page=9&limit=10").json
    assert (past["data"], past["meta"]["pagination"]["total_items"]) == ([], 2)


def test_a_new_person_is_stored_in_one_form(app: Flask, admin: Caller) -> None:
    answer = admin.post("/users", json={**NEWCOMER, "id": 5000, "created_at": "2001-01-01 00:00:00"})
    assert answer.status_code == 201
    row = answer.json["data"]
    assert row["identification"] == 1088123456
    assert (row["fullname"], row["email"]) == ("Ana Ruiz", "ana.ruiz@finca.test")
    assert (row["phone"], row["address"], row["role"]) == ("3001234567", None, "Instructor")
    assert row["id"] != 5000
    assert not row["created_at"].startswith("2001")
    assert row["created_at"].endswith("Z")
    assert row["updated_at"].endswith("Z")
    assert not SECRETS & row.keys()
    assert logged_in(app, row["id"], "Verde7-Monte").get("/auth/me").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("identification", value) for value in ("123", "1234567890123456", "12a45", None, True, [])),
        *(("email", value) for value in ("ana", "ana@finca", "", None)),
        *(("phone", value) for value in ("123", "llámame", {})),
        *(("role", value) for value in ("Jefe", "administrador", None, 1)),
        *(("fullname", value) for value in ("", "   ", "x" * 121, "a\x00b", None)),
        *(("username", value) for value in ("ana@finca.test", "12345678")),
        *(("password", value) for value in ("corta1A", "Password123", "solominusculas", "Ana-Ruiz-77", None)),
        ("status", "quizás"),
        ("address", "x" * 256),
    ],
)
def test_wrong_values_are_named(admin: Caller, field: str, value: Any) -> None:
    faults = faults_of(admin.post("/users", json={**NEWCOMER, field: value}))
    assert set(faults) == {field}
    assert admin.get("/users?search=Ruiz").json["data"] == []


@pytest.mark.parametrize("verb", ["post", "patch"])
@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("identification", "55555555", "identificación"),
        ("email", "TAKEN@finca.test", "correo"),
        ("phone", "300 999 8877", "teléfono"),
        ("username", "Ocupado", "usuario"),
    ],
)
def test_a_clash_says_what_to_do(
    app: Flask, admin: Caller, verb: str, field: str, value: str, label: str
) -> None:
    enrol(app, identification=55555555, email="taken@finca.test", phone="3009998877", username="ocupado")
    path = "/users" if verb == "post" else f"/users/{enrol(app)}"
    answer = getattr(admin, verb)(path, json={**NEWCOMER, field: value} if verb == "post" else {field: value})
    assert (answer.status_code, code_of(answer)) == (409, "CONFLICT")
    conflict = answer.json["error"]["details"]["conflict"]
    assert (conflict["field"], conflict["label"]) == (field, label)
    assert str(conflict["value"]).lower() == value.lower().replace(" ", "")
    assert conflict["suggestion"]
    assert admin.get("/users?search=Ruiz").json["data"] == []


@pytest.mark.parametrize("blank", [{}, {"password": ""}, {"password": None}, {"password": "   "}])
def test_no_password_means_the_same_password(app: Flask, admin: Caller, blank: dict[str, Any]) -> None:
    user_id = enrol(app)
    caller = logged_in(app, user_id)
    assert admin.put(f"/users/{user_id}", json={"address": "Vereda", **blank}).status_code == 200
    assert caller.get("/auth/me").status_code == 200
    assert logged_in(app, user_id, PASSWORD).token


@pytest.mark.parametrize(
    "change", [{"password": "Verde7-Monte"}, {"role": "Instructor"}, {"status": False}, {"approved": False}]
)
def test_what_ends_the_persons_sessions(app: Flask, admin: Caller, change: dict[str, Any]) -> None:
    user_id = enrol(app)
    callers = [logged_in(app, user_id), logged_in(app, user_id)]
    assert admin.patch(f"/users/{user_id}", json=change).status_code == 200
    for caller in callers:
        assert (caller.get("/auth/me").status_code, code_of(caller.get("/auth/me"))) == (401, "TOKEN_REVOKED")
    assert admin.get("/auth/me").status_code == 200


def test_the_new_password_opens_and_the_old_one_does_not(app: Flask, admin: Caller, nobody: Caller) -> None:
    user_id = enrol(app)
    name = facts_of(app, user_id)["email"]
    admin.patch(f"/users/{user_id}", json={"password": "Verde7-Monte"})
    tries = [
        nobody.post("/auth/login", json={"email": name, "password": p}) for p in (PASSWORD, "Verde7-Monte")
    ]
    assert [answer.status_code for answer in tries] == [401, 200]


@pytest.mark.parametrize("field", ["identification", "fullname", "email", "role", "status", "approved"])
def test_what_is_required_cannot_be_emptied(app: Flask, admin: Caller, field: str) -> None:
    assert field in faults_of(admin.patch(f"/users/{enrol(app)}", json={field: None}))


def test_what_is_optional_can_be_emptied(app: Flask, admin: Caller) -> None:
    user_id = enrol(app, phone="3001112233", address="Vereda", username="ana")
    row = admin.patch(f"/users/{user_id}", json={"phone": "", "address": None, "username": ""}).json["data"]
    assert (row["phone"], row["address"], row["username"]) == (None, None, None)


def test_deleting_a_person(app: Flask, admin: Caller) -> None:
    user_id = enrol(app)
    caller = logged_in(app, user_id)
    bestow(app, user_id, {"users.view": True})
    verdict = admin.get(f"/users/{user_id}/dependencies").json["data"]
    assert verdict["canDelete"] is True
    assert {"permission_grants"} <= {one["table"] for one in verdict["dependencies"]}
    answer = admin.delete(f"/users/{user_id}")
    assert (answer.status_code, answer.json["data"]) == (200, {"deleted_id": user_id})
    assert caller.get("/auth/me").status_code == 401
    assert admin.get(f"/users/{user_id}").status_code == 404
    assert admin.delete(f"/users/{user_id}").status_code == 404


@pytest.mark.parametrize("way", ["delete", "demote", "deactivate"])
def test_the_last_administrator_stays(app: Flask, instructor: Caller, way: str) -> None:
    # Only somebody to whom everything was given singly gets as far as this.
    bestow(app, own_id(instructor), dict.fromkeys(PERMISSIONS, True))
    last = enrol(app, Role.ADMIN)
    enrol(app, Role.ADMIN, status=False)
    enrol(app, Role.ADMIN, approved=False)
    calls = {
        "delete": lambda: instructor.delete(f"/users/{last}"),
        "demote": lambda: instructor.patch(f"/users/{last}", json={"role": "Instructor"}),
        "deactivate": lambda: instructor.patch(f"/users/{last}", json={"status": False}),
    }
    answer = calls[way]()
    assert (answer.status_code, code_of(answer)) == (409, "LAST_ADMIN")
    enrol(app, Role.ADMIN)
    assert calls[way]().status_code == 200


def test_an_administrator_who_is_out_may_come_back(app: Flask, instructor: Caller) -> None:
    bestow(app, own_id(instructor), dict.fromkeys(PERMISSIONS, True))
    only = enrol(app, Role.ADMIN, status=False)
    assert instructor.patch(f"/users/{only}", json={"status": True}).status_code == 200


def test_of_two_administrators_who_delete_each_other_one_stays(app: Flask) -> None:
    first, second = (enrol(app, Role.ADMIN) for _ in range(2))
    caller, statuses = logged_in(app, second), []
    other = threading.Thread(target=lambda: statuses.append(caller.delete(f"/users/{first}").status_code))
    with app.app_context(), transaction() as session:
        actor = principal(first, 0)
        assert actor
        people.remove(actor, session.get_one(User, second))
        # The other decides while this deletion is not committed yet; it has to wait for it.
        other.start()
        other.join(timeout=1.5)
    other.join(timeout=30)
    # Refused for being the last, or not even known any more.
    assert statuses[0] in (409, 401)
    with app.app_context():
        assert [user.id for user in db.session.query(User).filter_by(role=Role.ADMIN)] == [first]


def test_coming_in_is_no_change_of_the_person(app: Flask) -> None:
    long_ago = datetime(2026, 1, 2, tzinfo=UTC)
    user_id = enrol(app, updated_at=long_ago)
    logged_in(app, user_id)
    facts = facts_of(app, user_id)
    assert facts["updated_at"] == long_ago
    assert facts["last_login_at"] > long_ago


def test_conditional_reads_of_people(app: Flask, admin: Caller) -> None:
    user_id = enrol(app)
    for path in ("/users", f"/users/{user_id}", f"/users/{user_id}/permissions", "/users/statistics"):
        tag = admin.get(path).headers["ETag"]
        assert admin.head(path).headers["ETag"] == tag
        assert admin.get(path, headers={"If-None-Match": tag}).status_code == 304
        admin.patch(f"/users/{user_id}", json={"address": f"Vereda {path}"})
        assert admin.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_the_list_costs_the_same_however_long(app: Flask, admin: Caller) -> None:
    admin.get("/users?limit=1000")
    counts = []
    for more in (1, 40):
        for _ in range(more):
            enrol(app)
        with queries(app) as seen:
            assert admin.get("/users?limit=1000").status_code == 200
        # What the security figures store now and then is not the list's.
        counts.append(len([statement for statement in seen if "users" in statement]))
    assert counts[0] == counts[1] <= 4


def test_people_come_in_by_spreadsheet(admin: Caller, instructor: Caller) -> None:
    """What no rule foresees is found by the database, and named by row: two people with one phone."""
    header = "identification,fullname,email,phone,password,role\n"
    rows = [f"7000{n},Persona {n},p{n}@finca.test,300000{n},Clave-Buena-{n},Aprendiz\n" for n in range(3)]
    clash = "70009,Otra,otra@finca.test,3000001,Clave-Buena-9,Aprendiz\n"

    def send(caller: Caller, text: str) -> Any:
        files = {"file": (io.BytesIO(text.encode()), "x.csv")}
        return caller.post("/users/import?dry_run=false", data=files)

    assert send(instructor, header + rows[0]).status_code == 403
    refused = send(admin, header + "".join(rows) + clash)
    assert refused.status_code == 422
    assert set(refused.json["error"]["details"]["validation_errors"]) == {"fila 5, phone"}
    assert admin.get("/users?search=70000").json["data"] == []
    report = send(admin, header + "".join(rows)).json["data"]
    assert report["counts"] == {"new": 3, "changed": 0, "unchanged": 0, "rejected": 0}
    assert "Clave" not in admin.get("/activity?limit=100").get_data(as_text=True)
    login = admin.post("/auth/login", json={"identification": "70001", "password": "Clave-Buena-1"})
    assert login.status_code == 200
    changed = send(admin, "identification,fullname,password\n70001,Otro Nombre,Clave-Nueva-77\n").json["data"]
    assert changed["preview"][0]["changes"] == {
        "fullname": ["Persona 1", "Otro Nombre"],
        "password": ["", "…"],
    }
