"""The CSV files: the earlier system's columns first, every digit, no formula."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.biogas.reports.csv_tables import ReadingRow, daily_csv, readings_csv
from tests.biogas.report_sample import day_rows, report_data


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def test_daily_columns_start_with_the_contract() -> None:
    assert daily_csv(report_data(1)).startswith(
        "Día,Fecha,Producción Esperada (m3/día),Producción Real (m3/día),"
        "Acumulado Real (m3),Acumulado Esperado (m3),".encode()
    )


def test_daily_rows_keep_every_digit() -> None:
    rows = table(daily_csv(report_data(20)))
    assert len(rows) == 21
    for cells, day in zip(rows[1:], day_rows(20), strict=True):
        assert cells[:3] == [str(day.day), day.date.isoformat(), repr(day.expected_m3)]
        assert cells[3] == ("" if day.actual_m3 is None else repr(day.actual_m3))
        assert cells[10] == repr(day.actual_cumulative_nm3)
    assert float(rows[-1][5]) == pytest.approx(sum(day.expected_m3 for day in day_rows(20)))
    assert rows[7][12:] == ["0.62", "Parcial", "Hueco en los datos, Reinicio del medidor"]


def test_byte_order_mark_is_optional() -> None:
    plain, marked = daily_csv(report_data(3)), daily_csv(report_data(3), bom=True)
    assert plain[:3] == "Dí".encode()
    assert marked == b"\xef\xbb\xbf" + plain


def test_event_texts_run_no_formula() -> None:
    days = (replace(day_rows(1)[0], events=("=1+1",)),)
    assert table(daily_csv(report_data(1, days=days)))[1][-1] == "'=1+1"


READINGS = [
    ReadingRow(1_795_205_104_123, "digestor-1", "presion", "pressure", "hPa", 1006.65),
    ReadingRow(1_795_205_105_000, "=cmd|x", "caudal_gas", "gas_volume", "m3", -1.25e-05),
]


def test_readings_have_both_times_and_full_values() -> None:
    rows = table(b"".join(readings_csv(READINGS, "America/Bogota")))
    header = ["Fecha y hora (UTC)", "Hora local", "Dispositivo", "Canal", "Magnitud", "Unidad", "Valor"]
    assert rows[0] == header
    assert rows[1] == [
        "2026-11-20T20:05:04.123Z", "2026-11-20T15:05:04.123-05:00",
        "digestor-1", "presion", "pressure", "hPa", "1006.65",
    ]  # fmt: skip
    assert rows[2][2] == "'=cmd|x"
    assert rows[2][6] == "-1.25e-05"


def test_readings_are_streamed() -> None:
    taken = 0

    def endless() -> Iterator[ReadingRow]:
        nonlocal taken
        while True:
            taken += 1
            yield READINGS[0]

    stream = readings_csv(endless(), "America/Bogota", bom=True)
    assert next(stream) == b"\xef\xbb\xbf"
    assert next(stream).startswith(b"Fecha y hora (UTC)")
    assert next(stream).count(b"\r\n") == taken < 2_000
