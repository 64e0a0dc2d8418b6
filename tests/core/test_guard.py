"""The guard, on every route there is: a table says whom each is for, and what is not in it is nobody's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Caller, migrate, person, settings_for
from flask import Flask
from flask_restx import Resource
from users.access_table import ACCESS, ADMIN, APPRENTICE, INSTRUCTOR
from werkzeug.routing import Rule

from app import create_app
from app.core.errors import Forbidden, Unauthenticated
from app.core.extensions import db
from app.users import guard
from app.users.permissions import Role

RANKS = [None, APPRENTICE, INSTRUCTOR, ADMIN]
FILLERS = {"int": "999999", "string": "x", "path": "x"}


def doors(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(line of the table, method, a path of the route) for everything the application answers to."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule}", method, _path(rule)


def _path(rule: Rule) -> str:
    path = rule.rule
    for name, converter in rule._converters.items():
        kind = {"IntegerConverter": "int", "PathConverter": "path"}.get(type(converter).__name__, "string")
        path = path.replace(f"<{kind}:{name}>", FILLERS[kind])
    return path


def admitted(app: Flask, method: str, path: str, caller: Caller | None) -> bool:
    """Whether the guard would let this request pass; the view itself is not run."""
    headers = {"Authorization": f"Bearer {caller.token}"} if caller else {}
    headers |= {"Upgrade": "websocket", "Connection": "Upgrade"} if path.startswith("/ws/") else {}
    with app.test_request_context(path, method=method, headers=headers) as context:
        assert context.request.routing_exception is None
        try:
            assert guard.admit() is None
        except Unauthenticated:
            assert caller is None
            return False
        except Forbidden:
            assert caller is not None
            return False
        return True


def test_every_route_has_its_line_and_every_line_its_route(app: Flask) -> None:
    lines = {line for line, _, _ in doors(app)}
    assert lines - ACCESS.keys() == set(), "routes that nobody said whom they are for"
    assert ACCESS.keys() - lines == set(), "lines of routes that do not exist"


@pytest.mark.parametrize("role", RANKS)
def test_each_role_passes_the_doors_that_are_for_it(app: Flask, role: Role | None) -> None:
    caller = person(app, role) if role else None
    expected = {line: RANKS.index(ACCESS.get(line, ADMIN)) <= RANKS.index(role) for line, _, _ in doors(app)}
    found = {line: admitted(app, method, path, caller) for line, method, path in doors(app)}
    assert found == expected


def test_strangers_are_told_to_log_in_before_their_request_is_read(app: Flask, nobody: Caller) -> None:
    for line, method, path in doors(app):
        if ACCESS[line] is not None and not path.startswith("/ws/"):
            answer = nobody.client.open(path, method=method, data=b"{", content_type="application/json")
            assert (answer.status_code, answer.json["error"]["code"]) == (401, "MISSING_TOKEN"), line
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_may_not_is_told_so_before_the_request_is_read(app: Flask, apprentice: Caller) -> None:
    for line, method, path in doors(app):
        if ACCESS[line] in (INSTRUCTOR, ADMIN):
            headers = {"Authorization": f"Bearer {apprentice.token}"}
            answer = apprentice.client.open(path, method=method, data=b"{", headers=headers)
            assert answer.status_code == 403, line
            details = answer.json["error"]["details"]
            assert details["required_permission"]
            assert details["current_role"] == "Aprendiz"


def test_head_is_for_whom_get_is(app: Flask, apprentice: Caller, nobody: Caller) -> None:
    assert nobody.head("/sensors").status_code == 401
    assert apprentice.head("/sensors").status_code == 200
    assert apprentice.head("/sensors/rejects").status_code == 403


def test_asking_what_a_route_takes_needs_no_token(nobody: Caller) -> None:
    answer = nobody.options("/sensors")
    assert answer.status_code == 200
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}


def test_a_view_that_declares_nothing_admits_nobody(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path))

    class Undeclared(Resource):
        def get(self) -> str:
            return "secret"

    app.add_url_rule("/plain", view_func=lambda: "secret", endpoint="plain")
    app.add_url_rule("/resource", view_func=Undeclared.as_view("resource"))
    with app.app_context():
        migrate()
    admin = person(app, Role.ADMIN)
    for path in ("/plain", "/resource"):
        assert app.test_client().get(path).status_code == 401
        answer = admin.client.get(path, headers={"Authorization": f"Bearer {admin.token}"})
        assert answer.status_code == 403
        assert "secret" not in answer.get_data(as_text=True)
    with app.app_context():
        db.engine.dispose()
