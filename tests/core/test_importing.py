"""Spreadsheets in: previews that change nothing, all or nothing, readable keys, and every way a file can be wrong."""

import io
import zipfile
from typing import Any

import pytest
from biogas.plant import made, new_digester
from conftest import Caller
from flask import Flask
from openpyxl import Workbook, load_workbook

from app.core.errors import Invalid
from app.core.importing.sheets import MAX_COLUMNS, MAX_ELEMENTS, MAX_OTHER_ELEMENTS, read_sheet

PATH = "/biogas/digesters"


def send(caller: Caller, content: str | bytes, query: str = "dry_run=false", path: str = PATH) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return caller.post(f"{path}/import?{query}", data={"file": (io.BytesIO(data), "x.bin")})


def book(*rows: tuple[Any, ...]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def names(caller: Caller) -> list[str]:
    return sorted(row["name"] for row in made(caller.get(f"{PATH}?limit=1000"), 200))


def reasons(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    found: dict[str, str] = answer.json["error"]["details"]["validation_errors"]
    return found


def test_a_preview_tells_and_stores_nothing(admin: Caller) -> None:
    new_digester(admin, "Uno", volume_m3=50)
    new_digester(admin, "Dos", volume_m3=60)
    content = "name;volume_m3\nUno;50\nDos;61,5\nTres;70\nCuatro;-1\n"
    report = made(send(admin, content, ""), 200)
    assert report["dry_run"] is True
    assert report["stored"] is False
    assert report["counts"] == {"new": 1, "changed": 1, "unchanged": 1, "rejected": 1}
    rows = {row["row"]: row for row in report["preview"]}
    assert rows[3]["changes"] == {"volume_m3": [60.0, 61.5]}
    assert rows[5]["errors"] == [{"column": "volume_m3", "reason": "Debe ser mayor que 0"}]
    assert names(admin) == ["Dos", "Uno"]
    assert made(admin.get(f"{PATH}?name=Dos"), 200)[0]["volume_m3"] == 60.0


def test_all_or_nothing(admin: Caller) -> None:
    new_digester(admin, "Uno", volume_m3=50)
    bad = send(admin, "name,volume_m3\nDos,5\nUno,51\nTres,no\n")
    assert reasons(bad) == {"fila 4, volume_m3": "Debe ser un número"}
    assert bad.json["error"]["details"]["report"]["counts"] == {
        "new": 1, "changed": 1, "unchanged": 0, "rejected": 1,
    }  # fmt: skip
    assert names(admin) == ["Uno"]
    report = made(send(admin, "name,volume_m3\nDos,5\nUno,51\n"), 200)
    assert report["stored"] is True
    assert names(admin) == ["Dos", "Uno"]
    again = made(send(admin, "name,volume_m3\nDos,5\nUno,51\n"), 200)
    assert again["counts"] == {"new": 0, "changed": 0, "unchanged": 2, "rejected": 0}


def test_an_excel_book_reads_as_a_csv_does(admin: Caller) -> None:
    content = book(("Name", "Volume M3", "place"), ("Uno", 50.0, "'=Loma"), (), ("Dos", 60, None))
    assert made(send(admin, content), 200)["counts"]["new"] == 2
    rows = made(admin.get(f"{PATH}?sort_by=name"), 200)
    assert [(row["name"], row["volume_m3"], row["place"]) for row in rows] == [
        ("Dos", 60.0, None), ("Uno", 50.0, "=Loma"),
    ]  # fmt: skip


def test_create_alone_update_alone_and_some_fields_alone(admin: Caller) -> None:
    new_digester(admin, "Uno", volume_m3=50, place="Loma")
    assert "fila 2, name" in reasons(send(admin, "name,volume_m3\nUno,51\n", "dry_run=false&mode=create"))
    assert "fila 2, name" in reasons(send(admin, "name,volume_m3\nDos,51\n", "dry_run=false&mode=update"))
    made(send(admin, "name,volume_m3,place\nUno,51,Vega\n", "dry_run=false&fields=place"), 200)
    row = made(admin.get(f"{PATH}?name=Uno"), 200)[0]
    assert (row["volume_m3"], row["place"]) == (50.0, "Vega")


def test_a_row_with_an_id_may_change_the_key(admin: Caller) -> None:
    one = new_digester(admin, "Uno")
    report = made(send(admin, f"id,name\n{one['id']},Primero\n"), 200)
    assert report["preview"][0]["changes"] == {"name": ["Uno", "Primero"]}
    assert names(admin) == ["Primero"]


def test_a_record_stands_once_in_a_file(admin: Caller) -> None:
    found = reasons(send(admin, "name,volume_m3\nUno,5\nDos,6\nUno,7\n"))
    assert found == {"fila 4, name": "Está repetido: es el mismo registro que la fila 2"}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "file"),
        (b"\n\n", "file"),
        (b"PK\x03\x04 not a book", "file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "file"),
        (b"name,volumen_m3\nUno,5\n", "volumen_m3"),
        (b"name,name\nUno,5\n", "name"),
        (b'name,volume_m3\n"Uno,5\nDos,5\n', "file"),
        (b"id,created_at\n1,2026-01-01\n", "file"),
        (("name" + ",x" * MAX_COLUMNS + "\n").encode() * 2, "file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(admin: Caller, content: bytes, field: str) -> None:
    assert field in reasons(send(admin, content))


def test_a_misspelt_title_is_told_its_neighbour(admin: Caller) -> None:
    assert "«volume_m3»" in reasons(send(admin, "name,volumen_m3\nUno,5\n"))["volumen_m3"]


def test_the_file_must_be_the_previewed_one(admin: Caller) -> None:
    digest = made(send(admin, "name,volume_m3\nUno,5\n", ""), 200)["digest"]
    other = send(admin, "name,volume_m3\nUno,6\n", f"dry_run=false&digest={digest}")
    assert set(reasons(other)) == {"digest"}
    made(send(admin, "name,volume_m3\nUno,5\n", f"dry_run=false&digest={digest}"), 200)


def test_who_may_import(apprentice: Caller, nobody: Caller) -> None:
    assert send(apprentice, "name\nUno\n").status_code == 403
    assert send(nobody, "name\nUno\n").status_code == 401


def test_without_a_file_or_of_another_type(admin: Caller) -> None:
    assert set(
        reasons(admin.post(f"{PATH}/import", data={"x": "y"}, content_type="multipart/form-data"))
    ) == {"file"}
    assert admin.post(f"{PATH}/import", json={}).status_code == 415
    raw = admin.post(f"{PATH}/import?dry_run=false", data=b"name,volume_m3\nUno,5\n", content_type="text/csv")
    assert made(raw, 200)["counts"]["new"] == 1


def test_progress_is_told_to_whom_it_belongs(admin: Caller, instructor: Caller) -> None:
    lines = "".join(f"D{n},5\n" for n in range(150))
    made(send(admin, "name,volume_m3\n" + lines, "progress=mi-importacion"), 200)
    found = made(admin.get("/imports/mi-importacion"), 200)
    assert found == {"done": 150, "total": 150, "finished": True}
    assert instructor.get("/imports/mi-importacion").status_code == 404
    assert set(reasons(send(admin, "name\nUno\n", "progress=../x"))) == {"progress"}


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_a_template_can_be_filled_in(admin: Caller, format: str) -> None:
    answer = admin.get(f"{PATH}/template?format={format}")
    assert answer.status_code == 200
    sheet = read_sheet(answer.get_data())
    assert sheet.header[:2] == ["name", "volume_m3"]
    filled = ",".join(sheet.header) + "\nUno,5\n"
    assert made(send(admin, filled), 200)["counts"]["new"] == 1
    if format == "xlsx":
        book = load_workbook(io.BytesIO(answer.get_data()))
        assert book.sheetnames == ["Datos", "Ayuda"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\ufeffa,b\n1,ñ\n".encode(), ["1", "ñ"]),
        ("a;b\n1;ñ\n".encode("cp1252"), ["1", "ñ"]),
        ("a\tb\n1\tñ\n".encode("utf-16"), ["1", "ñ"]),
        (b'a,b\n" x ","l1\nl2"\n', ["x", "l1\nl2"]),
        (b"a,b\n'=1+1,'abc\n", ["=1+1", "'abc"]),
    ],
)
def test_the_ways_csv_is_written(content: bytes, expected: list[str]) -> None:
    sheet = read_sheet(content)
    assert (sheet.header, sheet.rows[0].cells, sheet.rows[0].number) == (["a", "b"], expected, 2)


def rewritten(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The workbook with something else in one of its parts."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for part in source.namelist():
            text = source.read(part)
            target.writestr(part, text.replace(old, new) if part == name else text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("part", "end", "more"),
    [
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b"<row/>" * (MAX_ELEMENTS + 1)),
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>" * (MAX_OTHER_ELEMENTS + 1)),
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b'<row r="2000000000"><c><v>1</v></c></row>'),
    ],
)
def test_a_few_kilobytes_are_not_minutes_of_work(part: str, end: bytes, more: bytes) -> None:
    with pytest.raises(Invalid, match="no se puede leer"):
        read_sheet(rewritten(book(("a",)), part, end, more + end))


def test_a_stray_cell_far_below_hides_no_row() -> None:
    stray = b'<row r="100000"><c r="A100000"><v>7</v></c></row></sheetData>'
    content = rewritten(book(("a",), (1,)), "xl/worksheets/sheet1.xml", b"</sheetData>", stray)
    assert [(row.number, row.cells) for row in read_sheet(content).rows] == [(2, [1]), (100000, [7])]


def test_a_bomb_is_not_unfolded() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * (301 * 1024 * 1024))
    with pytest.raises(Invalid, match="no se puede leer"):
        read_sheet(content.getvalue())


def test_what_was_stored_is_told_after_the_commit_alone(app: Flask, admin: Caller) -> None:
    before = admin.get(PATH).headers["ETag"]
    send(admin, "name,volume_m3\nUno,5\n", "")
    send(admin, "name,volume_m3\nUno,5\nDos,no\n")
    assert admin.get(PATH).headers["ETag"] == before or not names(admin)
    send(admin, "name,volume_m3\nUno,5\n")
    assert admin.get(PATH).headers["ETag"] != before
