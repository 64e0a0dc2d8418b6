"""Sections 3.5 and 3.7 on the demonstration farm: headers, the doubled prefix, the stream of changes, health."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from biogas.plant import made
from contract.pastures import SLUGS
from contract.walk.demo import Farm, on_sqlite

from app.activity import listeners
from app.users.permissions import Role

pytestmark = on_sqlite

DOUBLED = "/api/v1/api/v1"
GONE = 1_999_999


def test_the_doubled_prefix_counts_once(demo: Farm) -> None:
    rows = demo.by_id("animals")
    for id in [*list(rows)[:30], *list(rows)[-30:]]:
        answer = demo.admin.get(f"{DOUBLED}/animals/{id}/dependencies")
        wanted = {
            "father_id": rows[id]["idFather"],
            "mother_id": rows[id]["idMother"],
            "children_as_father": sum(row["idFather"] == id for row in rows.values()),
            "children_as_mother": sum(row["idMother"] == id for row in rows.values()),
        }
        assert wanted == {name: answer.json[name] for name in wanted}
        assert wanted == {name: answer.json["data"][name] for name in wanted}
    for slug in SLUGS:
        assert demo.admin.get(f"{DOUBLED}/{slug}?limit=3").json == demo.admin.get(f"/{slug}?limit=3").json
    missing = demo.nobody.get(f"{DOUBLED}/nada")
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "NOT_FOUND")


@contextmanager
def listening(demo: Farm, role: Role) -> Iterator[Iterator[bytes]]:
    """The pieces of somebody's stream."""
    caller = demo.callers[role]
    answer = caller.get("/events", buffered=False)
    try:
        assert answer.status_code == 200
        assert answer.mimetype == "text/event-stream"
        pieces = iter(answer.response)
        assert next(pieces).startswith(b"retry: ")
        yield pieces
    finally:
        answer.close()


def words(pieces: Iterator[bytes], expected: int) -> list[Any]:
    """The next messages, each in a line of its own."""
    found: list[Any] = []
    while len(found) < expected:
        for line in next(pieces).decode().split("\n\n"):
            assert not line or line.startswith((": ", "data: "))
            found += [json.loads(line.removeprefix("data: "))] if line.startswith("data: ") else []
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_changes_are_told_by_the_resources_own_name(demo: Farm, slug: str) -> None:
    body, bulk = demo.pasture.body(slug), [demo.pasture.body(slug), demo.pasture.body(slug)]
    with listening(demo, Role.APPRENTICE) as pieces:
        id = made(demo.admin.post(f"/{slug}", json=body))["id"]
        assert words(pieces, 1)[-1] == {"endpoint": slug, "action": "create", "id": id}
        name = next(name for name in body if name != "password")
        changed = {"created_at": "2001-01-01T00:00:00Z", name: body[name]}
        made(demo.admin.put(f"/{slug}/{id}", json=changed), 200)
        assert demo.admin.delete(f"/{slug}/{GONE}").status_code == 404
        made(demo.admin.delete(f"/{slug}/{id}"), 200)
        # What changed nothing and what was refused is not told.
        told = words(pieces, 1)[-1]
        assert (told["endpoint"], told["action"], told["id"]) == (slug, "delete", id)
        rows = made(demo.admin.post(f"/{slug}/bulk", json=bulk))
        told = words(pieces, 1)
        assert {word["endpoint"] for word in told} == {slug}
        assert {word["id"] for word in told} <= {row["id"] for row in rows} | {None}


def test_silence_is_a_comment(demo: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "PING_S", 0.0)
    monkeypatch.setattr(listeners, "TICK_S", 0.01)
    with listening(demo, Role.INSTRUCTOR) as pieces:
        assert next(pieces) == b": ping\n\n"


@pytest.mark.parametrize("role", list(Role))
def test_the_stream_is_looked_at_beforehand(demo: Farm, role: Role) -> None:
    head = demo.callers[role].head("/events")
    assert (head.status_code, head.mimetype, head.get_data()) == (200, "text/event-stream", b"")
    assert demo.nobody.get("/events").status_code == 401


def test_health_and_the_front_door(demo: Farm) -> None:
    client = demo.nobody.client
    for path in ("/health", "/api/v1/health"):
        health = client.get(path)
        assert health.status_code == 200
        assert (health.json["success"], health.json["status"]) == (True, "healthy")
        assert health.json["services"]["database"] == "healthy"
        assert {"timestamp", "uptime_seconds", "version"} <= health.json.keys()
        assert client.head(path).status_code == 200
    for path in ("/", "/api/v1/"):
        assert client.head(path).status_code == 200


def test_what_answers_say_of_themselves(demo: Farm) -> None:
    for slug in SLUGS:
        headers = demo.admin.get(f"/{slug}?limit=2").headers
        assert {"ETag", "Last-Modified", "X-Total-Count", "X-Has-More", "X-API-Version"} <= set(
            headers.keys()
        )
        assert {"X-Cache-Strategy", "X-Cache-Status"} <= set(headers.keys())
        assert headers["Cache-Control"] == "private, no-cache"
        tags = {
            demo.admin.get(f"/{slug}?{query}").headers["ETag"]
            for query in ("limit=2", "limit=2&page=2", "limit=2&fields=id", "limit=2&sort_by=id", "limit=3")
        }
        assert len(tags) == 5
