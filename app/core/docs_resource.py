"""HTTP door of the documentation for programs: the models with their enumerations, and a body of each to begin with."""

import datetime as dt
from typing import Any

from flask import redirect, url_for
from flask_restx import Namespace, Resource

from app.core.access import allow, public
from app.core.http import gives
from app.core.importing.columns import Column, columns_of
from app.core.plain import PLAIN, Plain

ns = Namespace("docs", description="Modelos y ejemplos para programas")
SAMPLES: dict[Any, tuple[str, Any]] = {
    bool: ("boolean", True),
    int: ("integer", 1),
    float: ("number", 12.5),
    dt.date: ("date", "2026-11-20"),
    dt.datetime: ("datetime", "2026-11-20T20:05:04Z"),
    str: ("string", "texto"),
}


@ns.route("")
class Documentation(Resource):
    """The documentation, where earlier clients look for it."""

    @public
    @ns.doc(security=[])
    def get(self) -> Any:
        """The page of Swagger UI."""
        return redirect(url_for("api.doc"), 302)


@ns.route("/schema")
class Models(Resource):
    """The models."""

    @allow("")
    @gives(None)
    def get(self) -> Any:
        """Every resource with its fields, which are needed, what they refer to, and the values of enumerations."""
        return {
            "models": {plain.slug: _model(plain) for plain in PLAIN.values()},
            "enums": {
                f"{plain.slug}.{column.header}": list(column.choices)
                for plain in PLAIN.values()
                for column in _fields(plain)
                if column.choices
            },
        }


@ns.route("/examples")
class Examples(Resource):
    """Where to begin."""

    @allow("")
    @gives(None)
    def get(self) -> Any:
        """For each resource a body that has all that is needed, in the form it is sent."""
        return {plain.slug: _example(plain) for plain in PLAIN.values()}


def _fields(plain: Plain) -> list[Column]:
    return [column for column in columns_of(plain) if column.reference is None]


def _model(plain: Plain) -> dict[str, Any]:
    return {
        "table": plain.model.__tablename__,
        "label": plain.label,
        "keys": list(plain.keys),
        "fields": {column.header: _field(plain, column) for column in _fields(plain)},
    }


def _field(plain: Plain, column: Column) -> dict[str, Any]:
    reference = plain.references.get(column.field)
    return {
        "type": _sample(column)[0],
        "required": column.required,
        "enum": list(column.choices) or None,
        "references": reference.model.__tablename__ if reference else None,
    }


def _example(plain: Plain) -> dict[str, Any]:
    body = {column.header: _sample(column)[1] for column in _fields(plain) if column.required}
    return {"method": "POST", "path": f"/api/v1/{plain.slug}", "body": body}


def _sample(column: Column) -> tuple[str, Any]:
    if column.choices:
        return "string", column.choices[0]
    return next((sample for kind, sample in SAMPLES.items() if kind in column.kinds), ("object", {}))
