"""Names that differ in case or accents alone are one name, on whichever database."""

from typing import Any

from conftest import Caller


def made(response: Any, status: int = 201) -> Any:
    assert response.status_code == status, response.json
    return response.json["data"]


def taken(response: Any) -> str:
    assert response.status_code == 409, response.json
    return str(response.json["error"]["details"]["conflict"]["field"])


def test_a_name_stands_once_however_it_is_written(admin: Caller) -> None:
    cattle = made(admin.post("/species", json={"name": "Bovina Ñata"}))
    goats = made(admin.post("/species", json={"name": "Caprina"}))
    for written in ("bovina ñata", "BOVINA ÑATA", "bóvina ñatá"):
        assert taken(admin.post("/species", json={"name": written})) == "name"
        assert taken(admin.put(f"/species/{goats['id']}", json={"name": written})) == "name"
    # One's own name may be written another way.
    assert made(admin.put(f"/species/{cattle['id']}", json={"name": "BOVINA"}), 200)["name"] == "BOVINA"
    assert taken(admin.post("/species", json={"name": "Bovina"})) == "name"
    assert made(admin.get(f"/species/{cattle['id']}"), 200)["name"] == "BOVINA"


def test_what_is_unique_together_may_differ_in_the_rest(admin: Caller) -> None:
    cattle, goats = (
        made(admin.post("/species", json={"name": name}))["id"] for name in ("Bovina", "Caprina")
    )
    made(admin.post("/breeds", json={"name": "Criolla", "species_id": cattle}))
    made(admin.post("/breeds", json={"name": "CRIOLLA", "species_id": goats}))
    assert taken(admin.post("/breeds", json={"name": "criolla", "species_id": cattle})) == "name"


def test_codes_are_compared_to_the_letter(admin: Caller) -> None:
    made(admin.post("/sensors", json={"code": "Nodo-A"}))
    made(admin.post("/sensors", json={"code": "nodo-a"}))
