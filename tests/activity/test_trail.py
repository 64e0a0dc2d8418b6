"""The doors of the trail: items as both generations of clients read them, filters, pages, cursors, figures."""

import datetime as dt
from typing import Any

import pytest
from conftest import Caller, person
from flask import Flask
from queries import queries
from sqlalchemy import update

from app.activity.models import Activity, ActivityDay
from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.users.permissions import Role


def own_id(caller: Caller) -> int:
    return int(caller.get("/auth/me").json["data"]["user"]["id"])


def made(caller: Caller, path: str, **body: Any) -> int:
    answer = caller.post(path, json=body)
    assert answer.status_code == 201, answer.json
    return int(answer.json["data"]["id"])


@pytest.fixture
def herd(instructor: Caller, apprentice: Caller) -> dict[str, int]:
    """An animal that an instructor registered and weighed, and an apprentice looked after."""
    species = made(instructor, "/species", name="Bovino")
    breed = made(instructor, "/breeds", name="Cebú", species_id=species)
    facts = {"sex": "Hembra", "birth_date": "2024-05-01", "weight": 380, "breeds_id": breed}
    animal = made(instructor, "/animals", record="A-12", **facts)
    assert instructor.put(f"/animals/{animal}", json={"notes": "Mansa"}).status_code == 200
    control = made(
        apprentice, "/controls", animal_id=animal, checkup_date="2026-01-02", health_status="Bueno"
    )
    return {"species": species, "breed": breed, "animal": animal, "control": control}


def entries(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(f"/activity?{query}")
    assert answer.status_code == 200, answer.json
    return list(answer.json["data"])


def test_an_item_has_both_spellings_and_its_links(herd: dict[str, int], apprentice: Caller) -> None:
    (item,) = apprentice.get("/activity/me?entity=control").json["data"]
    animal, control = herd["animal"], herd["control"]
    assert item["action"] == "create"
    assert (item["entity"], item["entity_id"], item["animal_id"]) == ("control", control, animal)
    assert item["title"] == item["summary"] == f"Control #{control} de A-12 creado"
    assert item["severity"] == "info"
    assert item["created_at"] == item["timestamp"]
    assert item["actor"] == {"id": item["user_id"], "fullname": "Persona Aprendiz"}
    assert item["user_id"] == own_id(apprentice)
    assert item["relations"] == {"animal_id": animal}
    assert item["changes"]["health_status"] == {"before": None, "after": "Bueno"}
    assert item["request_id"]
    assert item["links"] == {
        "detail": f"/api/v1/controls/{control}",
        "animal": f"/api/v1/animals/{animal}",
        "crud": "/api/v1/controls",
        "analytics": f"/api/v1/analytics/animals/{animal}/medical-history",
    }


def test_the_request_names_the_entry(instructor: Caller) -> None:
    headers = {"X-Request-ID": "a-request-of-mine"}
    assert instructor.post("/species", json={"name": "Ovino"}, headers=headers).status_code == 201
    assert entries(instructor, "entity=species")[0]["request_id"] == "a-request-of-mine"


def test_filters_filter(herd: dict[str, int], instructor: Caller, apprentice: Caller) -> None:
    mine = own_id(apprentice)
    expected = {
        f"entity=animal&entity_id={herd['animal']}": ["update", "create"],
        "entity=animals,species&action=create": ["create", "create"],
        "entity=genetic-improvements": [],
        "action=update": ["update"],
        "action=delete": [],
        "severity=low": ["update"],
        f"user_id={mine}": ["create"],
        "user_id=999999": [],
        f"animal_id={herd['animal']}&entity=control": ["create"],
        "from=2099-01-01": [],
        "entity=breed&from=2020-01-01&to=2099-01-01T00:00:00Z": ["create"],
        "to=2020-01-01": [],
    }
    found = {query: [item["action"] for item in entries(instructor, query)] for query in expected}
    assert found == expected
    today = times.local_day(times.now(), "America/Bogota").isoformat()
    assert len(entries(instructor, f"from={today}&to={today}")) == len(entries(instructor))


@pytest.mark.parametrize(
    "query",
    [
        "entity=vaca", "action=robar", "severity=urgente", "animal_id=x", "user_id=0", "entity_id=-1", "from=ayer",
        "to=2026-13-01", "from=2026-02-02&to=2026-02-01", "cursor=abc", "cursor=99999999999999999999", "include=todo",
        "cursor_mode=quizas", "page=x", "to=9999-12-31", "from=0001-01-01T00:00:00%2B14:00",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(instructor: Caller, query: str) -> None:
    answer = instructor.get(f"/activity?{query}")
    assert answer.status_code == 422
    name = query.split("&")[-1].split("=")[0]
    assert name in answer.json["error"]["details"]["validation_errors"]
    assert instructor.get("/activity?page=0").status_code == 400
    assert instructor.get("/activity?limit=0").status_code == 400


def test_pages_and_cursors_show_the_same(herd: dict[str, int], instructor: Caller) -> None:
    everything = [item["id"] for item in entries(instructor)]
    assert everything == sorted(everything, reverse=True)
    answer = instructor.get("/activity?page=2&per_page=3")
    assert [item["id"] for item in answer.json["data"]] == everything[3:6]
    pagination = answer.json["meta"]["pagination"]
    assert (pagination["limit"], pagination["total_items"]) == (3, len(everything))
    assert instructor.get("/activity?page=99").json["data"] == []
    seen: list[int] = []
    query = "cursor_mode=1"
    while query:
        data = instructor.get(f"/activity?limit=3&{query}").json["data"]
        assert data["has_more"] == (data["next_cursor"] is not None)
        seen += [item["id"] for item in data["items"]]
        query = f"cursor={data['next_cursor']}" if data["has_more"] else ""
    assert seen == everything


def test_fields_and_include_choose(herd: dict[str, int], instructor: Caller) -> None:
    (first, *_) = entries(instructor, "fields=title,actor,nada")
    assert first.keys() == {"id", "title", "actor"}
    (first, *_) = entries(instructor, "include=actor")
    assert "actor" in first
    assert not {"relations", "changes"} & first.keys()


def test_others_are_for_who_may_see_them(
    herd: dict[str, int], instructor: Caller, apprentice: Caller
) -> None:
    mine, theirs = own_id(apprentice), own_id(instructor)
    assert apprentice.get("/activity").status_code == 403
    assert apprentice.get(f"/users/{theirs}/activity").status_code == 403
    assert apprentice.get("/activity/filters?scope=global").status_code == 403
    assert apprentice.get("/activity/stats").status_code == 403
    own = apprentice.get("/activity/me?user_id=1").json["data"]
    assert {item["user_id"] for item in own} == {mine}
    assert apprentice.get(f"/users/{mine}/activity").json["data"] == own
    assert instructor.get(f"/users/{mine}/activity").json["data"] == own
    assert apprentice.get("/activity/filters").json["data"] | {"window": None} == {
        "window": None, "scope": "me", "entities": ["control"], "actions": ["create"], "severities": ["info"],
    }  # fmt: skip
    assert "breed" in instructor.get("/activity/filters").json["data"]["entities"]


def test_figures_add_up(app: Flask, herd: dict[str, int], instructor: Caller, apprentice: Caller) -> None:
    with app.app_context(), transaction() as session:
        key = {
            "actor_id": 0,
            "action": "update",
            "severity": "low",
            "animal_id": 0,
            "count": 5,
            "entity": "field",
        }
        for days in (6, 29, 30):
            day = times.local_day(times.now(), "America/Bogota") - dt.timedelta(days=days)
            session.add(ActivityDay(date=day, **key))
    data = instructor.get("/activity/stats?days=30").json["data"]
    total = len(entries(instructor)) + 10
    assert data["totals"]["events"] == total
    assert data["totals"]["distinct_animals"] == 1
    for name in ("by_entity", "by_action", "by_severity", "daily"):
        assert sum(row["count"] for row in data[name]) == total
    assert len(data["daily"]) == data["window"]["days"] == 30
    assert data["daily"][-1]["date"] == data["window"]["to"]
    assert {"entity": "field", "count": 10} in data["by_entity"]
    only = instructor.get(f"/activity/stats?entity=field,control&animal_id={herd['animal']}").json["data"]
    assert only["by_entity"] == [{"entity": "control", "count": 1}]
    mine = apprentice.get("/activity/me/stats?days=1").json["data"]
    assert mine["totals"] == {"events": 1, "distinct_entities": 1, "distinct_animals": 1}
    summary = apprentice.get("/activity/me/summary").json["data"]
    assert summary["user_id"] == own_id(apprentice)
    assert summary["last_activity_at"].endswith("Z")
    assert summary["window_7d"]["totals"]["events"] == summary["window_30d"]["totals"]["events"] == 1
    for query in ("days=0", "days=367", "days=x", "entity_id=3", "entity=vaca"):
        assert instructor.get(f"/activity/stats?{query}").status_code == 422


def test_whoever_did_nothing_gets_empty_answers(nobody: Caller, app: Flask) -> None:
    new = person(app, Role.APPRENTICE)
    assert new.get("/activity/me").json["data"] == []
    summary = new.get("/activity/me/summary").json["data"]
    assert (summary["last_activity_at"], summary["window_7d"]["totals"]["events"]) == (None, 0)
    assert nobody.get("/activity/me").status_code == 401


def test_a_list_costs_the_same_however_long(app: Flask, herd: dict[str, int], instructor: Caller) -> None:
    def cost(path: str) -> int:
        instructor.get(path)
        with queries(app) as seen:
            assert (
                instructor.get(path + "&unlike=1", headers={"Cache-Control": "no-cache"}).status_code == 200
            )
        return len(seen)

    paths = (
        "/activity?limit=1000",
        "/activity?cursor_mode=1",
        "/activity/stats?days=7",
        "/activity/filters?days=7",
    )
    before = [cost(path) for path in paths]
    for number in range(20):
        made(instructor, "/species", name=f"Especie {number}")
    assert [cost(path) for path in paths] == before
    assert max(before) <= 3


def test_deleted_ids_are_remembered_until_they_are_used_again(app: Flask, admin: Caller) -> None:
    remembered = app.extensions["deleted_since"]
    kept, gone = made(admin, "/species", name="Bovino"), made(admin, "/species", name="Ovino")
    earlier = times.now() - dt.timedelta(seconds=1)
    assert admin.delete(f"/species/{gone}").status_code == 200
    with app.app_context():
        assert remembered("species", earlier) == [gone]
        assert remembered("breeds", earlier) == []
        assert remembered("species", times.now() + dt.timedelta(seconds=5)) == []
    assert kept != gone
    with app.app_context(), transaction() as session:
        session.execute(update(Activity).values(created_at=times.now() - dt.timedelta(days=2)))
    with app.app_context():
        assert remembered("species", earlier) == []
        assert remembered("species", times.now() - dt.timedelta(days=3)) == [gone]
        db.session.remove()
