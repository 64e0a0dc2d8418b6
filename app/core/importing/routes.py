"""HTTP door of imports: the upload with its preview, the template, and how far an import has come."""

import hashlib
import re
from contextlib import closing
from dataclasses import replace
from typing import Any

from flask import Response, g, request
from flask_restx import Namespace, Resource
from werkzeug.exceptions import UnsupportedMediaType

from app.core import cache
from app.core.access import allow
from app.core.errors import Invalid, NotFound
from app.core.http import asks, gives, gives_file
from app.core.importing import template
from app.core.importing.columns import columns_of
from app.core.importing.run import Clash, Import, Options, Outcome, Tell
from app.core.importing.schemas import ImportAsk, ImportOut, ProgressOut, TemplateAsk
from app.core.importing.sheets import Sheet, read_sheet
from app.core.plain import Plain
from app.core.spreadsheet import csv_stream
from app.core.transaction import rollback

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PREVIEW_ROWS = 1000
PROGRESS_SECONDS = 3600
NAME = re.compile(r"[\w-]{8,64}")

ns = Namespace("imports", description="Avance de las importaciones")


def register_import(ns: Namespace, path: str, plain: Plain) -> None:
    """Registers the import and the template of a plain record under `path`."""

    class Upload(Resource):
        """Many at once, from a spreadsheet."""

        @allow(plain.write)
        @asks(ImportAsk)
        @gives(ImportOut)
        @ns.doc(
            params={"file": {"in": "formData", "type": "file", "description": "CSV o Excel (.xlsx)"}},
            consumes=["multipart/form-data"],
        )
        def post(self, ask: ImportAsk) -> Any:
            """Preview a CSV or Excel file, or with dry_run=false store all of it or nothing."""
            return _imported(_as_told(plain), ask)

    class Template(Resource):
        """The empty spreadsheet."""

        @allow(plain.read)
        @asks(TemplateAsk)
        @gives_file
        def get(self, ask: TemplateAsk) -> Any:
            """An empty file with the columns that the import understands."""
            return _template(_as_told(plain), ask.format)

    Upload.__name__, Template.__name__ = f"{plain.noun}Import", f"{plain.noun}Template"
    ns.add_resource(Upload, f"{path}/import", endpoint=f"{ns.name}-{plain.noun}-import")
    ns.add_resource(Template, f"{path}/template", endpoint=f"{ns.name}-{plain.noun}-template")


@ns.route("/<string:name>")
class ImportProgress(Resource):
    """An import under way."""

    @allow("")
    @gives(ProgressOut)
    def get(self, name: str) -> Any:
        """How many rows of one's own import are done."""
        found = cache.fetch(_progress_key(name))
        if found is None:
            raise NotFound("No hay una importación con ese nombre")
        return found


def _as_told(plain: Plain) -> Plain:
    """The record with the readable keys that the person may be told; to try others would tell them."""
    told = {
        name: one
        for name, one in plain.references.items()
        if not one.permission or g.principal.may(one.permission)
    }
    return replace(plain, references=told)


def _imported(plain: Plain, ask: ImportAsk) -> dict[str, Any]:
    content = _content()
    digest = hashlib.sha256(content).hexdigest()
    if ask.digest and ask.digest != digest:
        raise Invalid(fields={"digest": "El archivo no es el de la vista previa"})
    tell = _teller(ask.progress)
    sheet = read_sheet(content)
    if len(sheet.rows) > plain.import_rows:
        raise Invalid(fields={"file": f"Tiene más de {plain.import_rows} filas; divídalo en varios archivos"})
    columns, outcomes = _run(plain, sheet, _options(plain, ask), tell)
    report = _report(ask, digest, columns, outcomes)
    if report["counts"]["rejected"] and not ask.dry_run:
        tell(len(outcomes), len(outcomes))
        raise Invalid("No se guardó nada: hay filas con errores", fields=_by_cell(outcomes), report=report)
    if ask.dry_run:
        rollback()
    tell(len(outcomes), len(outcomes))
    return report


def _run(
    plain: Plain, sheet: Sheet, options: Options, tell: Tell
) -> tuple[dict[str, list[str]], list[Outcome]]:
    try:
        task = Import(plain, sheet, options, tell)
        return task.columns, task.run()
    except Clash:
        rollback()
        task = Import(plain, sheet, options, tell, careful=True)
        return task.columns, task.run()


def _content() -> bytes:
    """The uploaded file: the part `file` of a form, or the body itself."""
    if request.mimetype == "multipart/form-data":
        uploaded = request.files.get("file")
        if uploaded is None:
            raise Invalid(fields={"file": "Adjunte el archivo CSV o Excel en «file»"})
        with closing(uploaded):
            return bytes(uploaded.read())
    if request.mimetype in {"text/csv", EXCEL, "application/octet-stream"}:
        return request.get_data()
    raise UnsupportedMediaType


def _options(plain: Plain, ask: ImportAsk) -> Options:
    known = {name: column.field for column in columns_of(plain) for name in (column.field, column.header)}
    asked = [name.strip() for name in ask.fields.split(",") if name.strip()]
    if unknown := [name for name in asked if name not in known]:
        raise Invalid(fields={"fields": f"Columna desconocida: {unknown[0][:60]}"})
    return Options(ask.mode, frozenset(known[name] for name in asked), g.principal.may(plain.edit))


def _teller(name: str) -> Tell:
    """Keeps the progress where the same person can ask for it."""
    if name and not NAME.fullmatch(name):
        raise Invalid(fields={"progress": "De 8 a 64 letras, dígitos y guiones"})

    def tell(done: int, total: int) -> None:
        if name:
            state = {"done": done, "total": total, "finished": done == total}
            cache.keep(_progress_key(name), state, PROGRESS_SECONDS)

    return tell


def _progress_key(name: str) -> str:
    return f"import:{g.principal.id}:{name}"


def _report(
    ask: ImportAsk, digest: str, columns: dict[str, list[str]], outcomes: list[Outcome]
) -> dict[str, Any]:
    counts = dict.fromkeys(("new", "changed", "unchanged", "rejected"), 0)
    for one in outcomes:
        counts[one.action] += 1
    # Of a long file the rejected rows are what people need to see.
    shown = sorted(outcomes, key=lambda one: one.action != "rejected")[:PREVIEW_ROWS]
    return {
        "dry_run": ask.dry_run,
        "stored": not ask.dry_run and not counts["rejected"],
        "digest": digest,
        "rows": len(outcomes),
        "counts": counts,
        "columns": columns,
        "preview": [vars(one) for one in sorted(shown, key=lambda one: one.row)],
        "truncated": len(shown) < len(outcomes),
    }


def _by_cell(outcomes: list[Outcome]) -> dict[str, str]:
    wrong = [one for one in outcomes if one.errors][:PREVIEW_ROWS]
    return {
        f"fila {one.row}" + (f", {error['column']}" if error["column"] else ""): error["reason"]
        for one in wrong
        for error in one.errors
    }


def _template(plain: Plain, format: str) -> Response:
    name = f"plantilla-{plain.slug}.{format}"
    if format == "csv":
        body, media = b"".join(csv_stream(template.titles(plain), [], bom=True)), "text/csv"
    else:
        body, media = template.workbook(plain), EXCEL
    response = Response(body, mimetype=media)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
