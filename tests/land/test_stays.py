"""Stays in paddocks through the door: dates, one place at a time, room, departures, and the reading of any day."""

import threading
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from land.farm import become, data, day, herd, paddock, refused, wrong

STAYS = "/animal-fields"


def put(caller: Caller, animal: int, field: int, start: int, end: int | None = None, **more: Any) -> Any:
    """Asks for a stay that began `start` days ago and ended `end` days ago."""
    body = {"animal_id": animal, "field_id": field, "assignment_date": str(day(start)), **more}
    if end is not None:
        body["removal_date"] = str(day(end))
    return caller.post(STAYS, json=body)


def where(caller: Caller, animal: int, days_ago: int = 0) -> Any:
    return data(caller.get(f"/animals/{animal}/location?date={day(days_ago)}"))


def heads(caller: Caller, days_ago: int = 0) -> dict[int, int]:
    rows = data(caller.get(f"/fields/head-counts?date={day(days_ago)}&limit=1000"))
    return {row["id"]: row["head"] for row in rows}


def test_a_stay_is_shown_with_the_names_it_means(app: Flask, apprentice: Caller) -> None:
    [cow], field = herd(app), paddock(app)
    stay = data(put(apprentice, cow, field, 3, notes="Entró cojeando"), 201)
    expected = {
        "animal_id": cow,
        "field_id": field,
        "assignment_date": str(day(3)),
        "removal_date": None,
        "notes": "Entró cojeando",
        "animal_record": "REC-001",
        "field_name": "Loma",
        "is_active": True,
    }
    assert expected.items() <= stay.items()
    assert data(apprentice.get(f"{STAYS}?search=REC-001"))[0]["id"] == stay["id"]
    assert data(apprentice.get(f"{STAYS}?is_active=false")) == []
    assert wrong(apprentice.get(f"{STAYS}?is_active_from=true")) == {"is_active_from"}
    assert apprentice.put(f"{STAYS}/{stay['id']}", json={"notes": "x"}).status_code == 403


def test_dates_that_cannot_be(app: Flask, instructor: Caller) -> None:
    [cow], field = herd(app, age_days=100), paddock(app)
    assert wrong(put(instructor, cow, field, -1)) == {"assignment_date"}
    assert wrong(put(instructor, cow, field, 101)) == {"assignment_date"}
    assert wrong(put(instructor, cow, field, 10, 11)) == {"removal_date"}
    assert wrong(put(instructor, cow, field, 10, -1)) == {"removal_date"}
    assert wrong(put(instructor, cow, 999, 10)) == {"field_id"}
    assert wrong(put(instructor, 999, field, 10)) == {"animal_id"}
    assert wrong(instructor.post(STAYS, json={})) == {"animal_id", "field_id", "assignment_date"}


def test_an_animal_is_in_one_place_at_a_time(app: Flask, instructor: Caller) -> None:
    [cow], loma, vega = herd(app), paddock(app), paddock(app, "Vega")
    first = data(put(instructor, cow, loma, 20), 201)
    clash = refused(put(instructor, cow, vega, 5), "ANIMAL_ELSEWHERE")
    assert (clash["field_id"], clash["field_name"]) == (loma, "Loma")
    refused(put(instructor, cow, vega, 25, 19), "ANIMAL_ELSEWHERE")
    data(put(instructor, cow, vega, 25, 20), 201)
    ended = data(instructor.put(f"{STAYS}/{first['id']}", json={"removal_date": str(day(8))}))
    assert ended["is_active"] is False
    data(put(instructor, cow, vega, 8), 201)
    # Open again, or longer, it would reach into the next one.
    refused(instructor.put(f"{STAYS}/{first['id']}", json={"removal_date": None}), "ANIMAL_ELSEWHERE")
    refused(instructor.put(f"{STAYS}/{first['id']}", json={"removal_date": str(day(7))}), "ANIMAL_ELSEWHERE")
    assert wrong(instructor.put(f"{STAYS}/{first['id']}", json={"assignment_date": None})) == {
        "assignment_date"
    }


def test_a_late_entry_changes_no_today(app: Flask, instructor: Caller) -> None:
    [cow], loma, vega = herd(app), paddock(app), paddock(app, "Vega")
    data(put(instructor, cow, loma, 10), 201)
    data(put(instructor, cow, vega, 40, 20), 201)
    now = where(instructor, cow)
    assert (now["field_id"], now["since"], now["days"]) == (loma, str(day(10)), 10)
    then = where(instructor, cow, 21)
    assert (then["field_name"], then["days"], then["until"]) == ("Vega", 19, str(day(20)))
    between = where(instructor, cow, 20)
    assert (between["field_id"], between["reason"]) == (None, "No tenía potrero asignado")
    assert where(instructor, cow, 2000)["reason"] == "Aún no había nacido"
    assert wrong(instructor.get(f"/animals/{cow}/location?date={day(-1)}")) == {"date"}
    assert instructor.get("/animals/999/location").status_code == 404


def test_room_counts_over_the_whole_period(app: Flask, instructor: Caller) -> None:
    cows, loma = herd(app, 4), paddock(app, capacity=2)
    data(put(instructor, cows[0], loma, 30, 20), 201)
    second = data(put(instructor, cows[1], loma, 25, 10), 201)
    full = refused(put(instructor, cows[2], loma, 40, 22), "FIELD_FULL")
    assert (full["capacity"], full["head"], full["date"]) == (2, 2, str(day(25)))
    # Whoever leaves on a day makes room for who comes on it.
    third = data(put(instructor, cows[2], loma, 20), 201)
    data(put(instructor, cows[3], loma, 10), 201)
    # Ending a stay asks no room, lengthening it does.
    data(instructor.put(f"{STAYS}/{third['id']}", json={"removal_date": str(day(15))}))
    data(instructor.put(f"{STAYS}/{third['id']}", json={"removal_date": str(day(5))}))
    refused(instructor.put(f"{STAYS}/{second['id']}", json={"removal_date": str(day(8))}), "FIELD_FULL")
    assert "2 de 2" in put(instructor, cows[0], loma, 9, 6).json["message"]
    # Nobody has said how many fit: no limit. Notes may be mended wherever the animal stands.
    for cow in (cows[0], cows[1]):
        data(put(instructor, cow, paddock(app, f"Sin límite {cow}"), 1), 201)
    data(instructor.put(f"{STAYS}/{second['id']}", json={"notes": "Cojeaba"}))


def test_a_closed_paddock_lets_nobody_in_now(app: Flask, instructor: Caller) -> None:
    [cow, other] = herd(app, 2)
    for state in ("Mantenimiento", "Restringido", "Dañado"):
        refused(put(instructor, cow, paddock(app, state, state=state), 1), "FIELD_CLOSED")
    closed = paddock(app, "Ahora cerrado", state="Dañado")
    past = data(put(instructor, cow, closed, 30, 20), 201)
    refused(instructor.put(f"{STAYS}/{past['id']}", json={"removal_date": None}), "FIELD_CLOSED")
    data(put(instructor, other, paddock(app, "Libre", state="Ocupado"), 1), 201)


def test_who_dies_or_is_sold_leaves_its_paddock(app: Flask, instructor: Caller) -> None:
    cows, loma = herd(app, 3), paddock(app, capacity=3)
    stays = [data(put(instructor, cow, loma, 30), 201) for cow in cows]
    become(app, cows[0], "Muerto", day(12))
    become(app, cows[1], "Vendido", day(40))
    ends = [data(instructor.get(f"{STAYS}/{stay['id']}"))["removal_date"] for stay in stays]
    # Sold before it came: it never was there.
    assert ends == [str(day(12)), str(day(30)), None]
    assert [heads(instructor, ago)[loma] for ago in (31, 30, 13, 12, 0)] == [0, 2, 2, 1, 1]
    assert where(instructor, cows[0])["reason"] == "Ya estaba muerto"
    assert wrong(put(instructor, cows[0], loma, 5)) == {"assignment_date"}
    assert wrong(put(instructor, cows[0], loma, 12)) == {"animal_id"}
    assert data(instructor.get(f"/fields/{loma}"))["animal_count"] == 1
    become(app, cows[0], "Vivo", day(5))
    data(put(instructor, cows[0], loma, 5), 201)
    assert heads(instructor)[loma] == 2


def test_who_did_not_leave_after_all_stayed_where_it_was(app: Flask, instructor: Caller) -> None:
    cows, loma, vega = herd(app, 4), paddock(app, capacity=3), paddock(app, "Vega")
    stays = [data(put(instructor, cow, loma, 30), 201) for cow in cows[:3]]
    for cow in cows[:3]:
        become(app, cow, "Muerto", day(12))
    first = data(instructor.get(f"/animals/{cows[0]}/statuses"))[0]
    # Died later; did not die; was put down as dead by mistake, and as alive on the same day.
    data(instructor.put(f"/animals/{cows[0]}", json={"status_date": str(day(8))}))
    second = data(instructor.get(f"/animals/{cows[1]}/statuses"))[0]
    data(instructor.delete(f"/animals/{cows[1]}/statuses/{second['id']}"))
    become(app, cows[2], "Vivo", day(12))
    ends = lambda: [data(instructor.get(f"{STAYS}/{stay['id']}"))["removal_date"] for stay in stays]  # noqa: E731
    assert ends() == [str(day(8)), None, None]
    assert [heads(instructor, ago)[loma] for ago in (13, 12, 9, 8, 0)] == [3, 3, 3, 2, 2]
    # Another has its room meanwhile: it cannot simply be put back.
    data(put(instructor, cows[3], loma, 6), 201)
    data(instructor.put(f"/animals/{cows[0]}/statuses/{first['id']}", json={"date": str(day(4))}))
    assert ends()[0] == str(day(8))
    # And who has been told to be elsewhere since, is.
    become(app, cows[1], "Vendido", day(5))
    become(app, cows[1], "Vivo", day(3))
    data(put(instructor, cows[1], vega, 2), 201)
    sold = data(instructor.get(f"/animals/{cows[1]}/statuses"))[-1]
    data(instructor.delete(f"/animals/{cows[1]}/statuses/{sold['id']}"))
    assert ends()[1] == str(day(5))


def test_who_came_back_was_away_between(app: Flask, instructor: Caller) -> None:
    [cow], loma = herd(app), paddock(app)
    data(put(instructor, cow, loma, 60, 40), 201)
    for status, ago in (("Vendido", 20), ("Vivo", 10), ("Vendido", 50)):
        become(app, cow, status, day(ago))
    # The sale that was told late cuts no stay, but those days count no more.
    assert [heads(instructor, ago)[loma] for ago in (60, 51, 50, 41)] == [1, 1, 0, 0]
    assert where(instructor, cow, 48)["reason"] == "Ya estaba vendido"
    assert wrong(put(instructor, cow, loma, 25, 15)) == {"assignment_date"}
    moved = instructor.post(
        "/animal-fields/move", json={"animal_ids": [cow], "field_id": loma, "date": str(day(15))}
    )
    assert moved.json["error"]["code"] == "MOVE_REFUSED"
    assert str(day(50)) in moved.json["message"]
    data(put(instructor, cow, loma, 10), 201)


def test_the_animals_of_a_paddock_on_a_day(app: Flask, instructor: Caller) -> None:
    cows, loma = herd(app, 3), paddock(app)
    data(put(instructor, cows[0], loma, 30, 10), 201)
    data(put(instructor, cows[1], loma, 20), 201)
    path = f"/fields/{loma}/animals"
    now = instructor.get(path)
    assert [animal["id"] for animal in data(now)] == [cows[1]]
    assert now.json["meta"]["count"] == 1
    then = data(instructor.get(f"{path}?date={day(15)}&sort_by=id"))
    assert [animal["id"] for animal in then] == cows[:2]
    assert then[0]["breed"]["name"] == "Cebú"
    assert instructor.get("/fields/999/animals").status_code == 404


def test_a_group_moves_together_or_not_at_all(app: Flask, apprentice: Caller) -> None:
    cows, loma, vega = herd(app, 4), paddock(app), paddock(app, "Vega", capacity=3)
    for cow in cows[:2]:
        data(put(apprentice, cow, loma, 20), 201)
    move = {"animal_ids": cows[:3], "field_id": vega, "date": str(day(5)), "notes": "Rotación"}
    become(app, cows[3], "Vendido", day(1))
    for extra in ([cows[3]], [999]):
        body = {**move, "animal_ids": cows[:3] + extra}
        errors = refused(apprentice.post(f"{STAYS}/move", json=body), "MOVE_REFUSED")["errors"]
        assert [error["animal_id"] for error in errors] == extra
    assert heads(apprentice) == {loma: 2, vega: 0}
    told = data(apprentice.post(f"{STAYS}/move", json=move), 201)
    assert (told["moved"], told["field_name"]) == (3, "Vega")
    assert [one["from_field_name"] for one in told["animals"]] == ["Loma", "Loma", None]
    assert heads(apprentice) == {loma: 0, vega: 3}
    assert heads(apprentice, 6) == {loma: 2, vega: 0}
    again = refused(apprentice.post(f"{STAYS}/move", json=move), "MOVE_REFUSED")
    assert len(again["errors"]) == 3
    back = {"animal_ids": cows[:3], "field_id": loma, "date": str(day(6))}
    refused(apprentice.post(f"{STAYS}/move", json=back), "MOVE_REFUSED")
    assert wrong(apprentice.post(f"{STAYS}/move", json={**back, "date": str(day(-1))})) == {"date"}
    assert wrong(apprentice.post(f"{STAYS}/move", json={**back, "animal_ids": []})) == {"animal_ids"}


def test_a_paddock_is_shown_whole_unless_pages_are_asked(app: Flask, apprentice: Caller) -> None:
    cows, loma = herd(app, 60), paddock(app)
    data(apprentice.post(f"{STAYS}/move", json={"animal_ids": cows, "field_id": loma}), 201)
    assert len(data(apprentice.get(f"/fields/{loma}/animals"))) == 60
    page = apprentice.get(f"/fields/{loma}/animals?page_size=20&page=3&include_relations=false")
    assert (len(data(page)), page.json["meta"]["count"]) == (20, 60)
    assert "breed" not in data(page)[0]


def test_a_group_that_is_too_large_stays_where_it_is(app: Flask, apprentice: Caller) -> None:
    cows, loma = herd(app, 3), paddock(app, capacity=2)
    full = refused(
        apprentice.post(f"{STAYS}/move", json={"animal_ids": cows, "field_id": loma}), "FIELD_FULL"
    )
    assert (full["head"], full["capacity"]) == (0, 2)
    closed = paddock(app, "Cerrado", state="Mantenimiento")
    body = {"animal_ids": cows, "field_id": closed}
    refused(apprentice.post(f"{STAYS}/move", json=body), "FIELD_CLOSED")


@pytest.mark.parametrize("capacity", [None, 1])
def test_of_several_at_once_one_comes_in(app: Flask, instructor: Caller, capacity: int | None) -> None:
    """One animal sent to several paddocks at once; several animals sent at once where one has room."""
    cows = herd(app, 4)
    fields = [paddock(app, f"P{n}") for n in range(4)] if capacity is None else [paddock(app, capacity=1)] * 4
    sent = [cows[0]] * 4 if capacity is None else cows
    gate, statuses = threading.Barrier(4), []

    def go(animal: int, field: int) -> None:
        gate.wait()
        statuses.append(put(instructor, animal, field, 1).status_code)

    threads = [threading.Thread(target=go, args=pair) for pair in zip(sent, fields, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]
    assert sum(heads(instructor).values()) == 1


def test_the_trail_tells_of_a_move_what_people_know_of_it(app: Flask, admin: Caller) -> None:
    [cow], loma, vega = herd(app), paddock(app), paddock(app, name="Vega")
    stay = {"animal_id": cow, "field_id": loma, "assignment_date": str(day(9))}
    data(admin.post("/animal-fields", json=stay), 201)
    data(admin.post("/animal-fields/move", json={"animal_ids": [cow], "field_id": vega}), 201)
    told = data(admin.get("/activity?entity=animal_field"))
    assert len(told) == 3
    assert not any("open" in entry["description"] or "open_animal_id" in entry["changes"] for entry in told)
