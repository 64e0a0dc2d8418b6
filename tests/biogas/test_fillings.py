"""Opening, changing and closing fillings through the door."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from biogas.plant import FEED, days_ago, made, new_digester, new_filling, today
from conftest import Caller
from flask import Flask

from app.core import times

FILLINGS = "/biogas/fillings"


@pytest.fixture
def digester(admin: Caller) -> Any:
    return new_digester(admin)


def refused(answer: Any, code: str) -> Any:
    assert (answer.status_code, answer.json["error"]["code"]) == (409, code), answer.get_data(as_text=True)
    return answer.json["error"]["details"]


def wrong_fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return set(answer.json["error"]["details"]["validation_errors"])


def close(caller: Caller, filling: Any, **body: Any) -> Any:
    return made(caller.post(f"{FILLINGS}/{filling['id']}/close", json=body), 200)


def test_what_is_not_said_has_a_default(admin: Caller, digester: Any) -> None:
    filling = made(admin.post(FILLINGS, json={"material_type": "bovino", "material_amount_kg": 500}))
    expected = {
        "digester_id": digester["id"],
        "date": str(today()),
        "number": 1,
        "people": "Sin especificar",
        "material_type": "bovino",
        "material_amount_kg": 500.0,
        "material_humidity_pct": None,
        "added_water_m3": 0.0,
        "temperature_c": 35.0,
        "active": True,
        "ended_at": None,
        "notes": None,
    }
    assert expected.items() <= filling.items()
    assert filling["started_at"] == f"{today()}T05:00:00Z"
    assert set(filling["parameters"]) == {"ts_pct", "vs_ts", "b0", "k35_per_d", "lag_d", "ch4_pct"}


def test_the_day_is_the_digesters(admin: Caller) -> None:
    far = new_digester(admin, "Lejos", timezone="Pacific/Kiritimati")
    filling = new_filling(admin, digester_id=far["id"])
    assert filling["date"] == str(today("Pacific/Kiritimati"))
    assert filling["started_at"].endswith("T10:00:00Z")


@pytest.mark.parametrize(
    "number", [None, "", "  ", 0, -4, "siete", 2**31, 10**30, "9" * 5000, [], {}, True, 1.5]
)
def test_a_number_that_makes_no_sense_is_given(admin: Caller, digester: Any, number: Any) -> None:
    close(admin, new_filling(admin, number=7, date=str(days_ago(3))))
    assert new_filling(admin, number=number)["number"] == 8


@pytest.mark.parametrize(("number", "kept"), [(12, 12), ("12", 12), (" 12 ", 12)])
def test_a_number_that_does_is_kept(admin: Caller, digester: Any, number: Any, kept: int) -> None:
    assert new_filling(admin, number=number)["number"] == kept


def test_numbers_are_counted_by_digester(admin: Caller, digester: Any) -> None:
    other = new_digester(admin, "Dos")
    assert [new_filling(admin, digester_id=d["id"])["number"] for d in (digester, other)] == [1, 1]


@pytest.mark.parametrize("people", [None, "", "   "])
def test_nobody_named(admin: Caller, digester: Any, people: Any) -> None:
    assert new_filling(admin, people=people)["people"] == "Sin especificar"


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (
            "material_amount_kg",
            [0.001, 10_000_000, "850,5".replace(",", ".")],
            [0, -1, 10_000_001, "mucho", None],
        ),
        ("material_humidity_pct", [0, 100, "81.5", None], [-0.1, 100.1, "húmedo"]),
        ("temperature_c", [-5, 70, "28"], [-5.1, 70.1, None]),
        ("added_water_m3", [0, 100_000], [-0.001, 100_001, None]),
        ("date", ["2020-02-29"], ["2019-02-29", "ayer", "2999-01-01", "01/02/2020", -1]),
        ("material_type", ["porcino", " Bovino ", "BOVINO"], ["piedras", "", None, "x" * 41]),
        ("people", ["x" * 255], ["x" * 256, ["Ana"], {"a": 1}]),
        ("notes", ["x" * 1000, None], ["x" * 1001]),
    ],
)
def test_bounds(admin: Caller, digester: Any, field: str, good: list[Any], bad: list[Any]) -> None:
    for value in bad:
        assert wrong_fields(admin.post(FILLINGS, json={**FEED, field: value})) == {field}, value
    for value in good:
        filling = new_filling(admin, **{field: value})
        made(admin.delete(f"{FILLINGS}/{filling['id']}"), 200)


def test_every_material_of_the_table_may_be_fed(admin: Caller, digester: Any) -> None:
    keys = [row["key"] for row in admin.get("/biogas/materials").json["data"]]
    assert {"bovino", "porcino", "vegetal"} <= set(keys)
    for key in keys:
        filling = new_filling(admin, material_type=key)
        assert filling["material_type"] == key
        made(admin.delete(f"{FILLINGS}/{filling['id']}"), 200)


def test_a_digester_has_one_active_filling(admin: Caller, digester: Any) -> None:
    first = new_filling(admin, date=str(days_ago(2)))
    refused(admin.post(FILLINGS, json=FEED), "FILLING_ACTIVE")
    close(admin, first)
    second = new_filling(admin)
    assert (second["number"], second["active"]) == (2, True)
    active = made(admin.get(f"{FILLINGS}?active=true"), 200)
    assert [row["id"] for row in active] == [second["id"]]


def test_of_requests_at_once_one_opens_its_filling(app: Flask, admin: Caller, digester: Any) -> None:
    """Real threads: the rule must hold where two of them look before either has written."""
    start = threading.Barrier(4)
    answers: list[Any] = []

    def ask() -> None:
        caller = Caller(app.test_client(), admin.token)
        start.wait()
        answers.append(caller.post(FILLINGS, json=FEED))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, "FILLING_ACTIVE")
    assert len(made(admin.get(FILLINGS), 200)) == 1


def test_of_requests_at_once_one_closes_the_filling(app: Flask, admin: Caller, digester: Any) -> None:
    filling = new_filling(admin, date=str(days_ago(2)))
    start = threading.Barrier(4)
    answers: list[Any] = []

    def ask(minutes: int) -> None:
        caller = Caller(app.test_client(), admin.token)
        end = times.iso(times.now() - timedelta(minutes=minutes))
        start.wait()
        answers.append(caller.post(f"{FILLINGS}/{filling['id']}/close", json={"ended_at": end}))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    won = next(answer.json["data"] for answer in answers if answer.status_code == 200)
    assert made(admin.get(f"{FILLINGS}/{filling['id']}"), 200)["ended_at"] == won["ended_at"]


def test_closing_sets_the_end_once_and_for_all(admin: Caller, digester: Any) -> None:
    filling = new_filling(admin, date=str(days_ago(2)))
    closed = close(admin, filling)
    assert closed["active"] is False
    assert closed["ended_at"] > filling["started_at"]
    path = f"{FILLINGS}/{filling['id']}"
    refused(admin.patch(path, json={"people": "Ana"}), "FILLING_CLOSED")
    refused(admin.put(path, json={"material_amount_kg": 1}), "FILLING_CLOSED")
    refused(admin.put(path, json={}), "FILLING_CLOSED")
    refused(admin.delete(path), "FILLING_CLOSED")
    refused(admin.post(f"{path}/close", json={}), "FILLING_CLOSED")
    refused(
        admin.post("/biogas/reports", json={"report_type": "final", "filling_id": filling["id"]}),
        "FILLING_CLOSED",
    )
    assert made(admin.get(path), 200) == closed


@pytest.mark.parametrize("days", [3, 2, -1])
def test_an_end_outside_of_the_filling_is_refused(admin: Caller, digester: Any, days: int) -> None:
    filling = new_filling(admin, date=str(days_ago(2)))
    end = f"{days_ago(days)}T05:00:00Z"
    assert wrong_fields(admin.post(f"{FILLINGS}/{filling['id']}/close", json={"ended_at": end})) == {
        "ended_at"
    }


def test_an_end_with_another_offset_is_the_same_instant(admin: Caller, digester: Any) -> None:
    filling = new_filling(admin, date=str(days_ago(2)))
    assert (
        close(admin, filling, ended_at=f"{days_ago(1)}T09:30:00-05:00")["ended_at"]
        == f"{days_ago(1)}T14:30:00Z"
    )


def test_the_next_filling_of_the_day_begins_where_the_last_one_ended(admin: Caller, digester: Any) -> None:
    end = f"{days_ago(1)}T14:30:00Z"
    close(admin, new_filling(admin, date=str(days_ago(5))), ended_at=end)
    second = new_filling(admin, date=str(days_ago(1)))
    assert (second["date"], second["started_at"]) == (str(days_ago(1)), end)


@pytest.mark.parametrize("days", [2, 4, 5, 9])
def test_fillings_of_a_digester_do_not_overlap(admin: Caller, digester: Any, days: int) -> None:
    close(admin, new_filling(admin, date=str(days_ago(5))), ended_at=f"{days_ago(1)}T14:30:00Z")
    details = refused(admin.post(FILLINGS, json={**FEED, "date": str(days_ago(days))}), "CONFLICT")
    assert details["conflict"]["field"] == "date"
    third = new_filling(admin, date=str(days_ago(0)))
    refused(admin.patch(f"{FILLINGS}/{third['id']}", json={"date": str(days_ago(days))}), "CONFLICT")


def test_an_active_filling_may_be_put_right(admin: Caller, digester: Any) -> None:
    filling = new_filling(admin)
    path = f"{FILLINGS}/{filling['id']}"
    changes = {"number": 4, "people": "Ana y Luis", "material_amount_kg": 900, "date": str(days_ago(3))}
    after = made(admin.patch(path, json=changes), 200)
    assert changes.items() <= after.items()
    assert after["started_at"] == f"{days_ago(3)}T05:00:00Z"
    assert made(admin.patch(path, json={"people": "", "number": ""}), 200)["people"] == "Sin especificar"
    assert made(admin.get(path), 200)["number"] == 4


def test_another_material_brings_its_own_figures(admin: Caller, digester: Any) -> None:
    filling = new_filling(admin, parameters={"b0": 0.2})
    assert filling["parameters"]["b0"]["default"] == 0.2
    path = f"{FILLINGS}/{filling['id']}"
    after = made(admin.patch(path, json={"material_type": "porcino"}), 200)
    table = made(admin.get("/biogas/materials?key=porcino"), 200)[0]
    assert after["parameters"] == table["parameters"]
    assert (after["material_id"], after["material_type"]) == (table["id"], "porcino")
    after = made(admin.patch(path, json={"parameters": {"lag_d": 4}}), 200)
    assert after["parameters"]["lag_d"]["default"] == 4
    assert after["parameters"]["b0"] == table["parameters"]["b0"]


def test_a_filling_stays_in_its_digester(admin: Caller, digester: Any) -> None:
    other = new_digester(admin, "Dos")
    filling = new_filling(admin, digester_id=digester["id"])
    path = f"{FILLINGS}/{filling['id']}"
    assert (
        refused(admin.patch(path, json={"digester_id": other["id"]}), "CONFLICT")["conflict"]["field"]
        == "digester_id"
    )
    made(admin.patch(path, json={"digester_id": digester["id"]}), 200)


def test_which_digester_must_be_said_when_there_are_two(admin: Caller) -> None:
    assert wrong_fields(admin.post(FILLINGS, json=FEED)) == {"digester_id"}
    new_digester(admin)
    new_digester(admin, "Dos")
    assert wrong_fields(admin.post(FILLINGS, json=FEED)) == {"digester_id"}
    assert wrong_fields(admin.post(FILLINGS, json={**FEED, "digester_id": 999_999})) == {"digester_id"}


def test_a_filling_opened_by_mistake_may_go_until_it_has_reports(admin: Caller, digester: Any) -> None:
    filling = new_filling(admin)
    path = f"{FILLINGS}/{filling['id']}"
    report = made(admin.post("/biogas/reports", json={}))
    refused(admin.delete(path), "CONFLICT")
    made(admin.delete(f"/biogas/reports/{report['id']}"), 200)
    assert made(admin.delete(path), 200) == {"deleted_id": filling["id"]}


@pytest.mark.parametrize(
    "parameters",
    [
        {"b0": -1},
        {"b0": "mucho"},
        {"b0": True},
        {"b0": [1]},
        {"b0": {"low": 0.3, "default": 0.2, "high": 0.1}},
        {"b0": {"low": 0.1}},
        {"ch4_pct": 101},
        {"b0": 1e308},
    ],
)
def test_a_figure_outside_of_physics_names_itself(admin: Caller, digester: Any, parameters: Any) -> None:
    answer = admin.post(FILLINGS, json={**FEED, "parameters": parameters})
    assert wrong_fields(answer) == {f"parameters.{name}" for name in parameters}


@pytest.mark.parametrize("parameters", [{"nada": 1}, {"": 1}, {"b0": 0.2, "x": None}])
def test_a_figure_nobody_knows_is_refused(admin: Caller, digester: Any, parameters: Any) -> None:
    assert wrong_fields(admin.post(FILLINGS, json={**FEED, "parameters": parameters}))
