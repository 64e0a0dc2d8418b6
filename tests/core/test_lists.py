"""What may be asked of a list: pages, order, filters, search and fields; and what it costs."""

import datetime as dt
from typing import Any

import pytest
from biogas.plant import days_ago, made, new_digester, new_filling
from conftest import Caller
from flask import Flask
from queries import queries

from app.core.transaction import transaction
from app.sensors.models import Device

NOON = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def devices(app: Flask, admin: Caller) -> Caller:
    """An administrator of a farm with seven devices, one created each day from 10 March 2026 on."""
    add_devices(app, 7)
    return admin


def add_devices(app: Flask, count: int, prefix: str = "d") -> None:
    with app.app_context(), transaction() as session:
        for n in range(count):
            moment = NOON + dt.timedelta(days=n)
            session.add(
                Device(
                    code=f"{prefix}{n}",
                    name=["Norte 100%", "norte_1", "Süd", "ÑANDÚ", "o'este", "x\\y", "norte 100"][n % 7],
                    place=["potrero", "planta", None][n % 3],
                    status=["active", "disabled"][n % 2],
                    online=n % 3 == 0,
                    expected_interval_s=10.0 * n,
                    last_seen_ms=1000 * n,
                    created_at=moment,
                    updated_at=moment,
                )
            )


def listed(caller: Caller, query: str) -> list[str]:
    """The codes a query of the devices answers, in its order."""
    return [row["code"] for row in made(caller.get(f"/sensors?{query}"), 200)]


def numbers(*found: int) -> list[str]:
    return [f"d{n}" for n in found]


def test_the_envelope_of_a_page(devices: Caller) -> None:
    answer = devices.get("/sensors?page=2&limit=3")
    assert answer.status_code == 200
    assert set(answer.json) == {"success", "message", "data", "meta"}
    assert len(answer.json["data"]) == 3
    assert answer.json["meta"] == {
        "pagination": {
            "page": 2,
            "limit": 3,
            "total_items": 7,
            "total_pages": 3,
            "has_next_page": True,
            "has_previous_page": True,
        }
    }
    assert answer.headers["X-Total-Count"] == "7"
    assert answer.headers["X-Has-More"] == "true"


@pytest.mark.parametrize("name", ["limit", "page_size", "per_page"])
def test_the_size_of_a_page_has_three_names(devices: Caller, name: str) -> None:
    pages = [listed(devices, f"{name}=3&page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(code for page in pages for code in page) == numbers(*range(7))


def test_a_page_past_the_end_is_empty_and_keeps_the_counts(devices: Caller) -> None:
    answer = devices.get("/sensors?page=99&limit=3")
    assert (answer.status_code, answer.json["data"]) == (200, [])
    pagination = answer.json["meta"]["pagination"]
    assert (pagination["total_items"], pagination["total_pages"]) == (7, 3)
    assert (pagination["has_next_page"], pagination["has_previous_page"]) == (False, True)
    assert answer.headers["X-Has-More"] == "false"


def test_an_empty_list_has_no_pages(admin: Caller) -> None:
    pagination = admin.get("/sensors").json["meta"]["pagination"]
    assert (pagination["total_items"], pagination["total_pages"]) == (0, 0)
    assert (pagination["has_next_page"], pagination["has_previous_page"]) == (False, False)


@pytest.mark.parametrize(("asked", "given"), [("", 50), ("limit=1000", 1000), ("limit=10000", 1000)])
def test_the_largest_page(admin: Caller, asked: str, given: int) -> None:
    assert admin.get(f"/sensors?{asked}").json["meta"]["pagination"]["limit"] == given


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=1.5", "limit=0", "limit=-5", "page_size=0", "per_page=a"]
)
def test_a_page_that_cannot_be(devices: Caller, query: str) -> None:
    answer = devices.get(f"/sensors?{query}")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "BAD_REQUEST")


def test_the_newest_comes_first(devices: Caller) -> None:
    assert listed(devices, "") == numbers(6, 5, 4, 3, 2, 1, 0)


@pytest.mark.parametrize(
    "query",
    [
        "sort_by=expected_interval_s&sort_order=asc",
        "sort=expected_interval_s",
        "sort=expectedIntervalS&order=asc",
        "sort=created_at&sort_dir=ASC",
        "sort=createdAt&dir=asc",
        "ordering=created_at",
        "ordering=createdAt",
        "sort_by=id",
    ],
)
def test_order_by_its_many_names(devices: Caller, query: str) -> None:
    assert listed(devices, query) == numbers(*range(7))


@pytest.mark.parametrize(
    "query",
    [
        "sort_by=code&sort_order=desc",
        "sort=code&order=desc",
        "sort=code&sort_dir=desc",
        "sort=code&dir=desc",
        "ordering=-code",
        "ordering=-createdAt",
    ],
)
def test_the_other_way_round(devices: Caller, query: str) -> None:
    assert listed(devices, query) == numbers(*reversed(range(7)))


@pytest.mark.parametrize("query", ["sort_by=password_hash", "sort=;drop", "ordering=--", "sort_order=desc"])
def test_an_unknown_column_does_not_order(devices: Caller, query: str) -> None:
    assert listed(devices, query) == numbers(6, 5, 4, 3, 2, 1, 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=active", [0, 2, 4, 6]),
        ("status=active,disabled", [0, 1, 2, 3, 4, 5, 6]),
        ("code=d1,d3, d5", [1, 3, 5]),
        ("online=true", [0, 3, 6]),
        ("online=0", [1, 2, 4, 5]),
        ("online=sí", [0, 3, 6]),
        ("created_at=2026-03-12", [2]),
        ("created_at=2026-03-12,2026-03-14", [2, 4]),
        ("createdAt=2026-03-12", [2]),
        ("created_at=2026-03-12T12:00:00Z", [2]),
        ("created_at=2026-03-12T07:00:00-05:00", [2]),
        ("created_at_from=2026-03-14", [4, 5, 6]),
        ("created_at_to=2026-03-12", [0, 1, 2]),
        ("created_at_from=2026-03-11&created_at_to=2026-03-12", [1, 2]),
        ("created_at_from=2026-03-12T12:00:01Z", [3, 4, 5, 6]),
        ("expected_interval_s=20", [2]),
        ("expected_interval_s_from=40", [4, 5, 6]),
        ("last_seen_ms_to=1000", [0, 1]),
        ("last_seen_ms=1000,2000,99", [1, 2]),
        ("status=active&online=true", [0, 6]),
        ("status=", [0, 1, 2, 3, 4, 5, 6]),
        ("status=,", []),
        ("no_such_column=7", [0, 1, 2, 3, 4, 5, 6]),
        ("_ts=5&_t=6&cache_bust=77&treatmentId=3", [0, 1, 2, 3, 4, 5, 6]),
        ("animal_id=3", []),
        ("food_type_id=1", []),
    ],
)
def test_filters(devices: Caller, query: str, found: list[int]) -> None:
    assert listed(devices, f"{query}&sort_by=id") == numbers(*found)


@pytest.mark.parametrize(
    "query",
    [
        "online=quizás",
        "created_at=ayer",
        "created_at=2026-13-01",
        "last_seen_ms=NaN",
        "last_seen_ms=uno",
        "expected_interval_s=NaN",
        "expected_interval_s=inf",
        "expected_interval_s=1e300",
        "created_at_from=x",
    ],
)
def test_a_filter_that_cannot_be_read_names_itself(devices: Caller, query: str) -> None:
    answer = devices.get(f"/sensors?{query}")
    assert answer.status_code == 422
    assert set(answer.json["error"]["details"]["validation_errors"]) == {query.split("=")[0]}


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("norte", [0, 1, 6]),
        ("NORTE", [0, 1, 6]),
        ("100%25", [0]),
        ("%25", [0]),
        ("_", [1]),
        ("e_1", [1]),
        ("\\", [5]),
        ("o'este", [4]),
        ("potrero", [0, 3, 6]),
        ("D3", [3]),
        ("nada", []),
        (" norte ", [0, 1, 6]),
    ],
)
@pytest.mark.parametrize("name", ["search", "q"])
def test_search_means_what_it_says(devices: Caller, name: str, term: str, found: list[int]) -> None:
    assert listed(devices, f"{name}={term}&sort_by=code") == numbers(*found)


def test_search_by_id(devices: Caller) -> None:
    row = devices.get("/sensors?code=d3").json["data"][0]
    assert "d3" in listed(devices, f"search={row['id']}")


def test_chosen_fields_keep_the_id(devices: Caller) -> None:
    rows = devices.get("/sensors?fields=name, status,password_hash,animal_record&limit=2").json["data"]
    assert [set(row) for row in rows] == [{"id", "name", "status"}] * 2


@pytest.mark.parametrize("query", ["fields=", "fields=no_such", "fields=,"])
def test_no_known_field_chosen_is_all_of_them(devices: Caller, query: str) -> None:
    assert {"id", "code", "created_at"} < set(devices.get(f"/sensors?{query}").json["data"][0])


def test_moments_are_utc_with_seconds(devices: Caller) -> None:
    assert devices.get("/sensors?code=d2").json["data"][0]["created_at"] == "2026-03-12T12:00:00Z"


def test_days_filter_days(admin: Caller) -> None:
    digester = new_digester(admin)
    days = [days_ago(n) for n in (9, 5, 2)]
    for n, day in enumerate(days):
        filling = new_filling(admin, digester_id=digester["id"], date=str(day))
        if n < 2:
            end = f"{days[n + 1]}T05:00:00Z"
            made(admin.post(f"/biogas/fillings/{filling['id']}/close", json={"ended_at": end}), 200)

    def dates(query: str) -> Any:
        return [row["date"] for row in made(admin.get(f"/biogas/fillings?sort_by=date&{query}"), 200)]

    assert dates("") == [str(day) for day in days]
    assert dates(f"date={days[1]}") == [str(days[1])]
    assert dates(f"date_from={days[1]}") == [str(day) for day in days[1:]]
    assert dates(f"date_to={days[1]}") == [str(day) for day in days[:2]]
    assert dates(f"digester_id={digester['id']}&active=true") == [str(days[2])]
    assert dates(f"digester_id={digester['id'] + 1}") == []
    assert dates("material_id=1,2,3&active=false") == [str(day) for day in days[:2]]


@pytest.mark.parametrize("path", ["/sensors", "/biogas/materials", "/biogas/digesters", "/biogas/reports"])
def test_json_and_unknown_columns_never_break_a_list(admin: Caller, path: str) -> None:
    for query in ("parameters=3", "parameters_from=x", "sort_by=parameters", "id=1", "id_from=0", "page=1"):
        assert admin.get(f"{path}?{query}").status_code == 200, query


def test_a_long_list_costs_no_more_queries_than_a_short_one(app: Flask, admin: Caller) -> None:
    counts = []
    for more in (1, 199):
        add_devices(app, more, f"lote{more}-")
        admin.get("/sensors?limit=1")  # who is asking is remembered from here on
        with queries(app) as seen:
            rows = admin.get("/sensors?limit=1000").json["data"]
            whole = len(seen)
            admin.get("/sensors?limit=1&status=active")
        counts.append((len(rows), whole, len(seen) - whole))
    # A page that is not full says itself how many there are; a full one takes a question more.
    assert counts == [(1, 1, 2), (200, 1, 2)]
