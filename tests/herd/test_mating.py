"""Inbreeding through the door: of an animal, and of a calf before the service is made."""

from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from herd.stock import days_ago, made, new_animal, new_breed, wrong
from queries import queries
from sqlalchemy import text

from app.core.transaction import transaction


@pytest.fixture
def kin(admin: Caller) -> dict[str, Any]:
    """Two founders, a son and a daughter of theirs (full sibs), a half sister by the bull, a calf of the sibs."""
    herd: dict[str, Any] = {}

    def born(name: str, sex: str, days: int, father: str = "", mother: str = "") -> None:
        parents = {"idFather": herd[father]["id"]} if father else {}
        parents |= {"idMother": herd[mother]["id"]} if mother else {}
        herd[name] = new_animal(admin, record=name, sex=sex, birth_date=days_ago(days), **parents)

    born("bull", "Macho", 4000)
    born("cow", "Hembra", 3900)
    born("other", "Hembra", 3800)
    born("son", "Macho", 2000, "bull", "cow")
    born("daughter", "Hembra", 1900, "bull", "cow")
    born("half", "Hembra", 1800, "bull", "other")
    born("calf", "Hembra", 200, "son", "daughter")
    return herd


def test_the_calf_of_full_sibs(apprentice: Caller, kin: dict[str, Any]) -> None:
    data = made(apprentice.get(f"/animals/{kin['calf']['id']}/inbreeding"), 200)
    assert (data["inbreeding"], data["inbreeding_pct"], data["level"]) == (0.25, 25, "block")
    assert data["animal"] == {"id": kin["calf"]["id"], "record": "calf"}
    assert data["completeness"] == {
        "known": 6,
        "possible": 14,
        "fraction": pytest.approx(6 / 14),
        "by_generation": [2, 4, 0],
    }
    assert [(one["animal"]["record"], one["contribution"]) for one in data["common_ancestors"]] == [
        ("bull", 0.125),
        ("cow", 0.125),
    ]
    path = data["common_ancestors"][0]["paths"][0]
    assert [one["record"] for one in path["sire_line"]] == ["son", "bull"]
    assert [one["record"] for one in path["dam_line"]] == ["daughter", "bull"]
    assert (path["n1"], path["n2"]) == (1, 1)


def test_unknown_is_not_safe(apprentice: Caller, kin: dict[str, Any]) -> None:
    for name in ("bull", "son"):
        data = made(apprentice.get(f"/animals/{kin[name]['id']}/inbreeding"), 200)
        assert (data["inbreeding"], data["level"], data["common_ancestors"]) == (0, "unknown", [])
    assert apprentice.get("/animals/999/inbreeding").status_code == 404


@pytest.mark.parametrize(
    ("sire", "dam", "f", "level", "allowed"),
    [
        ("son", "daughter", 0.25, "block", False),
        ("bull", "daughter", 0.25, "block", False),
        ("son", "half", 0.125, "block", False),
        ("bull", "calf", 0.25, "block", False),
        ("bull", "other", 0.0, "unknown", True),
    ],
)
def test_a_mating(
    apprentice: Caller, kin: dict[str, Any], sire: str, dam: str, f: float, level: str, allowed: bool
) -> None:
    data = made(apprentice.get(f"/animals/mating?sire={sire}&dam={dam}"), 200)
    assert (data["inbreeding"], data["level"], data["allowed"]) == (f, level, allowed)
    assert (data["sire"]["id"], data["dam"]["record"]) == (kin[sire]["id"], dam)
    assert data["advice"]
    by_id = f"/animals/mating?sire={kin[sire]['id']}&dam={kin[dam]['id']}"
    assert made(apprentice.get(by_id), 200) == data
    assert bool(data["warnings"]) == (dam == "calf")


def test_the_farm_says_what_is_too_much(app: Flask, admin: Caller, kin: dict[str, Any]) -> None:
    farm = app.config["SETTINGS"]
    before = farm.inbreeding_warning, farm.inbreeding_limit
    farm.inbreeding_warning, farm.inbreeding_limit = 0.2, 0.3
    try:
        data = made(admin.get("/animals/mating?sire=son&dam=daughter"), 200)
    finally:
        farm.inbreeding_warning, farm.inbreeding_limit = before
    assert (data["level"], data["allowed"], data["limits"]) == ("warn", True, {"warning": 0.2, "block": 0.3})


def test_pairs_that_have_no_calves(admin: Caller, kin: dict[str, Any]) -> None:
    ewe = new_animal(admin, record="ewe", breeds_id=new_breed(admin, "Corriedale", "Ovino")["id"])
    made(admin.put(f"/animals/{kin['other']['id']}", json={"status": "Muerto"}), 200)
    refused = [
        ("sire=cow&dam=bull", {"sire", "dam"}),
        ("sire=bull&dam=other", {"dam"}),
        (f"sire=bull&dam={ewe['id']}", {"dam"}),
        ("dam=cow", {"sire"}),
        ("sire=bull&dam=", {"dam"}),
    ]
    for query, fields in refused:
        assert set(wrong(admin.get(f"/animals/mating?{query}"))) == fields, query
    assert admin.get("/animals/mating?sire=bull&dam=nobody").status_code == 404


def test_a_number_that_is_one_animals_id_and_anothers_tag(admin: Caller, kin: dict[str, Any]) -> None:
    bull, cow = kin["bull"]["id"], kin["cow"]["id"]
    trap = new_animal(admin, record=str(bull), sex="Macho")
    answer = admin.get(f"/animals/mating?sire={bull}&dam={cow}")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "AMBIGUOUS_ANIMAL")
    for query, id in ((f"sire_id={bull}", bull), (f"sire_record={bull}", trap["id"])):
        assert made(admin.get(f"/animals/mating?{query}&dam={cow}"), 200)["sire"]["id"] == id


def test_a_stored_loop_is_named(app: Flask, admin: Caller, kin: dict[str, Any]) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            text("UPDATE animals SET mother_id = :calf WHERE id = :cow"),
            {"calf": kin["calf"]["id"], "cow": kin["cow"]["id"]},
        )
    answer = admin.get(f"/animals/{kin['calf']['id']}/inbreeding")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "PEDIGREE_LOOP")
    assert {"cow", "calf"} <= {one["record"] for one in answer.json["error"]["details"]["loop"]}


def test_only_ancestors_are_read_in_as_many_queries_whoever_asks(
    app: Flask, admin: Caller, kin: dict[str, Any]
) -> None:
    admin.get("/animals")
    counts = []
    for name in ("son", "calf"):
        with queries(app) as seen:
            made(admin.get(f"/animals/{kin[name]['id']}/inbreeding"), 200)
        counts.append(len(seen))
    assert counts[0] == counts[1]
