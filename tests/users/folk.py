"""More people for the tests of users, and what is often asked about them."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from conftest import PASSWORD, PASSWORD_HASH, Caller
from flask import Flask

from app.core.extensions import db
from app.core.transaction import transaction
from app.users.models import PermissionGrant, User
from app.users.permissions import Role

_numbers = count(20_000_001)


def enrol(app: Flask, role: Role = Role.APPRENTICE, **values: Any) -> int:
    """The id of a new person of that role."""
    number = next(_numbers)
    facts = {"identification": number, "fullname": f"Persona {number}", "email": f"p{number}@finca.test"}
    with app.app_context(), transaction() as session:
        user = User(**{**facts, **values}, role=role, password_hash=PASSWORD_HASH)
        session.add(user)
        session.flush()
        return user.id


def logged_in(app: Flask, user_id: int, password: str = PASSWORD) -> Caller:
    """The person as a caller of the API."""
    client = app.test_client()
    body = {"identification": facts_of(app, user_id)["identification"], "password": password}
    answer = client.post("/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return Caller(client, answer.json["access_token"])


def own_id(caller: Caller) -> int:
    """Whose token it is."""
    return int(caller.get("/auth/me").json["data"]["user"]["id"])


def facts_of(app: Flask, user_id: int) -> dict[str, Any]:
    """The stored row, as the database has it now."""
    with app.app_context():
        user = db.session.get_one(User, user_id)
        return {column.name: getattr(user, column.name) for column in User.__table__.columns}


def bestow(app: Flask, user_id: int, grants: Mapping[str, bool]) -> None:
    """Single grants and revocations, written straight into the table."""
    with app.app_context(), transaction() as session:
        for name, held in grants.items():
            session.merge(PermissionGrant(user_id=user_id, permission=name, granted=held))


def code_of(answer: Any) -> str:
    """The error code of an answer."""
    return str(answer.json["error"]["code"])


def faults_of(answer: Any) -> dict[str, str]:
    """What a 422 says of each field."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    found: dict[str, str] = answer.json["error"]["details"]["validation_errors"]
    return found
