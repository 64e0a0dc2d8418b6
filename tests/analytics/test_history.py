"""The whole history of an animal in one request."""

import io
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from land.farm import become, data, day, herd, paddock, wrong
from PIL import Image
from queries import queries

from app.core.transaction import transaction
from app.herd.models import Animal, AnimalTag


def eventful(app: Flask, admin: Caller, times: int = 1) -> int:
    """An animal with `times` events of each kind: its id."""
    cow, *calves = herd(app, 1 + times, age_days=2000)
    known = {
        name: data(admin.post(path, json={"name": f"{name} {cow}"}), 201)["id"]
        for name, path in (("vaccine", "/vaccines"), ("medication", "/medications"), ("disease", "/diseases"))
    }
    me = data(admin.get("/auth/me"))["user"]["id"]
    loma = paddock(app, f"Loma {cow}")

    def post(path: str, **body: Any) -> Any:
        return data(admin.post(path, json=body), 201)

    with app.app_context(), transaction() as session:
        for n, calf in enumerate(calves):
            session.get(Animal, calf).mother_id = cow
            session.get(Animal, calf).birth_date = day(500 + n)
            code = f"{cow}-{n}"
            session.add(
                AnimalTag(animal_id=cow, kind="visual", code=code, active_code=code, placed_on=day(400))
            )
    for n in range(times):
        treatment = post(
            "/treatments", animal_id=cow, treatment_date=str(day(50 - n)), description="Desparasitar"
        )
        post("/treatment-medications", treatment_id=treatment["id"], medication_id=known["medication"])
        post("/treatment-vaccines", treatment_id=treatment["id"], vaccine_id=known["vaccine"], dose="2 ml")
        post(
            "/vaccinations",
            animal_id=cow,
            vaccine_id=known["vaccine"],
            vaccination_date=str(day(60 - n)),
            instructor_id=me,
        )
        post(
            "/animal-diseases",
            animal_id=cow,
            disease_id=known["disease"],
            instructor_id=me,
            diagnosis_date=str(day(70 - n)),
        )
        post(
            "/controls",
            animal_id=cow,
            checkup_date=str(day(80 - n)),
            health_status="Bueno",
            weight=301 + n,
        )
        post(
            "/genetic-improvements",
            animal_id=cow,
            date=str(day(90 - n)),
            genetic_event_technique="IA",
            details="d",
            results="r",
        )
        post(
            "/animal-fields",
            animal_id=cow,
            field_id=loma,
            assignment_date=str(day(300 - 2 * n)),
            removal_date=str(day(299 - 2 * n)),
        )
        picture(admin, cow)
    become(app, cow, "Vendido", day(1))
    for n in range(1, times):
        become(app, cow, ["Vendido", "Vivo"][n % 2], day(1 - n % 2))
    return cow


def picture(admin: Caller, cow: int) -> None:
    """A picture of the animal, taken in today."""
    content = io.BytesIO()
    Image.new("RGB", (4, 4)).save(content, "PNG")
    form = {"animal_id": str(cow), "files": (io.BytesIO(content.getvalue()), "vaca.png")}
    data(admin.post("/animal-images/upload", data=form, content_type="multipart/form-data"), 201)


EVERY_KIND = [
    *("birth", "child", "tag", "status", "stay", "control", "disease", "treatment", "vaccination"),
    *("improvement", "image"),
]


@pytest.fixture
def cow(app: Flask, admin: Caller) -> int:
    return eventful(app, admin)


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]


def test_everything_of_one_animal_newest_first(cow: int, apprentice: Caller) -> None:
    found = data(apprentice.get(f"/animals/{cow}/history"))
    assert (found["animal"]["id"], found["animal"]["status"]) == (cow, "Vendido")
    assert found["totals"] == dict.fromkeys(EVERY_KIND, 1)
    expected = [
        *("image", "status", "treatment", "vaccination", "disease", "control", "improvement", "stay"),
        *("tag", "child", "birth"),
    ]
    assert kinds(found["events"]) == expected
    events = {event["kind"]: event for event in found["events"]}
    assert (events["birth"]["date"], events["birth"]["details"]["breed"]) == (str(day(2000)), "Cebú")
    assert events["image"]["date"] == str(day(0))
    treatment = events["treatment"]
    assert treatment["title"] == "Tratamiento: Desparasitar"
    assert [one["name"] for one in treatment["details"]["medications"]] == [f"medication {cow}"]
    assert treatment["details"]["vaccines"][0]["dose"] == "2 ml"
    assert events["vaccination"]["details"]["instructor"] == "Persona Administrador"
    assert events["stay"]["title"] == f"Potrero: Loma {cow}"
    assert events["control"]["details"]["weight"] == 301.0
    assert events["status"]["title"] == "Estado: Vendido"
    assert events["child"]["details"]["mother_id"] == cow


def test_a_part_of_it(cow: int, apprentice: Caller) -> None:
    path = f"/animals/{cow}/history"
    some = apprentice.get(f"{path}?kind=control,stay")
    assert kinds(data(some)["events"]) == ["control", "stay"]
    assert some.json["meta"]["pagination"]["total_items"] == 2
    span = data(apprentice.get(f"{path}?from={day(90)}&to={day(60)}"))
    assert kinds(span["events"]) == ["vaccination", "disease", "control", "improvement"]
    assert sum(span["totals"].values()) == 4
    second = apprentice.get(f"{path}?limit=4&page=3")
    assert kinds(data(second)["events"]) == ["tag", "child", "birth"]
    assert second.json["meta"]["pagination"]["has_next_page"] is False
    assert data(apprentice.get(f"{path}?page=9"))["events"] == []
    assert wrong(apprentice.get(f"{path}?kind=control,nada&from=ayer&limit=9999")) == {
        "kind",
        "from",
        "limit",
    }
    assert apprentice.get("/animals/9999/history").status_code == 404


def test_a_long_life_costs_as_many_queries_as_a_short_one(app: Flask, admin: Caller, cow: int) -> None:
    busy = eventful(app, admin, times=5)
    counted = []
    data(admin.get("/auth/me"))
    for animal in (cow, busy):
        with queries(app) as seen:
            found = data(admin.get(f"/animals/{animal}/history"))
        assert all(found["totals"][kind] for kind in EVERY_KIND)
        counted.append(len(seen))
    assert counted[0] == counted[1] < 25
