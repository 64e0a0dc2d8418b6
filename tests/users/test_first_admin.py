"""The first administrator, from the environment or by hand."""

from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from users.folk import enrol

from app.core.extensions import db
from app.users.models import User
from app.users.permissions import Role

GIVEN = {
    "admin_identification": 1088123456,
    "admin_email": "Jefa@Finca.test",
    "admin_password": "Verde7-Monte",
}


@pytest.fixture
def given(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the ADMIN_* settings."""

    def give(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setattr(app.config["SETTINGS"], name, value)

    return give


def run(app: Flask, *args: str) -> Any:
    """A flask command, as the command line would run it."""
    with app.app_context():
        return app.test_cli_runner().invoke(args=list(args))


def seed(app: Flask) -> Any:
    return run(app, "seed")


def administrators(app: Flask) -> list[str]:
    with app.app_context():
        return [user.email for user in db.session.query(User).filter_by(role=Role.ADMIN)]


def test_seeding_twice_creates_one(app: Flask, nobody: Caller, given: Any) -> None:
    given(**GIVEN)
    first, second = seed(app), seed(app)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "jefa@finca.test" in first.output
    assert "jefa@finca.test" not in second.output
    assert "Verde7-Monte" not in first.output
    assert administrators(app) == ["jefa@finca.test"]
    body = {"identification": "1088123456", "password": "Verde7-Monte"}
    assert nobody.post("/auth/login", json=body).json["data"]["user"]["role"] == "Administrador"


def test_an_administrator_who_is_there_is_enough(app: Flask, given: Any) -> None:
    enrol(app, Role.ADMIN, email="otra@finca.test")
    given(**GIVEN)
    assert seed(app).exit_code == 0
    assert administrators(app) == ["otra@finca.test"]


def test_nothing_given_creates_nobody(app: Flask) -> None:
    assert seed(app).exit_code == 0
    assert administrators(app) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"admin_password": None}, "ADMIN_PASSWORD"),
        ({"admin_identification": None}, "ADMIN_IDENTIFICATION"),
        ({"admin_password": "Admin123*"}, "común"),
        ({"admin_email": "jefa"}, "email"),
        ({"admin_identification": 12}, "identification"),
    ],
)
def test_wrong_values_are_told(app: Flask, given: Any, change: dict[str, Any], told: str) -> None:
    given(**{**GIVEN, **change})
    answer = seed(app)
    assert answer.exit_code != 0
    assert told in answer.output
    assert administrators(app) == []


def test_create_admin_by_hand(app: Flask) -> None:
    args = [
        "create-admin",
        "--identification",
        "1088123456",
        "--fullname",
        "Luz Gil",
        "--email",
        "LUZ@finca.test",
    ]
    weak = run(app, *args, "--password", "luzgil")
    assert weak.exit_code != 0
    assert "8 a 128" in weak.output
    done = run(app, *args, "--password", "Verde7-Monte")
    assert done.exit_code == 0, done.output
    assert administrators(app) == ["luz@finca.test"]
    again = run(app, *args, "--password", "Verde7-Monte")
    assert again.exit_code != 0
    assert "Ya existe" in again.output
