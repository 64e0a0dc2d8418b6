"""The five verbs of a plain record: what they take, what they keep and what they answer."""

from typing import Any

import pytest
from biogas.plant import made, new_device, new_digester, new_filling
from conftest import Caller

DIGESTER = {"name": "Laguna", "volume_m3": 80, "place": "Loma"}


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    found: dict[str, str] = answer.json["error"]["details"]["validation_errors"]
    return found


def test_create_answers_the_whole_record(admin: Caller) -> None:
    answer = admin.post(
        "/biogas/digesters", json={**DIGESTER, "unknown": 1, "id": 99, "created_at": "2001-01-01"}
    )
    data = made(answer)
    assert answer.json["success"] is True
    assert answer.json["message"]
    assert {**DIGESTER, "timezone": "America/Bogota"}.items() <= data.items()
    assert data["id"] != 99
    assert data["created_at"] == data["updated_at"] > "2026"
    assert made(admin.get(f"/biogas/digesters/{data['id']}"), 200) == data


def test_numbers_may_come_as_text_and_text_is_trimmed(admin: Caller) -> None:
    data = new_digester(admin, "  Laguna  ", volume_m3="80.5", max_rate_m3h="7")
    assert (data["name"], data["volume_m3"], data["max_rate_m3h"]) == ("Laguna", 80.5, 7.0)


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_an_update_changes_the_keys_that_are_present(admin: Caller, verb: str) -> None:
    before = made(admin.post("/biogas/digesters", json=DIGESTER))
    path = f"/biogas/digesters/{before['id']}"
    after = made(getattr(admin, verb)(path, json={"volume_m3": 90}), 200)
    assert {**before, "volume_m3": 90.0, "updated_at": after["updated_at"]} == after
    after = made(getattr(admin, verb)(path, json={"place": None, "id": 7, "unknown": 1}), 200)
    assert (after["id"], after["place"], after["name"]) == (before["id"], None, "Laguna")
    assert made(getattr(admin, verb)(path, data=b""), 200)["name"] == "Laguna"


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("field", ["name", "volume_m3", "timezone", "max_rate_m3h", "meter_pressure_hpa"])
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_required_field_does_not_become_empty(admin: Caller, verb: str, field: str, value: Any) -> None:
    path = f"/biogas/digesters/{new_digester(admin)['id']}"
    assert set(errors(getattr(admin, verb)(path, json={field: value}))) == {field}
    assert made(admin.get(path), 200)["name"] == "Uno"


@pytest.mark.parametrize("field", ["material_type", "material_amount_kg", "date", "temperature_c"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_required_field_of_a_filling_neither(admin: Caller, field: str, value: Any) -> None:
    filling = new_filling(admin, digester_id=new_digester(admin)["id"])
    path = f"/biogas/fillings/{filling['id']}"
    assert set(errors(admin.patch(path, json={field: value}))) == {field}
    assert made(admin.get(path), 200) == filling


def test_a_conflict_names_the_field(admin: Caller) -> None:
    first = new_digester(admin, "Uno")
    second = new_digester(admin, "Dos")
    for answer in (
        admin.post("/biogas/digesters", json={"name": "Uno", "volume_m3": 1}),
        admin.patch(f"/biogas/digesters/{second['id']}", json={"name": "Uno"}),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "CONFLICT")
        assert answer.json["error"]["details"]["conflict"]["field"] == "name"
        assert "UNIQUE" not in answer.get_data(as_text=True)
        assert "Duplicate" not in answer.get_data(as_text=True)
    assert made(admin.get(f"/biogas/digesters/{second['id']}"), 200)["name"] == "Dos"
    made(admin.patch(f"/biogas/digesters/{first['id']}", json={"name": "Uno"}), 200)


def test_a_conflict_of_two_columns_names_the_one_that_was_chosen(admin: Caller) -> None:
    digester = new_digester(admin)
    filling = new_filling(admin, digester_id=digester["id"], number=7)
    made(admin.post(f"/biogas/fillings/{filling['id']}/close", json={}), 200)
    body = {"digester_id": digester["id"], "number": 7, "material_type": "bovino", "material_amount_kg": 1}
    answer = admin.post("/biogas/fillings", json=body)
    assert answer.status_code == 409
    assert answer.json["error"]["details"]["conflict"]["field"] == "number"


def test_a_code_in_use_is_a_conflict(admin: Caller) -> None:
    new_device(admin, "uno")
    answer = admin.post("/sensors", json={"code": "uno"})
    assert answer.status_code == 409
    assert answer.json["error"]["details"]["conflict"]["field"] == "code"


def test_delete_answers_what_it_deleted(admin: Caller) -> None:
    path = f"/biogas/digesters/{new_digester(admin)['id']}"
    data = made(admin.delete(path), 200)
    assert data == {"deleted_id": int(path.rsplit("/", 1)[1])}
    assert admin.get(path).status_code == 404
    assert admin.delete(path).status_code == 404
    assert admin.get("/biogas/digesters").json["data"] == []


def test_what_others_depend_on_is_not_deleted(admin: Caller) -> None:
    digester = new_digester(admin)
    new_filling(admin, digester_id=digester["id"])
    answer = admin.delete(f"/biogas/digesters/{digester['id']}")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "CONFLICT")
    materials = admin.get("/biogas/materials?key=bovino").json["data"]
    answer = admin.delete(f"/biogas/materials/{materials[0]['id']}")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "CONFLICT")
    assert admin.get(f"/biogas/materials/{materials[0]['id']}").status_code == 200


def test_a_slash_at_the_end_is_no_redirect(admin: Caller) -> None:
    data = made(admin.post("/biogas/digesters/", json=DIGESTER))
    assert admin.get("/biogas/digesters/").json["data"] == [data]
    assert made(admin.get(f"/biogas/digesters/{data['id']}/"), 200) == data
    assert (
        made(admin.patch(f"/biogas/digesters/{data['id']}/", json={"place": "Vega"}), 200)["place"] == "Vega"
    )
    assert admin.delete(f"/biogas/digesters/{data['id']}/").status_code == 200


@pytest.mark.parametrize("path", ["/biogas/digesters", "/biogas/digesters/{id}", "/sensors"])
def test_head_is_get_without_its_body(admin: Caller, path: str) -> None:
    path = path.format(id=new_digester(admin)["id"])
    full, bare = admin.get(path), admin.head(path)
    assert (bare.status_code, bare.data) == (200, b"")
    assert bare.headers["Content-Length"] == full.headers["Content-Length"]
    if "ETag" in full.headers:
        assert bare.headers["ETag"] == full.headers["ETag"]


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_answers_to_changes_are_not_stored(admin: Caller, verb: str) -> None:
    path = "/biogas/digesters"
    if verb != "post":
        path += f"/{new_digester(admin)['id']}"
    answer = getattr(admin, verb)(path, json=DIGESTER)
    assert answer.status_code in (200, 201)
    assert answer.headers["Cache-Control"] == "no-store"
