"""What a list understands: other names, values that must be one of some, search by text, number and date, since."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Caller
from core.pasture import controls, herd, paddock, put
from flask import Flask
from herd.stock import wrong

from app.herd.models import Species


@pytest.fixture
def farm(app: Flask, admin: Caller) -> Caller:
    """Parents 1 and 2, children 3 to 8; check-ups 1 to 4 of animal 3 and 5 to 6 of animal 4."""
    herd(app)
    controls(app, 3, 4)
    controls(app, 4, 2, first=5)
    paddock(app)
    return admin


def ids(caller: Caller, path: str) -> list[int]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json["meta"]["pagination"]["total_items"] == len(answer.json["data"])
    return [row["id"] for row in answer.json["data"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("idFather=1", [3, 4, 5, 6, 7, 8]),
        ("father_id=1&idMother=2", [3, 4, 5, 6, 7, 8]),
        ("fatherId=2", []),
        ("breed_id=1,2&sex=Hembra", [2, 3, 5, 7]),
        ("breedId=2", []),
        ("sex=hembra,MACHO&status=vendido", [5]),
        ("status=Vivo,Vendido", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("species_id=1&species_name=Bovino&weight_from=450.0", [1, 2]),
        ("birth_date_from=2024-02-01&birthDateTo=2024-04-15", [4, 5, 6]),
        ("birth_date=2024-01-15,2024-06-15", [3, 8]),
        ("created_at=2026-03-16T12:00:00Z", [6]),
        ("created_at_from=2026-03-16T12:00:00Z&created_at_to=2026-03-16T12:00:00Z", [6]),
        ("user_id=3", []),
        ("treatmentId=3&cache_bust=1", [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_filters_by_every_name(farm: Caller, query: str, found: list[int]) -> None:
    assert ids(farm, f"/animals?{query}&sort=id") == found


def test_the_moment_that_was_shown_finds_its_row(app: Flask, farm: Caller) -> None:
    moment = dt.datetime(2026, 5, 1, 10, 0, 0, 654_321, tzinfo=dt.UTC)
    put(app, Species, [{"id": 9, "name": "Caprino", "created_at": moment, "updated_at": moment}])
    shown = farm.get("/species/9").json["data"]["created_at"]
    for query in (f"created_at={shown}", f"created_at_from={shown}&created_at_to={shown}"):
        assert ids(farm, f"/species?{query}") == [9]


@pytest.mark.parametrize("field", ["age_in_days", "ageInMonths"])
def test_ages_sort_and_filter_as_they_are_shown(farm: Caller, field: str) -> None:
    name = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", field)
    ages = {row["id"]: row[name] for row in farm.get("/animals").json["data"]}
    for order in ("asc", "desc"):
        found = [ages[id] for id in ids(farm, f"/animals?sort={field}&order={order}")]
        assert found == sorted(ages.values(), reverse=order == "desc")
    middle = sorted(ages.values())[3]
    assert set(ids(farm, f"/animals?{field}_from={middle}")) == {id for id in ages if ages[id] >= middle}


def test_what_only_the_answer_knows_is_no_filter(farm: Caller) -> None:
    assert set(wrong(farm.get("/animal-tags?issuer_kind=country"))) == {"issuer_kind"}


def test_every_wrong_filter_is_named(farm: Caller) -> None:
    answer = farm.get("/animals?sex=Castrado&status=Vivo,Perdido&weight_from=x&record=TORO-1")
    assert answer.status_code == 422
    wrong = answer.json["error"]["details"]["validation_errors"]
    assert set(wrong) == {"sex", "status", "weight_from"}
    assert wrong["sex"] == "Debe ser uno de: Hembra, Macho"


def test_wire_names_in_fields_and_order(farm: Caller) -> None:
    rows = farm.get("/animals?fields=father_id,isAdult,password_hash&sort=idFather&order=desc&limit=1").json
    assert rows["data"] == [{"id": 8, "idFather": 1, "is_adult": True}]
    rows = farm.get("/animals?fields=record&sex=Macho&breed_id=1&limit=1&sort=id").json["data"]
    assert rows == [{"id": 1, "record": "TORO-1", "sex": "Macho", "breeds_id": 1}]


def test_derived_columns_order_and_filter(farm: Caller) -> None:
    assert ids(farm, "/controls?animal_record=CRIA-0004&sort=id") == [5, 6]
    assert ids(farm, "/controls?sort=animal_record&order=desc")[:2] == [6, 5]
    assert ids(farm, "/controls?food_type_id=1") == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/animals?search=cria-000", [3, 4, 5, 6, 7, 8]),
        ("/animals?search=CRIA_0003", []),
        # An id, weights of 104 and 450 kg; keys do not count, nor do dates.
        ("/animals?search=4&search_type=auto", [2, 4]),
        ("/animals?search=700.5", [1]),
        ("/animals?search=700,5", [1]),
        ("/animals?search=00.5", [1]),
        ("/animals?search=4&search_type=text", [4]),
        ("/animals?search=2019", [1, 2]),
        ("/animals?q=2019-11", [1, 2]),
        ("/animals?q=11/2019", [1, 2]),
        ("/animals?q=2024-03", [5]),
        ("/animals?q=2024-12", []),
        ("/animals?search=20/11", [1, 2]),
        ("/animals?search=15/6", [8]),
        ("/animals?search=15/06/2024", [8]),
        ("/animals?search=2024-06-15&search_type=dates", [8]),
        ("/animals?search=2024-06-15&search_type=text", []),
        ("/animals?search=2024-13", []),
        ("/animals?search=45/99/2024", []),
        ("/animals?search=9999-12&search_type=dates", []),
        # Moments only when asked for.
        ("/animals?search=12/03/2026", []),
        ("/animals?search=12/03/2026&search_type=dates", []),
        ("/animals?search=13/03/2026&search_type=dates", [3]),
        ("/animals?search=13/3&search_type=all", [3]),
        ("/animals?search=2026&search_type=dates", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("/animals?search=toro&search_type=dates", []),
        ("/animals?search=toro&search_type=nonsense", [1]),
        ("/controls?search=cria-0004", [5, 6]),
        # Check-ups 1 to 4 are of CRIA-0003, 5 and 6 of CRIA-0004.
        ("/controls?search=3", [1, 2, 3, 4]),
        ("/controls?search=4&search_type=text", [5, 6]),
        ("/controls?search=202", [3]),
    ],
)
def test_search(farm: Caller, path: str, found: list[int]) -> None:
    assert ids(farm, path + "&sort=id") == found


@pytest.mark.parametrize(
    "term", ["2026", "20/11", "7", "2026-11-20", "-1.5", "9" * 40, "%00", "''", "/", "٣"]
)
@pytest.mark.parametrize("path", ["/animals", "/controls", "/fields", "/users", "/sensors", "/breeds"])
def test_no_search_breaks_a_list(farm: Caller, path: str, term: str) -> None:
    for how in ("auto", "text", "dates", "all"):
        assert farm.get(f"{path}?search={term}&search_type={how}").status_code == 200


def test_since_a_moment(farm: Caller) -> None:
    assert ids(farm, "/animals?since=2026-03-16T12:00:00Z&sort=id") == [6 + n for n in range(3)]
    assert ids(farm, "/animals?since=2026-03-16T07:00:01-05:00&sort=id") == [7, 8]
    assert ids(farm, "/animals?since=2026-03-16T13:00:00+01:00&sort=id") == [6, 7, 8]
    assert ids(farm, "/animals?since=2026-03-17&sort=id") == [7, 8]
    answer = farm.get("/animals?since=ayer")
    assert set(answer.json["error"]["details"]["validation_errors"]) == {"since"}


@pytest.fixture
def remembered(app: Flask) -> Iterator[list[Any]]:
    """What the list asks of whoever remembers deletions."""
    before, asked = app.extensions.get("deleted_since"), []

    def deleted(table: str, moment: dt.datetime) -> list[int]:
        asked.append((table, moment))
        return [77, 78]

    app.extensions["deleted_since"] = deleted
    yield asked
    app.extensions.pop("deleted_since")
    if before:
        app.extensions["deleted_since"] = before


def test_since_also_tells_what_was_deleted(farm: Caller, remembered: list[Any]) -> None:
    answer = farm.get("/animals?since=2026-03-16T12:00:00Z&limit=1")
    assert answer.json["meta"]["deleted"] == [77, 78]
    assert remembered == [("animals", dt.datetime(2026, 3, 16, 12, tzinfo=dt.UTC))]
    assert "deleted" not in farm.get("/animals?limit=1").json["meta"]


def test_what_a_shape_hides_is_not_asked(app: Flask, apprentice: Caller) -> None:
    everybody = ids(apprentice, "/users")
    for query in ("password_hash_from=z", "token_version=9", "email=x", "status=false", "sort=email"):
        assert ids(apprentice, f"/users?{query}") == everybody
