"""An animal's status: its history, what is new and what is late, and the records of animals that left."""

import datetime as dt
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from herd.stock import days_ago, made, new_animal, today, wrong
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.transaction import transaction
from app.herd import animals, statuses
from app.herd.models import Animal


def put(caller: Caller, animal: Any, **values: Any) -> Any:
    return caller.put(f"/animals/{animal['id']}", json=values)


def shown(row: Any) -> tuple[Any, ...]:
    return row["status"], row["status_date"], row["status_reason"]


def history(caller: Caller, animal: Any) -> list[tuple[Any, ...]]:
    rows = made(caller.get(f"/animals/{animal['id']}/statuses"), 200)
    assert [row["current"] for row in rows] == [True, *[False] * (len(rows) - 1)][: len(rows)]
    return [(row["status"], row["date"], row["reason"]) for row in rows]


def test_a_change_is_dated_today_unless_it_says_otherwise(admin: Caller) -> None:
    animal = new_animal(admin)
    assert history(admin, animal) == []
    sold = made(put(admin, animal, status="Vendido"), 200)
    assert shown(sold) == ("Vendido", str(today()), None)
    other = new_animal(admin)
    dead = made(put(admin, other, status="Muerto", status_date=days_ago(5), status_reason=" Rayo "), 200)
    assert shown(dead) == ("Muerto", days_ago(5), "Rayo")
    assert history(admin, other) == [("Muerto", days_ago(5), "Rayo")]
    [entry] = made(admin.get(f"/animals/{other['id']}/statuses"), 200)
    assert entry["user_id"] == made(admin.get("/auth/me"), 200)["user"]["id"]
    assert admin.get("/animals/999/statuses").status_code == 404


def test_the_same_again_is_no_change(admin: Caller) -> None:
    animal = new_animal(admin)
    dead = made(put(admin, animal, status="Muerto", status_date=days_ago(5), status_reason="Rayo"), 200)
    made(put(admin, animal, **dead), 200)
    made(put(admin, animal, status="Muerto", weight=12), 200)
    assert history(admin, animal) == [("Muerto", days_ago(5), "Rayo")]


def test_the_present_entry_is_corrected_in_place(admin: Caller) -> None:
    animal = new_animal(admin)
    made(put(admin, animal, status="Muerto", status_reason="Rayo"), 200)
    assert shown(made(put(admin, animal, status_date=days_ago(3)), 200)) == ("Muerto", days_ago(3), "Rayo")
    assert shown(made(put(admin, animal, status_reason="Caída"), 200)) == ("Muerto", days_ago(3), "Caída")
    assert history(admin, animal) == [("Muerto", days_ago(3), "Caída")]


def test_a_late_entry_of_an_old_change_does_not_change_today(admin: Caller) -> None:
    animal = new_animal(admin)
    made(put(admin, animal, status="Muerto", status_date=days_ago(5)), 200)
    for status in ("Vendido", "Vivo"):
        late = made(put(admin, animal, status=status, status_date=days_ago(50)), 200)
        assert shown(late) == ("Muerto", days_ago(5), None)
    assert [status for status, *_ in history(admin, animal)] == ["Muerto", "Vivo", "Vendido"]


def test_the_dead_come_back_with_a_reason_only(admin: Caller) -> None:
    animal = new_animal(admin, status="Muerto", status_date=days_ago(5))
    assert history(admin, animal) == [("Muerto", days_ago(5), None)]
    assert set(wrong(put(admin, animal, status="Vivo"))) == {"status_reason"}
    assert set(wrong(put(admin, animal, status="Vivo", status_reason="  "))) == {"status_reason"}
    back = made(put(admin, animal, status="Vivo", status_reason="Era otro animal"), 200)
    assert shown(back) == ("Vivo", str(today()), "Era otro animal")
    made(put(admin, animal, status="Muerto"), 200)
    # The farm's web client has no box for the reason, but one for notes.
    assert shown(made(put(admin, animal, status="Vivo", notes="Error de dedo"), 200))[2] == "Error de dedo"
    sold = new_animal(admin, status="Vendido")
    assert made(put(admin, sold, status="Vivo"), 200)["status"] == "Vivo"


@pytest.mark.parametrize("day", [1, -1101])
def test_a_status_is_of_a_day_of_the_animals_life(admin: Caller, day: int) -> None:
    values = {"status": "Muerto", "status_date": str(today() + dt.timedelta(days=day))}
    animal = new_animal(admin)
    assert set(wrong(put(admin, animal, **values))) == {"status_date"}
    assert history(admin, animal) == []


def test_nothing_new_of_who_left_but_what_is_late(admin: Caller) -> None:
    animal = new_animal(admin, status="Muerto", status_date=days_ago(10))
    improvement = {"genetic_event_technique": "IATF", "details": "x", "results": "y"}
    for path, field, facts in (
        ("/controls", "checkup_date", {"health_status": "Malo"}),
        ("/genetic-improvements", "date", improvement),
    ):
        sent = {"animal_id": animal["id"], **facts}
        assert set(wrong(admin.post(path, json={**sent, field: days_ago(9)}))) == {field}
        assert set(wrong(admin.post(path, json={**sent, field: days_ago(1101)}))) == {field}
        assert set(wrong(admin.post(path, json={**sent, field: str(today() + dt.timedelta(days=1))}))) == {
            field
        }
        record = made(admin.post(path, json={**sent, field: days_ago(10)}))
        assert set(wrong(admin.put(f"{path}/{record['id']}", json={field: days_ago(9)}))) == {field}
        made(admin.put(f"{path}/{record['id']}", json={field: days_ago(11)}), 200)
        assert set(wrong(admin.post(path, json={**sent, field: days_ago(10), "animal_id": 999}))) == {
            "animal_id"
        }


def test_the_land_hears_who_left_and_when(admin: Caller) -> None:
    heard: list[tuple[str, dt.date]] = []

    def hear(animal: Animal, day: dt.date) -> None:
        heard.append((animal.status, day))

    animals.departed.append(hear)
    try:
        animal = new_animal(admin)
        made(put(admin, animal, status="Vendido", status_date=days_ago(3)), 200)
        made(put(admin, animal, status="Vendido", weight=9), 200)
        made(put(admin, animal, status_date=days_ago(4)), 200)
        made(put(admin, animal, status="Vivo"), 200)
    finally:
        animals.departed.remove(hear)
    assert [(status, str(day)) for status, day in heard] == [
        ("Vendido", days_ago(3)),
        ("Vendido", days_ago(4)),
    ]


def add(caller: Caller, animal: Any, **values: Any) -> Any:
    return caller.post(f"/animals/{animal['id']}/statuses", json=values)


def now(caller: Caller, animal: Any) -> tuple[Any, ...]:
    return shown(made(caller.get(f"/animals/{animal['id']}"), 200))


def test_a_change_is_written_down_late(instructor: Caller) -> None:
    """What a change of the animal itself cannot say: that it was away once, while it is here today."""
    animal = new_animal(instructor)
    made(add(instructor, animal, status="Vendido", date=days_ago(60)))
    back = made(add(instructor, animal, status="Vivo", date=days_ago(10), reason="Comprado de nuevo"))
    assert (back["status"], back["date"], back["current"]) == ("Vivo", days_ago(10), True)
    late = made(add(instructor, animal, status="Vivo", date=days_ago(50)))
    assert late["current"] is False
    assert now(instructor, animal) == ("Vivo", days_ago(10), "Comprado de nuevo")
    assert [day for _, day, _ in history(instructor, animal)] == [days_ago(10), days_ago(50), days_ago(60)]
    assert add(instructor, animal, status="Vivo", date=days_ago(50)).status_code == 409
    assert set(wrong(add(instructor, animal, status="Muerto", date=days_ago(1101)))) == {"date"}
    assert set(wrong(add(instructor, animal, date=days_ago(5)))) == {"status"}
    assert made(add(instructor, animal, status="Muerto"))["date"] == str(today())
    assert set(wrong(add(instructor, animal, status="Vivo"))) == {"reason"}
    assert add(instructor, {"id": 999}, status="Vivo").status_code == 404


def test_an_entry_is_corrected_or_taken_out(instructor: Caller, apprentice: Caller) -> None:
    animal, other = new_animal(instructor), new_animal(instructor)
    heard: list[dt.date] = []
    sold = made(add(instructor, animal, status="Vendido", date=days_ago(60)))
    dead = made(add(instructor, animal, status="Muerto", date=days_ago(20)))
    path = f"/animals/{animal['id']}/statuses"
    hear = lambda _animal, day: heard.append(day)  # noqa: E731
    animals.departed.append(hear)
    try:
        put_right = instructor.put(f"{path}/{dead['id']}", json={"date": days_ago(25), "reason": "Rayo"})
        assert (made(put_right, 200)["status"], made(put_right, 200)["current"]) == ("Muerto", True)
    finally:
        animals.departed.remove(hear)
    assert [str(day) for day in heard] == [days_ago(25)]
    assert now(instructor, animal) == ("Muerto", days_ago(25), "Rayo")
    assert set(wrong(instructor.put(f"{path}/{dead['id']}", json={"date": None}))) == {"date"}
    assert set(wrong(instructor.put(f"{path}/{dead['id']}", json={"status": "Vivo", "reason": None}))) == {
        "reason"
    }
    assert set(wrong(instructor.patch(f"{path}/{sold['id']}", json={"date": days_ago(-1)}))) == {"date"}
    elsewhere = f"/animals/{other['id']}/statuses/{dead['id']}"
    assert instructor.put(elsewhere, json={}).status_code == instructor.delete(elsewhere).status_code == 404
    assert apprentice.delete(f"{path}/{dead['id']}").status_code == 403
    assert made(instructor.delete(f"{path}/{dead['id']}"), 200) == {"deleted_id": dead["id"]}
    assert now(instructor, animal) == ("Vendido", days_ago(60), None)
    made(instructor.delete(f"{path}/{sold['id']}"), 200)
    assert now(instructor, animal) == ("Vivo", None, None)
    assert history(instructor, animal) == []


def test_nothing_is_recorded_of_the_days_an_animal_was_away(admin: Caller) -> None:
    animal = new_animal(admin)
    for status, day in (("Vendido", 60), ("Vivo", 40), ("Vendido", 10)):
        made(add(admin, animal, status=status, date=days_ago(day)))
    for day, is_here in ((61, True), (60, True), (50, False), (40, True), (30, True), (10, True), (9, False)):
        sent = {"animal_id": animal["id"], "health_status": "Bueno", "checkup_date": days_ago(day)}
        answer = admin.post("/controls", json=sent)
        assert answer.status_code == (201 if is_here else 422), day
    answer = admin.post("/controls", json={**sent, "checkup_date": days_ago(50)})
    words = wrong(answer)["checkup_date"]
    # The farm's web client shows people the message alone.
    assert answer.json["message"] == words
    assert days_ago(60) in words
    assert days_ago(40) in words


def test_who_died_after_being_sold_was_away_between(admin: Caller) -> None:
    animal = new_animal(admin)
    for status, day in (("Vendido", 60), ("Muerto", 10)):
        made(add(admin, animal, status=status, date=days_ago(day)))
    for day, is_here in ((61, True), (60, True), (59, False), (10, False), (9, False)):
        sent = {"animal_id": animal["id"], "health_status": "Bueno", "checkup_date": days_ago(day)}
        assert admin.post("/controls", json=sent).status_code == (201 if is_here else 422), day


RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "/genetic-improvements": (
        "date",
        {"genetic_event_technique": "IATF", "details": "x", "results": "y"},
    ),
    "/controls": ("checkup_date", {"health_status": "Bueno"}),
    "/animal-tags": ("placed_on", {"kind": "visual", "code": "A1"}),
    "/treatments": ("treatment_date", {"description": "Baño"}),
    "/animal-fields": ("assignment_date", {}),
    "/vaccinations": ("vaccination_date", {}),
    "/animal-diseases": ("diagnosis_date", {}),
}


def test_no_record_is_older_than_a_birth_that_is_moved(admin: Caller) -> None:
    me = made(admin.get("/auth/me"), 200)["user"]["id"]
    keys = {
        "/animal-fields": {"field_id": made(admin.post("/fields", json={"name": "La Vega"}))["id"]},
        "/vaccinations": {"vaccine_id": made(admin.post("/vaccines", json={"name": "Aftosa"}))["id"]},
        "/animal-diseases": {
            "disease_id": made(admin.post("/diseases", json={"name": "Mastitis"}))["id"],
            "instructor_id": me,
        },
    }
    for path, (field, facts) in RECORDS.items():
        animal = new_animal(admin)
        sent = {"animal_id": animal["id"], field: days_ago(500), **facts, **keys.get(path, {})}
        made(admin.post(path, json=sent))
        assert days_ago(500) in wrong(put(admin, animal, birth_date=days_ago(499)))["birth_date"], path
        made(put(admin, animal, birth_date=days_ago(500)), 200)


def test_records_after_a_departure_are_pointed_out(admin: Caller) -> None:
    animal = new_animal(admin)
    made(
        admin.post(
            "/treatments",
            json={"animal_id": animal["id"], "treatment_date": days_ago(10), "description": "Baño"},
        )
    )
    early = put(admin, animal, status="Muerto", status_date=days_ago(11))
    [warning] = early.json["meta"]["warnings"]
    assert days_ago(10) in warning
    assert warning in early.json["message"]
    assert "meta" not in put(admin, animal, status_date=days_ago(10)).json


Entries = st.lists(
    st.tuples(st.sampled_from(["Vivo", "Vendido", "Muerto"]), st.integers(0, 30)), min_size=1, max_size=8
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=Entries)
def test_whatever_the_order_of_entries_the_newest_day_holds(
    profile_app: Flask, app: Flask, admin: Caller, entries: list[tuple[str, int]]
) -> None:
    """Each day once: the state is that of the newest day, in whatever order the days were written down."""
    days = {day: status for status, day in entries}
    id = new_animal(admin)["id"]
    for day, status in days.items():
        with app.app_context(), transaction() as session:
            animal = session.get(Animal, id)
            assert animal is not None
            statuses.keep(animal, statuses.Change(status, today() - dt.timedelta(days=day), None))
    with app.app_context(), transaction() as session:
        animal = session.get(Animal, id)
        assert animal is not None
        assert (animal.status, animal.status_date) == (
            days[min(days)],
            today() - dt.timedelta(days=min(days)),
        )
