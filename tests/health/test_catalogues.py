"""Catalogues of health through the door: shapes, names of what they point at, routes of their own."""

from typing import Any

import pytest
from conftest import Caller
from land.farm import data, refused, wrong

ROUTES, VACCINES, MEDICATIONS, DISEASES = (
    "/route-administrations",
    "/vaccines",
    "/medications",
    "/diseases",
)


@pytest.fixture
def routes(admin: Caller) -> tuple[int, int]:
    """Two routes of administration; the second is not in use."""
    made = [
        data(admin.post(ROUTES, json={"name": name, "status": status}), 201)["id"]
        for name, status in (("Subcutánea", True), ("Ocular", False))
    ]
    return made[0], made[1]


def test_a_vaccine_says_what_it_is_for(admin: Caller, routes: tuple[int, int]) -> None:
    disease = data(admin.post(DISEASES, json={"name": "Aftosa"}), 201)
    body = {
        "name": "Bivalente",
        "dosis": "2 ml",
        "type": "Inactivada",
        "national_plan": True,
        "vaccination_interval": "180",
        "route_administration_id": str(routes[0]),
        "target_disease_id": disease["id"],
    }
    vaccine = data(admin.post(VACCINES, json=body), 201)
    expected = {
        **body,
        "vaccination_interval": 180,
        "route_administration_id": routes[0],
        "route_administration_name": "Subcutánea",
        "target_disease_name": "Aftosa",
    }
    assert expected.items() <= vaccine.items()
    shown = data(admin.get(f"{VACCINES}/{vaccine['id']}?include_relations=true"))
    assert shown["diseases"] == {"id": disease["id"], "name": "Aftosa"}
    assert shown["route_administration_rel"] == {"id": routes[0], "name": "Subcutánea"}
    off = data(admin.put(f"{VACCINES}/{vaccine['id']}", json={"national_plan": False}))
    assert (off["national_plan"], off["type"]) == (False, "Inactivada")
    assert wrong(admin.post(VACCINES, json={**body, "type": "Mágica", "target_disease_id": 99})) == {"type"}
    assert wrong(admin.post(VACCINES, json={**body, "name": "X", "target_disease_id": 99})) == {
        "target_disease_id"
    }
    assert wrong(admin.get(f"{VACCINES}?type=Mágica")) == {"type"}
    refused(admin.delete(f"{DISEASES}/{disease['id']}"), "CONFLICT")
    assert [row["name"] for row in data(admin.get(f"{VACCINES}?target_disease_id={disease['id']}"))] == [
        "Bivalente"
    ]


def test_what_the_form_leaves_out_may_be_left_out(admin: Caller) -> None:
    blank = data(admin.post(VACCINES, json={"name": "En blanco", "vaccination_interval": ""}), 201)
    assert blank["vaccination_interval"] is None
    for path in (VACCINES, MEDICATIONS, DISEASES, ROUTES):
        row = data(admin.post(path, json={"name": "Solo nombre"}), 201)
        assert row["updated_at"]
        clash = refused(admin.post(path, json={"name": "Solo nombre"}), "CONFLICT")
        assert clash["conflict"]["field"] == "name"


@pytest.mark.parametrize("path", [VACCINES, MEDICATIONS])
def test_lists_by_route(admin: Caller, routes: tuple[int, int], path: str) -> None:
    for name, route in (("A", routes[0]), ("B", routes[1]), ("C", None)):
        data(
            admin.post(path, json={"name": name, **({"route_administration_id": route} if route else {})}),
            201,
        )

    def names(query: str) -> Any:
        return sorted(row["name"] for row in data(admin.get(f"{path}{query}")))

    assert names(f"/by-route/{routes[1]}") == ["B"]
    assert names("/with-route-administration") == ["A", "B"]
    assert names("/with-route-administration?search=a") == ["A", "B"]
    assert admin.get(f"{path}/by-route/999").status_code == 404


def test_routes_in_use_and_by_text(admin: Caller, routes: tuple[int, int]) -> None:
    assert [row["id"] for row in data(admin.get(f"{ROUTES}/active"))] == [routes[0]]
    assert [row["name"] for row in data(admin.get(f"{ROUTES}/search?q=ocu"))] == ["Ocular"]
