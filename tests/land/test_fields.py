"""Paddocks and forages through the door: what travels as text, head that is counted, states that people tell."""

import threading
from typing import Any

from conftest import Caller
from flask import Flask
from land.farm import become, data, day, herd, paddock, refused, wrong
from queries import queries

FIELDS, FOOD = "/fields", "/food_types"


def test_capacity_and_area_travel_as_text_and_count_as_numbers(admin: Caller) -> None:
    grass = data(admin.post(FOOD, json={"name": "Brachiaria", "description": "Rotar", "area": "1200.5"}), 201)
    assert (grass["food_type"], grass["handlings"], grass["area"]) == ("Brachiaria", "Rotar", 1200.5)
    body = {
        "name": "Loma",
        "capacity": "30",
        "area": "12.5",
        "food_type_id": str(grass["id"]),
        "ubication": "Norte",
    }
    field = data(admin.post(FIELDS, json=body), 201)
    expected = {
        "capacity": "30",
        "area": "12.5",
        "state": "Activo",
        "animal_count": 0,
        "food_type_name": "Brachiaria",
    }
    assert expected.items() <= field.items()
    small = data(admin.post(FIELDS, json={"name": "Vega", "capacity": 4, "area": 3}), 201)
    bare = data(admin.post(FIELDS, json={"name": "Sin datos", "capacity": "", "area": ""}), 201)
    assert (small["capacity"], small["area"]) == ("4", "3")
    assert (bare["capacity"], bare["area"]) == (None, "0")
    # By number: 4 comes before 30.
    order = [row["name"] for row in data(admin.get(f"{FIELDS}?sort_by=capacity&capacity_from=1"))]
    assert order == ["Vega", "Loma"]
    assert [row["name"] for row in data(admin.get(f"{FIELDS}?search=brachi"))] == ["Loma"]
    assert wrong(admin.post(FIELDS, json={**body, "name": "X", "capacity": "muchos", "area": -1})) == {
        "capacity",
        "area",
    }
    assert wrong(admin.post(FIELDS, json={"name": "X", "food_type_id": 999})) == {"food_type_id"}
    refused(admin.delete(f"{FOOD}/{grass['id']}"), "CONFLICT")
    related = data(admin.get(f"{FIELDS}/{field['id']}?include_relations=true"))
    assert related["food_types"] == {"id": grass["id"], "food_type": "Brachiaria", "handlings": "Rotar"}
    assert data(admin.get(f"{FOOD}/{grass['id']}?include_relations=true"))["fields"][0]["name"] == "Loma"


def test_the_state_is_what_people_say(app: Flask, admin: Caller) -> None:
    field = paddock(app)
    states = ("Disponible", "Ocupado", "Mantenimiento", "Restringido", "Dañado", "Activo")
    for state in states:
        assert data(admin.put(f"{FIELDS}/{field}", json={"state": state}))["state"] == state
    assert wrong(admin.put(f"{FIELDS}/{field}", json={"state": "Lleno"})) == {"state"}
    assert wrong(admin.get(f"{FIELDS}?state=Lleno")) == {"state"}
    [cow] = herd(app)
    stay = {"animal_id": cow, "field_id": field, "assignment_date": str(day(1))}
    data(admin.post("/animal-fields", json=stay), 201)
    assert data(admin.get(f"{FIELDS}/{field}"))["state"] == "Activo"


def test_a_capacity_below_the_head_is_stored_and_said_to_be_strange(app: Flask, admin: Caller) -> None:
    place = paddock(app, capacity=5)
    for cow in herd(app, 2):
        body = {"animal_id": cow, "field_id": place, "assignment_date": str(day(3))}
        data(admin.post("/animal-fields", json=body), 201)
    enough = admin.put(f"{FIELDS}/{place}", json={"capacity": 2})
    assert (enough.status_code, "meta" in enough.json) == (200, False)
    tight = admin.put(f"{FIELDS}/{place}", json={"capacity": 1})
    assert data(tight)["capacity"] == "1"
    [warning] = tight.json["meta"]["warnings"]
    assert "2 animales" in warning
    assert warning in tight.json["message"]


def test_a_forage_is_not_harvested_before_it_is_sown(admin: Caller) -> None:
    body = {"food_type": "Maíz", "sowing_date": "2026-03-01", "harvest_date": "2026-02-01"}
    assert wrong(admin.post(FOOD, json=body)) == {"harvest_date"}
    crop = data(admin.post(FOOD, json={**body, "harvest_date": "2026-07-01"}), 201)
    assert wrong(admin.put(f"{FOOD}/{crop['id']}", json={"sowing_date": "2026-08-01"})) == {"harvest_date"}
    data(admin.put(f"{FOOD}/{crop['id']}", json={"sowing_date": "2026-08-01", "harvest_date": None}))
    assert wrong(admin.post(FOOD, json={"food_type": "Sorgo", "area": 0})) == {"area"}
    assert data(admin.put(f"{FOOD}/{crop['id']}", json={"name": "Maíz dulce"}))["food_type"] == "Maíz dulce"


def test_head_is_of_the_living_and_the_list_knows_when_it_changes(app: Flask, admin: Caller) -> None:
    cows, loma, vega = herd(app, 3), paddock(app), paddock(app, "Vega")
    tags = []

    def counts() -> dict[int, int]:
        answer = admin.get(FIELDS)
        tags.append(answer.headers["ETag"])
        return {row["id"]: row["animal_count"] for row in data(answer)}

    assert counts() == {loma: 0, vega: 0}
    move = {"animal_ids": cows, "field_id": loma, "date": str(day(5))}
    data(admin.post("/animal-fields/move", json=move), 201)
    assert counts() == {loma: 3, vega: 0}
    become(app, cows[0], "Muerto", day(2))
    assert counts() == {loma: 2, vega: 0}
    data(admin.post("/animal-fields/move", json={"animal_ids": cows[1:2], "field_id": vega}), 201)
    assert counts() == {loma: 1, vega: 1}
    assert len(set(tags)) == 4
    assert admin.get(FIELDS, headers={"If-None-Match": tags[-1]}).status_code == 304
    refused(admin.delete(f"{FIELDS}/{loma}"), "CONFLICT")
    sparse = data(admin.get(f"{FIELDS}?fields=name,animal_count&sort_by=name"))
    assert sparse == [
        {"id": loma, "name": "Loma", "animal_count": 1},
        {"id": vega, "name": "Vega", "animal_count": 1},
    ]


def test_lists_cost_the_same_for_few_and_for_many(app: Flask, admin: Caller) -> None:
    paths = (f"{FIELDS}?include_relations=true", f"{FIELDS}/head-counts", "/animal-fields")
    counted: list[list[int]] = []
    for group in range(2):
        for n in range(1 + 9 * group):
            field, cows = paddock(app, f"P{group}-{n}"), herd(app, 2)
            data(admin.post("/animal-fields/move", json={"animal_ids": cows, "field_id": field}), 201)
        counted.append([])
        for path in paths:
            with queries(app) as seen:
                data(admin.get(f"{path}{'&' if '?' in path else '?'}limit=100"))
            counted[-1].append(len(seen))
    assert counted[0] == counted[1]


def test_two_groups_that_share_animals_move_one_after_the_other(app: Flask, admin: Caller) -> None:
    cows = herd(app, 6)
    fields = [paddock(app, f"P{n}") for n in range(4)]
    gate, answers = threading.Barrier(4), []

    def go(place: int) -> None:
        group = cows[place : place + 3]
        body = {"animal_ids": group[::-1] if place % 2 else group, "field_id": fields[place]}
        gate.wait()
        answers.append(admin.post("/animal-fields/move", json=body))

    threads = [threading.Thread(target=go, args=[place]) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    heads: dict[int, Any] = {row["id"]: row["head"] for row in data(admin.get(f"{FIELDS}/head-counts"))}
    assert sum(heads.values()) == len(cows)
