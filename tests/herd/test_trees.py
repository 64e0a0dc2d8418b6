"""Family trees through the door: the graph, its counts, its limits, and that it costs the same however big."""

from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from herd.stock import days_ago, made, new_animal, new_breed
from queries import queries
from sqlalchemy import text

from app.core.transaction import transaction
from app.herd import trees


def tree(caller: Caller, way: str, **query: Any) -> Any:
    return made(caller.get(f"/animals/tree/{way}", query_string=query), 200)


def line(caller: Caller, generations: int) -> list[Any]:
    """Cows, each the mother of the next, the oldest first."""
    cows: list[Any] = []
    for generation in range(generations):
        mother = {"idMother": cows[-1]["id"]} if cows else {}
        cows.append(new_animal(caller, birth_date=days_ago(9000 - 300 * generation), **mother))
    return cows


def edges(found: Any) -> set[tuple[int, int, str]]:
    return {(edge["from"], edge["to"], edge["relation"]) for edge in found["edges"]}


def test_ancestors_and_descendants(admin: Caller, apprentice: Caller) -> None:
    grandfather = new_animal(admin, sex="Macho", birth_date=days_ago(5000))
    father = new_animal(admin, sex="Macho", birth_date=days_ago(3000), idFather=grandfather["id"])
    mother = new_animal(admin, birth_date=days_ago(2900), idFather=grandfather["id"])
    calf = new_animal(admin, birth_date=days_ago(10), idFather=father["id"], idMother=mother["id"])
    new_animal(admin, birth_date=days_ago(5), idFather=father["id"])
    g, f, m, c = (one["id"] for one in (grandfather, father, mother, calf))

    up = tree(apprentice, "ancestors", animal_id=c)
    assert (up["rootId"], up["depth"], up["truncated"]) == (c, 2, False)
    assert edges(up) == {(g, f, "father"), (g, m, "father"), (f, c, "father"), (m, c, "mother")}
    assert up["counts"] == {"nodes": 4, "edges": 4}
    assert up["nodes"][str(c)] == {
        "id": c,
        "record": calf["record"],
        "sex": "Hembra",
        "breeds_id": calf["breeds_id"],
        "idFather": f,
        "idMother": m,
    }
    species = str(calf["species_id"])
    assert up["summary"]["sex"] == {"Macho": 2, "Hembra": 2, "Unknown": 0}
    assert up["summary"]["species"] == {species: 4}
    assert up["summary"]["relations"] == {"father": 3, "mother": 1}
    assert calf["record"] in up["summary"]["text"]
    assert [len(up["edge_examples"]["bySex"][sex]) for sex in ("Macho", "Hembra", "Unknown")] == [3, 1, 0]
    assert len(up["edge_examples"]["bySpecies"][species]) == 4
    assert isinstance(up["generated_at"], int)

    down = tree(apprentice, "descendants", animal_id=m)
    assert edges(down) == {(m, c, "mother")}  # the father is not below his mate
    assert tree(apprentice, "descendants", animal_id=g)["counts"] == {"nodes": 5, "edges": 5}
    assert tree(apprentice, "descendants", animal_id=g, max_depth=1)["counts"] == {"nodes": 3, "edges": 2}


def test_fields_choose_what_is_shown_and_nothing_else(admin: Caller) -> None:
    breed = new_breed(admin, "Corriedale", "Ovino")
    ewe = new_animal(admin, breeds_id=breed["id"])
    found = tree(admin, "ancestors", animal_id=ewe["id"], fields="record, birth_date,password")
    assert found["nodes"][str(ewe["id"])] == {
        "id": ewe["id"],
        "record": ewe["record"],
        "birth_date": ewe["birth_date"],
    }
    assert found["summary"]["species"] == {str(breed["species_id"]): 1}
    assert found["counts"] == {"nodes": 1, "edges": 0}


@pytest.mark.parametrize("way", ["ancestors", "descendants"])
def test_what_cannot_be_asked(admin: Caller, way: str) -> None:
    assert admin.get(f"/animals/tree/{way}").status_code == 400
    assert admin.get(f"/animals/tree/{way}?animal_id=").status_code == 400
    for id in (999, 2**31 - 1):
        assert admin.get(f"/animals/tree/{way}?animal_id={id}").status_code == 404
    assert admin.get(f"/animals/tree/{way}?animal_id={2**70}").status_code == 422
    assert admin.get(f"/animals/tree/{way}?animal_id=1&max_depth=x").status_code == 422


def test_twenty_generations_are_the_most(admin: Caller) -> None:
    cows = line(admin, 23)
    for depth, reached in ((0, 1), (-1, 1), (3, 3), (20, 20), (10**30, 20)):
        assert tree(admin, "ancestors", animal_id=cows[-1]["id"], max_depth=depth)["depth"] == reached
    assert tree(admin, "descendants", animal_id=cows[0]["id"])["depth"] == 5


def test_a_stored_loop_ends(app: Flask, admin: Caller) -> None:
    cows = line(admin, 3)
    with app.app_context(), transaction() as session:
        session.execute(
            text("UPDATE animals SET mother_id = :last WHERE id = :first"),
            {"last": cows[-1]["id"], "first": cows[0]["id"]},
        )
    for way in ("ancestors", "descendants"):
        found = tree(admin, way, animal_id=cows[0]["id"], max_depth=20)
        assert (found["counts"], found["depth"]) == ({"nodes": 3, "edges": 3}, 2)


def test_a_big_tree_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch, admin: Caller) -> None:
    cows = line(admin, 6)
    monkeypatch.setattr(trees, "MAX_NODES", 4)
    found = tree(admin, "ancestors", animal_id=cows[-1]["id"], max_depth=20)
    assert found["truncated"] is True
    assert found["counts"] == {"nodes": 4, "edges": 3}
    assert set(found["nodes"]) == {str(cow["id"]) for cow in cows[-4:]}


def test_a_tree_costs_the_same_however_big(app: Flask, admin: Caller) -> None:
    cows = line(admin, 5)
    tree(admin, "ancestors", animal_id=cows[1]["id"])
    counts = []
    for cow in (cows[0], cows[-1]):
        with queries(app) as seen:
            tree(admin, "ancestors", animal_id=cow["id"])
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_dialog_of_a_family_reads_its_numbers(admin: Caller) -> None:
    cows = line(admin, 3)
    middle = cows[1]["id"]
    answer = admin.get(f"/animals/{middle}/dependencies")
    numbers = {
        "father_id": None,
        "mother_id": cows[0]["id"],
        "children_as_father": 0,
        "children_as_mother": 1,
    }
    assert numbers.items() <= answer.json.items()
    assert numbers.items() <= made(answer, 200).items()
    refused = admin.delete(f"/animals/{middle}")
    assert refused.status_code == 409
    assert refused.json["error"]["details"]["blocking_dependencies"] == 1


def test_an_animal_goes_with_all_that_was_recorded_of_it(admin: Caller) -> None:
    animal = new_animal(admin, status="Vendido", status_date=days_ago(1))
    for days in (5, 4):
        facts = {"animal_id": animal["id"], "checkup_date": days_ago(days), "health_status": "Bueno"}
        made(admin.post("/controls", json=facts))
    made(
        admin.post(
            f"/animals/{animal['id']}/tags", json={"kind": "visual", "code": "7", "placed_on": days_ago(9)}
        )
    )
    gone = made(admin.delete(f"/animals/{animal['id']}"), 200)["cascade_deletions"]
    assert gone == {"animal_status_changes": 1, "animal_tags": 1, "controls": 2}
    assert made(admin.get("/controls"), 200) == []
