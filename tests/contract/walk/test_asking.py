"""Section 3.4 on the demonstration farm: each parameter of a list, with its other names, counted anew by the test."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from contract.pastures import SLUGS
from contract.walk.columns import COLUMNS
from contract.walk.demo import Farm, Row, on_sqlite, wired

pytestmark = on_sqlite

every = pytest.mark.parametrize("slug", SLUGS)
DATES = {(one.slug, one.name) for one in COLUMNS if one.kind == "date"}
# Names of the client for a column, and what the contract's row of filters has besides them.
FILTERS = """
controls animal_id         breeds species_id           treatment-medications treatment_id
animals father_id=idFather animals mother_id=idMother  animals breed_id=breeds_id
animals idFather           animals idMother            animals breeds_id
animal-diseases disease_id animal-fields field_id      treatment-medications medication_id
vaccinations vaccine_id    treatment-vaccines vaccine_id
vaccines target_disease_id vaccines route_administration_id
medications route_administration_id                    animal-diseases instructor_id
vaccinations instructor_id vaccinations apprentice_id  vaccinations animal_id
treatments animal_id       animal-diseases animal_id   animal-fields animal_id
genetic-improvements animal_id                         treatment-vaccines treatment_id
animals status             animal-diseases status      fields state
fields food_type_id        controls animalId=animal_id vaccines targetDiseaseId=target_disease_id
"""
STRANGERS = """
controls food_type_id   treatments instructor_id   animals user_id       animals field_id
species breed_id        fields animal_id           diseases animal_id    medications treatment_id
vaccines animal_id      users animal_id            food_types field_id   route-administrations vaccine_id
"""


def pairs(table: str) -> list[tuple[str, str]]:
    words = table.split()
    return list(zip(words[::2], words[1::2], strict=True))


def newest(rows: list[Row]) -> list[int]:
    """Ids in the order of a list that nobody ordered."""
    return [row["id"] for row in sorted(rows, key=lambda r: (r["updated_at"], r["created_at"], r["id"]))][
        ::-1
    ]


@every
def test_pages(demo: Farm, slug: str) -> None:
    ids = newest(demo.stored(slug))
    assert [row["id"] for row in demo.page(slug)[0]] == ids[:1000]
    size = 7
    last = -(-len(ids) // size)
    for page in (1, 2, last, last + 1, last + 500):
        for name in ("limit", "page_size", "per_page"):
            answer = demo.admin.get(f"/{slug}?page={page}&{name}={size}").json
            assert [row["id"] for row in answer["data"]] == ids[size * (page - 1) : size * page], (page, name)
            assert answer["meta"]["pagination"] == {
                "page": page, "limit": size, "total_items": len(ids), "total_pages": last,
                "has_next_page": page < last, "has_previous_page": page > 1,
            }  # fmt: skip
    for query, limit in (("", 50), ("limit=10000", 1000), ("page=1&page_size=1000", 1000)):
        answer = demo.admin.get(f"/{slug}?{query}")
        assert answer.json["meta"]["pagination"]["limit"] == limit
        assert [row["id"] for row in answer.json["data"]] == ids[:limit]
        assert answer.headers["X-Has-More"] == str(len(ids) > limit).lower()


@pytest.mark.parametrize("query", ["page=0", "page=-1", "limit=0", "limit=-5", "page_size=0", "page=uno"])
def test_pages_that_cannot_be(demo: Farm, query: str) -> None:
    for slug in SLUGS:
        answer = demo.admin.get(f"/{slug}?{query}")
        assert (answer.status_code, answer.json["success"]) == (400, False)


@pytest.mark.parametrize(
    ("query", "descending"),
    [
        ("sort_by=created_at&sort_order=desc", True), ("sort_by=created_at&sort_order=asc", False),
        ("sort_by=created_at", False), ("sort=created_at&sort_dir=desc", True),
        ("sort=createdAt&dir=desc", True), ("sort=createdAt&dir=asc", False),
        ("sort=created_at&order=desc", True), ("sort_by=createdAt&sort_order=DESC", True),
        ("ordering=-created_at", True), ("ordering=created_at", False), ("ordering=-createdAt", True),
    ],
)  # fmt: skip
def test_ways_of_ordering(demo: Farm, query: str, descending: bool) -> None:
    for slug in SLUGS:
        rows = sorted(demo.stored(slug), key=lambda row: (row["created_at"], row["id"]), reverse=descending)
        found = [row["id"] for row in demo.page(slug, f"{query}&fields=id")[0]]
        assert found == [row["id"] for row in rows][:1000], slug


@every
def test_an_unknown_order_is_no_order(demo: Farm, slug: str) -> None:
    assert demo.page(slug, "sort_by=nothing&sort_order=asc") == demo.page(slug)


@pytest.mark.parametrize(("slug", "name"), pairs(FILTERS), ids=" ".join)
def test_filters_choose(demo: Farm, slug: str, name: str) -> None:
    asked, _, column = name.partition("=")
    rows = demo.stored(slug)
    values = sorted({row[column or asked] for row in rows} - {None}, key=str)
    assert values
    for value in values[:3] + values[-2:]:
        expected = {row["id"] for row in rows if row[column or asked] == value}
        found, total = demo.page(slug, **{asked: value})
        assert total == len(expected), value
        assert {row["id"] for row in found} <= expected
        # As the client counts before it deletes: three rows with some fields, and the total.
        answer = demo.admin.get(f"/{slug}?{asked}={value}&limit=3&fields=id,record,name").json
        assert answer["meta"]["pagination"]["total_items"] == len(expected)
        assert len(answer["data"]) == min(3, len(expected))
        assert all(row[column or asked] == value for row in answer["data"])
    both = {row["id"] for row in rows if row[column or asked] in values[:2]}
    assert demo.page(slug, **{asked: ",".join(map(str, values[:2]))})[1] == len(both)
    if column.lower().endswith("id") or asked.endswith("_id"):
        assert demo.page(slug, **{asked: 2_000_000})[1] == 0


@pytest.mark.parametrize(("slug", "name"), pairs(STRANGERS), ids=" ".join)
def test_a_key_that_the_record_does_not_have_finds_nothing(demo: Farm, slug: str, name: str) -> None:
    for value in (1, 5):
        assert demo.page(slug, **{name: value}) == ([], 0)


@every
def test_some_fields(demo: Farm, slug: str) -> None:
    whole = {row["id"]: row for row in demo.page(slug)[0]}
    names = list(next(iter(whole.values())))
    for some in (["id", "created_at", "updated_at"], names[1:3], [names[-1]], ["control_date", names[1]]):
        rows = demo.page(slug, f"fields={','.join(some)}")[0]
        kept = {"id", *some} & set(names)
        assert rows == [{name: whole[row["id"]][name] for name in names if name in kept} for row in rows]
    assert demo.page(slug, "fields=nothing,animal_tag")[0] == list(whole.values())


@every
def test_noise_and_busting_change_nothing(demo: Farm, slug: str) -> None:
    rows, total = demo.page(slug)
    for noise in (
        "cache_bust=1764300000000",
        "_ts=1",
        "_t=2",
        "treatmentId=9",
        "unknown=3",
        "status=",
        "search=",
    ):
        assert demo.page(slug, noise) == (rows, total), noise
    again = demo.admin.get(f"/{slug}?limit=1000&cache_bust=1764300000001")
    assert again.headers["X-Cache-Status"] != "HIT"


@every
def test_since_a_moment(demo: Farm, slug: str) -> None:
    rows = demo.stored(slug)
    moments = sorted({row["updated_at"].replace(microsecond=0) for row in rows})
    for moment in {moments[0], moments[len(moments) // 2], moments[-1]}:
        expected = sum(row["updated_at"] >= moment for row in rows)
        answer = demo.admin.get(f"/{slug}?since={wired(moment)}&limit=1")
        assert answer.json["meta"]["pagination"]["total_items"] == expected
        assert isinstance(answer.json["meta"]["deleted"], list)
    assert demo.page(slug, "since=2999-01-01T00:00:00Z") == ([], 0)


@every
def test_a_file_of_all_rows(demo: Farm, slug: str) -> None:
    rows = demo.all_of(slug)
    with demo.admin.get(f"/{slug}?export=csv") as answer:
        assert answer.mimetype == "text/csv"
        lines = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [line["id"] for line in lines] == [str(row["id"]) for row in rows]
    assert rows[0].keys() <= lines[0].keys()


def _periods(day: dt.date) -> list[tuple[str, Callable[[dt.date], bool]]]:
    """The ways of asking for a day, its month, its year, and its day of any year."""
    return [
        (day.isoformat(), lambda other: other == day),
        (day.strftime("%d/%m/%Y"), lambda other: other == day),
        (day.strftime("%Y-%m"), lambda other: (other.year, other.month) == (day.year, day.month)),
        (day.strftime("%Y"), lambda other: other.year == day.year),
        (day.strftime("%d/%m"), lambda other: (other.day, other.month) == (day.day, day.month)),
    ]


@pytest.mark.parametrize("slug", sorted({slug for slug, _ in DATES}))
def test_dates_are_searched(demo: Farm, slug: str) -> None:
    rows, shown = demo.stored(slug), demo.first(slug)
    names = sorted({name for row in rows for name, value in row.items() if _is_day(value)} & shown.keys())
    assert {name for other, name in DATES if other == slug} <= set(names)
    days = sorted({row[names[0]] for row in rows} - {None})
    for term, within in _periods(days[len(days) // 2]):
        dated = {row["id"] for row in rows if any(row[n] and within(row[n]) for n in names)}
        assert dated
        for how in ("", "auto"):
            found, total = demo.page(slug, search=term, search_type=how)
            assert total >= len(dated), term
            # What else is found has the term in a text or a number.
            assert all(row["id"] in dated or _holds(row, term) for row in found), term
    stamped = {row["id"] for row in rows if row["created_at"].date() == days[-1]}
    total = demo.page(slug, search=days[-1], search_type="dates")[1]
    dated = {row["id"] for row in rows if any(row[n] == days[-1] for n in names)}
    touched = {row["id"] for row in rows if row["updated_at"].date() == days[-1]}
    assert total == len(dated | stamped | touched)
    assert demo.page(slug, search=days[-1], search_type="text") == ([], 0)


def _is_day(value: Any) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _holds(row: Row, term: str) -> bool:
    return any(term.lower() in str(value).lower() for value in row.values())


@every
def test_numbers_are_searched_but_not_in_keys(demo: Farm, slug: str) -> None:
    rows = {row["id"]: row for row in demo.all_of(slug)}
    keys = {one.name for one in COLUMNS if one.slug == slug and one.target}
    for id in (min(rows), 12, max(rows)):
        found, total = demo.page(slug, search=id, q=id)
        assert id not in rows or any(row["id"] == id for row in found) or total > 1000
        for row in found:
            values: dict[str, Any] = {name: value for name, value in row.items() if name not in keys}
            assert row["id"] == id or _holds(values | {"id": ""}, str(id)), row
