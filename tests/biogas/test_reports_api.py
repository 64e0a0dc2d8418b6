"""Reports through the door: made, listed, downloaded, made again, deleted; and what happens when that fails."""

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from biogas.plant import (
    HOUR_MS,
    Plant,
    climbing,
    days_ago,
    local_ms,
    made,
    new_digester,
    new_filling,
    new_plant,
)
from conftest import Caller
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.biogas.models import Report
from app.core.extensions import db

REPORTS = "/biogas/reports"
TYPES = {
    "pdf": "application/pdf",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "readings": "text/csv; charset=utf-8",
}
BOM = b"\xef\xbb\xbf"


@pytest.fixture
def plant(app: Flask, admin: Caller) -> Plant:
    """Three whole days at half a m3 an hour."""
    measured = new_plant(app, admin, days=3)
    measured.read(climbing(local_ms(days_ago(3)), 72))
    measured.settle()
    return measured


@pytest.fixture
def media(app: Flask) -> Path:
    """Where the files are; empty, whatever tests before this one left."""
    folder = Path(app.config["SETTINGS"].media_dir)
    for file in files_in(folder):
        file.unlink()
    return folder


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def create(caller: Caller, **body: Any) -> Any:
    return made(caller.post(REPORTS, json=body))


def download(caller: Caller, report: Any, kind: str, query: str = "") -> Any:
    return caller.get(f"{REPORTS}/{report['id']}/download/{kind}{query}")


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.get_data(as_text=True)


def test_a_report_holds_the_figures_of_its_filling(plant: Plant, admin: Caller, media: Path) -> None:
    report = create(admin, observations="Todo bien", inferences="Subió la producción")
    production = plant.production()
    expected = {
        "report_type": "normal",
        "digester_id": plant.digester["id"],
        "filling_id": plant.filling["id"],
        "user_id": made(admin.get("/auth/me"), 200)["user"]["id"],
        "period_from": str(days_ago(3)),
        "period_to": str(days_ago(0)),
        "observations": "Todo bien",
        "inferences": "Subió la producción",
        "filling_active": True,
    }
    assert expected.items() <= report.items()
    assert report["production_real_m3"] == pytest.approx(36)
    assert report["production_real_nm3"] == pytest.approx(production["actual"]["cumulative_biogas_nm3"][-1])
    whole_days = production["expected"]["cumulative_biogas_nm3"]
    assert whole_days[2] <= report["production_estimated_nm3"] <= whole_days[3]
    assert report["conclusion"]
    assert [file.relative_to(media).as_posix() for file in files_in(media)] == [
        f"reports/csv/reporte_{report['id']}.csv",
        f"reports/excel/reporte_{report['id']}.xlsx",
        f"reports/pdf/reporte_{report['id']}.pdf",
    ]
    assert made(admin.get(f"/biogas/fillings/{plant.filling['id']}"), 200)["active"] is True


def test_a_final_report_closes_the_filling(plant: Plant, admin: Caller) -> None:
    report = create(admin, report_type="final")
    assert (report["report_type"], report["filling_active"]) == ("final", False)
    filling = made(admin.get(f"/biogas/fillings/{plant.filling['id']}"), 200)
    assert filling["ended_at"] is not None
    refused(
        admin.post(REPORTS, json={"report_type": "final", "filling_id": filling["id"]}), 409, "FILLING_CLOSED"
    )
    refused(admin.post(REPORTS, json={}), 404, "NO_ACTIVE_FILLING")
    again = create(admin, filling_id=filling["id"])
    assert again["production_real_m3"] == pytest.approx(36)


def test_a_report_without_a_single_reading_says_so(admin: Caller) -> None:
    new_filling(admin, digester_id=new_digester(admin)["id"], date=str(days_ago(2)))
    report = create(admin)
    assert report["production_real_m3"] == 0
    for kind in TYPES:
        assert download(admin, report, kind).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"report_type": "anual"}, "report_type"),
        ({"filling_id": 0}, "filling_id"),
        ({"filling_id": "uno"}, "filling_id"),
        ({"observations": "x" * 5001}, "observations"),
        ({"inferences": "a\u0000b"}, "inferences"),
        ({"observations": None}, "observations"),
    ],
)
def test_what_cannot_be_reported(plant: Plant, admin: Caller, body: Any, field: str) -> None:
    answer = admin.post(REPORTS, json=body)
    assert answer.status_code == 422
    assert set(answer.json["error"]["details"]["validation_errors"]) == {field}


def test_reports_are_listed_by_pages_the_newest_first(plant: Plant, admin: Caller) -> None:
    ids = [create(admin, observations=f"número {n}")["id"] for n in range(3)]
    answer = admin.get(f"{REPORTS}?limit=2")
    assert [row["id"] for row in answer.json["data"]] == [ids[2], ids[1]]
    assert answer.json["meta"]["pagination"]["total_items"] == 3
    assert [row["id"] for row in admin.get(f"{REPORTS}?page=2&limit=2").json["data"]] == [ids[0]]
    assert [row["id"] for row in admin.get(f"{REPORTS}?search=número 1").json["data"]] == [ids[1]]
    assert admin.get(f"{REPORTS}?report_type=final").json["data"] == []
    assert "file_pdf" not in answer.json["data"][0]


@pytest.mark.parametrize("kind", TYPES)
def test_a_file_is_downloaded_with_the_right_headers(plant: Plant, admin: Caller, kind: str) -> None:
    report = create(admin)
    answer = download(admin, report, kind)
    assert answer.status_code == 200
    assert answer.content_type == TYPES[kind]
    ending = {"pdf": "pdf", "excel": "xlsx"}.get(kind, "csv")
    name = f"lecturas_{report['id']}.csv" if kind == "readings" else f"reporte_{report['id']}.{ending}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.data[:4] == {"pdf": b"%PDF", "excel": b"PK\x03\x04"}.get(kind, answer.data[:4])
    inline = download(admin, report, kind, "?inline=1")
    assert inline.headers["Content-Disposition"] == f'inline; filename="{name}"'


@pytest.mark.parametrize("kind", ["csv", "readings"])
def test_a_byte_order_mark_for_excel(plant: Plant, admin: Caller, kind: str) -> None:
    report = create(admin)
    plain, marked = download(admin, report, kind), download(admin, report, kind, "?bom=1")
    assert not plain.data.startswith(BOM)
    assert marked.data == BOM + plain.data


def test_the_daily_table_says_what_the_api_says(plant: Plant, admin: Caller) -> None:
    report = create(admin)
    rows = rows_of(download(admin, report, "csv").data)
    actual = plant.actual()
    assert [row["Fecha"] for row in rows] == actual["dates"]
    assert [float(row["Producción Real (m3/día)"]) for row in rows[:3]] == pytest.approx([12, 12, 12])
    assert [float(row["Acumulado Real (m3)"]) for row in rows[:3]] == pytest.approx([12, 24, 36])
    assert [row["Cobertura"] for row in rows[:3]] == ["1.0", "1.0", "1.0"]
    workbook = load_workbook(io.BytesIO(download(admin, report, "excel").data))
    assert workbook.sheetnames[:2] == ["Resumen", "Datos"]
    cells = list(workbook["Datos"].iter_rows(values_only=True))
    assert cells[0] == tuple(rows[0])
    assert [row[3] for row in cells[1:4]] == pytest.approx([12, 12, 12])


def test_the_readings_are_those_of_the_filling(plant: Plant, admin: Caller) -> None:
    plant.read([(local_ms(days_ago(4), 3), 1.0)])
    rows = rows_of(download(admin, create(admin), "readings").data)
    assert len(rows) == 73
    first = rows[0]
    assert (first["Dispositivo"], first["Canal"], first["Magnitud"]) == ("medidor", "gas_total_m3", "gas")
    assert first["Fecha y hora (UTC)"] == f"{days_ago(3)}T05:00:00.000Z"
    assert first["Hora local"] == f"{days_ago(3)}T00:00:00.000-05:00"
    assert (float(first["Valor"]), first["Unidad"]) == (100.0, "m3")


def test_no_text_of_a_person_runs_in_a_spreadsheet(app: Flask, admin: Caller) -> None:
    evil = "=HYPERLINK(1)"
    plant = new_plant(
        app, admin, channels=[{"key": "gas_total_m3", "unit": evil, "quantity": "gas"}], place=evil
    )
    made(admin.patch(f"/biogas/fillings/{plant.filling['id']}", json={"people": "+57 300"}), 200)
    plant.read(climbing(local_ms(days_ago(3)), 5))
    plant.settle()
    report = create(admin, observations=evil, inferences="@SUM(1)")
    assert {row["Unidad"] for row in rows_of(download(admin, report, "readings").data)} == {"'" + evil}
    workbook = load_workbook(io.BytesIO(download(admin, report, "excel").data))
    texts = [
        str(cell.value)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
    ]
    assert any(evil in text for text in texts)
    assert any("+57 300" in text for text in texts)
    assert [text for text in texts if text.startswith(("=", "+", "@"))] == []


@pytest.mark.parametrize("kind", TYPES)
def test_a_signed_link_works_without_headers(plant: Plant, admin: Caller, nobody: Caller, kind: str) -> None:
    report = create(admin)
    link = report[f"{kind}_url"]
    answer = nobody.client.get(link + "&inline=1")
    assert answer.status_code == 200
    assert answer.content_type == TYPES[kind]
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert nobody.client.get(urlsplit(link).path).status_code == 401
    assert report["links_expire_in"] == 600


def test_a_signature_is_good_for_its_own_path(plant: Plant, admin: Caller, nobody: Caller) -> None:
    report, other = create(admin), create(admin)
    signature = parse_qs(urlsplit(report["pdf_url"]).query)["sig"][0]
    path = f"{REPORTS}/{report['id']}/download"
    for wrong in (f"{path}/csv", f"{REPORTS}/{other['id']}/download/pdf"):
        refused(nobody.get(f"{wrong}?sig={signature}"), 401, "LINK_EXPIRED")
    middle = len(signature) // 2
    turned = "A" if signature[middle] != "A" else "B"
    for tampered in (
        signature[:middle] + turned + signature[middle + 1 :],
        signature[:-3],
        "",
        "x" * 5000,
        "%00",
    ):
        refused(nobody.get(f"{path}/pdf?sig={tampered}"), 401, "LINK_EXPIRED")
    refused(nobody.get(f"{REPORTS}/{report['id']}?sig={signature}"), 401, "MISSING_TOKEN")
    assert nobody.get(f"{path}/pdf?sig={signature}").status_code == 200


def test_a_signature_expires(
    app: Flask, plant: Plant, admin: Caller, nobody: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = create(admin)["pdf_url"]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 599)
    assert nobody.client.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 602)
    refused(nobody.client.get(link), 401, "LINK_EXPIRED")


def test_a_link_ends_with_the_account(app: Flask, plant: Plant, admin: Caller, nobody: Caller) -> None:
    from app.core.transaction import transaction
    from app.users.models import User

    link = create(admin)["pdf_url"]
    with app.app_context(), transaction() as session:
        session.query(User).one().status = False
    refused(nobody.client.get(link), 401, "LINK_EXPIRED")


@pytest.mark.parametrize("report_type", ["normal", "final"])
def test_a_report_made_again_is_the_same(plant: Plant, admin: Caller, media: Path, report_type: str) -> None:
    report = create(admin, observations="Antes", report_type=report_type)
    before = download(admin, report, "csv").data
    again = made(admin.post(f"{REPORTS}/{report['id']}/regenerate"), 200)
    changing = {"updated_at", *(f"{kind}_url" for kind in TYPES)}
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in report.items() if k not in changing
    }
    assert download(admin, report, "csv").data == before
    assert len(files_in(media)) == 3


def test_a_report_made_again_takes_in_what_came_late(plant: Plant, admin: Caller) -> None:
    made(
        admin.post(
            f"/biogas/fillings/{plant.filling['id']}/close", json={"ended_at": f"{days_ago(1)}T05:00:00Z"}
        ),
        200,
    )
    report = create(admin, filling_id=plant.filling["id"])
    assert report["production_real_m3"] == pytest.approx(24)
    # After the end: nothing of this filling.
    plant.read(climbing(local_ms(days_ago(0), 0.5), 1, first=140))
    # Before its end: the register had been at its end of the day since noon.
    plant.read([(local_ms(days_ago(2), 12) + HOUR_MS // 2, 118.4)])
    plant.settle()
    again = made(admin.post(f"{REPORTS}/{report['id']}/regenerate"), 200)
    assert again["production_real_m3"] == pytest.approx(24)
    assert (again["period_from"], again["period_to"]) == (report["period_from"], report["period_to"])


def test_a_lost_file_can_be_made_again(plant: Plant, admin: Caller, media: Path) -> None:
    report = create(admin)
    (media / f"reports/pdf/reporte_{report['id']}.pdf").unlink()
    refused(download(admin, report, "pdf"), 404, "FILE_MISSING")
    made(admin.post(f"{REPORTS}/{report['id']}/regenerate"), 200)
    assert download(admin, report, "pdf").status_code == 200


def test_deleting_a_report_deletes_its_files(plant: Plant, admin: Caller, media: Path) -> None:
    report, other = create(admin), create(admin)
    assert made(admin.delete(f"{REPORTS}/{report['id']}"), 200) == {"deleted_id": report["id"]}
    assert len(files_in(media)) == 3
    refused(admin.get(f"{REPORTS}/{report['id']}"), 404, "NOT_FOUND")
    assert download(admin, other, "pdf").status_code == 200


@pytest.mark.parametrize("id", [999_999, 0, 10**30])
def test_a_report_that_does_not_exist(admin: Caller, id: int) -> None:
    for answer in (
        admin.get(f"{REPORTS}/{id}"),
        admin.get(f"{REPORTS}/{id}/download/pdf"),
        admin.post(f"{REPORTS}/{id}/regenerate"),
        admin.delete(f"{REPORTS}/{id}"),
    ):
        refused(answer, 404, "NOT_FOUND")
    if id == 999_999:
        refused(admin.post(REPORTS, json={"filling_id": id}), 404, "NOT_FOUND")


@pytest.mark.parametrize("kind", ["docx", "PDF", "..", "%2e%2e%2fpdf", "pdf%00"])
def test_a_kind_that_does_not_exist(plant: Plant, admin: Caller, kind: str) -> None:
    refused(download(admin, create(admin), kind), 404, "NOT_FOUND")


def by_range(caller: Caller, query: str = "", **body: Any) -> Any:
    days = {"start_date": str(days_ago(3)), "end_date": str(days_ago(1))}
    return caller.post(f"{REPORTS}/by-range{query}", json={**days, **body})


@pytest.mark.parametrize(
    ("query", "body", "kind"),
    [
        ("", {}, "excel"),
        ("", {"format": "csv"}, "csv"),
        ("", {"format": "pdf"}, "pdf"),
        ("?format=csv", {}, "csv"),
        ("?format=excel", {}, "excel"),
        ("?fmt=pdf", {}, "pdf"),
        ("?format=csv", {"format": "pdf"}, "csv"),
    ],
)
def test_a_range_of_days_as_a_file(
    plant: Plant, admin: Caller, media: Path, query: str, body: Any, kind: str
) -> None:
    answer = by_range(admin, query, **body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == TYPES[kind]
    assert answer.headers["Content-Disposition"].startswith(
        f'attachment; filename="rango_{days_ago(3)}_{days_ago(1)}.'
    )
    assert files_in(media) == []
    assert admin.get(REPORTS).json["data"] == []


def test_a_range_includes_its_last_day(plant: Plant, admin: Caller) -> None:
    rows = rows_of(by_range(admin, start_date=str(days_ago(2)), format="csv", bom=True).data)
    assert [row["Fecha"] for row in rows] == [str(days_ago(2)), str(days_ago(1))]
    assert [float(row["Producción Real (m3/día)"]) for row in rows] == pytest.approx([12, 12])
    assert [float(row["Acumulado Real (m3)"]) for row in rows] == pytest.approx([12, 24])


def test_a_range_over_two_fillings_counts_the_day_of_change_once(plant: Plant, admin: Caller) -> None:
    body = {"ended_at": f"{days_ago(2)}T14:30:00Z"}
    made(admin.post(f"/biogas/fillings/{plant.filling['id']}/close", json=body), 200)
    new_filling(admin, digester_id=plant.digester["id"], date=str(days_ago(2)))
    rows = rows_of(by_range(admin, format="csv").data)
    assert [row["Fecha"] for row in rows] == [str(days_ago(n)) for n in (3, 2, 1)]
    assert [float(row["Producción Real (m3/día)"]) for row in rows] == pytest.approx([12, 12, 12])
    assert [float(row["Cobertura"]) for row in rows] == pytest.approx([1, 1, 1])


def test_a_range_without_readings(plant: Plant, admin: Caller) -> None:
    refused(by_range(admin, start_date="2020-01-01", end_date="2020-01-31"), 404, "NO_READINGS")
    other = new_digester(admin, "Dos", devices=[])
    refused(by_range(admin, digester_id=other["id"]), 404, "NO_READINGS")
    new_filling(admin, digester_id=other["id"], date=str(days_ago(3)))
    refused(by_range(admin, digester_id=other["id"]), 404, "NO_READINGS")


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("", {"start_date": None}, "start_date"),
        ("", {"end_date": "ayer"}, "end_date"),
        ("", {"start_date": "2026-01-02", "end_date": "2026-01-01"}, "end_date"),
        ("", {"start_date": "0001-01-01", "end_date": "9999-12-31"}, "end_date"),
        ("", {"format": "docx"}, "format"),
        ("?format=docx", {}, "format"),
        ("", {"digester_id": "uno"}, "digester_id"),
    ],
)
def test_a_range_that_cannot_be(plant: Plant, admin: Caller, query: str, body: Any, field: str) -> None:
    answer = by_range(admin, query, **body)
    assert answer.status_code == 422
    assert set(answer.json["error"]["details"]["validation_errors"]) == {field}


@pytest.fixture
def full_disk(media: Path) -> Iterator[Path]:
    """A file stands where the folder of the CSV files should be: the last of the three cannot be saved."""
    folder = media / "reports/csv"
    folder.parent.mkdir(parents=True, exist_ok=True)
    kept = list(folder.glob("*")) if folder.is_dir() else []
    assert kept == []
    if folder.is_dir():
        folder.rmdir()
    folder.touch()
    yield media
    folder.unlink()


@pytest.mark.parametrize("report_type", ["normal", "final"])
def test_a_report_that_cannot_be_saved_leaves_nothing(
    plant: Plant, app: Flask, admin: Caller, full_disk: Path, report_type: str
) -> None:
    answer = admin.post(REPORTS, json={"report_type": report_type})
    refused(answer, 503, "UNAVAILABLE")
    assert files_in(full_disk) == [full_disk / "reports/csv"]
    with app.app_context():
        assert db.session.scalar(select(func.count(Report.id))) == 0
    assert made(admin.get(f"/biogas/fillings/{plant.filling['id']}"), 200)["active"] is True


def test_without_a_place_for_files_nothing_is_left(
    plant: Plant, app: Flask, admin: Caller, media: Path
) -> None:
    away = media.with_name("media-away")
    media.mkdir(exist_ok=True)
    media.rename(away)
    media.touch()
    try:
        refused(admin.post(REPORTS, json={"report_type": "final"}), 503, "UNAVAILABLE")
        with app.app_context():
            assert db.session.scalar(select(func.count(Report.id))) == 0
    finally:
        media.unlink()
        away.rename(media)
    create(admin, report_type="final")


def test_a_report_whose_files_cannot_go_is_deleted_all_the_same(
    plant: Plant, admin: Caller, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report = create(admin)
    path = media / f"reports/pdf/reporte_{report['id']}.pdf"
    path.unlink()
    path.mkdir()
    try:
        assert admin.delete(f"{REPORTS}/{report['id']}").status_code == 200
        refused(admin.get(f"{REPORTS}/{report['id']}"), 404, "NOT_FOUND")
        assert admin.get(REPORTS).json["data"] == []
        assert files_in(media) == []
        assert str(path.relative_to(media)) in caplog.text
    finally:
        path.rmdir()


def test_an_apprentice_downloads_but_does_not_make(plant: Plant, admin: Caller, apprentice: Caller) -> None:
    report = create(admin)
    assert download(apprentice, report, "pdf").status_code == 200
    assert by_range(apprentice).status_code == 200
    refused(apprentice.post(REPORTS, json={}), 403, "FORBIDDEN")
    refused(apprentice.post(f"{REPORTS}/{report['id']}/regenerate"), 403, "FORBIDDEN")
