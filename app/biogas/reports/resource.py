"""HTTP door of the reports: make, list, download, make again, by range of dates."""

import datetime as dt
from typing import Any, Literal

from flask import Response, current_app, request
from flask_restx import Namespace, Resource
from pydantic import Field

from app.biogas.models import Filling, Report
from app.biogas.reports import service
from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.errors import Invalid, NotFound
from app.core.http import asks, gives, gives_file, takes, written
from app.core.lists import PARAMETERS, Listing, list_response
from app.core.shapes import Moment, Shape, Text
from app.users import guard, links

ns = Namespace("reports", description="Reportes de biogás en PDF, Excel y CSV")
Format = Literal["pdf", "excel", "csv"]
BOM = b"\xef\xbb\xbf"


class ReportIn(Shape):
    """A report to make; on the active filling when none is named."""

    report_type: Literal["normal", "final"] = "normal"
    filling_id: int | None = Field(default=None, ge=1, lt=2**31)
    observations: Text = Field(default="", max_length=5000)
    inferences: Text = Field(default="", max_length=5000)


class ReportOut(Shape):
    """A report and its figures."""

    id: int
    report_type: str
    digester_id: int
    filling_id: int
    user_id: int | None
    period_from: dt.date
    period_to: dt.date
    observations: str
    inferences: str
    conclusion: str
    production_estimated_nm3: float
    production_estimated_m3: float
    production_real_nm3: float
    production_real_m3: float
    coverage: float | None
    created_at: Moment
    updated_at: Moment


class ReportDetail(ReportOut):
    """A report with links to its files that work without headers for some minutes."""

    filling_active: bool
    pdf_url: str
    excel_url: str
    csv_url: str
    readings_url: str
    links_expire_in: int


class DownloadQuery(Shape):
    """How to hand over a file."""

    inline: bool = Field(default=False, description="1: se abre en el navegador en lugar de descargarse")
    bom: bool = Field(default=False, description="1: CSV con marca de orden de bytes, para Excel")
    sig: str | None = Field(default=None, description="Firma del enlace, en lugar del token")


class RangeIn(Shape):
    """A range of days, both included, and the file wanted."""

    start_date: dt.date
    end_date: dt.date
    digester_id: int | None = Field(default=None, ge=1, lt=2**31)
    format: Format = "excel"
    bom: bool = False


REPORTS = Listing(Report, ReportOut, search=("observations", "inferences", "conclusion"))


def _report(id: int) -> Report:
    return records.get(Report, id, "El reporte")


def _detail(report: Report) -> dict[str, Any]:
    settings, user_id = current_app.config["SETTINGS"], guard.present().id
    base = f"/api/v1/biogas/reports/{report.id}/download"
    urls = {
        f"{kind}_url": links.sign_path(settings, f"{base}/{kind}", user_id) for kind in service.MEDIA_TYPES
    }
    filling = records.get(Filling, report.filling_id)
    plain = written(ReportOut, report)
    return {
        **plain,
        **urls,
        "filling_active": filling.active,
        "links_expire_in": settings.signed_url_minutes * 60,
    }


@ns.route("")
class Reports(Resource):
    """The reports."""

    @allow("reports.view")
    @conditional("reports")
    @ns.doc(params=PARAMETERS)
    @gives(ReportOut, many=True)
    def get(self) -> Any:
        """List the reports, a page at a time."""
        return list_response(REPORTS)

    @allow("reports.create")
    @takes(ReportIn)
    @gives(ReportDetail, "Reporte generado", status=201)
    def post(self, body: ReportIn) -> Any:
        """Make a report; a final one closes the filling."""
        return _detail(service.create_report(user_id=guard.present().id, **body.model_dump()))


@ns.route("/<int:id>")
class OneReport(Resource):
    """One report."""

    @allow("reports.view")
    @gives(ReportDetail)
    def get(self, id: int) -> Any:
        """A report with fresh links to its files."""
        return _detail(_report(id))

    @allow("reports.delete")
    @gives(None, "Reporte eliminado")
    def delete(self, id: int) -> Any:
        """Delete a report and its files."""
        service.remove_report(_report(id))
        return {"deleted_id": id}


@ns.route("/<int:id>/regenerate")
class Regeneration(Resource):
    """A report made again."""

    @allow("reports.create")
    @gives(ReportDetail, "Reporte generado de nuevo")
    def post(self, id: int) -> Any:
        """Make a report's figures and files again from what is stored now."""
        return _detail(service.regenerate(_report(id)))


@ns.route("/<int:id>/download/<string:kind>")
@ns.param("kind", "pdf, excel, csv o readings (lecturas sin procesar)", _in="path")
class Download(Resource):
    """A report's file."""

    @allow("reports.view", signed=True)
    @asks(DownloadQuery)
    def get(self, query: DownloadQuery, id: int, kind: str) -> Any:
        """Download a file, or open it with inline=1."""
        if kind not in service.MEDIA_TYPES:
            raise NotFound("El formato no existe; use pdf, excel, csv o readings")
        report = _report(id)
        content: Any
        if kind == "readings":
            content = service.readings_of(report, bom=query.bom)
        else:
            content = service.file_of(report, kind)
            content = BOM + content if kind == "csv" and query.bom else content
        name = f"lecturas_{id}.csv" if kind == "readings" else f"reporte_{id}.{service.ENDINGS[kind]}"
        return _file(content, kind, name, inline=query.inline)


@ns.route("/by-range")
class ByRange(Resource):
    """A file on a range of days."""

    @allow("reports.view")
    @takes(RangeIn)
    def post(self, body: RangeIn) -> Any:
        """A PDF, Excel or CSV on the days of a range; `format` may also stand in the query string."""
        kind = request.args.get("format") or request.args.get("fmt") or body.format
        if kind not in service.ENDINGS:
            raise Invalid(fields={"format": "Debe ser uno de: pdf, excel, csv"})
        content = service.range_file(kind, body.start_date, body.end_date, body.digester_id, bom=body.bom)
        return _file(content, kind, f"rango_{body.start_date}_{body.end_date}.{service.ENDINGS[kind]}")


gives_file(Download.get, *service.MEDIA_TYPES.values())
gives_file(ByRange.post, *service.MEDIA_TYPES.values())


def _file(content: Any, kind: str, name: str, *, inline: bool = False) -> Response:
    response = Response(content, content_type=service.MEDIA_TYPES[kind])
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
