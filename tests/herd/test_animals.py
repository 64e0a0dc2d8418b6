"""Animals through the door: what is derived, what is refused, what parents may be."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from herd.stock import body, days_ago, family, made, new_animal, new_breed, today, wrong
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from queries import queries

from app.core.errors import Invalid
from app.core.transaction import transaction
from app.herd import animals
from app.herd.inbreeding import inbreeding
from app.herd.models import Animal


def test_an_animal_is_answered_with_what_is_derived(instructor: Caller) -> None:
    breed = new_breed(instructor)
    sent = body(instructor, birth_date=days_ago(400), weight="350.5", breed_id=breed["id"], notes="  Mansa ")
    del sent["breeds_id"]
    answer = instructor.post("/animals", json=sent)
    data = made(answer)
    expected = {
        "record": sent["record"],
        "weight": 350.5,
        "status": "Vivo",
        "breeds_id": breed["id"],
        "breed_name": "Gyr",
        "species_id": breed["species_id"],
        "species_name": "Bovino",
        "idFather": None,
        "idMother": None,
        "notes": "Mansa",
        "age_in_days": 400,
        "age_in_months": 13,
        "is_adult": True,
    }
    assert expected.items() <= data.items()
    assert {"created_at", "updated_at", "status_date", "status_reason"} <= data.keys()
    assert made(instructor.get(f"/animals/{data['id']}"), 200) == data
    assert made(instructor.get("/animals"), 200) == [data]
    assert made(instructor.put(f"/animals/{data['id']}", json={"weight": 360}), 200)["breed_name"] == "Gyr"


@pytest.mark.parametrize(
    ("days", "months", "adult"), [(0, 0, False), (349, 11, False), (350, 11, False), (351, 12, True)]
)
def test_an_animal_is_adult_from_twelve_rounded_months(
    admin: Caller, days: int, months: int, adult: bool
) -> None:
    data = new_animal(admin, birth_date=days_ago(days))
    assert (data["age_in_days"], data["age_in_months"], data["is_adult"]) == (days, months, adult)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("record", ""),
        ("sex", "Castrado"),
        ("birth_date", "ayer"),
        ("birth_date", "tomorrow"),
        ("weight", 0),
        ("weight", -1),
        ("weight", "NaN"),
        ("status", "Activo"),
        ("breeds_id", 999_999),
        ("breeds_id", 2**40),
        ("idFather", 999_999),
        ("idMother", "x"),
    ],
)
def test_what_an_animal_cannot_be(admin: Caller, field: str, value: Any) -> None:
    if value == "tomorrow":
        value = str(today() + dt.timedelta(days=1))
    assert set(wrong(admin.post("/animals", json=body(admin, **{field: value})))) == {field}
    animal = new_animal(admin)
    assert set(wrong(admin.put(f"/animals/{animal['id']}", json={field: value}))) == {field}


def test_a_record_is_one_animals(admin: Caller) -> None:
    first = new_animal(admin, record="A-1")
    answer = admin.post("/animals", json=body(admin, record="A-1"))
    assert answer.status_code == 409
    assert answer.json["error"]["details"]["conflict"]["field"] == "record"
    assert "registro «A-1»" in answer.json["message"]
    other = new_animal(admin)
    assert admin.put(f"/animals/{other['id']}", json={"record": "A-1"}).status_code == 409
    assert made(admin.put(f"/animals/{first['id']}", json={"record": "A-1"}), 200)["record"] == "A-1"


def test_a_family(admin: Caller) -> None:
    bull, cow, calf = family(admin)
    assert (calf["idFather"], calf["idMother"]) == (bull["id"], cow["id"])
    by_alias = new_animal(admin, birth_date=days_ago(10), father_id=bull["id"], mother_id=cow["id"])
    assert (by_alias["idFather"], by_alias["idMother"]) == (bull["id"], cow["id"])
    for query in (f"idFather={bull['id']}", f"father_id={bull['id']}", f"mother_id={cow['id']}"):
        assert {row["id"] for row in made(admin.get(f"/animals?{query}"), 200)} == {
            calf["id"],
            by_alias["id"],
        }
    orphan = made(admin.put(f"/animals/{calf['id']}", json={"idFather": None}), 200)
    assert (orphan["idFather"], orphan["idMother"]) == (None, cow["id"])


def test_parents_that_cannot_be(admin: Caller) -> None:
    bull, cow, _ = family(admin)
    lone = new_animal(admin, birth_date=days_ago(10))
    old = days_ago(3000)
    refused = [
        ({"idFather": cow["id"]}, {"idFather"}),
        ({"idMother": bull["id"]}, {"idMother"}),
        ({"idFather": cow["id"], "idMother": bull["id"]}, {"idFather", "idMother"}),
        ({"idFather": cow["id"], "idMother": cow["id"]}, {"idFather", "idMother"}),
        ({"idFather": bull["id"], "birth_date": old}, {"idFather"}),
        ({"idMother": cow["id"], "birth_date": old}, {"idMother"}),
    ]
    for values, fields in refused:
        sent = body(admin, **{"birth_date": days_ago(1), **values})
        assert set(wrong(admin.post("/animals", json=sent))) == fields
        assert set(wrong(admin.put(f"/animals/{lone['id']}", json=values))) == fields


def test_parents_are_of_the_same_species_and_may_be_of_another_breed(admin: Caller) -> None:
    bull, _, calf = family(admin)
    sheep, zebu = new_breed(admin, "Corriedale", "Ovino"), new_breed(admin, "Cebú")
    assert set(
        wrong(admin.post("/animals", json=body(admin, breeds_id=sheep["id"], idFather=bull["id"])))
    ) == {"idFather"}
    assert new_animal(admin, breeds_id=zebu["id"], idFather=bull["id"])["breed_name"] == "Cebú"
    assert set(wrong(admin.put(f"/animals/{bull['id']}", json={"breeds_id": sheep["id"]}))) == {"breeds_id"}
    assert set(wrong(admin.put(f"/animals/{calf['id']}", json={"breeds_id": sheep["id"]}))) == {
        "idFather",
        "idMother",
    }
    assert set(wrong(admin.put(f"/breeds/{zebu['id']}", json={"species_id": sheep["species_id"]}))) == {
        "species_id"
    }
    made(admin.put(f"/animals/{bull['id']}", json={"breeds_id": zebu["id"]}), 200)


def test_what_calves_do_not_let_their_parents_become(admin: Caller) -> None:
    bull, cow, calf = family(admin)
    path = f"/animals/{bull['id']}"
    assert calf["record"] in wrong(admin.put(path, json={"sex": "Hembra"}))["sex"]
    assert set(wrong(admin.put(f"/animals/{cow['id']}", json={"sex": "Macho"}))) == {"sex"}
    assert calf["record"] in wrong(admin.put(path, json={"birth_date": calf["birth_date"]}))["birth_date"]
    both = wrong(admin.put(path, json={"birth_date": days_ago(1), "sex": "Hembra"}))
    assert set(both) == {"birth_date", "sex"}
    made(admin.put(path, json={"birth_date": days_ago(2999)}), 200)


def test_no_animal_is_its_own_ancestor(admin: Caller) -> None:
    bull, _, calf = family(admin)
    son = new_animal(admin, sex="Macho", birth_date=days_ago(100), idMother=calf["id"])
    path = f"/animals/{bull['id']}"
    assert set(wrong(admin.put(path, json={"idFather": bull["id"]}))) == {"idFather"}
    told = wrong(admin.put(path, json={"idFather": son["id"]}))["idFather"]
    assert "antepasado" in told
    assert son["record"] in told
    # Nor when the birth dates are moved out of the way at once.
    assert "idFather" in wrong(admin.put(path, json={"idFather": son["id"], "birth_date": days_ago(1)}))


def test_an_animal_is_not_born_after_its_own_records(admin: Caller) -> None:
    animal = new_animal(admin, birth_date=days_ago(100))
    control = {"animal_id": animal["id"], "checkup_date": days_ago(90), "health_status": "Bueno"}
    made(admin.post("/controls", json=control))
    assert set(wrong(admin.put(f"/animals/{animal['id']}", json={"birth_date": days_ago(80)}))) == {
        "birth_date"
    }
    made(admin.put(f"/animals/{animal['id']}", json={"birth_date": days_ago(90)}), 200)


Tries = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.fixed_dictionaries(
            {},
            optional={
                "father_id": st.none() | st.integers(0, 5),
                "mother_id": st.none() | st.integers(0, 5),
                "sex": st.sampled_from(["Macho", "Hembra"]),
                "birth_date": st.integers(0, 400),
            },
        ),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=Tries)
def test_whatever_is_tried_the_pedigree_stays_possible(
    app: Flask, admin: Caller, tries: list[tuple[int, dict[str, Any]]]
) -> None:
    """What is refused changes nothing, and what is accepted leaves every calf younger than a cow and a bull."""
    born = [days_ago(100 * number + 50) for number in range(6)]
    sexes = ["Macho", "Hembra"] * 3
    ids = [new_animal(admin, sex=sex, birth_date=day)["id"] for sex, day in zip(sexes, born, strict=True)]
    for number, tried in tries:
        values = dict(tried)
        for key in {"father_id", "mother_id"} & values.keys():
            values[key] = None if values[key] is None else ids[values[key]]
        if "birth_date" in values:
            values["birth_date"] = today() - dt.timedelta(days=values["birth_date"])
        with app.app_context(), suppress(Invalid), transaction() as session:
            animals.revise(session.get_one(Animal, ids[number]), **values)
    with app.app_context(), transaction() as session:
        herd = {one.id: one for one in session.query(Animal).where(Animal.id.in_(ids))}
        assert inbreeding({id: (one.father_id, one.mother_id) for id, one in herd.items()})
        for one in herd.values():
            father, mother = herd.get(one.father_id), herd.get(one.mother_id)
            assert father is None or (father.sex, father.birth_date < one.birth_date) == ("Macho", True)
            assert mother is None or (mother.sex, mother.birth_date < one.birth_date) == ("Hembra", True)


def test_the_list_costs_the_same_for_many(admin: Caller, app: Flask) -> None:
    bull, cow, _ = family(admin)
    counts = []
    for _round in range(2):
        with queries(app) as seen:
            assert admin.get("/animals?limit=1000").status_code == 200
        counts.append(len(seen))
        for _calf in range(5):
            new_animal(admin, birth_date=days_ago(5), idFather=bull["id"], idMother=cow["id"])
    assert counts[0] == counts[1]


def test_an_apprentice_looks_and_does_not_write_animals(apprentice: Caller, admin: Caller) -> None:
    animal = new_animal(admin)
    assert apprentice.get("/animals").status_code == 200
    assert apprentice.post("/animals", json=animal).status_code == 403
    assert apprentice.put(f"/animals/{animal['id']}", json={"weight": 1}).status_code == 403


def test_how_many_there_are(apprentice: Caller, admin: Caller) -> None:
    assert made(apprentice.get("/animals/status"), 200)["total"] == 0
    for status in ("Vivo", "Vivo", "Muerto", "Vendido", "Muerto"):
        new_animal(admin, status=status)
    assert made(apprentice.get("/animals/status"), 200) == {
        "total": 5,
        "total_animals": 5,
        "activos": 2,
        "inactivos": 3,
        "by_status": {"Vivo": 2, "Vendido": 1, "Muerto": 2},
    }


def test_a_parent_does_not_change_its_sex_under_a_calf_that_is_being_registered(
    app: Flask, admin: Caller
) -> None:
    bull = new_animal(admin, sex="Macho", birth_date=days_ago(3000))
    calf = body(admin, idFather=bull["id"], birth_date=days_ago(100))

    def register() -> Any:
        return Caller(app.test_client(), admin.token).post("/animals", json=calf)

    with ThreadPoolExecutor(1) as pool:
        with app.app_context(), transaction() as session:
            animals.revise(session.get(Animal, bull["id"]), sex="Hembra")
            waiting = pool.submit(register)
            time.sleep(0.5)
        assert set(wrong(waiting.result(20))) == {"idFather"}
