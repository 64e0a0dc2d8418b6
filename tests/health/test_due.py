"""Which doses are due: only the newest counts, only of the living, only where there is an interval."""

from conftest import Caller
from flask import Flask
from land.farm import become, data, day, herd, wrong
from queries import queries

DUE = "/vaccinations/due"


def vaccine(admin: Caller, name: str, interval: int | None) -> int:
    body = {"name": name, **({"vaccination_interval": interval} if interval is not None else {})}
    return int(data(admin.post("/vaccines", json=body), 201)["id"])


def dose(admin: Caller, animal: int, of: int, days_ago: int) -> None:
    body = {"animal_id": animal, "vaccine_id": of, "vaccination_date": str(day(days_ago))}
    data(admin.post("/vaccinations", json=body), 201)


def test_the_newest_dose_decides(app: Flask, admin: Caller, apprentice: Caller) -> None:
    cows = herd(app, 4)
    twice, yearly = vaccine(admin, "Aftosa", 180), vaccine(admin, "Brucela", 365)
    once, zero = vaccine(admin, "Única", None), vaccine(admin, "Cero", 0)
    dose(admin, cows[0], twice, 400)
    dose(admin, cows[0], twice, 10)
    dose(admin, cows[1], twice, 200)
    # Told late: an older dose than the newest one changes nothing.
    dose(admin, cows[1], twice, 500)
    dose(admin, cows[1], yearly, 340)
    dose(admin, cows[2], twice, 300)
    dose(admin, cows[3], once, 900)
    dose(admin, cows[3], zero, 900)
    become(app, cows[2], "Vendido", day(100))
    answer = apprentice.get(DUE)
    assert answer.json["meta"]["pagination"]["total_items"] == 2
    overdue, coming = data(answer)
    assert (overdue["animal_record"], overdue["vaccine_name"]) == ("REC-002", "Aftosa")
    assert (overdue["last_date"], overdue["next_due"], overdue["overdue_days"]) == (
        str(day(200)),
        str(day(20)),
        20,
    )
    assert (coming["vaccine_name"], coming["next_due"], coming["overdue_days"]) == (
        "Brucela",
        str(day(-25)),
        0,
    )
    assert [row["vaccine_id"] for row in data(apprentice.get(f"{DUE}?days=24"))] == [twice]
    assert len(data(apprentice.get(f"{DUE}?days=400"))) == 3
    assert data(apprentice.get(f"{DUE}?days=400&animal_id={cows[0]}"))[0]["next_due"] == str(day(-170))
    assert [r["vaccine_id"] for r in data(apprentice.get(f"{DUE}?days=400&vaccine_id={yearly}"))] == [yearly]
    second = apprentice.get(f"{DUE}?days=400&limit=1&page=2")
    assert [row["vaccine_id"] for row in data(second)] == [yearly]
    assert second.json["meta"]["pagination"]["total_pages"] == 3
    beyond = apprentice.get(f"{DUE}?days=400&page=9")
    assert (data(beyond), beyond.json["meta"]["pagination"]["total_items"]) == ([], 3)
    assert wrong(apprentice.get(f"{DUE}?days=-1&limit=0")) == {"days", "limit"}


def test_the_list_costs_the_same_for_one_and_for_many(app: Flask, admin: Caller) -> None:
    cows, aftosa = herd(app, 6), vaccine(admin, "Aftosa", 30)
    counted = []
    for group in (cows[:1], cows[1:]):
        for cow in group:
            dose(admin, cow, aftosa, 40)
        with queries(app) as seen:
            data(admin.get(DUE))
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_the_figures_count_what_is_due_and_under_way(app: Flask, admin: Caller) -> None:
    cow, other = herd(app, 2)
    monthly, yearly = vaccine(admin, "Mensual", 30), vaccine(admin, "Anual", 365)
    for of, days_ago in ((monthly, 31), (monthly, 90), (yearly, 31)):
        dose(admin, cow, of, days_ago)
    assert data(admin.get("/vaccinations/stats"))["pending_vaccinations"] == 1
    dose(admin, other, monthly, 30)
    assert data(admin.get("/vaccinations/stats"))["pending_vaccinations"] == 2
    data(admin.put(f"/vaccines/{monthly}", json={"vaccination_interval": 40}))
    assert data(admin.get("/vaccinations/stats"))["pending_vaccinations"] == 0
    dose(admin, other, yearly, 400)
    data(admin.put(f"/animals/{other}", json={"status": "Vendido"}))
    assert data(admin.get("/vaccinations/stats"))["pending_vaccinations"] == 0
    for days_ago in (0, 29, 30):
        body = {"animal_id": cow, "treatment_date": str(day(days_ago)), "description": "Baño"}
        data(admin.post("/treatments", json=body), 201)
    found = data(admin.get("/treatments/stats"))
    assert (found["active_treatments"], found["total"]) == (2, 3)
