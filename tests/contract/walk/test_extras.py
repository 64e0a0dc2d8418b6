"""Section 3.8 on the demonstration farm: the herd in short, family trees, pictures, lists under other records."""

import io
from typing import Any

import pytest
from biogas.plant import made
from contract.walk.demo import Farm, on_sqlite
from PIL import Image

pytestmark = on_sqlite

GONE = 1_999_999


def test_the_herd_in_short(demo: Farm) -> None:
    states = [row["status"] for row in demo.stored("animals")]
    data = made(demo.admin.get("/animals/status"), 200)
    assert data["total"] == data["total_animals"] == len(states)
    assert (data["activos"], data["inactivos"]) == (states.count("Vivo"), len(states) - states.count("Vivo"))
    assert data["by_status"] == {one: states.count(one) for one in ("Vivo", "Vendido", "Muerto")}


@pytest.mark.parametrize("direction", ["ancestors", "descendants"])
@pytest.mark.parametrize("depth", [1, 3, None])
def test_trees(demo: Farm, direction: str, depth: int | None) -> None:
    rows, breeds = demo.by_id("animals"), demo.by_id("breeds")
    fields = ("id", "record", "sex", "breeds_id", "idFather", "idMother")
    for root in [*list(rows)[:6], *list(rows)[-6:]]:
        within = {root: 0}
        for step in range(1, (depth or 5) + 1):
            for id in _next(rows, [one for one, at in within.items() if at == step - 1], direction):
                within.setdefault(id, step)
        asked = f"animal_id={root}&fields={','.join(fields)}" + (f"&max_depth={depth}" if depth else "")
        data = made(demo.admin.get(f"/animals/tree/{direction}?{asked}"), 200)
        assert data["rootId"] == root
        assert data["nodes"] == {str(id): {name: rows[id][name] for name in fields} for id in within}
        edges = {
            (rows[id][key], id, relation)
            for id in within
            for key, relation in (("idFather", "father"), ("idMother", "mother"))
            if rows[id][key] in within
        }
        assert {(one["from"], one["to"], one["relation"]) for one in data["edges"]} == edges
        assert data["counts"] == {"nodes": len(within), "edges": len(edges)}
        assert data["depth"] == max(within.values())
        sexes = [rows[id]["sex"] for id in within]
        summary = data["summary"]
        assert summary["sex"] == {
            "Macho": sexes.count("Macho"),
            "Hembra": sexes.count("Hembra"),
            "Unknown": 0,
        }
        assert sum(summary["species"].values()) == len(within)
        assert str(breeds[rows[root]["breeds_id"]]["species_id"]) in summary["species"]
        relations = [relation for _, _, relation in edges]
        assert summary["relations"] == {name: relations.count(name) for name in ("father", "mother")}
        assert summary["text"]
        assert data["edge_examples"]["bySex"].keys() == {"Macho", "Hembra", "Unknown"}
        assert isinstance(data["generated_at"], int)


def _next(rows: Any, ids: list[int], direction: str) -> set[int]:
    if direction == "ancestors":
        return {rows[id][key] for id in ids for key in ("idFather", "idMother")} - {None}
    return {id for id, row in rows.items() if {row["idFather"], row["idMother"]} & set(ids)}


def test_trees_that_cannot_be(demo: Farm) -> None:
    for direction in ("ancestors", "descendants"):
        assert demo.admin.get(f"/animals/tree/{direction}").status_code == 400
        assert demo.admin.get(f"/animals/tree/{direction}?animal_id={GONE}&max_depth=3").status_code == 404


def picture(color: str) -> tuple[io.BytesIO, str]:
    content = io.BytesIO()
    Image.new("RGB", (12, 9), color).save(content, "PNG")
    return io.BytesIO(content.getvalue()), f"{color}.png"


def test_pictures_come_and_go(demo: Farm) -> None:
    animal, admin = demo.pasture.more("animals")["id"], demo.admin
    text = (io.BytesIO(b"no es una imagen"), "carta.png")
    form = {"animal_id": str(animal), "files": [picture("red"), picture("blue"), text]}
    sent = admin.post("/animal-images/upload", data=form, content_type="multipart/form-data")
    data = made(sent)
    assert (data["total_uploaded"], data["total_errors"], len(data["errors"])) == (2, 1, 1)
    assert data["errors"][0].keys() == {"filename", "error"}
    shown = made(admin.get(f"/animal-images/{animal}?_ts=1"), 200)
    assert (shown["animal_id"], shown["total"]) == (animal, 2)
    assert sorted(one["id"] for one in shown["images"]) == sorted(one["id"] for one in data["uploaded"])
    first, second = shown["images"]
    assert (first["is_primary"], second["is_primary"]) == (True, False)
    chosen = made(admin.put(f"/animal-images/image/{second['id']}/set-primary"), 200)
    assert (chosen["id"], chosen["is_primary"]) == (second["id"], True)
    # The primary one goes, and another takes its place.
    made(admin.delete(f"/animal-images/image/{second['id']}"), 200)
    [left] = made(admin.get(f"/animal-images/{animal}"), 200)["images"]
    assert (left["id"], left["is_primary"]) == (first["id"], True)
    assert admin.delete(f"/animal-images/image/{second['id']}").status_code == 404
    assert demo.nobody.client.get(f"/{second['filepath']}").status_code == 404
    made(admin.delete(f"/animals/{animal}"), 200)
    assert demo.nobody.client.get(f"/{first['filepath']}").status_code == 404


def test_pictures_that_are_refused(demo: Farm) -> None:
    animal, post = demo.first("animals")["id"], demo.admin.post

    def upload(**form: Any) -> int:
        answer = post("/animal-images/upload", data=form, content_type="multipart/form-data")
        assert answer.json["success"] is False
        return int(answer.status_code)

    assert upload(files=[picture("red")]) == 400
    assert upload(animal_id=str(animal)) == 400
    assert upload(animal_id=str(GONE), files=[picture("red")]) == 404
    assert upload(animal_id=str(animal), files=[(io.BytesIO(b"<svg/>"), "x.svg")]) == 415
    assert upload(animal_id=str(animal), files=[picture("red") for _ in range(21)]) == 400
    for megabytes in (6, 17):
        answer = post("/animal-images/upload", **heavy(animal, bytes(megabytes * 2**20)))
        assert (answer.status_code, answer.json["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def heavy(animal: int, content: bytes) -> dict[str, Any]:
    """A form with one file, written by hand: the test client would leave its own copy of a large one open."""
    lines = [
        b'--x\r\nContent-Disposition: form-data; name="animal_id"\r\n\r\n%d' % animal,
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="x.png"\r\n\r\n' + content,
        b"--x--\r\n",
    ]
    return {"data": b"\r\n".join(lines), "content_type": "multipart/form-data; boundary=x"}


SUBLISTS = [
    ("breeds/by-species/{}", "breeds", "species_id", "species"),
    ("medications/by-route/{}", "medications", "route_administration_id", "route-administrations"),
    ("vaccines/by-route/{}", "vaccines", "route_administration_id", "route-administrations"),
]


@pytest.mark.parametrize(("path", "slug", "key", "other"), SUBLISTS, ids=lambda one: str(one).split("/")[0])
def test_lists_under_others(demo: Farm, path: str, slug: str, key: str, other: str) -> None:
    for id in demo.by_id(other):
        expected = [row["id"] for row in demo.stored(slug) if row[key] == id]
        answer = demo.admin.get(f"/{path.format(id)}?page=1&limit=1000&sort_by=id")
        assert [row["id"] for row in made(answer, 200)] == expected
        assert answer.json["meta"]["pagination"]["total_items"] == len(expected)


def test_lists_of_routes(demo: Farm) -> None:
    routes = demo.stored("route-administrations")
    active = made(demo.admin.get("/route-administrations/active?sort_by=id&limit=1000"), 200)
    assert [row["id"] for row in active] == [row["id"] for row in routes if row["status"]]
    found = made(demo.admin.get("/route-administrations/search?q=intra&limit=1000"), 200)
    told = [row["id"] for row in routes if "intra" in f"{row['name']} {row['description']}".lower()]
    assert sorted(row["id"] for row in found) == told
    for slug in ("medications", "vaccines"):
        rows = made(demo.admin.get(f"/{slug}/with-route-administration?sort_by=id&limit=1000"), 200)
        known = [row["id"] for row in demo.stored(slug) if row["route_administration_id"]]
        assert [row["id"] for row in rows] == known
