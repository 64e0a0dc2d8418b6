"""Lists as files: every row and column the list shows, safe to open, ready to be imported elsewhere."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from conftest import Caller
from core.pasture import child, controls, herd, paddock, put
from flask import Flask
from openpyxl import load_workbook
from queries import queries

from app.core import export
from app.herd.models import Animal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def farm(app: Flask, admin: Caller) -> Caller:
    herd(app)
    controls(app, 3, 5)
    paddock(app)
    return admin


def table(caller: Caller, path: str) -> list[dict[str, str]]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))


def sheet(caller: Caller, path: str) -> Any:
    answer = caller.get(path)
    assert (answer.status_code, answer.mimetype) == (200, XLSX)
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    return load_workbook(io.BytesIO(answer.data)).active


def test_a_file_is_named_and_typed(farm: Caller) -> None:
    answer = farm.get("/animals?export=csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    day = dt.datetime.now(dt.UTC) - dt.timedelta(hours=5)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="animals_{day:%Y-%m-%d}.csv"'
    assert not answer.data.startswith(b"\xef\xbb\xbf")
    assert farm.get("/animals?export=csv&bom=1").data.startswith(b"\xef\xbb\xbfid,")
    assert 'filename="animal-fields_' in farm.get("/animal-fields?export=csv").headers["Content-Disposition"]


def test_csv_has_every_column_and_the_names_of_keys(farm: Caller) -> None:
    rows = table(farm, "/animals?export=csv&page=2&limit=1")
    shown = farm.get("/animals/3").json["data"]
    assert list(rows[0]) == [*shown, "breed", "father", "mother"]
    assert [row["id"] for row in rows] == [str(n) for n in range(1, 9)]
    expected = {name: "" if value is None else str(value) for name, value in shown.items()}
    expected |= {"is_adult": "true", "breed": "Cebú", "father": "TORO-1", "mother": "VACA-2"}
    assert rows[2] == expected


def test_filters_search_order_and_fields_hold(farm: Caller) -> None:
    rows = table(
        farm, "/animals?export=csv&idFather=1&search=cria&sort=record&order=desc&fields=record,idMother"
    )
    assert rows[0] == {"id": "8", "record": "CRIA-0008", "idFather": "1", "idMother": "2", "father": "TORO-1",
                       "mother": "VACA-2"}  # fmt: skip
    assert [row["id"] for row in rows] == ["8", "7", "6", "5", "4", "3"]
    assert table(farm, "/animals?export=csv&sex=Macho&record=nobody") == []
    assert {row["capacity"] for row in table(farm, "/fields?export=csv")} == {"30"}
    assert {row["animal"] for row in table(farm, "/controls?export=csv")} == {"CRIA-0003"}


def test_cells_run_no_formula(app: Flask, farm: Caller) -> None:
    put(app, Animal, [{**child(50), "record": "=1+1", "notes": '+cmd|" /C calc"!A0, "é"\nsegunda'}])
    row = table(farm, "/animals?export=csv&id=50")[0]
    assert (row["record"], row["notes"]) == ("'=1+1", '\'+cmd|" /C calc"!A0, "é"\nsegunda')
    cells = {cell.value for cell in sheet(farm, "/animals?export=xlsx&id=50")[2]}
    assert "'=1+1" in cells


def test_a_workbook_has_dates_a_frozen_header_and_a_filter(farm: Caller) -> None:
    page = sheet(farm, "/animals?export=xlsx")
    header = [cell.value for cell in page[1]]
    row = dict(zip(header, (cell.value for cell in page[4]), strict=True))
    assert (row["id"], row["record"], row["father"], row["is_adult"]) == (3, "CRIA-0003", "TORO-1", True)
    assert row["birth_date"] == dt.datetime.fromisoformat("2024-01-15")
    assert row["created_at"] == dt.datetime.fromisoformat("2026-03-13T12:00")
    assert page.cell(4, header.index("birth_date") + 1).number_format == "yyyy-mm-dd"
    assert (page.title, page.freeze_panes, page.max_row) == ("animals", "A2", 9)
    assert page.auto_filter.ref == page.dimensions
    assert page["A1"].font.bold
    assert 8 <= page.column_dimensions["B"].width <= 60


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_many_rows_come_in_batches(
    app: Flask, farm: Caller, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(app, Animal, [child(n) for n in range(100, 150)])
    farm.get("/animals?limit=1")
    monkeypatch.setattr(export, "BATCH", 20)
    for order in ("", "&sort=idFather", "&sort=sex&order=desc"):
        with queries(app) as seen:
            if kind == "csv":
                ids = [int(row["id"]) for row in table(farm, f"/animals?export=csv{order}")]
            else:
                ids = [
                    row[0].value for row in sheet(farm, f"/animals?export=xlsx{order}").iter_rows(min_row=2)
                ]
        assert sorted(ids) == [*range(1, 9), *range(100, 150)]
        assert len(seen) == 1 + 3  # a count, three batches


def test_nothing_is_read_before_the_reader_wants_it(
    app: Flask, farm: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    farm.get("/animals?limit=1")
    with queries(app) as seen, farm.get("/animals?export=csv") as answer:
        chunks = answer.iter_encoded()
        assert next(chunks).startswith(b"id,record")
        assert len(seen) <= 2  # a count, and one batch of five
        assert b"".join(chunks).count(b"\r\n") == 8


def test_too_many_rows_are_refused_not_cut(farm: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_ROWS", {"csv": 7, "xlsx": 7})
    answer = farm.get("/animals?export=xlsx")
    assert (answer.status_code, set(answer.json["error"]["details"]["validation_errors"])) == (
        422,
        {"export"},
    )
    assert farm.get("/animals?export=csv&sex=Macho").status_code == 200


@pytest.mark.parametrize("kind", ["pdf", "csvx", "1"])
def test_a_kind_that_is_none(farm: Caller, kind: str) -> None:
    answer = farm.get(f"/animals?export={kind}")
    assert set(answer.json["error"]["details"]["validation_errors"]) == {"export"}


@pytest.mark.parametrize("path", ["/users", "/sensors", "/biogas/materials", "/biogas/reports", "/species"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_list_is_exported(farm: Caller, path: str, kind: str) -> None:
    listed = farm.get(path).json["data"]
    answer = farm.get(f"{path}?export={kind}")
    assert answer.status_code == 200
    if kind == "csv":
        lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")))
        assert len(lines) == 1 + len(listed)
        assert not listed or lines[0][: len(listed[0])] == list(listed[0])
    with farm.head(f"{path}?export={kind}") as head:
        assert head.status_code == 200


def test_apprentices_export_names_of_people_and_nothing_else(app: Flask, apprentice: Caller) -> None:
    assert {tuple(row) for row in table(apprentice, "/users?export=csv")} == {("id", "fullname", "role")}
