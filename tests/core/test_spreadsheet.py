"""No text runs as a formula, and the same table is the same bytes."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from openpyxl import Workbook, load_workbook

from app.core.spreadsheet import csv_stream, safe_cell, unsafe_text, workbook_bytes, workbook_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+57 300", "'+57 300"),
        ("-12", "'-12"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("'Luna'", "'Luna'"),
        ("Vaca = 1", "Vaca = 1"),
        ("", ""),
        (-12.5, -12.5),
        (-3, -3),
        (None, None),
        (date(2026, 1, 2), date(2026, 1, 2)),
    ],
)
def test_safe_cell(value: object, expected: object) -> None:
    assert safe_cell(value) == expected
    if isinstance(value, str):
        assert unsafe_text(str(expected)) == value


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_csv_cells() -> None:
    when = datetime(2026, 11, 20, 20, 5, 4, tzinfo=UTC)
    content = b"".join(csv_stream(["Día", "=x"], [[0.1 + 0.2, None], [-1.5, 'a "b", c\nd'], [when, "@x"]]))
    assert content.startswith("Día,'=x\r\n0.30000000000000004,\r\n".encode())
    assert rows_of(content)[2:] == [["-1.5", 'a "b", c\nd'], ["2026-11-20T20:05:04+00:00", "'@x"]]


def test_csv_byte_order_mark_is_optional() -> None:
    assert b"".join(csv_stream(["a"], [], bom=True)) == b"\xef\xbb\xbfa\r\n"
    assert b"".join(csv_stream(["a"], [])) == b"a\r\n"


def test_csv_survives_a_lone_surrogate() -> None:
    assert b"".join(csv_stream(["a"], [["x\ud800y"]])) == b"a\r\nx?y\r\n"


def test_csv_reads_its_rows_as_it_goes() -> None:
    taken = 0

    def rows() -> Iterator[list[int]]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield [number]

    stream = csv_stream(["n"], rows())
    next(stream)
    next(stream)
    assert 0 < taken < 2_000
    assert b"".join(stream).endswith(b"9999\r\n")


def test_workbook_text_drops_what_xml_forbids_and_cuts_long_texts() -> None:
    assert workbook_text("a\x00b\x1f\ud800c\n") == "abc\n"
    assert workbook_text("\x00=1") == "'=1"
    assert len(workbook_text("x" * 40_000)) == 32_767


def build(text: str) -> Workbook:
    workbook = Workbook()
    workbook.worksheets[0].append([text])
    return workbook


def test_same_workbook_same_bytes() -> None:
    moment = datetime(2026, 11, 20, 15, 5, 4, 123456, tzinfo=timezone(timedelta(hours=-5)))
    content = workbook_bytes(build("uno"), moment)
    assert content == workbook_bytes(build("uno"), moment)
    assert content != workbook_bytes(build("dos"), moment)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = load_workbook(io.BytesIO(content)).properties
    assert properties.created == properties.modified == datetime(2026, 11, 20, 20, 5, 4)  # noqa: DTZ001
