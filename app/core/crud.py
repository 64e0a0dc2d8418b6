"""A plain record's routes, declared once. A verb with a rule is passed as a function; there is nothing to subclass."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial as bind
from typing import Any

from flask_restx import Namespace, Resource
from pydantic import BaseModel

from app.core import records, repetition  # noqa: F401
from app.core.access import allow
from app.core.cache import conditional
from app.core.http import gives, success, takes, written
from app.core.importing.routes import register_import
from app.core.lists import PARAMETERS, Listing, list_response
from app.core.plain import PLAIN, Plain, Reference
from app.core.shapes import partial

# Who writes may not remove: whoever deletes a plain record holds this, whatever the record.
REMOVE = "records.delete"


def crud(
    ns: Namespace,
    path: str,
    listing: Listing,
    into: type[BaseModel],
    *,
    label: str,
    read: str,
    write: str,
    edit: str = "",
    create: Callable[..., Any] | None = None,
    update: Callable[..., Any] = records.update,
    remove: Callable[[Any], Any] = records.remove,
    keys: Sequence[str] = (),
    references: Mapping[str, Reference] | None = None,
) -> Plain:
    """Registers the routes of one record under `path`; `edit` is the permission to change, that to write when empty."""
    model, out = listing.model, listing.shape
    noun = out.__name__.removesuffix("Out")
    creator = create or bind(records.create, model)
    changes = partial(into, f"{noun}Changes")
    plain = Plain(
        path.strip("/"), listing, into, changes, label, read, write, edit or write, creator, update, remove, keys,
        references or {},
    )  # fmt: skip
    PLAIN[model.__tablename__] = plain
    tables = [model.__tablename__, *(target.__tablename__ for target, _ in listing.joins)]

    class Collection(Resource):
        """All of them."""

        @allow(read)
        @conditional(*tables)
        @ns.doc(params=PARAMETERS)
        @gives(out, many=True)
        def get(self) -> Any:
            """List, a page at a time."""
            return list_response(listing)

        @allow(write)
        @takes(into)
        @gives(out, f"{label}: registro creado", status=201)
        def post(self, body: BaseModel) -> Any:
            """Create one."""
            return creator(**body.model_dump())

    class Item(Resource):
        """One of them."""

        @allow(read)
        @conditional(*tables)
        @gives(out)
        def get(self, id: int) -> Any:
            """Read one."""
            return success(written(out, records.get(model, id, label)))

        @allow(plain.edit)
        @takes(changes)
        @gives(out, f"{label}: registro actualizado")
        def put(self, body: BaseModel, id: int) -> Any:
            """Change the fields that are present."""
            return update(records.get(model, id, label), **body.model_dump(exclude_unset=True))

        patch = put

        @allow(REMOVE)
        @gives(None, f"{label}: registro eliminado")
        def delete(self, id: int) -> Any:
            """Delete one."""
            remove(records.get(model, id, label))
            return {"deleted_id": id}

    # The names of the operations are made of these.
    Collection.__name__, Item.__name__ = f"{noun}List", noun
    ns.add_resource(Collection, path, endpoint=f"{ns.name}-{noun}-list")
    ns.add_resource(Item, f"{path}/<int:id>", endpoint=f"{ns.name}-{noun}-item")
    register_import(ns, path, plain)
    return plain
