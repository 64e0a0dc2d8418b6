"""A POST sent again with its `Idempotency-Key` is answered again and creates nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from biogas.plant import made
from conftest import Caller
from flask import Flask
from sqlalchemy import func, select, update

from app.core import repetition, times
from app.core.extensions import db
from app.core.repetition import TABLE
from app.core.transaction import transaction
from app.users import cleanup

SPECIES = "/species"
KEY = {"Idempotency-Key": "a3f1-Ñandú-001"}


def send(caller: Caller, name: str, key: dict[str, str] = KEY, path: str = SPECIES) -> Any:
    headers = {title: text.encode().decode("latin-1") for title, text in key.items()}
    return caller.post(path, json={"name": name}, headers=headers)


def names(caller: Caller) -> list[str]:
    return sorted(row["name"] for row in caller.get(SPECIES).json["data"])


def replayed(answer: Any) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def test_the_same_request_is_answered_again(admin: Caller, instructor: Caller) -> None:
    first = send(admin, "Bovina")
    again = send(admin, "Bovina")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert (replayed(first), replayed(again)) == (False, True)
    assert again.headers["Cache-Control"] == "no-store"
    assert names(admin) == ["Bovina"]
    for other in (send(admin, "Equina"), send(admin, "Bovina", path="/species?x=1")):
        assert (other.status_code, other.json["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert send(admin, "Equina", {"Idempotency-Key": KEY["Idempotency-Key"].upper()}).status_code == 201
    assert send(instructor, "Ovina").status_code == 201
    assert names(admin) == ["Bovina", "Equina", "Ovina"]
    too_long = send(admin, "Caprina", {"Idempotency-Key": "x" * 201})
    assert too_long.status_code == 422


def test_what_was_refused_may_be_sent_again(admin: Caller) -> None:
    made(admin.post(SPECIES, json={"name": "Bovina"}))
    assert send(admin, "Bovina").status_code == 409
    assert send(admin, "").status_code == 422
    answer = send(admin, "Equina")
    assert (answer.status_code, replayed(answer)) == (201, False)


def test_many_at_once_may_be_repeated_too(admin: Caller) -> None:
    rows = [{"name": "Bovina"}, {"name": "Equina"}]
    answers = [admin.post("/species/bulk", json=rows, headers={"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert replayed(answers[1])
    person = {
        "identification": 5001,
        "fullname": "Luz",
        "email": "luz@finca.test",
        "password": "Potrero-2026",
    }
    answers = [admin.post("/users", json=person, headers={"Idempotency-Key": "k-2"}) for _ in range(2)]
    assert answers[0].json["data"]["id"] == answers[1].json["data"]["id"]


def test_a_key_is_kept_for_a_day(app: Flask, admin: Caller) -> None:
    made(send(admin, "Bovina"))
    old = times.now() - repetition.KEPT - timedelta(minutes=1)
    with app.app_context(), transaction() as session:
        session.execute(update(TABLE).values(created_at=old))
    answer = send(admin, "Equina")
    assert (answer.status_code, replayed(answer)) == (201, False)
    assert replayed(send(admin, "Equina"))
    with app.app_context(), transaction() as session:
        cleanup.remove(cleanup.Terms(), times.now())
        assert session.scalar(select(func.count()).select_from(TABLE)) == 1
        cleanup.remove(cleanup.Terms(), times.now() + repetition.KEPT + timedelta(minutes=1))
        assert session.scalar(select(func.count()).select_from(TABLE)) == 0


@pytest.mark.parametrize("name", ["Bovina", "Repetida"])
def test_of_several_at_once_one_creates(app: Flask, admin: Caller, name: str) -> None:
    """With a name that is taken each of them fails by itself, and the database is none the worse."""
    made(admin.post(SPECIES, json={"name": "Repetida"}))
    start = Barrier(6)

    def create(_number: int) -> tuple[int, bool]:
        start.wait(10)
        answer = send(Caller(app.test_client(), admin.token), name)
        return answer.status_code, replayed(answer)

    with ThreadPoolExecutor(6) as pool:
        found = sorted(pool.map(create, range(6)))
    if name == "Repetida":
        assert found == [(409, False)] * 6
    else:
        assert found == [(201, False), *[(201, True)] * 5]
    assert names(admin) == sorted({"Repetida", name})
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(TABLE)) == (name == "Bovina")
