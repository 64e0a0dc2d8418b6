"""Section 1, 3.2, 3.4 and 3.6 of the web client's contract, walked for each of the eighteen resources."""

import csv
import io
from typing import Any

import pytest
from biogas.plant import made
from conftest import Caller
from contract.pastures import (
    BLOCKED_BY,
    DERIVED,
    FILTERS,
    OF_ANIMALS,
    RELATIONS,
    SEARCHES,
    SLUGS,
    UNIQUE,
    Pasture,
)
from flask import Flask
from openpyxl import load_workbook
from queries import queries

every = pytest.mark.parametrize("slug", SLUGS)


@pytest.fixture
def farm(admin: Caller) -> Pasture:
    return Pasture(admin)


def listed(caller: Caller, slug: str, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(f"/{slug}?limit=1000&{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    rows: list[dict[str, Any]] = answer.json["data"]
    pagination = answer.json["meta"]["pagination"]
    assert pagination["total_items"] == len(rows)
    assert answer.headers["X-Total-Count"] == str(len(rows))
    return rows


def same(sent: Any, answered: Any) -> bool:
    """Numbers may have been sent as text, and a text of digits may come back as a number."""
    return str(sent) == str(answered) or str(answered) == f"{sent}.0" or str(answered) == f"{float(sent)}"


@every
def test_create_read_update_delete(farm: Pasture, slug: str) -> None:
    caller, body = farm.caller, farm.body(slug)
    created = caller.post(f"/{slug}", json=body)
    assert created.status_code == 201, created.get_data(as_text=True)
    assert created.json["success"] is True
    assert created.json["message"]
    assert created.headers["Cache-Control"] == "no-store"
    row = created.json["data"]
    assert "password" not in row
    for name, value in body.items():
        assert name == "password" or same(value, row[name]), name
    assert {"id", "created_at", "updated_at"} <= row.keys()
    assert row["created_at"].endswith("Z")
    assert set(DERIVED.get(slug, [])) <= row.keys()
    path = f"/{slug}/{row['id']}"
    assert made(caller.get(path), 200) == row
    assert made(caller.get(f"{path}/"), 200) == row
    assert next(one for one in listed(caller, slug) if one["id"] == row["id"]) == row
    for verb in (caller.put, caller.patch):
        changed = made(verb(path, json={"id": 999, "created_at": "2001-01-01T00:00:00Z", "unknown": 1}), 200)
        assert {**changed, "updated_at": ""} == {**row, "updated_at": ""}
    assert made(caller.delete(path), 200)["deleted_id"] == row["id"]
    assert caller.get(path).status_code == 404
    assert caller.delete(path).status_code == 404
    assert caller.put(path, json={}).status_code == 404


@every
def test_filters_and_sorts(farm: Pasture, slug: str) -> None:
    caller = farm.caller
    rows = {row["id"]: row for row in (farm.more(slug), farm.more(slug), farm.more(slug))}
    everything = listed(caller, slug)
    for name in FILTERS[slug]:
        wanted = everything[0][name]
        text = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
        day = text[:10] if name == "created_at" else text
        found = listed(caller, slug, f"{name}={day}")
        assert {row["id"] for row in found} == {
            row["id"] for row in everything if str(row[name])[: len(day)].lower() == day.lower()
        }, name
        assert listed(caller, slug, f"{name}={day},{day}") == found
    for name in everything[0]:
        if name in DERIVED.get(slug, []) and slug != "animals":
            continue
        ascending = [row[name] for row in listed(caller, slug, f"sort_by={name}&sort_order=asc")]
        descending = [row[name] for row in listed(caller, slug, f"sort={name}&dir=desc")]
        assert len(ascending) == len(everything)
        if all(isinstance(value, int) and not isinstance(value, bool) for value in ascending):
            assert ascending == sorted(ascending), name
            assert descending == sorted(ascending, reverse=True), name
    assert listed(caller, slug, "nothing_known_id=3") == []
    assert listed(caller, slug, f"id={next(iter(rows))}")[0] == rows[next(iter(rows))]
    page = caller.get(f"/{slug}?page=2&page_size=2&sort=createdAt&sort_dir=desc").json
    assert page["meta"]["pagination"]["has_previous_page"] is True
    past = caller.get(f"/{slug}?page=99").json
    assert (past["data"], past["meta"]["pagination"]["total_items"]) == ([], len(everything))
    assert caller.get(f"/{slug}?page=0").status_code == 400
    assert caller.get(f"/{slug}?limit=-1").status_code == 400


@every
def test_the_newest_stands_first(farm: Pasture, slug: str) -> None:
    farm.more(slug)
    row = farm.more(slug)
    assert farm.caller.get(f"/{slug}?page=1&limit=10").json["data"][0]["id"] == row["id"]


@pytest.mark.parametrize("slug", list(SEARCHES))
def test_a_search_finds_words_and_nothing_else(farm: Pasture, slug: str) -> None:
    name, rows = SEARCHES[slug], [farm.more(slug), farm.more(slug)]
    for row in rows:
        found = listed(farm.caller, slug, f"search={row[name]}&q={row[name]}")
        assert row["id"] in {one["id"] for one in found}
    assert listed(farm.caller, slug, "search=%25") == []
    assert listed(farm.caller, slug, "search=_____________") == []
    assert listed(farm.caller, slug, "search=nada-de-eso") == []


@pytest.mark.parametrize("slug", OF_ANIMALS)
def test_a_search_finds_the_animal_it_is_about(farm: Pasture, slug: str) -> None:
    row = farm.more(slug)
    record = made(farm.caller.get(f"/animals/{row['animal_id']}"), 200)["record"]
    assert row["id"] in {one["id"] for one in listed(farm.caller, slug, f"search={record}")}
    assert listed(farm.caller, slug, "search=REC-999") == []


@every
def test_fields_and_relations(farm: Pasture, slug: str) -> None:
    row = farm.more(slug)
    caller, path = farm.caller, f"/{slug}/{row['id']}"
    some = listed(caller, slug, "fields=created_at,control_date,nothing")
    assert all(one.keys() == {"id", "created_at"} for one in some)
    assert made(caller.get(f"{path}?fields=updated_at"), 200) == {
        "id": row["id"],
        "updated_at": row["updated_at"],
    }
    wanted = set(RELATIONS.get(slug, []))
    for query in ("include_relations=true", "include_relations=animals,diseases,instructors"):
        assert wanted <= made(caller.get(f"{path}?{query}"), 200).keys()
        assert all(wanted <= one.keys() for one in listed(caller, slug, query))
    assert not wanted & made(caller.get(path), 200).keys() - row.keys()


@every
def test_lists_cost_the_same_whatever_their_length(app: Flask, farm: Pasture, slug: str) -> None:
    costs = []
    for _ in range(2):
        farm.more(slug)
        farm.more(slug)
        with queries(app) as seen:
            listed(farm.caller, slug, f"include_relations=true&cache_bust={len(costs)}")
        costs.append(len(seen))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("slug", list(UNIQUE))
def test_conflicts_name_their_field(farm: Pasture, slug: str) -> None:
    first, body = farm.more(slug), farm.body(slug)
    second = made(farm.caller.post(f"/{slug}", json=body))
    clash = {name: first[name] for name in UNIQUE[slug]}
    for answer in (
        farm.caller.post(f"/{slug}", json=farm.body(slug) | clash),
        farm.caller.put(f"/{slug}/{second['id']}", json=clash),
    ):
        assert answer.status_code == 409, answer.get_data(as_text=True)
        assert answer.json["error"]["code"]
        text = answer.get_data(as_text=True)
        assert "UNIQUE" not in text
        assert "Duplicate" not in text
    assert made(farm.caller.get(f"/{slug}/{second['id']}"), 200) == second


@pytest.mark.parametrize("slug", list(BLOCKED_BY))
def test_what_is_needed_is_not_deleted(farm: Pasture, slug: str) -> None:
    other, name = BLOCKED_BY[slug]
    target = farm.person("Instructor") if slug == "users" else farm.fresh(slug)
    later = {"birth_date": "2024-05-01"} if slug == "animals" else {}
    dependent = made(farm.caller.post(f"/{other}", json=farm.body(other) | later | {name: target}))
    path = f"/{slug}/{target}"
    verdict = made(farm.caller.get(f"{path}/dependencies"), 200)
    assert (verdict["id"], verdict["hasDependencies"], verdict["canDelete"]) == (target, True, False)
    assert verdict["totalDependencies"] == 1
    told = {"table", "count", "field", "cascade_delete", "message"}
    assert all(told <= one.keys() for one in verdict["dependencies"])
    answer = farm.caller.delete(path)
    assert answer.status_code == 409
    details = answer.json["error"]["details"]
    assert details["blocking_dependencies"] >= 1
    assert details["warnings"][0]["count"] == 1
    assert details["messages"]
    assert listed(farm.caller, other, f"{name}={target}")[0]["id"] == dependent["id"]
    made(farm.caller.delete(f"/{other}/{dependent['id']}"), 200)
    assert made(farm.caller.get(f"{path}/dependencies"), 200)["canDelete"] is True
    made(farm.caller.delete(path), 200)


@every
def test_generic_endpoints(farm: Pasture, slug: str) -> None:
    caller = farm.caller
    row = farm.more(slug)
    batch = made(caller.post(f"/{slug}/batch-dependencies", json={"ids": [row["id"], 99_999]}), 200)
    assert (batch["processed"], batch["found"]) == (2, 1)
    assert batch["results"]["99999"]["exists"] is False
    assert batch["results"][str(row["id"])]["canDelete"] is True
    total = len(listed(caller, slug))
    stats = made(caller.get(f"/{slug}/stats"), 200)
    assert stats.get("total", stats.get("total_users")) == total
    metadata = caller.get(f"/{slug}/metadata")
    assert made(metadata, 200)["total_count"] == total
    again = caller.get(f"/{slug}/metadata", headers={"If-None-Match": metadata.headers["ETag"]})
    assert again.status_code == 304
    rows = made(caller.post(f"/{slug}/bulk", json=[farm.body(slug), farm.body(slug)]))
    assert len(rows) == 2
    bad = caller.post(f"/{slug}/bulk", json=[farm.body(slug), {}])
    assert bad.status_code == 422
    assert len(listed(caller, slug)) >= total + 2
    assert not any(
        one["id"] > max(r["id"] for r in rows) for one in listed(caller, slug) if slug == "species"
    )


@every
def test_conditional_reads(farm: Pasture, slug: str) -> None:
    caller, row = farm.caller, farm.more(slug)
    for path in (f"/{slug}", f"/{slug}?fields=id", f"/{slug}/{row['id']}"):
        first = caller.get(path)
        tag = first.headers["ETag"]
        head = caller.head(path)
        assert (head.status_code, head.headers["ETag"], head.get_data()) == (200, tag, b"")
        assert caller.get(path, headers={"If-None-Match": tag}).status_code == 304
    tags = {
        caller.get(path).headers["ETag"] for path in (f"/{slug}", f"/{slug}?fields=id", f"/{slug}?page=2")
    }
    assert len(tags) == 3
    tag = caller.get(f"/{slug}").headers["ETag"]
    farm.more(slug)
    changed = caller.get(f"/{slug}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@every
def test_nobody_overwrites_what_another_wrote(farm: Pasture, slug: str) -> None:
    caller, row = farm.caller, farm.more(slug)
    path = f"/{slug}/{row['id']}"
    tag = caller.get(path).headers["ETag"]
    made(caller.put(path, json={}, headers={"If-Match": tag}), 200)
    stale = caller.put(path, json={}, headers={"If-Match": '"0.0"'})
    assert (stale.status_code, stale.json["error"]["code"]) == (412, "PRECONDITION_FAILED")
    old = caller.put(path, json={"updated_at": "2001-01-01T00:00:00Z"})
    assert (old.status_code, old.json["error"]["code"]) == (409, "STALE_RECORD")


@every
def test_a_repeated_creation_creates_once(farm: Pasture, slug: str) -> None:
    body, headers = farm.body(slug), {"Idempotency-Key": f"clave-{slug}"}
    first = made(farm.caller.post(f"/{slug}", json=body, headers=headers))
    again = farm.caller.post(f"/{slug}", json=body, headers=headers)
    assert again.status_code == 201
    assert again.json["data"] == first
    assert again.headers["Idempotency-Replayed"] == "true"


@every
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exports_come_in_again(farm: Pasture, slug: str, kind: str) -> None:
    farm.more(slug)
    farm.more(slug)
    rows = listed(farm.caller, slug)
    with farm.caller.get(f"/{slug}?export={kind}") as answer:
        assert answer.status_code == 200
        assert f".{kind}" in answer.headers["Content-Disposition"]
        content = answer.get_data()
    lines = read(content, kind)
    assert len(lines) == len(rows) + 1
    assert set(rows[0]) <= set(lines[0])
    files = {"file": (io.BytesIO(content), f"x.{kind}")}
    report = made(farm.caller.post(f"/{slug}/import?dry_run=false", data=files), 200)
    assert report["counts"] == {"new": 0, "changed": 0, "unchanged": len(rows), "rejected": 0}
    assert listed(farm.caller, slug) == rows


def read(content: bytes, kind: str) -> list[list[Any]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return [list(line) for line in load_workbook(io.BytesIO(content)).worksheets[0].values]


@every
def test_since_tells_what_changed_and_what_went(farm: Pasture, slug: str) -> None:
    row = farm.more(slug)
    answer = farm.caller.get(f"/{slug}?since={row['updated_at']}&limit=1000")
    assert row["id"] in {one["id"] for one in answer.json["data"]}
    made(farm.caller.delete(f"/{slug}/{row['id']}"), 200)
    answer = farm.caller.get(f"/{slug}?since={row['updated_at']}")
    assert row["id"] in answer.json["meta"]["deleted"]
    later = farm.caller.get(f"/{slug}?since=2999-01-01T00:00:00Z").json
    assert (later["data"], later["meta"]["deleted"]) == ([], [])


@every
def test_changes_are_on_the_trail(farm: Pasture, slug: str) -> None:
    row = farm.more(slug)
    made(farm.caller.delete(f"/{slug}/{row['id']}"), 200)
    items = farm.caller.get(f"/activity?entity_id={row['id']}&limit=100").json["data"]
    actions = [one["action"] for one in items if one["entity_id"] == row["id"]]
    assert "create" in actions
    assert "delete" in actions
