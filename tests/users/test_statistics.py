"""How many people there are: the shapes of the contract, and true figures in them."""

from datetime import timedelta

import pytest
from conftest import Caller
from flask import Flask
from queries import queries
from users.folk import enrol

from app.core import times
from app.users import counts
from app.users.permissions import Role

FIGURES = {"Administrador": (1, 12.5), "Instructor": (2, 25.0), "Aprendiz": (5, 62.5)}


@pytest.fixture
def crowd(app: Flask, admin: Caller) -> Caller:
    """One administrator, two instructors, five apprentices; three of the eight may not log in."""
    for index in range(2):
        enrol(app, Role.INSTRUCTOR, status=index > 0)
    for index in range(5):
        enrol(app, status=index > 1, created_at=times.now() - timedelta(days=2 * index))
    return admin


def test_statistics(crowd: Caller) -> None:
    assert crowd.get("/users/statistics").json["data"] == {
        "total_users": 8,
        "role_distribution": {
            role: {"count": count, "percentage": share} for role, (count, share) in FIGURES.items()
        },
        "status_distribution": {"active": 5, "inactive": 3, "active_percentage": 62.5},
    }


def test_status(crowd: Caller) -> None:
    assert crowd.get("/users/status").json["data"] == {
        "active_users": 5,
        "inactive_users": 3,
        "total_users": 8,
        "active_percentage": 62.5,
    }


def test_roles(crowd: Caller) -> None:
    assert crowd.get("/users/roles").json["data"] == {
        "roles": {role: {"count": count, "percentage": share} for role, (count, share) in FIGURES.items()},
        "total_users": 8,
    }


def test_stats(crowd: Caller) -> None:
    assert crowd.get("/users/stats").json["data"] == {
        "total": 8,
        "total_users": 8,
        "active_users": 5,
        "recent_today": 4,
        "model_name": "users",
    }


def test_a_role_nobody_holds_is_there_too(admin: Caller) -> None:
    roles = admin.get("/users/roles").json["data"]["roles"]
    assert roles["Aprendiz"] == {"count": 0, "percentage": 0.0}
    assert roles["Administrador"] == {"count": 1, "percentage": 100.0}


def test_a_farm_without_people(app: Flask) -> None:
    with app.app_context():
        assert counts.statistics()["status_distribution"]["active_percentage"] == 0.0
        assert counts.totals()["recent_today"] == 0


@pytest.mark.parametrize("figures", [counts.statistics, counts.by_status, counts.by_role, counts.totals])
def test_each_costs_one_query(app: Flask, crowd: Caller, figures: object) -> None:
    assert callable(figures)
    with app.app_context(), queries(app) as seen:
        figures()
    assert len(seen) == 1
