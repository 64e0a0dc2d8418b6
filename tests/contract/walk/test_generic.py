"""Section 3.6 on the demonstration farm: the routes of every resource, with and without a slash at the end."""

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from biogas.plant import made
from contract.pastures import SLUGS
from contract.walk.demo import WIRE, Farm, Row, on_sqlite, wired
from contract.walk.dependents import BLOCKERS, WITH_AN_ANIMAL

from app.users.permissions import Role

pytestmark = on_sqlite

every = pytest.mark.parametrize("slug", SLUGS)
slashed = pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])
GONE = 1_999_999


@every
@slashed
def test_lists_and_items_are_read(demo: Farm, slug: str, slash: str) -> None:
    row = demo.first(slug)
    for path in (f"/{slug}", f"/{slug}/{row['id']}", f"/{slug}/stats", f"/{slug}/metadata"):
        read, head = demo.admin.get(path + slash), demo.admin.head(path + slash)
        assert (read.status_code, head.status_code) == (200, 200)
        assert head.get_data() == b""
        assert head.headers["ETag"] == read.headers["ETag"]
        assert head.headers.get("X-Total-Count") == read.headers.get("X-Total-Count")
        same = demo.admin.get(path + slash, headers={"If-None-Match": read.headers["ETag"]})
        assert (same.status_code, same.get_data()) == (304, b"")
        assert read.headers["X-API-Version"]
        assert {"Authorization", "Cookie"} <= set(read.headers["Vary"].replace(" ", "").split(","))
    assert made(demo.admin.get(f"/{slug}/{row['id']}{slash}"), 200) == row
    missing = demo.admin.get(f"/{slug}/{GONE}{slash}")
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "NOT_FOUND")
    # Browsers ask beforehand, and follow no redirect.
    assert demo.admin.options(f"/{slug}{slash}").status_code == 200


@every
@slashed
def test_created_changed_and_deleted(demo: Farm, slug: str, slash: str) -> None:
    before = len(demo.stored(slug))
    created = demo.admin.post(f"/{slug}{slash}", json=demo.pasture.body(slug))
    row = made(created)
    assert created.headers["Cache-Control"] == "no-store"
    assert row.keys() == demo.first(slug).keys()
    # The client shows it at once, and finds it on the first page.
    assert row == demo.admin.get(f"/{slug}?page=1&limit=10").json["data"][0]
    path = f"/{slug}/{row['id']}{slash}"
    for verb in (demo.admin.put, demo.admin.patch):
        changed = verb(path, json={"id": 1, "created_at": "2001-01-01T00:00:00Z", "nothing": 1})
        assert made(changed, 200).keys() == row.keys()
        assert made(changed, 200) | {"updated_at": ""} == row | {"updated_at": ""}
        assert changed.headers["Cache-Control"] == "no-store"
    tag = demo.admin.get(f"/{slug}").headers["ETag"]
    gone = demo.admin.delete(path)
    assert made(gone, 200)["deleted_id"] == row["id"]
    assert gone.headers["Cache-Control"] == "no-store"
    assert demo.admin.get(f"/{slug}").headers["ETag"] != tag
    assert {demo.admin.get(path).status_code, demo.admin.delete(path).status_code} == {404}
    # What its body needed may have been made with it.
    assert len(demo.stored(slug)) >= before
    assert row["id"] not in demo.by_id(slug)


@every
@slashed
def test_many_are_created_or_none(demo: Farm, slug: str, slash: str) -> None:
    bodies = [demo.pasture.body(slug), demo.pasture.body(slug)]
    before = demo.by_id(slug).keys()
    rows = made(demo.admin.post(f"/{slug}/bulk{slash}", json=bodies))
    assert demo.by_id(slug).keys() - before == {row["id"] for row in rows}
    assert rows == [made(demo.admin.get(f"/{slug}/{row['id']}"), 200) for row in rows]
    after = demo.by_id(slug)
    for bad in ([demo.pasture.body(slug), {}], [], {"a": 1}, [demo.pasture.body(slug)] * 2001):
        refused = demo.admin.post(f"/{slug}/bulk{slash}", json=bad)
        assert (refused.status_code, refused.json["error"]["code"]) == (422, "VALIDATION_ERROR")
        assert refused.json["error"]["details"]["validation_errors"]
    taken = demo.admin.post(f"/{slug}/bulk{slash}", json=[demo.pasture.body(slug), bodies[0]])
    if taken.status_code == 201:
        assert slug in {"controls", "vaccinations", "treatments", "genetic-improvements"}
    else:
        assert taken.status_code == 409
        assert demo.by_id(slug).keys() - after.keys() == set()


def pointing(demo: Farm, slug: str) -> dict[str, Counter[int]]:
    """For each key that blocks: how many rows point at each id."""
    found = {}
    for place in BLOCKERS[slug]:
        table, column = place.split(".")
        targets = (row[WIRE.get(column, column)] for row in demo.stored(table))
        found[place] = Counter(id for id in targets if id is not None)
    return found


@every
@slashed
def test_dependencies_are_counted_through_every_key(demo: Farm, slug: str, slash: str) -> None:
    counts, ids = pointing(demo, slug), list(demo.by_id(slug))
    some = ids[:3] + ids[-2:] + [max(c, key=lambda id: c[id]) for c in counts.values() if c]
    batch = made(demo.admin.post(f"/{slug}/batch-dependencies{slash}", json={"ids": [*some, GONE]}), 200)
    assert (batch["processed"], batch["found"]) == (len(set(some)) + 1, len(set(some)))
    assert (batch["results"][str(GONE)]["exists"], batch["results"][str(GONE)]["canDelete"]) == (False, False)
    for id in some:
        answer = demo.admin.get(f"/{slug}/{id}/dependencies{slash}")
        verdict = made(answer, 200)
        found = {f"{one['table']}.{one['field']}": one for one in verdict["dependencies"]}
        assert {place: one["count"] for place, one in found.items() if not one["cascade_delete"]} == {
            place: c[id] for place, c in counts.items() if c[id]
        }
        assert verdict["id"] == id
        assert verdict["totalDependencies"] == sum(one["count"] for one in found.values())
        assert verdict["hasDependencies"] == bool(found)
        assert verdict["canDelete"] == (not any(c[id] for c in counts.values()))
        told = {
            name: verdict[name] for name in ("hasDependencies", "canDelete", "totalDependencies", "message")
        }
        assert batch["results"][str(id)] == {"exists": True, **told}
        for one in found.values():
            assert one["message"].startswith(f"{one['count']} ")
            # People read it, and the names of tables mean nothing to them.
            assert "_" not in one["message"].split("(")[0], one
    many = demo.admin.post(f"/{slug}/batch-dependencies{slash}", json={"ids": list(range(1, 102))})
    assert (many.status_code, many.json["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert demo.admin.get(f"/{slug}/{GONE}/dependencies{slash}").status_code == 404


@pytest.mark.parametrize("slug", [slug for slug, places in BLOCKERS.items() if places])
def test_what_is_needed_stays(demo: Farm, slug: str) -> None:
    for place, counts in pointing(demo, slug).items():
        id, count = counts.most_common(1)[0]
        refused = demo.admin.delete(f"/{slug}/{id}")
        assert (refused.status_code, refused.json["error"]["code"]) == (409, "CONFLICT")
        details = refused.json["error"]["details"]
        blocking = [one for one in details["warnings"] if not one["cascade_delete"]]
        assert details["blocking_dependencies"] == len(blocking) == len(details["messages"])
        assert {f"{one['table']}.{one['field']}": one["count"] for one in blocking}[place] == count
        assert {"table", "count", "field", "cascade_delete", "message"} <= details["warnings"][0].keys()
        assert str(count) in refused.json["message"]
        assert id in demo.by_id(slug)


def test_an_animal_goes_with_all_that_is_its_own(demo: Farm) -> None:
    animal = demo.pasture.more("animals")["id"]
    kinds = [
        "treatments",
        "vaccinations",
        "animal-diseases",
        "controls",
        "genetic-improvements",
        "animal-fields",
    ]
    for slug in kinds:
        made(demo.admin.post(f"/{slug}", json=demo.pasture.body(slug) | {"animal_id": animal}))
    tag = {"kind": "visual", "code": f"V-{animal}"}
    made(demo.admin.post(f"/animals/{animal}/tags", json=tag))
    verdict = made(demo.admin.get(f"/animals/{animal}/dependencies"), 200)
    assert (verdict["canDelete"], verdict["totalDependencies"]) == (True, len(kinds) + 1)
    assert {one["table"] for one in verdict["dependencies"]} <= set(WITH_AN_ANIMAL)
    gone = made(demo.admin.delete(f"/animals/{animal}"), 200)
    assert gone["cascade_deletions"] == {slug.replace("-", "_"): 1 for slug in [*kinds, "animal_tags"]}
    for slug in kinds:
        assert animal not in {row["animal_id"] for row in demo.stored(slug)}


@every
def test_figures(demo: Farm, slug: str) -> None:
    rows, zone = demo.stored(slug), ZoneInfo("America/Bogota")
    today = dt.datetime.now(zone).date()
    stats = made(demo.admin.get(f"/{slug}/stats"), 200)
    assert stats["total"] == stats[f"total_{slug}"] == len(rows)
    assert stats["recent_today"] == sum(row["created_at"].astimezone(zone).date() == today for row in rows)
    assert stats["model_name"]
    if slug == "users":
        assert stats["active_users"] == sum(row["status"] for row in rows)
    if slug == "treatments":
        since = today - dt.timedelta(days=30)
        assert stats["active_treatments"] == sum(since <= row["treatment_date"] <= today for row in rows)
    if slug == "vaccinations":
        assert stats["pending_vaccinations"] == _pending(demo, rows, today)


def _pending(demo: Farm, doses: list[Row], today: dt.date) -> int:
    """Of living animals, the newest dose of each vaccine whose interval has run out."""
    animals, vaccines = demo.by_id("animals"), demo.by_id("vaccines")
    newest: dict[tuple[int, int], dt.date] = {}
    for dose in doses:
        pair = dose["animal_id"], dose["vaccine_id"]
        newest[pair] = max(newest.get(pair, dt.date.min), dose["vaccination_date"])
    return sum(
        animals[animal]["status"] == "Vivo"
        and bool(days := vaccines[vaccine]["vaccination_interval"])
        and day + dt.timedelta(days=days) <= today
        for (animal, vaccine), day in newest.items()
    )


@every
def test_the_state_of_a_collection(demo: Farm, slug: str) -> None:
    rows = demo.stored(slug)
    answer = demo.admin.get(f"/{slug}/metadata")
    data = made(answer, 200)
    assert (data["resource"], data["total_count"]) == (slug, len(rows))
    assert data["last_modified"] == wired(max(row["updated_at"] for row in rows))
    assert data["etag"]
    assert answer.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    demo.pasture.more(slug)
    changed = demo.admin.get(f"/{slug}/metadata", headers={"If-None-Match": answer.headers["ETag"]})
    assert made(changed, 200)["etag"] != data["etag"]


CATALOGUES = {"species", "breeds", "animals", "fields", "food_types", "diseases", "medications", "vaccines"}
CATALOGUES |= {"route-administrations"}


@every
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_it_may(demo: Farm, slug: str, role: Role) -> None:
    """Section 2.4: 422 and 404 are what one is told who may; nothing is changed."""
    caller, admin, apprentice = demo.callers[role], role == Role.ADMIN, role == Role.APPRENTICE
    writes = admin if slug == "users" else not (apprentice and slug in CATALOGUES)
    edits = admin if slug == "users" else not apprentice
    assert caller.get(f"/{slug}").status_code == 200
    assert caller.get(f"/{slug}/{demo.first(slug)['id']}").status_code == 200
    assert caller.post(f"/{slug}", json={}).status_code == (422 if writes else 403)
    assert caller.post(f"/{slug}/bulk", json=[{}]).status_code == (422 if writes else 403)
    for verb in (caller.put, caller.patch):
        assert verb(f"/{slug}/{GONE}", json={}).status_code == (404 if edits else 403)
    deleted = caller.delete(f"/{slug}/{GONE}")
    assert deleted.status_code == (404 if admin else 403)
    if not admin:
        assert deleted.json["error"]["code"] == "ADMIN_ROLE_REQUIRED"
        assert deleted.json["error"]["details"]["current_role"] == role
    anybody: Any = demo.nobody.get(f"/{slug}")
    assert (anybody.status_code, anybody.json["error"]["code"]) == (401, "MISSING_TOKEN")
