"""The PDF says what it must, on every page, whatever people wrote."""

import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from app.biogas.reports.charts import nice_ticks
from app.biogas.reports.pdf import report_pdf
from tests.biogas.report_sample import day_rows, report_data


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def text_of(**changes: Any) -> str:
    return "\n".join(pages(report_pdf(report_data(**changes))))


@pytest.fixture(scope="module")
def twenty_days() -> list[str]:
    return pages(report_pdf(report_data(20)))


@pytest.mark.parametrize(
    "words",
    [
        "Finca Villaluz",
        "Reporte regular",
        "Biodigestor Norte · Etapa n.º 3",
        "31 oct 2026 – 19 nov 2026 (20 días)",
        "38,95",
        "44,93 m³ en el medidor",
        "46,49",
        "-16,2 %",
        "Dentro de la banda esperada",
        "87,7 %",
        "19 de 20 días con lecturas",
        "Estiércol bovino",
        "1.000,00 kg",
        "María Peña, José Núñez",
    ],
)
def test_cover(twenty_days: list[str], words: str) -> None:
    assert words in twenty_days[0]


@pytest.mark.parametrize(
    "words",
    [
        "Producción diaria",
        "Producción acumulada",
        "Banda esperada",
        "Sin datos",
        "Real, datos parciales",
        "Tabla diaria",
        "Calidad de los datos",
        "Reinicio del medidor",
        "Pico descartado",
        "Días que conviene revisar",
        "Hay 3 días con cobertura menor del 80 %.",
        "Potencial de metano B0",
        "IPCC 2019, cuadro 10.16",
        "<valores> & rangos",
        "gas seco a 0 °C (273,15 K) y 1013,25 hPa",
        "28 °C, 1006,5 hPa absolutos",
        "America/Bogota",
        "220,30 kWh",
        "un 16,2 % inferior a la producción estimada",
        "La llama del quemador es estable.",
        "no es un sistema de seguridad",
    ],
)
def test_inner_pages(twenty_days: list[str], words: str) -> None:
    assert words in "\n".join(twenty_days[1:])


@pytest.mark.parametrize("count", [1, 20, 400])
def test_every_day_is_listed_and_every_page_is_signed(count: int) -> None:
    found = pages(report_pdf(report_data(count)))
    everything = "\n".join(found)
    assert [row.date for row in day_rows(count) if f"{row.day}\n{row.date}" not in everything] == []
    for number, page in enumerate(found, start=1):
        assert f"Página {number} de {len(found)}" in page
        assert "Generado: 2026-11-20 15:05" in page
        assert "Finca Villaluz" in page
    tables = [page for page in found if "Cobert." in page]
    assert len(tables) == {1: 1, 20: 1, 400: 9}[count]


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("normal", "Reporte regular"),
        ("final", "Reporte final de producción"),
        ("range", "Reporte por rango de fechas"),
    ],
)
def test_kinds(kind: str, label: str) -> None:
    assert label in text_of(kind=kind)


def test_markup_is_text() -> None:
    wild = "<b>negrita</b> & </para> <font color='red'> <img src='/etc/passwd'/> &amp; %(x)s"
    names = ("farm_name", "digester_name", "people", "material", "place", "author", "meter_conditions")
    text = text_of(observations=wild, inferences=wild, warnings=(wild,), **dict.fromkeys(names, wild))
    assert text.count("<b>negrita</b> & </para>") >= 8
    assert "&amp; %(x)s" in text


def test_other_alphabets_and_control_characters_do_not_break_it() -> None:
    odd = "牛 🐄 ő Ω ≥ \x00\x07 \ud800 \u202e fin"
    text = text_of(
        farm_name=odd,
        digester_name=odd,
        author=odd,
        people=odd,
        material=odd,
        observations=odd,
        warnings=(odd,),
    )
    assert "? ? o ? >=" in text


@pytest.mark.parametrize(
    "long", ["Palabras con espacios. " * 220, "w" * 5_000, "línea\n" * 800, "á\n\n" * 600]
)
def test_long_texts_are_printed_whole(long: str) -> None:
    text = text_of(observations=long + " FIN", inferences=long, warnings=(long,))
    assert "FIN" in text
    assert text.count("w") >= 3 * long.count("w")


def test_long_names_do_not_push_the_summary_off_the_cover() -> None:
    names = ("farm_name", "digester_name", "people", "material", "place", "author")
    found = pages(report_pdf(report_data(5, **dict.fromkeys(names, "W" * 1_000))))
    assert "Potencial" in found[0]
    assert "Producción diaria" in found[1]


def test_a_period_without_days_or_readings() -> None:
    text = text_of(
        days=(),
        actual_total_m3=None,
        actual_total_nm3=None,
        coverage=None,
        expected_total_nm3=0.0,
        parameters=(),
        warnings=(),
        energy=None,
        humidity_pct=None,
        digester_volume_m3=None,
        observations="",
    )
    assert "No hay lecturas válidas del medidor" in text
    assert "Sin comentarios." in text


def test_low_coverage_does_not_conclude() -> None:
    text = text_of(coverage=0.42)
    assert "No concluyente: faltan datos" in text
    assert "cobertura es insuficiente" in text


def test_unit_mistakes_of_a_million_still_fit() -> None:
    days = day_rows(3)
    assert "3,60e+12" in text_of(days=days, actual_total_nm3=3.6e12, actual_total_m3=4e12)


def test_same_data_same_bytes_in_another_process(tmp_path: Path) -> None:
    program = (
        "import sys; from tests.biogas.report_sample import report_data;"
        "from app.biogas.reports.pdf import report_pdf; sys.stdout.buffer.write(report_pdf(report_data(20)))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PYTHONPATH": os.getcwd()},
    )
    assert other.stdout == report_pdf(report_data(20))


def test_properties_carry_the_report_and_its_date() -> None:
    reader = PdfReader(io.BytesIO(report_pdf(report_data(2))))
    assert reader.metadata is not None
    assert reader.metadata.title == "Reporte regular n.º 7"
    assert reader.metadata.author == "María Peña"
    assert reader.metadata.creation_date == report_data(2).generated_at
    later = report_data(2).generated_at + timedelta(minutes=1)
    assert report_pdf(report_data(2, generated_at=later)) != report_pdf(report_data(2))


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (5.6, [0, 2, 4, 6]),
        (4.0, [0, 1, 2, 3, 4]),
        (12.0, [0, 2.5, 5, 7.5, 10, 12.5]),
        (39.0, [0, 10, 20, 30, 40]),
        (0.0, [0, 0.01, 0.02]),
        (1e-12, [0, 0.01, 0.02]),
        (float("nan"), [0, 0.01, 0.02]),
    ],
)
def test_nice_ticks(highest: float, ticks: list[float]) -> None:
    assert nice_ticks(highest) == pytest.approx(ticks)
