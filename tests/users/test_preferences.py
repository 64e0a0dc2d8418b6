"""Favourites, history and navigation: durable, everybody's own, bounded, and no more than the person may."""

from typing import Any

import pytest
from conftest import Caller

from app.users import preferences


def kept(caller: Caller) -> list[dict[str, Any]]:
    data = caller.get("/preferences/favorites").json["data"]
    assert data["count"] == len(data["favorites"])
    return list(data["favorites"])


def test_favourites_are_kept_replaced_and_dropped(apprentice: Caller, instructor: Caller) -> None:
    made = apprentice.post(
        "/preferences/favorites", json={"label": "Animales", "url": "/animals", "data": {"n": 1}}
    )
    assert made.status_code == 201
    assert made.json["data"]["key"] == "/animals"
    again = apprentice.post("/preferences/favorites", json={"title": "El hato", "path": "/animals"})
    assert (again.status_code, again.json["data"]["id"]) == (200, made.json["data"]["id"])
    apprentice.post("/preferences/favorites", json={"title": "Potreros", "key": "p", "icon": "fence"})
    assert [(f["key"], f["title"], f["path"], f["icon"], f["data"]) for f in kept(apprentice)] == [
        ("p", "Potreros", None, "fence", {}),
        ("/animals", "El hato", "/animals", None, {}),
    ]
    assert kept(instructor) == []
    first = kept(apprentice)[0]["id"]
    assert instructor.delete(f"/preferences/favorites/{first}").status_code == 404
    assert apprentice.delete(f"/preferences/favorites/{first}").json["data"] == {"deleted_id": first}
    assert apprentice.delete(f"/preferences/favorites/{first}").status_code == 404
    assert apprentice.delete("/preferences/favorites").json["data"] == {"deleted": 1}
    assert kept(apprentice) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "data": {"a": [1]}}, "data"),
        ({"title": "x", "data": {"a": "y" * 5000}}, "body"),
        ({"title": "x\x00"}, "title"),
    ],
)
def test_what_cannot_be_kept_is_refused(apprentice: Caller, body: dict[str, Any], field: str) -> None:
    for path in ("/preferences/favorites", "/preferences/history"):
        answer = apprentice.post(path, json=body)
        assert answer.status_code == 422
        assert any(name.startswith(field) for name in answer.json["error"]["details"]["validation_errors"])


def test_both_are_bounded(apprentice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "MOST_FAVORITES", 2)
    monkeypatch.setattr(preferences, "MOST_VISITS", 3)
    statuses = [
        apprentice.post("/preferences/favorites", json={"path": f"/{n}"}).status_code for n in range(3)
    ]
    assert statuses == [201, 201, 409]
    assert apprentice.post("/preferences/favorites", json={"path": "/1", "title": "Uno"}).status_code == 200
    for n in range(5):
        assert apprentice.post("/preferences/history", json={"path": f"/{n}"}).status_code == 201
    data = apprentice.get("/preferences/history").json["data"]
    assert (data["count"], [visit["path"] for visit in data["history"]]) == (3, ["/4", "/3", "/2"])


def test_a_very_long_path_is_a_key_too(apprentice: Caller) -> None:
    path = "/" + "x" * 499
    assert apprentice.post("/preferences/favorites", json={"path": path}).status_code == 201
    assert apprentice.post("/preferences/favorites", json={"path": path}).status_code == 200
    assert kept(apprentice)[0]["path"] == path


def test_navigation_is_what_the_person_may(apprentice: Caller, admin: Caller) -> None:
    def items(caller: Caller) -> dict[str, list[str]]:
        data = caller.get("/navigation/structure").json["data"]
        found = {item["path"]: item["actions"] for group in data["groups"] for item in group["items"]}
        assert data["count"] == len(found)
        return found

    mine, all_ = items(apprentice), items(admin)
    assert mine["/species"] == ["read"]
    assert all_["/species"] == ["read", "create", "update", "delete"]
    assert "create" in mine["/controls"]
    assert "update" not in mine["/controls"]
    assert "/users/pending" in all_
    assert "/users/pending" not in mine
    for path in [*all_]:
        assert admin.get(path).status_code in (200, 404), path
    shortcuts = apprentice.get("/navigation/quick-access").json["data"]
    assert {"title": "Registrar: Control", "method": "POST", "path": "/controls"} in shortcuts["shortcuts"]
    assert shortcuts["count"] == len(shortcuts["shortcuts"])
