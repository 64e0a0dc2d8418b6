"""Animals from a spreadsheet: by names and tag numbers, calves beside their parents, out and in again, thousands."""

import csv
import io
import random
from typing import Any

import pytest
from biogas.plant import made
from conftest import Caller
from core.test_importing import book, reasons, send
from flask import Flask
from queries import queries

HEADER = "record,sex,birth_date,weight,breed,father,mother,status\n"


@pytest.fixture
def breeds(admin: Caller) -> None:
    species = made(admin.post("/species", json={"name": "Bovino"}))["id"]
    for name in ("Holstein", "Gyr"):
        made(admin.post("/breeds", json={"name": name, "species_id": species}))


def animals(caller: Caller) -> dict[str, Any]:
    return {row["record"]: row for row in made(caller.get("/animals?limit=1000"), 200)}


def test_a_calf_may_stand_above_its_parents(admin: Caller, breeds: None) -> None:
    content = (
        HEADER
        + "T-3,Hembra,2025-03-01,180,holstein,T-1,T-2,vivo\n"
        + 'T-1,Macho,01/02/2020,"650,5",Holstein,,,\n'
        + "T-2,Hembra,2021-02-03,480,Gyr,,,\n"
    )
    report = made(send(admin, content, path="/animals"), 200)
    assert report["counts"]["new"] == 3
    found = animals(admin)
    assert found["T-3"]["idFather"] == found["T-1"]["id"]
    assert found["T-3"]["idMother"] == found["T-2"]["id"]
    assert found["T-1"]["weight"] == 650.5
    assert found["T-1"]["birth_date"] == "2020-02-01"


def test_names_are_read_in_any_case(admin: Caller, breeds: None) -> None:
    report = made(send(admin, HEADER + "T-1,macho,2020-02-01,650,HOLSTEIN,,,\n", path="/animals"), 200)
    assert report["counts"]["new"] == 1


def test_what_is_wrong_is_named_by_row_and_column(admin: Caller, breeds: None) -> None:
    content = (
        HEADER
        + "T-1,Macho,2020-02-01,650,Cebú,,,\n"
        + "T-2,Vaca,2021-02-03,480,Gyr,,,\n"
        + "T-3,Hembra,2025-03-01,180,Gyr,T-9,,\n"
        + "T-4,Hembra,2025-03-01,180,Gyr,T-5,,\n"
        + "T-5,Hembra,2020-03-01,380,Gyr,,,\n"
        + "T-6,Hembra,2999-03-01,380,Gyr,,,\n"
    )
    found = reasons(send(admin, content, path="/animals"))
    assert set(found) == {
        "fila 2, breed", "fila 3, sex", "fila 4, father", "fila 5, father", "fila 7, birth_date",
    }  # fmt: skip
    assert found["fila 2, breed"] == "«Cebú» no existe"
    assert animals(admin) == {}


def test_a_pedigree_loop_in_a_file_is_refused(admin: Caller, breeds: None) -> None:
    content = HEADER + "T-1,Macho,2020-02-01,650,Gyr,T-2,,\nT-2,Macho,2021-02-03,480,Gyr,T-1,,\n"
    found = reasons(send(admin, content, path="/animals"))
    assert "fila 2, father" in found or "fila 3, father" in found
    assert animals(admin) == {}


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_export_goes_in_again_unchanged(admin: Caller, breeds: None, format: str) -> None:
    content = HEADER + "=T-1,Macho,2020-02-01,650,Gyr,,,\nT-2,Hembra,2022-02-03,480.25,Gyr,=T-1,,Vendido\n"
    made(send(admin, content, path="/animals"), 200)
    before = animals(admin)
    with admin.get(f"/animals?export={format}&sort_by=record") as answer:
        exported = answer.get_data()
    report = made(send(admin, exported, path="/animals"), 200)
    assert report["counts"] == {"new": 0, "changed": 0, "unchanged": 2, "rejected": 0}
    assert animals(admin) == before


def test_an_export_fills_an_empty_farm(admin: Caller, breeds: None) -> None:
    made(
        send(
            admin,
            HEADER + "T-1,Macho,2020-02-01,650,Gyr,,,\nT-2,Hembra,2022-02-03,480,Gyr,T-1,,\n",
            path="/animals",
        ),
        200,
    )
    exported = admin.get("/animals?export=csv").get_data()
    for record in ("T-2", "T-1"):
        made(admin.delete(f"/animals/{animals(admin)[record]['id']}"), 200)
    report = made(send(admin, exported, path="/animals"), 200)
    assert report["counts"]["new"] == 2
    assert animals(admin)["T-2"]["idFather"] == animals(admin)["T-1"]["id"]


def test_an_apprentice_brings_records_in_but_changes_none(
    admin: Caller, apprentice: Caller, breeds: None
) -> None:
    made(send(admin, HEADER + "T-1,Macho,2020-02-01,650,Gyr,,,\n", path="/animals"), 200)
    content = "animal,checkup_date,health_status,weight\nT-1,2024-01-05,Bueno,600\n"
    assert made(send(apprentice, content, path="/controls"), 200)["counts"]["new"] == 1
    again = send(apprentice, content.replace("600", "601"), path="/controls")
    assert "fila 2" in reasons(again)
    assert made(send(admin, content.replace("600", "601"), path="/controls"), 200)["counts"]["changed"] == 1


def herd(count: int) -> str:
    chance = random.Random(7)
    lines = []
    for n in range(count):
        year = 2010 + n * 14 // count
        older = [k for k in (chance.randrange(max(n, 1)), chance.randrange(max(n, 1))) if n - k > count // 5]
        father = next((f"A{k}" for k in older if k % 2 == 0), "")
        mother = next((f"A{k}" for k in older if k % 2), "")
        sex = "Hembra" if n % 2 else "Macho"
        lines.append([f"A{n}", sex, f"{year}-01-01", 300 + n % 300, "Gyr", father, mother, "Vivo"])
    chance.shuffle(lines)
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return HEADER + text.getvalue()


def test_rows_cost_few_queries(app: Flask, admin: Caller, breeds: None) -> None:
    """Each row is a statement of its own inside its savepoint; what it refers to is looked up for all rows at once."""
    with queries(app) as seen:
        assert made(send(admin, herd(200), path="/animals"), 200)["counts"]["new"] == 200
    selects = [one for one in seen if one.lstrip().upper().startswith("SELECT")]
    assert len(selects) < 200 * 0.5 + 60, len(selects)


def test_a_book_of_animals(admin: Caller, breeds: None) -> None:
    import datetime as dt

    content = book(
        ("record", "sex", "birth_date", "weight", "breed"),
        (1001, "Hembra", dt.date(2024, 1, 5), 200.5, "Gyr"),
    )
    made(send(admin, content, path="/animals"), 200)
    assert animals(admin)["1001"]["birth_date"] == "2024-01-05"
