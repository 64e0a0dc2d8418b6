"""The routes every plain record has besides its verbs: dependencies, many at once, figures, state."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from flask_restx import Namespace, Resource
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import case, func, select

from app.core import dependencies, records, swagger, times
from app.core.access import allow
from app.core.cache import present_tag, shared
from app.core.errors import DomainError, Invalid
from app.core.extensions import current_settings, db
from app.core.http import gives, json_response, json_value, success, takes
from app.core.plain import Plain
from app.core.repetition import repeatable
from app.core.shapes import Shape, field_errors
from app.core.shown import shown
from app.core.wording import clashes_named, missing

BATCH = 100
STATE = "private, max-age=0, must-revalidate"


class WhichIn(Shape):
    """Some records by their ids."""

    ids: list[int] = Field(max_length=BATCH)


def register_dependencies(ns: Namespace, path: str, plain: Plain, permission: str) -> None:
    """What stands in the way of deleting a record, or several."""

    class Dependencies(Resource):
        """What stands in the way of deleting one."""

        @allow(permission)
        @gives(None)
        def get(self, id: int) -> Any:
            """Every record that points at this one, counted through all foreign keys."""
            return dependencies_answer(plain, records.get(plain.model, id, plain.label))

    class BatchDependencies(Resource):
        """What stands in the way of deleting several."""

        @allow(permission)
        @takes(WhichIn)
        @gives(None)
        def post(self, body: WhichIn) -> Any:
            """Whether each of up to 100 records may be deleted."""
            return dependencies.batch(plain.model, body.ids)

    _add(ns, path, plain, "dependencies", Dependencies, "/<int:id>/dependencies")
    _add(ns, path, plain, "batch-dependencies", BatchDependencies, "/batch-dependencies")


def dependencies_answer(plain: Plain, record: Any) -> Response:
    """The verdict in the envelope; a record's relatives at the root of it, too, where one client looks for them."""
    relatives = dict(plain.relatives(record))
    data = {**dependencies.verdict(record), **relatives}
    return json_response({"success": True, "message": data["message"], "data": data, **relatives})


def register_bulk(ns: Namespace, path: str, plain: Plain) -> None:
    """Many at once, all or none."""
    payload = {
        "in": "body",
        "required": True,
        "schema": {
            "type": "array",
            "maxItems": plain.bulk_rows,
            "items": {"$ref": f"#/definitions/{swagger.declare(plain.into, 'validation')}"},
        },
    }

    class Bulk(Resource):
        """Many at once."""

        @allow(plain.write)
        @repeatable
        @ns.doc(params={"payload": payload})
        @gives(plain.listing.shape, f"{plain.label}: registros creados", many=True, status=201)
        def post(self) -> Any:
            """Create every row of a JSON list, or none when one is refused."""
            bodies = read_rows(plain, json_value())
            created = [_created(plain, number, body) for number, body in enumerate(bodies)]
            rows = [one.json for one in shown(plain.listing, [record.id for record in created])]
            return success(rows, f"{plain.label}: {len(rows)} registros creados", status=201)

    _add(ns, path, plain, "bulk", Bulk, "/bulk")


def read_rows(plain: Plain, rows: Any) -> Sequence[BaseModel]:
    """The rows of a JSON list in their shape; Invalid with every fault of every row, as `row.field`, rows from 0."""
    if not isinstance(rows, list) or not rows:
        raise Invalid(fields={"body": "El cuerpo debe ser una lista de registros"})
    if len(rows) > plain.bulk_rows:
        raise Invalid(fields={"body": f"Como máximo {plain.bulk_rows} registros por petición"})
    bodies: list[BaseModel] = []
    faults: dict[str, str] = {}
    for number, row in enumerate(rows):
        try:
            bodies.append(plain.into.model_validate(row))
        except ValidationError as error:
            found = field_errors(error.errors(include_url=False))
            faults |= {f"{number}.{name}": text for name, text in found.items()}
    if faults:
        raise Invalid("Datos no válidos", fields=faults)
    if lost := missing(plain, [body.model_dump() for body in bodies]):
        raise Invalid(fields={f"{number}.{name}": text for number, name, text in lost})
    return bodies


def _created(plain: Plain, number: int, body: BaseModel) -> Any:
    values = body.model_dump()
    with _of_row(number), clashes_named(plain, values):
        return plain.create(**values)


@contextmanager
def _of_row(number: int) -> Iterator[None]:
    """What is refused inside says of which row it is."""
    try:
        yield
    except Invalid as error:
        faults: Mapping[str, str] = error.details["validation_errors"]
        error.details["validation_errors"] = {f"{number}.{name}": text for name, text in faults.items()}
        raise
    except DomainError as error:
        error.details["row"] = number
        raise


def register_stats(ns: Namespace, path: str, plain: Plain) -> None:
    """How many there are."""

    class Stats(Resource):
        """How many there are."""

        @allow(plain.read)
        @shared(plain.model.__tablename__, *plain.figures.tables)
        @gives(None)
        def get(self) -> Any:
            """How many in all, and how many since the farm's midnight."""
            total, today = db.session.execute(_counted(plain)).one()
            return {
                "total": total,
                "recent_today": int(today or 0),
                "model_name": plain.model.__tablename__,
                f"total_{plain.slug}": total,
                **plain.figures.count(),
            }

    _add(ns, path, plain, "stats", Stats, "/stats")


def _counted(plain: Plain) -> Any:
    zone = current_settings().farm_timezone
    midnight = datetime.combine(times.local_day(times.now(), zone), time.min, ZoneInfo(zone))
    today = func.sum(case((plain.model.created_at >= midnight, 1), else_=0))
    return select(func.count(), today).select_from(plain.model)


def register_metadata(ns: Namespace, path: str, plain: Plain, permission: str) -> None:
    """In which state the collection is."""

    class Metadata(Resource):
        """In which state the collection is."""

        @allow(permission)
        @shared(plain.model.__tablename__, cache_control=STATE)
        @gives(None)
        def get(self) -> Any:
            """How many, when last changed, and a tag that changes with every change of them."""
            model = plain.model
            total, last = db.session.execute(select(func.count(), func.max(model.updated_at))).one()
            changed = times.iso(last) if last else None
            tag = present_tag() or f"{total}-{changed}"
            return {"resource": plain.slug, "total_count": total, "last_modified": changed, "etag": tag}

    _add(ns, path, plain, "metadata", Metadata, "/metadata")


def _add(ns: Namespace, path: str, plain: Plain, name: str, resource: type[Resource], route: str) -> None:
    # The names of the operations are made of the class's name.
    resource.__name__ = plain.noun + resource.__name__
    ns.add_resource(resource, path + route, endpoint=f"{ns.name}-{plain.noun}-{name}")
