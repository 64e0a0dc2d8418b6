"""Pages by cursor: every row once, whatever the order and whatever came in between."""

import pytest
from conftest import Caller
from core.pasture import child, controls, herd, put
from flask import Flask

from app.herd.models import Animal


@pytest.fixture
def farm(app: Flask, admin: Caller) -> Caller:
    herd(app, 10)
    controls(app, 3, 17)
    return admin


def walked(caller: Caller, path: str, limit: int) -> list[int]:
    """The ids of all pages."""
    found: list[int] = []
    cursor = ""
    while True:
        answer = caller.get(f"{path}&limit={limit}&cursor_mode=1&cursor={cursor}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        pagination = answer.json["meta"]["pagination"]
        found.extend(row["id"] for row in answer.json["data"])
        assert pagination.keys() == {"limit", "has_next_page", "next_cursor"}
        assert answer.headers["X-Has-More"] == str(pagination["has_next_page"]).lower()
        if not pagination["has_next_page"]:
            assert pagination["next_cursor"] is None
            return found
        assert len(answer.json["data"]) == limit
        cursor = pagination["next_cursor"]


@pytest.mark.parametrize("path", ["/controls", "/animals"])
@pytest.mark.parametrize(
    "order",
    [
        *("", "sort=id", "sort=id&dir=desc", "sort=weight", "sort=weight&dir=desc", "sort=created_at"),
        *(
            "sort=idFather&dir=desc",
            "sort=idFather",
            "sort=animal_record",
            "ordering=-birth_date",
            "sort=sex",
        ),
        *("sort=checkup_date&dir=desc", "sort=health_status", "sort=description"),
    ],
)
def test_all_pages_together_are_the_list(farm: Caller, path: str, order: str) -> None:
    whole = [row["id"] for row in farm.get(f"{path}?{order}&limit=1000").json["data"]]
    assert len(whole) > 10
    assert walked(farm, f"{path}?{order}", 5) == whole
    assert walked(farm, f"{path}?{order}", len(whole)) == whole


@pytest.mark.parametrize("order", ["sort=status", "sort=status&dir=desc"])
def test_pages_may_be_ordered_by_a_truth(admin: Caller, order: str) -> None:
    for n in range(7):
        admin.post("/route-administrations", json={"name": f"Vía {n}", "status": n % 3 > 0})
    whole = [row["id"] for row in admin.get(f"/route-administrations?{order}").json["data"]]
    assert walked(admin, f"/route-administrations?{order}", 2) == whole


def test_a_row_that_comes_in_between_moves_no_other(app: Flask, farm: Caller) -> None:
    first = farm.get("/animals?sort=record&limit=4&cursor_mode=1").json
    put(app, Animal, [{**child(90), "record": "AAAA"}, {**child(91), "record": "ZZZZ"}])
    cursor = first["meta"]["pagination"]["next_cursor"]
    rest = farm.get(f"/animals?sort=record&limit=100&cursor={cursor}").json["data"]
    records = [row["record"] for row in first["data"] + rest]
    assert records == sorted(records)
    assert len(records) == len(set(records)) == 13


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!", "bnVsbA", "W10", "WyIiLFtdXQ", "WyItaWQiLFsiYSJdXQ", "WyItaWQiLFsxZTMwMF1d", "é", "a" * 5000],
)
def test_a_cursor_that_is_none(farm: Caller, cursor: str) -> None:
    answer = farm.get(f"/animals?sort=id&dir=desc&cursor={cursor}")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "BAD_REQUEST")


def test_a_cursor_belongs_to_its_order(farm: Caller) -> None:
    cursor = farm.get("/animals?sort=record&limit=2&cursor_mode=1").json["meta"]["pagination"]["next_cursor"]
    assert farm.get(f"/animals?sort=record&cursor={cursor}").status_code == 200
    for other in ("sort=record&dir=desc", "sort=weight", ""):
        assert farm.get(f"/animals?{other}&cursor={cursor}").status_code == 400


def test_cursors_go_with_filters_fields_and_relations(farm: Caller) -> None:
    answer = farm.get("/controls?animal_id=3&fields=weight&include_relations=1&sort=id&limit=1&cursor_mode=1")
    row = answer.json["data"][0]
    assert row.keys() == {"id", "weight", "animal_id", "animals"}
    assert row["animals"]["record"] == "CRIA-0003"
