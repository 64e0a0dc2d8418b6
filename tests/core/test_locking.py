"""Optimistic locking: who saw an earlier state of a record does not overwrite the present one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from biogas.plant import made, new_digester
from conftest import Caller
from flask import Flask

SPECIES, DIGESTERS = "/species", "/biogas/digesters"


def new_species(caller: Caller) -> tuple[str, str]:
    """The path of a new record and its tag."""
    path = f"{SPECIES}/{made(caller.post(SPECIES, json={'name': 'Bovina'}))['id']}"
    return path, tag_of(caller, path)


def tag_of(caller: Caller, path: str) -> str:
    return str(caller.get(path).headers["ETag"])


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_only_who_saw_the_present_state_may_change_it(admin: Caller, verb: str) -> None:
    path, tag = new_species(admin)
    made(admin.patch(path, json={"name": "Equina"}, headers={"If-Match": tag}), 200)
    late = getattr(admin, verb)(path, json={"name": "Ovina"}, headers={"If-Match": tag})
    assert error_of(late) == (412, "PRECONDITION_FAILED")
    assert late.json["error"]["details"]["current"] == made(admin.get(path), 200)
    assert late.json["error"]["details"]["current"]["name"] == "Equina"
    present = tag_of(admin, path)
    for wrong in (f"W/{present}", '"x"', present.partition(".")[0] + '"', "nonsense", '""'):
        refused = getattr(admin, verb)(path, json={"name": "Ovina"}, headers={"If-Match": wrong})
        assert refused.status_code == 412, wrong
    several = f'"x", {present}'
    assert (
        getattr(admin, verb)(path, json={"name": "Ovina"}, headers={"If-Match": several}).status_code == 200
    )
    assert admin.patch(f"{SPECIES}/999", json={}, headers={"If-Match": "*"}).status_code == 404


def test_a_star_is_any_state(admin: Caller) -> None:
    path, _ = new_species(admin)
    assert admin.put(path, json={"name": "Ovina"}, headers={"If-Match": "*"}).status_code == 200


def test_the_tag_of_an_answer_to_a_change_serves_the_next(admin: Caller) -> None:
    first = admin.post(SPECIES, json={"name": "Bovina"})
    path, tag = f"{SPECIES}/{first.json['data']['id']}", first.headers["ETag"]
    assert admin.get(path, headers={"If-None-Match": tag}).status_code == 200
    for name in ("Equina", "Ovina"):
        answer = admin.put(path, json={"name": name}, headers={"If-Match": tag})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        tag = answer.headers["ETag"]
    assert tag.partition(".")[2] == tag_of(admin, path).partition(".")[2]


@pytest.mark.parametrize("path", [SPECIES, DIGESTERS])
def test_other_records_and_other_queries_leave_the_mark(admin: Caller, path: str) -> None:
    if path == DIGESTERS:
        path = f"{path}/{new_digester(admin)['id']}"
        new_digester(admin, "Dos")
    else:
        path, _ = new_species(admin)
    before = [tag_of(admin, path), tag_of(admin, f"{path}?fields=name")]
    made(admin.post(SPECIES, json={"name": "Otra"}))
    after = tag_of(admin, path)
    marks = {tag.partition(".")[2] for tag in (*before, after)}
    assert len(marks) == 1
    assert before[0] != before[1]
    assert admin.patch(path, json={"name": "Nueva"}, headers={"If-Match": before[0]}).status_code == 200


def test_the_moment_of_the_last_change_serves_too(app: Flask, admin: Caller) -> None:
    path, _ = new_species(admin)
    now = made(admin.get(path), 200)
    body = {"name": "Equina", "updated_at": now["updated_at"]}
    assert admin.put(path, json=body).status_code == 200
    late = admin.put(path, json={"name": "Ovina", "updated_at": "2020-01-01T00:00:00Z"})
    assert error_of(late) == (409, "STALE_RECORD")
    details = late.json["error"]["details"]
    assert details["current"]["name"] == "Equina"
    assert details["updated_at"] == details["current"]["updated_at"]
    same = {"name": "Ovina", "updated_at": details["updated_at"].replace("Z", "+00:00")}
    assert admin.patch(path, json=same).status_code == 200
    for wrong in ("ayer", 7, {}, "9999-99-99", "0001-01-01T00:00:00+23:00"):
        answer = admin.put(path, json={"name": "Ovina", "updated_at": wrong})
        assert answer.status_code in (409, 422), wrong
    assert admin.put(path, json={"name": "Suina", "updated_at": None}).status_code == 200


def test_of_two_who_saw_the_same_one_wins(app: Flask, admin: Caller) -> None:
    path, tag = new_species(admin)
    start = Barrier(4)

    def write(name: str) -> int:
        start.wait(10)
        caller = Caller(app.test_client(), admin.token)
        return int(caller.put(path, json={"name": name}, headers={"If-Match": tag}).status_code)

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(write, ["Uno", "Dos", "Tres", "Cuatro"]))
    assert found == [200, 412, 412, 412]


def test_of_two_who_delete_it_one_is_told_that_it_is_gone(app: Flask, admin: Caller) -> None:
    path, _ = new_species(admin)
    start = Barrier(4)

    def delete(_: int) -> int:
        start.wait(10)
        return int(Caller(app.test_client(), admin.token).delete(path).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(delete, range(4))) == [200, 404, 404, 404]
