"""Reports kept: making them, making them again, their files, deleting them. Drawing is in the renderers."""

import logging
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from prometheus_client import Histogram
from sqlalchemy import Engine, select

from app.biogas.comparison import last_day
from app.biogas.digesters import only_digester
from app.biogas.fillings import close_filling, current_filling
from app.biogas.models import Digester, DigesterDevice, Filling, Report
from app.biogas.reports.compose import report_data
from app.biogas.reports.csv_tables import ReadingRow, daily_csv, readings_csv
from app.biogas.reports.data import ReportData
from app.biogas.reports.figures import automatic_inference
from app.core import records, times
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.extensions import current_settings, db
from app.core.storage import FileStorage, StorageError
from app.core.transaction import after_commit, on_rollback
from app.sensors.models import Channel, Device, Reading
from app.users.models import User

log = logging.getLogger("backfinca.biogas")

ENDINGS = {"pdf": "pdf", "excel": "xlsx", "csv": "csv"}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "readings": "text/csv; charset=utf-8",
}
LONGEST_RANGE_D = 1000
ROWS_AT_ONCE = 5000
SECONDS = Histogram("report_seconds", "Time to draw a report's file", ["kind"])
BYTES = Histogram(
    "report_bytes", "Size of a report's file", ["kind"], buckets=[2**n for n in range(12, 25, 2)]
)


def create_report(
    report_type: str,
    user_id: int | None,
    filling_id: int | None = None,
    observations: str = "",
    inferences: str = "",
) -> Report:
    """A report on a filling (the active one when none is named), with its three files. `final` closes the filling."""
    filling = records.get(Filling, filling_id, "La etapa") if filling_id else current_filling()
    if report_type == "final":
        if not filling.active:
            raise Conflict(
                "La etapa ya está cerrada; su reporte final ya no la puede cerrar", code="FILLING_CLOSED"
            )
        close_filling(filling)
    # Whole seconds, as the database keeps them: made again, the report speaks of the same moment.
    now = times.now().replace(microsecond=0)
    report = Report(
        report_type=report_type,
        digester_id=filling.digester_id,
        filling_id=filling.id,
        user_id=user_id,
        period_from=filling.date,
        period_to=last_day(filling, now),
        observations=observations,
        inferences=inferences,
        created_at=now,
        production_estimated_nm3=0.0,
        production_estimated_m3=0.0,
        production_real_nm3=0.0,
        production_real_m3=0.0,
        file_pdf="",
        file_excel="",
        file_csv="",
    )
    db.session.add(report)
    records.flush()
    on_rollback(partial(_discard, _paths(report.id)))
    return _written(report, filling)


def regenerate(report: Report) -> Report:
    """Makes the report's figures and files again from what is stored now; the old files serve until they are."""
    return _written(report, records.get(Filling, report.filling_id, "La etapa"))


def remove_report(report: Report) -> None:
    """Deletes a report, and once that holds, its files."""
    paths = _paths(report.id)
    records.remove(report)
    after_commit(partial(_discard, paths))


def file_of(report: Report, kind: str) -> bytes:
    """The content of a report's file. NotFound when the file is gone; it can be made again."""
    try:
        return storage().read(_paths(report.id)[kind])
    except FileNotFoundError:
        raise NotFound("El archivo no está; genere de nuevo el reporte", code="FILE_MISSING")


def range_file(kind: str, first: date, last: date, digester_id: int | None, *, bom: bool) -> bytes:
    """A file on a digester's days from `first` to `last`, kept nowhere. NotFound when nothing was measured."""
    if last < first or (last - first).days > LONGEST_RANGE_D:
        raise Invalid(
            fields={"end_date": f"Debe ser igual o posterior al inicio, hasta {LONGEST_RANGE_D} días después"}
        )
    digester = records.get(Digester, digester_id, "El biodigestor") if digester_id else only_digester()
    fillings = list(
        db.session.scalars(select(Filling).where(Filling.digester_id == digester.id).order_by(Filling.id))
    )
    found = [filling for filling in fillings if _overlaps(filling, first, last)]
    now = times.now()
    data = report_data(found, "range", first, last, now, generated_at=now) if found else None
    if data is None or data.actual_total_nm3 is None:
        raise NotFound("No hay lecturas en el rango de fechas", code="NO_READINGS")
    return daily_csv(data, bom) if kind == "csv" else render(kind, data)


def render(kind: str, data: ReportData) -> bytes:
    """A report's bytes, timed and weighed."""
    with SECONDS.labels(kind).time():
        content = _rendered(kind, data)
    BYTES.labels(kind).observe(len(content))
    return content


def _rendered(kind: str, data: ReportData) -> bytes:
    """The renderers load slowly, so only when they are wanted."""
    if kind == "pdf":
        from app.biogas.reports.pdf import report_pdf

        return report_pdf(data)
    if kind == "excel":
        from app.biogas.reports.excel import report_xlsx

        return report_xlsx(data)
    return daily_csv(data)


def readings_of(report: Report, *, bom: bool) -> Iterator[bytes]:
    """The raw readings behind a report as CSV, streamed: all channels of the digester within its period."""
    filling = records.get(Filling, report.filling_id, "La etapa")
    start, end = times.to_ms(filling.started_at), times.to_ms(filling.ended_at or report.created_at)
    query = (
        select(Channel.id, Device.code, Channel.key, Channel.quantity, Channel.unit)
        .join(Device, Device.id == Channel.device_id)
        .join(DigesterDevice, DigesterDevice.device_id == Device.id)
        .where(DigesterDevice.digester_id == report.digester_id)
        .order_by(Device.code, Channel.key)
    )
    channels = [tuple(row) for row in db.session.execute(query)]
    return readings_csv(_readings(db.engine, channels, start, end), filling.digester.timezone, bom)


def _readings(engine: Engine, channels: list[tuple[Any, ...]], start: int, end: int) -> Iterator[ReadingRow]:
    # A connection of its own: the rows flow out after the request's transaction has ended.
    with engine.connect() as connection:
        for channel_id, device, key, quantity, unit in channels:
            query = select(Reading.ts_ms, Reading.value).where(Reading.channel_id == channel_id)
            query = query.where(Reading.ts_ms >= start, Reading.ts_ms < end).order_by(Reading.ts_ms)
            rows = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(query)
            for ts_ms, value in rows:
                yield ReadingRow(ts_ms, device, key, quantity, unit, value)


def storage() -> FileStorage:
    """Where the reports' files are."""
    return FileStorage(current_settings().media_dir)


def _written(report: Report, filling: Filling) -> Report:
    author = db.session.get(User, report.user_id) if report.user_id else None
    data = report_data(
        [filling],
        "final" if report.report_type == "final" else "normal",
        report.period_from,
        report.period_to,
        report.created_at,
        report_id=report.id,
        observations=report.observations,
        inferences=report.inferences,
        author=author.fullname if author else "",
        generated_at=times.now(),
    )
    report.production_estimated_nm3 = data.expected_total_nm3
    report.production_estimated_m3 = sum(row.expected_m3 for row in data.days)
    report.production_real_nm3 = data.actual_total_nm3 or 0.0
    report.production_real_m3 = data.actual_total_m3 or 0.0
    report.coverage = data.coverage
    report.conclusion = automatic_inference(data)
    report.file_pdf, report.file_excel, report.file_csv = _paths(report.id).values()
    _save(report.id, data)
    records.flush()
    return report


def _save(report_id: int, data: ReportData) -> None:
    rendered = {kind: render(kind, data) for kind in ENDINGS}
    try:
        for kind, path in _paths(report_id).items():
            storage().save(path, rendered[kind])
    except StorageError as error:
        raise Unavailable("No se pudo guardar el archivo del reporte; revise el espacio en disco") from error


def _discard(paths: dict[str, str]) -> None:
    """What became of the report is decided by now: a file that cannot go is told, and stays."""
    for path in paths.values():
        try:
            storage().delete(path)
        except StorageError as error:
            log.error("a report's file could not be deleted: %s", error)


def _paths(report_id: int) -> dict[str, str]:
    return {kind: f"reports/{kind}/reporte_{report_id}.{ending}" for kind, ending in ENDINGS.items()}


def _overlaps(filling: Filling, first: date, last: date) -> bool:
    return filling.date <= last and last_day(filling, times.now()) >= first
