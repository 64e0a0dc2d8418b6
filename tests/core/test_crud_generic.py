"""The routes every plain record has besides its verbs, and what its answers carry."""

from typing import Any

import pytest
from biogas.plant import made
from conftest import Caller
from flask import Flask
from queries import queries
from users.folk import own_id

from app.core import records
from app.core.errors import Conflict, Invalid
from app.core.plain import PLAIN
from app.core.transaction import transaction
from app.herd.models import Breed, Species

HERD = {"sex": "Hembra", "birth_date": "2024-01-01", "weight": 300}


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    found: dict[str, str] = answer.json["error"]["details"]["validation_errors"]
    return found


def clash(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 409, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.json["error"]["details"]["conflict"]
    return found


@pytest.fixture
def breed(admin: Caller) -> dict[str, Any]:
    species = made(admin.post("/species", json={"name": "Bovina"}))
    return made(admin.post("/breeds", json={"name": "Gyr", "species_id": species["id"]}))


def new_animal(caller: Caller, breed: dict[str, Any], record: str, **values: Any) -> dict[str, Any]:
    return made(caller.post("/animals", json={**HERD, "breeds_id": breed["id"], "record": record, **values}))


def test_every_plain_record_has_its_generic_routes(app: Flask, admin: Caller) -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    for plain in PLAIN.values():
        prefix = next(r for r in sorted(routes, key=len) if r.endswith(f"/{plain.slug}"))
        tails = ["/<int:id>/dependencies", "/batch-dependencies", "/bulk", "/stats", "/metadata"]
        assert {prefix + tail for tail in tails} <= routes, plain.slug


def test_answers_to_changes_show_derived_fields(admin: Caller, breed: dict[str, Any]) -> None:
    animal = new_animal(admin, breed, "V-1")
    assert (animal["breed_name"], animal["species_name"]) == ("Gyr", "Bovina")
    changed = made(admin.patch(f"/animals/{animal['id']}", json={"weight": 310}), 200)
    read = made(admin.get(f"/animals/{animal['id']}"), 200)
    assert changed == read == admin.get("/animals").json["data"][0]
    assert (read["weight"], read["age_in_days"] > 500) == (310, True)


def test_an_item_with_fields_and_relations(admin: Caller, breed: dict[str, Any]) -> None:
    path = f"/breeds/{breed['id']}"
    assert made(admin.get(f"{path}?fields=name,nothing"), 200) == {"id": breed["id"], "name": "Gyr"}
    full = made(admin.get(f"{path}?include_relations=species"), 200)
    assert full["species"] == {"id": breed["species_id"], "name": "Bovina"}
    tag = admin.get(f"{path}?include_relations=true").headers["ETag"]
    new_animal(admin, breed, "V-1")
    again = admin.get(f"{path}?include_relations=true", headers={"If-None-Match": tag})
    assert [one["record"] for one in again.json["data"]["animals"]] == ["V-1"]


def test_dependencies_in_the_words_of_the_contract(admin: Caller, breed: dict[str, Any]) -> None:
    for record in ("V-1", "V-2"):
        new_animal(admin, breed, record)
    data = made(admin.get(f"/breeds/{breed['id']}/dependencies"), 200)
    [one] = data.pop("dependencies")
    message = one.pop("message")
    assert "2 registros de «Animal»" in message
    assert one == {"table": "animals", "count": 2, "field": "breeds_id", "cascade_delete": False}
    assert data.pop("message")
    assert data == {"id": breed["id"], "hasDependencies": True, "canDelete": False, "totalDependencies": 2}
    refused = admin.delete(f"/breeds/{breed['id']}")
    details = refused.json["error"]["details"]
    assert (refused.status_code, details["blocking_dependencies"]) == (409, 1)
    assert details["warnings"] == [{**one, "message": message}]
    assert details["messages"] == [message]
    assert message in refused.json["message"]
    assert admin.get("/breeds/999/dependencies").status_code == 404


def test_many_are_judged_in_as_many_queries_as_one(app: Flask, admin: Caller, breed: dict[str, Any]) -> None:
    species = [breed["species_id"], *(made(admin.post("/species", json={"name": n}))["id"] for n in "ab")]
    seen = []
    admin.get("/species")
    for ids in (species[:1], [*species, 999, *range(2000, 2090)]):
        with queries(app) as counted:
            answer = admin.post("/species/batch-dependencies", json={"ids": ids})
        seen.append(len(counted))
    assert seen[0] == seen[1]
    data = made(answer, 200)
    assert (data["processed"], data["found"]) == (94, 3)
    first, second, missing = (data["results"][str(id)] for id in (species[0], species[1], 999))
    assert first.keys() == second.keys() == missing.keys()
    assert (first["exists"], first["canDelete"], first["totalDependencies"]) == (True, False, 1)
    assert (second["exists"], second["canDelete"], second["hasDependencies"]) == (True, True, False)
    assert (missing["exists"], missing["canDelete"]) == (False, False)
    assert set(errors(admin.post("/species/batch-dependencies", json={"ids": list(range(101))}))) == {"ids"}


def test_bulk_stores_all_or_nothing(admin: Caller, breed: dict[str, Any]) -> None:
    rows = [{"name": name, "species_id": breed["species_id"]} for name in ("Holstein", "Jersey", "Normando")]
    found = made(admin.post("/breeds/bulk", json=rows))
    assert [(one["name"], one["species_name"]) for one in found] == [(r["name"], "Bovina") for r in rows]
    wrong = [
        {"name": "Cebú", "species_id": breed["species_id"]},
        {"species_id": "x"},
        {"name": "A", "species_id": 99},
    ]
    assert set(errors(admin.post("/breeds/bulk", json=wrong))) == {"1.name", "1.species_id"}
    assert set(errors(admin.post("/breeds/bulk", json=[wrong[0], wrong[2]]))) == {"1.species_id"}
    taken = admin.post("/breeds/bulk", json=[wrong[0], rows[0]])
    assert (taken.status_code, taken.json["error"]["details"]["row"]) == (409, 1)
    assert {row["name"] for row in admin.get("/breeds").json["data"]} == {"Gyr", *(r["name"] for r in rows)}
    for body in ({}, [], None, "x", [1], [None]):
        assert errors(admin.post("/breeds/bulk", json=body))
    assert set(errors(admin.post("/breeds/bulk", json=[{}] * 1001))) == {"body"}


def test_figures_and_state(admin: Caller, breed: dict[str, Any]) -> None:
    assert made(admin.get("/animals/stats"), 200) == {
        "total": 0,
        "recent_today": 0,
        "model_name": "animals",
        "total_animals": 0,
    }
    first = admin.get("/animals/metadata")
    assert made(first, 200)["last_modified"] is None
    assert first.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert first.headers["ETag"] == f'"{first.json["data"]["etag"]}"'
    again = admin.get("/animals/metadata", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    animal = new_animal(admin, breed, "V-1")
    assert made(admin.get("/animals/stats"), 200)["recent_today"] == 1
    data = made(admin.get("/animals/metadata", headers={"If-None-Match": first.headers["ETag"]}), 200)
    assert (data["resource"], data["total_count"]) == ("animals", 1)
    assert data["last_modified"] >= animal["created_at"]


def test_people_have_them_too(admin: Caller, apprentice: Caller) -> None:
    person = {"fullname": "Luz Marina", "password": "Potrero-2026", "role": "Aprendiz"}
    rows = [{**person, "identification": 5000 + n, "email": f"luz{n}@finca.test"} for n in range(2)]
    found = made(admin.post("/users/bulk", json=rows))
    assert [one["identification"] for one in found] == [5000, 5001]
    assert "password" not in str(found)
    assert clash(admin.post("/users/bulk", json=rows[1:]))["field"] in ("identification", "email")
    mine, other = own_id(admin), found[0]["id"]
    results = made(admin.post("/users/batch-dependencies", json={"ids": [mine, other]}), 200)["results"]
    assert (results[str(mine)]["hasDependencies"], results[str(other)]["hasDependencies"]) == (True, False)
    assert made(admin.get("/users/metadata"), 200)["total_count"] == 4
    assert apprentice.post("/users/bulk", json=rows).status_code == 403
    kept = admin.get(f"/users/{other}").headers["ETag"]
    path, luz = f"/users/{other}", {"fullname": "Luz M."}
    assert apprentice.patch(path, json=luz, headers={"If-Match": '"x"'}).status_code == 403
    assert admin.patch(path, json=luz, headers={"If-Match": kept}).status_code == 200
    assert admin.patch(path, json=luz, headers={"If-Match": kept}).status_code == 412


def test_a_clash_says_what_to_do(admin: Caller, breed: dict[str, Any]) -> None:
    first, second = (made(admin.post("/species", json={"name": name})) for name in ("Equina", "Caprina"))
    for answer in (
        admin.post("/species", json={"name": "Equina"}),
        admin.put(f"/species/{second['id']}", json={"name": "Equina"}),
    ):
        told = clash(answer)
        assert (told["field"], told["value"]) == ("name", "Equina")
        assert told["label"] in told["suggestion"]
        assert "Equina" in answer.json["message"]
    assert made(admin.put(f"/species/{first['id']}", json={"name": "Equina"}), 200)["name"] == "Equina"


@pytest.mark.parametrize("missing", [999, 2**31 - 1])
def test_what_points_at_nothing_is_named(admin: Caller, breed: dict[str, Any], missing: int) -> None:
    body = {"name": "Cebú", "species_id": missing}
    for answer in (admin.post("/breeds", json=body), admin.put(f"/breeds/{breed['id']}", json=body)):
        assert str(missing) in errors(answer)["species_id"]
        assert "FOREIGN" not in answer.get_data(as_text=True)


def test_the_doubled_prefix_is_the_single_one(admin: Caller, breed: dict[str, Any]) -> None:
    path = f"/api/v1/api/v1/breeds/{breed['id']}"
    assert made(admin.get(path), 200) == breed
    assert made(admin.get(f"{path}/dependencies?x=1"), 200)["id"] == breed["id"]
    assert made(admin.patch(f"/api/v1/api/v1{path}", json={"name": "Gir"}), 200)["name"] == "Gir"
    assert made(admin.post("/api/v1/api/v1/species", json={"name": "Ovina"}))["name"] == "Ovina"
    assert admin.head(path).status_code == 200
    assert admin.delete(f"{path}/").status_code == 200
    assert admin.get("/api/v1/api/v1/nothing").json["error"]["code"] == "NOT_FOUND"
    assert admin.get("/api/v1/api").status_code == 404


def test_who_may_write_may_not_always_edit(admin: Caller, apprentice: Caller, breed: dict[str, Any]) -> None:
    animal = new_animal(admin, breed, "V-1")
    control = {"animal_id": animal["id"], "checkup_date": "2026-01-02", "health_status": "Sano"}
    found = made(apprentice.post("/controls", json=control))
    assert found["animal_record"] == "V-1"
    assert apprentice.patch(f"/controls/{found['id']}", json={"height": 120}).status_code == 403
    assert apprentice.post("/animals", json={}).status_code == 403


def test_animals_tell_of_their_relatives_and_take_theirs_along(admin: Caller, breed: dict[str, Any]) -> None:
    mother = new_animal(admin, breed, "V-1")
    calf = new_animal(admin, breed, "V-2", birth_date="2026-03-01", idMother=mother["id"])
    answer = admin.get(f"/api/v1/api/v1/animals/{mother['id']}/dependencies")
    told = {"father_id": None, "mother_id": None, "children_as_father": 0, "children_as_mother": 1}
    assert told.items() <= answer.json.items()
    assert told.items() <= made(answer, 200).items()
    assert answer.json["data"]["canDelete"] is False
    assert admin.get(f"/animals/{calf['id']}/dependencies").json["mother_id"] == mother["id"]
    control = {"animal_id": calf["id"], "checkup_date": "2026-04-02", "health_status": "Sano"}
    made(admin.post("/controls", json=control))
    tag = admin.get("/controls").headers["ETag"]
    gone = made(admin.delete(f"/animals/{calf['id']}"), 200)
    assert gone["deleted_id"] == calf["id"]
    assert gone["cascade_deletions"]["controls"] == 1
    assert admin.get("/controls", headers={"If-None-Match": tag}).json["data"] == []
    assert admin.delete(f"/animals/{mother['id']}").status_code == 200


def test_what_the_database_itself_refuses_is_said_of_its_field(
    app: Flask, admin: Caller, breed: dict[str, Any]
) -> None:
    """For who stores without the door: a race between the door's look and the write ends the same way."""
    with app.app_context():
        for values, field in (
            ({"name": "Cebú", "species_id": 999}, "species_id"),
            ({"species_id": 1}, "name"),
        ):
            with pytest.raises(Invalid) as refused, transaction():
                records.create(Breed, **values)
            assert set(refused.value.details["validation_errors"]) == {field}
        with pytest.raises(Conflict, match="dependen"), transaction() as session:
            records.remove(session.get_one(Species, breed["species_id"]))
