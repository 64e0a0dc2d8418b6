"""Sections 1.2 and 1.3 on the demonstration farm: every derived and related value, found anew from the stored rows."""

import datetime as dt
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from biogas.plant import made
from contract.pastures import SLUGS
from contract.walk.demo import Farm, Row, on_sqlite, wired
from contract.walk.relations import BORROWED, LISTS, MOST, SINGLE, lines

pytestmark = on_sqlite


def names(table: str) -> Any:
    return {"argvalues": lines(table), "ids": [" ".join(line[:2]) for line in lines(table)]}


@pytest.mark.parametrize(("slug", "name", "path"), **names(BORROWED))
def test_a_row_says_what_its_keys_are_called(demo: Farm, slug: str, name: str, path: str) -> None:
    *steps, last = path.split(".")
    tables = {step.split(">")[1]: demo.by_id(step.split(">")[1]) for step in steps}
    stored = demo.by_id(slug)
    told = 0
    for row in demo.all_of(slug):
        here: Row | None = stored[row["id"]]
        for step in steps:
            key, other = step.split(">")
            here = tables[other].get(here[key]) if here else None
        assert row[name] == (here[last] if here else None), row["id"]
        told += row[name] is not None
    assert told


def test_animals_are_as_old_as_they_are(demo: Farm) -> None:
    today = dt.datetime.now(ZoneInfo("America/Bogota")).date()
    births = {id: row["birth_date"] for id, row in demo.by_id("animals").items()}
    rows = demo.all_of("animals")
    for row in rows:
        days = (today - births[row["id"]]).days
        assert (row["age_in_days"], row["age_in_months"]) == (days, round(days / 30.44))
        assert row["is_adult"] is (round(days / 30.44) >= 12)
    assert {row["is_adult"] for row in rows} == {True, False}


def test_paddocks_count_the_living_that_are_in_them(demo: Farm) -> None:
    living = {row["id"] for row in demo.stored("animals") if row["status"] == "Vivo"}
    heads: dict[int, set[int]] = defaultdict(set)
    for stay in demo.stored("animal-fields"):
        if stay["removal_date"] is None and stay["animal_id"] in living:
            heads[stay["field_id"]].add(stay["animal_id"])
    rows = demo.all_of("fields")
    assert {row["id"]: row["animal_count"] for row in rows} == {
        row["id"]: len(heads[row["id"]]) for row in rows
    }
    assert sum(map(len, heads.values())) > 150
    for row in rows:
        answer = demo.admin.get(f"/fields/{row['id']}/animals")
        assert {one["id"] for one in made(answer, 200)} == heads[row["id"]]
        assert answer.json["meta"]["count"] == len(heads[row["id"]])


def test_other_derived_fields(demo: Farm) -> None:
    stays = demo.by_id("animal-fields")
    rows = demo.all_of("animal-fields")
    assert all(row["is_active"] is (stays[row["id"]]["removal_date"] is None) for row in rows)
    assert {row["is_active"] for row in rows} == {True, False}
    assert all(row["diagnosis"] == row["description"] for row in demo.all_of("treatments"))


def test_pictures_have_an_address_that_anybody_may_open(demo: Farm) -> None:
    pictures = demo.stored("animal-images")
    assert pictures
    for stored in pictures:
        data = made(demo.admin.get(f"/animal-images/{stored['animal_id']}?_ts=1"), 200)
        shown = next(one for one in data["images"] if one["id"] == stored["id"])
        assert sum(one["is_primary"] for one in data["images"]) == 1
        tail = f"animals/{stored['animal_id']}/{stored['filename']}"
        assert shown["url"] == f"http://localhost/public/images/{tail}"
        assert shown["filepath"] == f"static/uploads/{tail}"
        for name in ("animal_id", "filename", "file_size", "mime_type", "is_primary"):
            assert shown[name] == stored[name]
        assert {shown["created_at"], shown["updated_at"]} == {
            wired(stored["created_at"]),
            wired(stored["updated_at"]),
        }
    client = demo.nobody.client
    for path in (urlsplit(shown["url"]).path, f"/{shown['filepath']}"):
        with client.get(path) as answer:
            assert (answer.status_code, answer.mimetype) == (200, shown["mime_type"])
            assert len(answer.get_data()) == shown["file_size"]
        with client.head(path) as answer:
            assert answer.status_code == 200


@pytest.mark.parametrize(("slug", "name", "key", "other", "fields"), **names(SINGLE))
def test_a_related_record_is_shown(
    demo: Farm, slug: str, name: str, key: str, other: str, fields: str
) -> None:
    stored, others = demo.by_id(slug), {row["id"]: row for row in demo.all_of(other)}
    told = 0
    for row in demo.all_of(slug, "include_relations=true"):
        target = others.get(stored[row["id"]][key])
        if target is None:
            assert row[name] is None
            continue
        told += 1
        assert set(fields.split(",")) <= row[name].keys()
        # Shallow: no record within it, and nothing that its own list does not say.
        assert all(target[field] == value for field, value in row[name].items()), row["id"]
    assert told


@pytest.mark.parametrize(("slug", "name", "other", "key"), **names(LISTS))
def test_related_records_are_listed(demo: Farm, slug: str, name: str, other: str, key: str) -> None:
    pointing: dict[int, list[int]] = defaultdict(list)
    stored = demo.by_id(other)
    for id, row in stored.items():
        pointing[row[key]].append(id)
    rows = demo.all_of(slug, "include_relations=true")
    for row in rows:
        newest = sorted(pointing[row["id"]], reverse=True)[:MOST]
        assert [one["id"] for one in row[name]] == newest
        for one in row[name]:
            assert not any(isinstance(value, list | dict) for value in one.values())
            assert all(
                wired(stored[one["id"]][field]) == value for field, value in one.items() if field != "area"
            )
    assert any(row[name] for row in rows)


@pytest.mark.parametrize("slug", SLUGS)
def test_relations_come_when_they_are_asked_for(demo: Farm, slug: str) -> None:
    keys = {line[1] for table in (SINGLE, LISTS) for line in lines(table) if line[0] == slug}
    [plain] = demo.admin.get(f"/{slug}?limit=1&sort_by=id").json["data"]
    path = f"/{slug}/{plain['id']}"
    for asked in ("true", "1", "animals,diseases,instructors", "True"):
        [row] = demo.admin.get(f"/{slug}?limit=1&sort_by=id&include_relations={asked}").json["data"]
        assert row.keys() - plain.keys() == keys
        assert made(demo.admin.get(f"{path}?include_relations={asked}"), 200) == row
    for query in ("", "?include_relations=false", "?include_relations=0", "?include_relations="):
        assert made(demo.admin.get(path + query), 200) == plain
    # Some fields and the related records, as the diagnoses' screen asks for them.
    some = made(demo.admin.get(f"{path}?include_relations=true&fields=id,created_at"), 200)
    assert some.keys() == {"id", "created_at"} | keys
