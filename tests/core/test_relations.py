"""Related records inside records: what they hold, how much, and that a page costs as many questions as a row."""

import datetime as dt
from typing import Any

import pytest
from conftest import Caller
from core.pasture import controls, herd, paddock, put
from flask import Flask
from queries import queries

from app.land.models import AnimalField


@pytest.fixture
def farm(app: Flask, admin: Caller) -> Caller:
    herd(app)
    controls(app, 3, 60)
    controls(app, 4, 2, first=61)
    paddock(app)
    return admin


def one(caller: Caller, path: str) -> Any:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["data"]


@pytest.mark.parametrize("word", ["true", "1", "animals,diseases,instructors", "TRUE"])
def test_single_records_and_lists_of_records(farm: Caller, word: str) -> None:
    row = one(farm, f"/animals?id=3&include_relations={word}")[0]
    assert row["breed"] == {"id": 1, "name": "Cebú", "species_id": 1}
    assert row["father"] == {"id": 1, "record": "TORO-1", "sex": "Macho"}
    assert row["mother"] == {"id": 2, "record": "VACA-2", "sex": "Hembra"}
    assert (row["treatments"], row["images"]) == ([], [])
    assert one(farm, f"/animals/3?include_relations={word}") == row


def test_what_is_not_there_is_null(farm: Caller) -> None:
    row = one(farm, "/animals/1?include_relations=true")
    assert (row["father"], row["mother"], row["controls"]) == (None, None, [])


@pytest.mark.parametrize("word", ["false", "", "0", "no"])
def test_without_relations(farm: Caller, word: str) -> None:
    assert "breed" not in one(farm, f"/animals?include_relations={word}")[0]
    assert "breed" not in one(farm, f"/animals/3?include_relations={word}")


def test_of_many_the_newest_fifty(farm: Caller) -> None:
    rows = {row["id"]: row["controls"] for row in one(farm, "/animals?include_relations=true")}
    assert [row["id"] for row in rows[3]] == list(range(60, 10, -1))
    assert [row["id"] for row in rows[4]] == [62, 61]
    assert rows[4][1] == {
        "id": 61, "checkup_date": "2026-01-01", "health_status": "Bueno", "weight": None, "height": None
    }  # fmt: skip


def test_fields_are_written_as_their_own_list_writes_them(app: Flask, farm: Caller) -> None:
    stay = {"id": 1, "animal_id": 3, "field_id": 1, "open_animal_id": 3}
    put(app, AnimalField, [{**stay, "assignment_date": dt.date(2026, 1, 2)}])
    row = one(farm, "/animal-fields?include_relations=true")[0]
    assert row["field"]["capacity"] == one(farm, "/fields/1")["capacity"] == "30"
    assert row["animal"] == {"id": 3, "record": "CRIA-0003", "sex": "Hembra", "status": "Vivo"}
    inside = one(farm, "/fields?include_relations=true")[0]
    assert inside["animal_fields"][0]["assignment_date"] == "2026-01-02"
    assert inside["animal_count"] == 1


def test_relations_and_chosen_fields(farm: Caller) -> None:
    row = one(farm, "/animals/3?include_relations=true&fields=record")
    assert {"id", "record", "breed", "controls"} < row.keys()
    assert "weight" not in row


def test_a_page_costs_as_many_questions_as_a_row(app: Flask, farm: Caller) -> None:
    counts = []
    for limit in (1, 1000):
        farm.get("/animals?limit=1&page=2")
        with queries(app) as seen:
            rows = one(farm, f"/animals?limit={limit}&include_relations=true&sort=id&dir=desc")
        counts.append((len(rows), len(seen)))
    # The rows, eight relations, and where the page is full a count.
    assert counts == [(1, 1 + 8 + 1), (8, 1 + 8)]


def test_a_relation_that_changes_makes_a_new_answer(farm: Caller) -> None:
    path = "/animals?include_relations=true"
    tag = farm.get(path).headers["ETag"]
    assert farm.get(path, headers={"If-None-Match": tag}).status_code == 304
    day = {"animal_id": 4, "checkup_date": "2026-05-05", "health_status": "Malo"}
    assert farm.post("/controls", json=day).status_code == 201
    assert farm.get(path, headers={"If-None-Match": tag}).status_code == 200
