"""The workbook holds typed cells, frozen headers and native charts, and runs no formula."""

import io
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.biogas.reports.excel import report_xlsx
from tests.biogas.report_sample import day_rows, report_data

CONTRACT_COLUMNS = [
    "Día",
    "Fecha",
    "Producción Esperada (m3/día)",
    "Producción Real (m3/día)",
    "Acumulado Real (m3)",
    "Acumulado Esperado (m3)",
]


def workbook(count: int = 20, **changes: Any) -> Workbook:
    return load_workbook(io.BytesIO(report_xlsx(report_data(count, **changes))))


def summary_of(book: Workbook) -> dict[Any, Any]:
    return {row[0].value: row[1].value for row in book["Resumen"].iter_rows()}


def test_summary_fields() -> None:
    fields = summary_of(workbook())
    assert list(fields)[:3] == ["Campo", "Sistema", "Tipo de reporte"]
    assert fields["Tipo de reporte"] == "Reporte regular"
    assert fields["Etapa"] == 3
    assert fields["Material"] == "Estiércol bovino"
    assert fields["Cantidad (kg)"] == 1000
    assert fields["Temperatura (°C)"] == 28
    assert fields["Producción estimada (Nm³)"] == pytest.approx(46.4881, abs=1e-3)
    assert fields["Producción real (Nm³)"] == pytest.approx(38.9520, abs=1e-3)
    assert fields["Diferencia"] == pytest.approx(-0.162, abs=1e-3)
    assert fields["Cobertura de los datos"] == pytest.approx(0.877)
    assert fields["Inferencias"].startswith("La producción real fue de 38,95 Nm³")
    assert fields["Comentarios"].startswith("Se limpió la trampa")
    assert fields["Potencial de metano B0"] == 0.24
    assert fields["Inicio de la etapa"] == datetime(2026, 10, 31)  # noqa: DTZ001


def test_days_are_typed() -> None:
    sheet = workbook()["Datos"]
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]][:6] == CONTRACT_COLUMNS
    assert len(rows) == 21
    for cells, day in zip(rows[1:], day_rows(20), strict=True):
        assert cells[0].value == day.day
        assert cells[1].is_date
        assert cells[1].value.date() == day.date
        assert cells[2].value == pytest.approx(day.expected_m3)
        assert cells[3].value == (None if day.actual_m3 is None else pytest.approx(day.actual_m3))
        assert cells[12].number_format == "0%"
    assert rows[10][13].value == "Sin datos"
    assert rows[7][14].value == "Hueco en los datos, Reinicio del medidor"


def test_days_add_up_to_their_cumulatives() -> None:
    rows = list(workbook()["Datos"].iter_rows(min_row=2, values_only=True))
    for daily, cumulative in ((2, 5), (3, 4), (6, 11), (9, 10)):
        assert sum(row[daily] or 0 for row in rows) == pytest.approx(rows[-1][cumulative])


def test_headers_are_frozen_filtered_and_charts_are_native() -> None:
    book = workbook()
    assert book.sheetnames == ["Resumen", "Datos"]
    assert book["Resumen"].freeze_panes == "A2"
    assert book["Datos"].freeze_panes == "C2"
    assert book["Datos"].auto_filter.ref == "A1:O21"
    assert book["Datos"].column_dimensions["C"].width == 15
    charts = book["Resumen"]._charts
    assert len(charts) == 2
    source = [series.val.numRef.f for series in charts[0].series]
    assert source == ["'Datos'!$J$2:$J$21"]


def test_a_report_without_days_has_no_chart() -> None:
    book = workbook(0, actual_total_nm3=None, actual_total_m3=None, parameters=(), energy=None)
    assert book["Resumen"]._charts == []
    assert book["Datos"].max_row == 1


def test_no_text_becomes_a_formula() -> None:
    attack = '=HYPERLINK("http://x","clic")'
    names = (
        "farm_name", "digester_name", "people", "material", "place", "author", "observations", "inferences",
        "meter_conditions",
    )  # fmt: skip
    book = workbook(3, warnings=(attack,), **dict.fromkeys(names, attack))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert sum(str(cell.value).startswith("'=HYPERLINK") for cell in cells) >= 8


def test_forbidden_characters_and_long_texts_do_not_break_it() -> None:
    fields = summary_of(workbook(2, observations="a\x00b\ud800" + "x" * 40_000, people="\x07"))
    assert fields["Comentarios"].startswith("abxx")
    assert len(fields["Comentarios"]) == 32_767


def test_not_a_number_is_an_empty_cell() -> None:
    assert summary_of(workbook(2, actual_total_nm3=float("nan")))["Producción real (Nm³)"] is None


def test_same_data_same_bytes() -> None:
    assert report_xlsx(report_data(20)) == report_xlsx(report_data(20))
    assert report_xlsx(report_data(20)) != report_xlsx(report_data(20, mass_kg=999.0))
    moment = datetime(2026, 11, 20, 20, 5, 4)  # noqa: DTZ001
    assert workbook().properties.created == workbook().properties.modified == moment
