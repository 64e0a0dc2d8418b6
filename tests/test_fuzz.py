"""Every operation of the API with requests nobody thought of, valid ones and broken ones: no answer is a 5xx."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from biogas.plant import Plant, climbing, days_ago, local_ms, made, new_plant
from conftest import Caller
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from sqlalchemy import delete, insert, select
from users.folk import enrol, logged_in

from app.biogas.models import Filling, Material, Report
from app.core.extensions import db, limiter
from app.core.transaction import transaction
from app.users.permissions import Role

EXAMPLES = 12
# These end the session they are called with, and what is asked afterwards would all be 401.
ENDINGS = {"POST /auth/logout", "POST /auth/logout-all", "DELETE /auth/sessions/{session_id}"}

# This one never ends.
ENDLESS = {"GET /events"}


@pytest.fixture
def plant(app: Flask, admin: Caller) -> Plant:
    """A farm in which something is found: readings, a filling, a report."""
    found = new_plant(app, admin)
    found.read(climbing(local_ms(days_ago(3)), 60))
    found.settle()
    return found


@pytest.fixture(autouse=True)
def kept_materials(app: Flask) -> Iterator[None]:
    """The suite keeps the materials from test to test, and strange requests change them."""
    with app.app_context(), db.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(Material.__table__)).mappings()]
    yield
    with app.app_context(), transaction() as session:
        for model in (Report, Filling, Material):
            session.execute(delete(model))
        session.execute(insert(Material), rows)


def known_ids(plant: Plant) -> dict[str, Any]:
    """What exists, by the beginning of the path."""
    report = made(plant.caller.post("/biogas/reports", json={}))
    return {
        "/sensors": plant.device["code"],
        "/biogas/digesters": plant.digester["id"],
        "/biogas/fillings": plant.filling["id"],
        "/biogas/reports": report["id"],
        "/biogas/materials": plant.filling["material_id"],
    }


def operations(app: Flask) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/swagger.json", app)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.label not in ENDINGS | ENDLESS:
            yield operation


def ask(
    operation: Any, mode: GenerationMode, token: str, known: dict[str, Any], answers: dict[str, list[int]]
) -> None:
    """Some requests of one operation, half of them about what exists; `answers` are their status by curl command."""
    mine = next((value for start, value in known.items() if operation.path.startswith(start + "/{")), None)
    turns = iter(range(1000))

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        if mine is not None and next(turns) % 2:
            case.path_parameters = {**(case.path_parameters or {}), _parameter(operation.path): mine}
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        answers.setdefault(case.as_curl_command(), []).append(response.status_code)

    # Of an operation that takes nothing there is no wrong request.
    with suppress(Unsatisfiable):
        one()


def _parameter(path: str) -> str:
    return path.split("{", 1)[1].split("}", 1)[0]


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_is_too_strange(app: Flask, plant: Plant, mode: GenerationMode) -> None:
    known = known_ids(plant)
    caller = plant.caller
    answers: dict[str, list[int]] = {}
    for operation in operations(app):
        limiter.reset()
        if caller.get("/auth/me").status_code != 200:
            caller = logged_in(app, enrol(app, Role.ADMIN))
        ask(operation, mode, caller.token or "", known, answers)
    found = Counter(status for statuses in answers.values() for status in statuses)
    assert {request: statuses for request, statuses in answers.items() if max(statuses) >= 500} == {}
    assert found[422] > 50
    assert found[200] > (100 if mode is GenerationMode.POSITIVE else 0)
