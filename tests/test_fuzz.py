"""Every operation of the API with requests nobody thought of, valid ones and broken ones: no answer is a 5xx."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from biogas.plant import Plant, climbing, days_ago, local_ms, made, new_plant
from conftest import Caller
from contract.pastures import SLUGS, Pasture
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
# Of records that are one code with others.
FEW_EXAMPLES = 4
# These end the session they are called with, and what is asked afterwards would all be 401.
ENDINGS = {"POST /auth/logout", "POST /auth/logout-all", "DELETE /auth/sessions/{session_id}"}

# These never end.
ENDLESS = {"GET /events", "GET /system/load/stream"}
# Every record has these, and they are one code: animals and people, whose verbs have most rules, speak for all.
ALIKE = ("/dependencies", "/batch-dependencies", "/bulk", "/stats", "/metadata", "/import", "/template")
SPEAKERS = {"animals", "users"}
# A test each, so that none takes minutes: the operations whose path begins so; '' for whatever none of them names.
AREAS = [
    "users",
    "auth",
    "biogas",
    "sensors",
    "animals",
    *(slug for slug in SLUGS if slug not in ("users", "animals")),
    "",
]


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


def known_ids(plant: Plant, area: str) -> dict[str, Any]:
    """What exists, by the beginning of the path."""
    report = made(plant.caller.post("/biogas/reports", json={}))
    records = {f"/{area}": Pasture(plant.caller).more(area)["id"]} if area in SLUGS else {}
    return records | {
        "/sensors": plant.device["code"],
        "/biogas/digesters": plant.digester["id"],
        "/biogas/fillings": plant.filling["id"],
        "/biogas/reports": report["id"],
        "/biogas/materials": plant.filling["material_id"],
    }


def operations(app: Flask, area: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/swagger.json", app)
    for result in schema.get_all_operations():
        operation = result.ok()
        first = operation.path.strip("/").split("/")[0]
        alike = operation.path.endswith(ALIKE) and first not in SPEAKERS
        if (
            (first if first in AREAS else "") == area
            and not alike
            and operation.label not in ENDINGS | ENDLESS
        ):
            yield operation


def ask(
    operation: Any,
    mode: GenerationMode,
    examples: int,
    token: str,
    known: dict[str, Any],
    answers: dict[str, list[int]],
) -> None:
    """Some requests of one operation, half of them about what exists; `answers` are their status by curl command."""
    mine = next((value for start, value in known.items() if operation.path.startswith(start + "/{")), None)
    turns = iter(range(1000))

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
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
@pytest.mark.parametrize("area", AREAS, ids=lambda area: area or "others")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_is_too_strange(app: Flask, plant: Plant, mode: GenerationMode, area: str) -> None:
    known = known_ids(plant, area)
    caller = plant.caller
    answers: dict[str, list[int]] = {}
    examples = FEW_EXAMPLES if area in set(SLUGS) - SPEAKERS else EXAMPLES
    for operation in operations(app, area):
        limiter.reset()
        if caller.get("/auth/me").status_code != 200:
            caller = logged_in(app, enrol(app, Role.ADMIN))
        ask(operation, mode, examples, caller.token or "", known, answers)
    found = Counter(status for statuses in answers.values() for status in statuses)
    assert {request: statuses for request, statuses in answers.items() if max(statuses) >= 500} == {}
    assert found[422] + found[400] + found[404] > 0
    assert sum(found.values()) > EXAMPLES
