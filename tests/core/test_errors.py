"""One error shape for every failure, whatever was asked and wherever it went wrong."""

import json
import uuid
from typing import Any

import pytest
from biogas.plant import new_digester, new_filling
from conftest import Caller
from flask import Flask
from sqlalchemy import text

from app.core.transaction import transaction


def refusal(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The error of an answer, after checking that it is whole."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/json"
    body = answer.json
    assert set(body) == {"success", "message", "error"}
    assert body["success"] is False
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "details", "trace_id"}
    assert error["code"] == code
    assert body["message"] == error["message"] != ""
    assert error["trace_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.get_data(as_text=True)
    return error


def fields(answer: Any) -> dict[str, str]:
    found: dict[str, str] = refusal(answer, 422, "VALIDATION_ERROR")["details"]["validation_errors"]
    return found


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nada", 404, "NOT_FOUND"),
        ("get", "/api/otra", 404, "NOT_FOUND"),
        ("get", "/api/v1/biogas/fillings/uno", 404, "NOT_FOUND"),
        ("get", "/api/v1/biogas/fillings/-1", 404, "NOT_FOUND"),
        ("get", "/api/v1/biogas/digesters/7", 404, "NOT_FOUND"),
        ("get", "/api/v1/biogas//digesters", 404, "NOT_FOUND"),
        ("delete", "/api/v1/biogas/digesters", 405, "METHOD_NOT_ALLOWED"),
        ("post", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("get", "/api/v1/auth/login", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_unknown_places_and_wrong_methods(
    admin: Caller, method: str, path: str, status: int, code: str
) -> None:
    answer = admin.client.open(
        path, method=method.upper(), headers={"Authorization": f"Bearer {admin.token}"}
    )
    refusal(answer, status, code)
    assert ("Allow" in answer.headers) is (status == 405)


def test_the_trace_id_is_the_callers_when_it_gives_a_good_one(nobody: Caller) -> None:
    given = str(uuid.uuid4())
    answer = nobody.get("/nada", headers={"X-Request-ID": given})
    assert refusal(answer, 404, "NOT_FOUND")["trace_id"] == given
    answer = nobody.get("/nada", headers={"X-Request-ID": "<script>alert(1)</script>"})
    assert "<" not in refusal(answer, 404, "NOT_FOUND")["trace_id"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"volume_m3": 1e999}',
        b"{'name': 1}",
        b'{"name": "\\ud800"}',
        b"\xff\xfe{",
        b'{"name": "\x00"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=[
        "cut",
        "nan",
        "infinity",
        "overflow",
        "quotes",
        "surrogate",
        "not utf-8",
        "raw nul",
        "deep list",
        "deep object",
    ],
)
@pytest.mark.parametrize("path", ["/biogas/digesters", "/auth/login"])
def test_what_is_not_json_is_malformed(admin: Caller, path: str, body: bytes) -> None:
    answer = admin.post(path, data=body, content_type="application/json")
    refusal(answer, 400, "BAD_REQUEST")


@pytest.mark.parametrize("body", [[], [{}], "texto", 7, True])
def test_json_that_is_no_object_is_invalid(admin: Caller, body: Any) -> None:
    assert "body" in fields(admin.post("/biogas/digesters", json=body))


@pytest.mark.parametrize("body", [b"", b"  ", b"null"])
def test_an_empty_body_is_an_object_without_keys(admin: Caller, body: bytes) -> None:
    answer = admin.post("/biogas/digesters", data=body, content_type="application/json")
    assert set(fields(answer)) == {"name", "volume_m3"}


def test_the_declared_type_of_a_body_does_not_matter(admin: Caller) -> None:
    body = json.dumps({"name": "Uno", "volume_m3": 1})
    assert admin.post("/biogas/digesters", data=body, content_type="text/plain").status_code == 201


def test_a_huge_body_is_refused_unread(app: Flask, admin: Caller) -> None:
    size = app.config["MAX_CONTENT_LENGTH"] + 1
    for path in ("/biogas/digesters", "/auth/login"):
        answer = admin.post(path, data=b" " * size, content_type="application/json")
        refusal(answer, 413, "PAYLOAD_TOO_LARGE")


WRONG = [
    ("name", {"no": "texto"}),
    ("name", ["lista"]),
    ("name", "a\u0000b"),
    ("name", "a\u0007b"),
    ("name", ""),
    ("name", "   "),
    ("name", "x" * 121),
    ("name", None),
    ("volume_m3", "mucho"),
    ("volume_m3", "NaN"),
    ("volume_m3", "-Infinity"),
    ("volume_m3", 10**30),
    ("volume_m3", 0),
    ("volume_m3", -3),
    ("volume_m3", []),
    ("volume_m3", None),
    ("timezone", "Marte/Olimpo"),
    ("timezone", "../../etc/passwd"),
    ("timezone", "\u0000"),
    ("timezone", "x" * 5000),
    ("devices", "medidor"),
    ("devices", [{}]),
    ("devices", ["no-existe"]),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_value_names_its_field(admin: Caller, field: str, value: Any) -> None:
    found = fields(admin.post("/biogas/digesters", json={"name": "Uno", "volume_m3": 10, field: value}))
    assert {name.split(".")[0] for name in found} == {field}
    assert all(sentence[0].isupper() for sentence in found.values()), found


HUGE = [10**30, 2**31, 2**63, -(2**63) - 1, -1, 0]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("path", ["/biogas/fillings/{}", "/biogas/reports/{}", "/sensors/{}"])
def test_an_id_beyond_every_table_is_not_found(admin: Caller, path: str, number: int) -> None:
    refusal(admin.get(path.format(number)), 404, "NOT_FOUND")


@pytest.mark.parametrize("number", HUGE)
def test_an_id_beyond_every_table_in_the_query(admin: Caller, number: int) -> None:
    fields(admin.get(f"/biogas/production/current?digester_id={number}"))
    answer = admin.get(f"/biogas/fillings?digester_id={number}")
    assert answer.status_code == 422 if abs(number) > 2**53 else answer.json["data"] == []


@pytest.mark.parametrize("number", [10**30, "9" * 5000])
def test_an_id_beyond_every_table_in_the_body(admin: Caller, number: Any) -> None:
    body = {"material_type": "bovino", "material_amount_kg": 1, "digester_id": number}
    assert set(fields(admin.post("/biogas/fillings", json=body))) == {"digester_id"}


def test_digits_without_end_are_no_error_of_ours(admin: Caller) -> None:
    digits = "9" * 5000
    refusal(admin.get(f"/sensors/{digits}"), 404, "NOT_FOUND")
    assert admin.get(f"/sensors?search={digits}").json["data"] == []
    fields(admin.get(f"/sensors?last_seen_ms={digits}"))
    refusal(admin.get(f"/sensors?page={digits}"), 400, "BAD_REQUEST")
    answer = admin.post("/auth/login", json={"identification": digits[:100], "password": "x"})
    refusal(answer, 401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("path", ["/sensors/%ED%A0%80", "/sensors/%00", "/sensors/a%00b", "/sensors/%FF"])
def test_strange_characters_in_the_path(admin: Caller, path: str) -> None:
    refusal(admin.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["search", "sort_by", "fields", "ordering", "code", "status", "created_at"])
@pytest.mark.parametrize("value", ["%00", "%ED%A0%80", "%FF", "'%22;--", "%F0%9F%90%84", "NaN", "1e999"])
def test_strange_characters_in_the_query(admin: Caller, name: str, value: str) -> None:
    assert admin.get(f"/sensors?{name}={value}").status_code in (200, 422)


def test_unreadable_bodies_count_towards_the_limit_of_logins(nobody: Caller) -> None:
    tries = [nobody.post("/auth/login", data=b'{"a":' * 10_000) for _ in range(11)]
    assert [answer.status_code for answer in tries] == [400] * 10 + [429]
    refusal(tries[-1], 429, "RATE_LIMIT_EXCEEDED")


def test_an_unexpected_failure_tells_nothing_but_its_trace_id(
    app: Flask, admin: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    filling = new_filling(admin, digester_id=new_digester(admin)["id"])
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE digesters SET timezone = 'Marte/Olimpo'"))
    answer = admin.get(f"/biogas/fillings/{filling['id']}/production")
    error = refusal(answer, 500, "INTERNAL_ERROR")
    assert error["details"] == {}
    assert "Marte" not in answer.get_data(as_text=True)
    assert "Marte" in caplog.text
