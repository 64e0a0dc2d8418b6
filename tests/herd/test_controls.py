"""Check-ups through the door: whose weight is the animal's, and what is strange."""

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from herd.stock import days_ago, made, new_animal, today, wrong

from app.core.dependencies import remove_with_dependents
from app.core.retrying import RETRIES
from app.core.transaction import transaction
from app.herd.models import Animal


def weigh(caller: Caller, animal: Any, days: int, kg: float | None, **values: Any) -> Any:
    facts = {
        "animal_id": animal["id"],
        "checkup_date": days_ago(days),
        "health_status": "Bueno",
        "weight": kg,
    }
    return made(caller.post("/controls", json=facts | values))


def weight(caller: Caller, animal: Any) -> float:
    return float(made(caller.get(f"/animals/{animal['id']}"), 200)["weight"])


def test_an_apprentice_writes_and_a_teacher_corrects(
    apprentice: Caller, instructor: Caller, admin: Caller
) -> None:
    animal = new_animal(admin)
    control = weigh(apprentice, animal, 3, 360, height="120", description=" Sana ")
    expected = {"animal_record": animal["record"], "weight": 360.0, "height": 120.0, "description": "Sana"}
    assert expected.items() <= control.items()
    assert made(apprentice.get(f"/controls?search={animal['record']}"), 200) == [control]
    path = f"/controls/{control['id']}"
    assert apprentice.put(path, json={"weight": 300}).status_code == 403
    assert made(instructor.put(path, json={"health_status": "Malo"}), 200)["health_status"] == "Malo"
    assert instructor.delete(path).status_code == 403
    made(admin.delete(path), 200)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight", 0),
        ("weight", -3),
        ("weight", 1e9),
        ("height", 0),
        ("health_status", "Feliz"),
        ("animal_id", 999),
        ("checkup_date", "tomorrow"),
        ("checkup_date", "before birth"),
    ],
)
def test_what_a_control_cannot_be(admin: Caller, field: str, value: Any) -> None:
    animal = new_animal(admin)
    control = weigh(admin, animal, 3, 360)
    value = {"tomorrow": str(today() + dt.timedelta(days=1)), "before birth": days_ago(1101)}.get(
        value, value
    )
    facts = {"animal_id": animal["id"], "checkup_date": days_ago(1), "health_status": "Bueno"}
    assert set(wrong(admin.post("/controls", json=facts | {field: value}))) == {field}
    assert set(wrong(admin.put(f"/controls/{control['id']}", json={field: value}))) == {field}
    assert weight(admin, animal) == 360


def test_the_newest_weight_is_the_animals(admin: Caller) -> None:
    animal = new_animal(admin, weight=350)
    weigh(admin, animal, 1, None)
    assert weight(admin, animal) == 350
    newest = weigh(admin, animal, 10, 380)
    assert weight(admin, animal) == 380
    old = weigh(admin, animal, 20, 370)
    assert weight(admin, animal) == 380
    same_day = weigh(admin, animal, 10, 381)
    assert weight(admin, animal) == 381
    made(admin.delete(f"/controls/{same_day['id']}"), 200)
    assert weight(admin, animal) == 380
    made(admin.put(f"/controls/{newest['id']}", json={"checkup_date": days_ago(30)}), 200)
    assert weight(admin, animal) == 370
    made(admin.put(f"/controls/{newest['id']}", json={"checkup_date": days_ago(5), "weight": 390}), 200)
    assert weight(admin, animal) == 390
    made(admin.put(f"/controls/{newest['id']}", json={"weight": None}), 200)
    assert weight(admin, animal) == 370
    made(admin.delete(f"/controls/{old['id']}"), 200)
    assert weight(admin, animal) == 370


def test_a_weight_written_by_hand_stays_until_the_newest_control_changes(admin: Caller) -> None:
    animal = new_animal(admin)
    newest, old = weigh(admin, animal, 10, 380), weigh(admin, animal, 20, 370)
    made(admin.put(f"/animals/{animal['id']}", json={"weight": 400}), 200)
    made(admin.put(f"/controls/{old['id']}", json={"weight": 371}), 200)
    made(admin.delete(f"/controls/{old['id']}"), 200)
    assert weight(admin, animal) == 400
    made(admin.put(f"/controls/{newest['id']}", json={"description": "x"}), 200)
    assert weight(admin, animal) == 380


def test_a_control_written_under_another_animal_moves(admin: Caller) -> None:
    one, other = new_animal(admin, weight=300), new_animal(admin, weight=500)
    weigh(admin, one, 20, 310)
    control = weigh(admin, one, 10, 510)
    made(admin.put(f"/controls/{control['id']}", json={"animal_id": other["id"]}), 200)
    assert (weight(admin, one), weight(admin, other)) == (310, 510)


def test_a_strange_weight_is_kept_and_told(admin: Caller) -> None:
    animal = new_animal(admin)
    for days, kg in ((90, 200), (60, 205), (30, 210)):
        weigh(admin, animal, days, kg)
    facts = {"animal_id": animal["id"], "checkup_date": days_ago(1), "health_status": "Bueno", "weight": 900}
    answer = admin.post("/controls", json=facts)
    control = made(answer)
    assert control["weight"] == 900
    assert "900 kg" in answer.json["meta"]["warnings"][0]
    assert "900 kg" in answer.json["message"]
    growth = made(admin.get(f"/animals/{animal['id']}/growth"), 200)
    assert [row["kg"] for row in growth["weights"] if row["implausible"]] == [900]
    corrected = admin.put(f"/controls/{control['id']}", json={"weight": 213})
    assert "warnings" not in corrected.json.get("meta", {})
    assert weight(admin, animal) == 213


def test_growth_says_what_was_divided_by_what(apprentice: Caller, admin: Caller) -> None:
    animal = new_animal(admin)
    empty = made(apprentice.get(f"/animals/{animal['id']}/growth"), 200)
    assert (empty["weights"], empty["first_to_last"]["value"]) == ([], None)
    assert empty["first_to_last"]["reason"]
    for days, kg in ((180, 120), (120, 162), (60, 195), (0, 246)):
        weigh(admin, animal, days, kg)
    data = made(apprentice.get(f"/animals/{animal['id']}/growth"), 200)
    assert [row["kg"] for row in data["weights"]] == [120, 162, 195, 246]
    figures = [data[name]["value"] for name in ("first_to_last", "last_interval", "least_squares")]
    assert figures == pytest.approx([0.7, 0.85, 0.685], abs=1e-3)
    assert (data["first_to_last"]["numerator"], data["first_to_last"]["denominator"]) == (126, 180)
    assert apprentice.get("/animals/999/growth").status_code == 404


def test_two_weighings_at_once_leave_the_newest(app: Flask, admin: Caller) -> None:
    animal = new_animal(admin)
    start = threading.Barrier(4)
    answers = []

    def post(days: int) -> None:
        caller = Caller(app.test_client(), admin.token)
        start.wait()
        facts = {"animal_id": animal["id"], "checkup_date": days_ago(days), "health_status": "Bueno"}
        answers.append(caller.post("/controls", json={**facts, "weight": 400 - days}).status_code)

    threads = [threading.Thread(target=post, args=(days,)) for days in (4, 1, 3, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 4
    assert weight(admin, animal) == 399


def test_who_writes_of_an_animal_that_is_being_deleted_is_told_so(app: Flask, admin: Caller) -> None:
    """The check-up waits for the deletion; then it looks again, and the animal is gone."""
    animal = new_animal(admin)
    control = {"animal_id": animal["id"], "checkup_date": days_ago(1), "health_status": "Bueno", "weight": 9}

    def write(body: dict[str, Any]) -> Any:
        return Caller(app.test_client(), admin.token).post("/controls", json=body)

    with ThreadPoolExecutor(1) as pool:
        with app.app_context(), transaction() as session:
            remove_with_dependents(session.get(Animal, animal["id"]))
            waiting = pool.submit(write, control)
            time.sleep(0.5)
        assert set(wrong(waiting.result(20))) == {"animal_id"}


def test_imports_of_the_same_animals_wait_for_each_other(app: Flask, admin: Caller) -> None:
    """And none is undone, to be made once more, because two held what each then wanted alone."""
    animals = [new_animal(admin)["record"] for _ in range(12)]
    repeated = RETRIES.labels("http", "repeated")._value
    before, start = repeated.get(), threading.Barrier(6)

    def send(place: int) -> int:
        rows = [f"{record},{days_ago(30 + place)},Bueno,{300 + place}" for record in animals]
        # Each in an order of its own.
        content = "\n".join(["animal,checkup_date,health_status,weight", *rows[place:], *rows[:place]])
        start.wait()
        caller = Caller(app.test_client(), admin.token)
        answer = caller.post("/controls/import?dry_run=false", data=content, content_type="text/csv")
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(send, range(6))) == [200] * 6
    assert repeated.get() == before
    weights = {row["weight"] for row in admin.get("/animals?limit=100").json["data"]}
    assert weights == {300}
