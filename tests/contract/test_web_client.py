"""Sections 3.5, 3.7, 3.8 and the records half of section 5: what the web client sends, as it sends it, and reads."""

import io
from typing import Any

import pytest
from biogas.plant import made
from conftest import Caller
from contract.pastures import Pasture
from PIL import Image


@pytest.fixture
def farm(admin: Caller) -> Pasture:
    return Pasture(admin)


def total(answer: Any) -> int:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: int = answer.json["meta"]["pagination"]["total_items"]
    return found


def family(farm: Pasture) -> dict[str, int]:
    """A grandfather, his daughter and her two calves, one of them by him."""
    add = farm.caller.post
    body = farm.body("animals")

    def born(record: str, sex: str, day: str, **parents: int) -> int:
        row = body | {"record": record, "sex": sex, "birth_date": day, **parents}
        return int(made(add("/animals", json=row))["id"])

    ids = {"sire": born("T-1", "Macho", "2015-01-01")}
    ids["dam"] = born("V-1", "Hembra", "2018-01-01", idFather=ids["sire"])
    ids["calf"] = born("C-1", "Hembra", "2022-01-01", idFather=ids["sire"], idMother=ids["dam"])
    ids["other"] = born("C-2", "Macho", "2023-01-01", idMother=ids["dam"])
    return ids


def test_the_burst_after_a_login(farm: Pasture) -> None:
    family(farm)
    for path in (
        "/users?limit=20&sort=createdAt&dir=desc",
        "/users?limit=1000",
        "/species?fields=id,name,created_at,updated_at",
        "/breeds?fields=id,name,species_id,created_at,updated_at",
        "/animals",
        "/animals?page=1&page_size=1000",
        "/animals?limit=1000&sort=created_at&sort_dir=desc",
        "/animals?page=1&limit=10&search=C-1&q=C-1&cache_bust=1",
        "/fields?limit=100",
        "/food_types?limit=10000",
        "/medications?limit=200",
        "/vaccines?_ts=5",
        "/diseases?_t=5",
        "/animals/status",
    ):
        answer = farm.caller.get(path)
        assert answer.status_code == 200, path
        assert answer.json["success"] is True
    rows = farm.caller.get("/animals?page=1&page_size=1000").json["data"]
    assert len(rows) == 4
    assert farm.caller.get("/animals?sort=created_at&sort_dir=asc").json["data"][0]["record"] == "T-1"


def test_the_status_of_the_herd(farm: Pasture) -> None:
    ids = family(farm)
    made(farm.caller.put(f"/animals/{ids['other']}", json={"status": "Vendido"}), 200)
    data = made(farm.caller.get("/animals/status"), 200)
    assert (data["total"], data["activos"], data["inactivos"]) == (4, 3, 1)
    assert data["total_animals"] == 4
    assert data["by_status"] == {"Vivo": 3, "Vendido": 1, "Muerto": 0} or data["by_status"]["Vivo"] == 3


def test_the_tree_of_ancestors(farm: Pasture) -> None:
    ids = family(farm)
    path = f"/animals/tree/ancestors?animal_id={ids['calf']}&max_depth=3"
    data = made(farm.caller.get(f"{path}&fields=id,record,sex,breeds_id,idFather,idMother"), 200)
    assert data["rootId"] == ids["calf"]
    assert set(data["nodes"]) == {str(ids[name]) for name in ("calf", "dam", "sire")}
    node = data["nodes"][str(ids["calf"])]
    assert {"id", "record", "sex", "breeds_id", "idFather", "idMother"} <= node.keys()
    edges = {(edge["from"], edge["to"], edge["relation"]) for edge in data["edges"]}
    assert edges == {
        (ids["sire"], ids["calf"], "father"), (ids["dam"], ids["calf"], "mother"),
        (ids["sire"], ids["dam"], "father"),
    }  # fmt: skip
    assert data["counts"] == {"nodes": 3, "edges": 3}
    # The sire is nearer as a father than as a grandfather.
    assert data["depth"] == 1
    assert data["summary"]["sex"]["Macho"] == 1
    assert data["summary"]["relations"] == {"father": 2, "mother": 1}
    assert data["summary"]["text"]
    assert set(data["edge_examples"]["bySex"]) == {"Macho", "Hembra", "Unknown"}
    assert data["generated_at"] > 1_700_000_000


def test_the_tree_of_descendants(farm: Pasture) -> None:
    ids = family(farm)
    data = made(farm.caller.get(f"/animals/tree/descendants?animal_id={ids['sire']}"), 200)
    assert set(data["nodes"]) == {str(id) for id in ids.values()}
    assert data["counts"]["edges"] == 4
    shallow = made(farm.caller.get(f"/animals/tree/descendants?animal_id={ids['sire']}&max_depth=1"), 200)
    assert str(ids["other"]) not in shallow["nodes"]
    assert farm.caller.get("/animals/tree/ancestors").status_code == 400
    assert farm.caller.get("/animals/tree/ancestors?animal_id=9999").status_code == 404


def test_dependencies_under_the_doubled_prefix(farm: Pasture) -> None:
    ids = family(farm)
    answer = farm.caller.get(f"/api/v1/api/v1/animals/{ids['dam']}/dependencies")
    assert answer.status_code == 200
    wanted = {"father_id": ids["sire"], "mother_id": None, "children_as_father": 0, "children_as_mother": 2}
    assert {name: answer.json[name] for name in wanted} == wanted
    assert {name: answer.json["data"][name] for name in wanted} == wanted


def test_checks_before_a_delete_count_what_there_is(farm: Pasture) -> None:
    ids = family(farm)
    get = farm.caller.get
    assert total(get(f"/animals?father_id={ids['sire']}&limit=3&fields=id,record")) == 2
    assert total(get(f"/animals?mother_id={ids['dam']}&limit=3")) == 2
    assert total(get(f"/animals?breed_id={farm.id('breeds')}")) == 4
    assert total(get("/animals?breed_id=999")) == 0
    for slug in ("treatments", "vaccinations", "animal-diseases", "animal-fields", "genetic-improvements"):
        row = farm.more(slug)
        assert total(get(f"/{slug}?animal_id={row['animal_id']}&limit=3&fields=id,animal_record")) >= 1
        assert total(get(f"/{slug}?animal_id={ids['sire']}&limit=3")) == 0
    assert total(get("/controls?food_type_id=1")) == 0
    assert total(get("/treatments?instructor_id=1")) == 0
    assert total(get("/animals?user_id=1")) == 0
    link = farm.more("treatment-vaccines")
    path = f"/treatment-vaccines?treatment_id={link['treatment_id']}&treatmentId={link['treatment_id']}"
    assert total(get(f"{path}&sort_by=id&sort_dir=desc&limit=50&page=1")) == 1
    assert get(f"{path}&sort_by=id&sort_dir=desc&limit=50&page=2").json["data"] == []
    assert total(get(f"/treatment-vaccines?vaccine_id={link['vaccine_id']}")) == 1


def test_bodies_as_its_forms_send_them(farm: Pasture) -> None:
    add = farm.caller.post
    field = made(add("/fields", json={"name": "Lote", "area": "3", "state": "Disponible", "capacity": "12"}))
    assert (field["capacity"], field["area"], field["animal_count"]) == ("12", "3", 0)
    vaccine = made(add("/vaccines", json=farm.body("vaccines") | {"national_plan": False}))
    assert vaccine["national_plan"] is False
    assert vaccine["vaccination_interval"] == 180
    made(add("/diseases", json={"name": "Mastitis"}))
    made(add("/medications", json={"name": "Oxitetraciclina"}))
    extra = {"treatment_type": "Curativo", "veterinarian": "Ana", "symptoms": "Fiebre", "cost": "12000",
             "follow_up_date": "2024-09-01", "notes": "Ojo", "status": "Activo", "end_date": "2024-08-20"}  # fmt: skip
    treatment = made(add("/treatments", json=farm.body("treatments") | extra))
    assert treatment["cost"] == 12000
    assert treatment["diagnosis"] == treatment["description"]
    vaccination = farm.body("vaccinations")
    made(
        add(
            "/vaccinations",
            json={k: v for k, v in vaccination.items() if "_id" not in k or k[:2] in ("an", "va")},
        )
    )
    animal = farm.more("animals")
    assert animal["notes"] == "Mansa"
    assert animal["weight"] == 350.5
    food = made(add("/food_types", json={"name": "Alfalfa", "description": "Corte", "area": 4}))
    assert (food["food_type"], food["handlings"]) == ("Alfalfa", "Corte")


def test_the_paddock_dialog(farm: Pasture) -> None:
    stay = farm.more("animal-fields")
    answer = farm.caller.get(f"/fields/{stay['field_id']}/animals")
    assert [row["id"] for row in answer.json["data"]] == [stay["animal_id"]]
    assert answer.json["meta"]["count"] == 1
    field = made(farm.caller.get(f"/fields/{stay['field_id']}"), 200)
    assert field["animal_count"] == 1
    made(farm.caller.put(f"/animals/{stay['animal_id']}", json={"status": "Vendido"}), 200)
    assert made(farm.caller.get(f"/fields/{stay['field_id']}"), 200)["animal_count"] == 0
    assert farm.caller.get(f"/fields/{stay['field_id']}/animals").json["data"] == []


def test_lists_under_other_lists(farm: Pasture) -> None:
    farm.more("breeds")
    farm.more("medications")
    farm.more("vaccines")
    route, species = farm.id("route-administrations"), farm.id("species")
    get = farm.caller.get
    assert total(get(f"/breeds/by-species/{species}?page=1&limit=5")) == 1
    for slug in ("medications", "vaccines"):
        assert len(get(f"/{slug}/by-route/{route}").json["data"]) == 1
        assert len(get(f"/{slug}/with-route-administration").json["data"]) == 1
    assert len(get("/route-administrations/active").json["data"]) == 1
    assert len(get("/route-administrations/search?q=nada").json["data"]) == 0


def test_pictures_as_the_cards_ask(farm: Pasture, nobody: Caller) -> None:
    animal, content = farm.id("animals"), io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(content, "PNG")
    data = {"animal_id": str(animal), "files": [(io.BytesIO(content.getvalue()), "x.png")]}
    sent = farm.caller.post("/animal-images/upload", data=data, content_type="multipart/form-data")
    assert made(sent)["errors"] is None
    shown = made(farm.caller.get(f"/animal-images/{animal}?_ts=1"), 200)["images"][0]
    assert shown["is_primary"] is True
    with nobody.client.get(shown["url"]) as answer:
        assert answer.status_code == 200


def test_an_animal_goes_with_its_records_but_not_with_its_calves(farm: Pasture) -> None:
    ids = family(farm)
    for slug in ("controls", "vaccinations", "treatments", "animal-diseases", "genetic-improvements"):
        made(farm.caller.post(f"/{slug}", json=farm.body(slug) | {"animal_id": ids["calf"]}))
    treatment = farm.caller.get(f"/treatments?animal_id={ids['calf']}").json["data"][0]["id"]
    link = farm.body("treatment-vaccines") | {"treatment_id": treatment}
    made(farm.caller.post("/treatment-vaccines", json=link))
    blocked = farm.caller.delete(f"/animals/{ids['dam']}")
    assert blocked.status_code == 409
    gone = made(farm.caller.delete(f"/animals/{ids['calf']}"), 200)
    assert gone["deleted_id"] == ids["calf"]
    assert total(farm.caller.get(f"/controls?animal_id={ids['calf']}")) == 0
    assert total(farm.caller.get(f"/treatment-vaccines?treatment_id={treatment}")) == 0


def test_who_may_do_what(farm: Pasture, instructor: Caller, apprentice: Caller, nobody: Caller) -> None:
    control, species = farm.body("controls"), farm.body("species")
    assert apprentice.get("/animals").status_code == 200
    refused = apprentice.post("/species", json=species)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "FORBIDDEN")
    made(instructor.post("/species", json=species))
    row = made(apprentice.post("/controls", json=control))
    assert apprentice.put(f"/controls/{row['id']}", json={"weight": 300}).status_code == 403
    made(instructor.put(f"/controls/{row['id']}", json={"weight": 300}), 200)
    refused = instructor.delete(f"/controls/{row['id']}")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "ADMIN_ROLE_REQUIRED")
    assert nobody.get("/animals").status_code == 401
    assert nobody.get("/events").status_code == 401


def test_cross_origin_conditional_reads_are_allowed(farm: Pasture) -> None:
    answer = farm.caller.get("/animals")
    for header in ("ETag", "X-Total-Count", "X-Has-More", "X-API-Version", "Last-Modified"):
        assert header in answer.headers, header
    assert "no-cache" in answer.headers["Cache-Control"]
    assert "Authorization" in answer.headers["Vary"]


def test_an_unknown_route_is_json(farm: Pasture) -> None:
    for path in ("/nada", "/animals/tree/nada", "/api/v1/api/v1/nada"):
        answer = farm.caller.get(path)
        assert answer.status_code == 404
        assert answer.json["error"]["code"] == "NOT_FOUND"
