"""A plain record's routes, declared once. A verb with a rule is passed as a function; there is nothing to subclass."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial as bind
from typing import Any

from flask import Response, request
from flask_restx import Namespace, Resource
from pydantic import BaseModel

from app.core import dependencies, generic, records
from app.core.access import allow
from app.core.cache import shared_by
from app.core.errors import NotFound
from app.core.http import gives, success, takes
from app.core.importing.routes import register_import
from app.core.lists import PARAMETERS, Listing, list_response
from app.core.locking import seen
from app.core.plain import NO_FIGURES, PLAIN, Figures, Plain, Reference, nothing_more, nothing_strange
from app.core.related import relations_asked
from app.core.repetition import repeatable
from app.core.shapes import partial
from app.core.shown import Shown, shown
from app.core.wording import clashes_named, refuse_missing

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
    remove: Callable[[Any], Any] | None = None,
    keys: Sequence[str] = (),
    references: Mapping[str, Reference] | None = None,
    relatives: Callable[[Any], Mapping[str, Any]] = nothing_more,
    warnings: Callable[[Any], Sequence[str]] = nothing_strange,
    figures: Figures = NO_FIGURES,
) -> Plain:
    """Registers the routes of one record under `path`; `edit` is the permission to change, that to write when empty.

    Without verbs of its own a record is created and changed as its fields say, and deleted when nothing needs it.
    """
    plain = Plain(
        slug=path.strip("/") or ns.name,
        listing=listing,
        into=into,
        changes=partial(into, f"{listing.shape.__name__.removesuffix('Out')}Changes"),
        label=label,
        read=read,
        write=write,
        edit=edit or write,
        create=create or bind(records.create, listing.model),
        update=update,
        remove=remove or bind(dependencies.remove_free, label=label),
        keys=keys,
        references=references or {},
        relatives=relatives,
        warnings=warnings,
        figures=figures,
    )
    PLAIN[listing.model.__tablename__] = plain
    register_verbs(ns, path, plain)
    generic.register_dependencies(ns, path, plain, read)
    generic.register_bulk(ns, path, plain)
    generic.register_stats(ns, path, plain)
    generic.register_metadata(ns, path, plain, read)
    register_import(ns, path, plain)
    return plain


def register_verbs(ns: Namespace, path: str, plain: Plain) -> None:
    """List, create, read, change, delete."""
    listing, out, label = plain.listing, plain.listing.shape, plain.label

    class Collection(Resource):
        """All of them."""

        @allow(plain.read)
        @shared_by(bind(tables_of, listing))
        @ns.doc(params=PARAMETERS)
        @gives(out, many=True)
        def get(self) -> Any:
            """List, a page at a time."""
            return list_response(listing)

        @allow(plain.write)
        @repeatable
        @takes(plain.into)
        @gives(out, f"{label}: registro creado", status=201)
        def post(self, body: BaseModel) -> Any:
            """Create one."""
            values = body.model_dump()
            refuse_missing(plain, values)
            with clashes_named(plain, values):
                record = plain.create(**values)
            return stored(listing, record, f"{label}: registro creado", 201, plain.warnings(record))

    class Item(Resource):
        """One of them."""

        @allow(plain.read)
        @shared_by(bind(tables_of, listing))
        @gives(out)
        def get(self, id: int) -> Any:
            """Read one."""
            return item(listing, id, label)

        @allow(plain.edit)
        @takes(plain.changes)
        @gives(out, f"{label}: registro actualizado")
        def put(self, body: BaseModel, id: int) -> Any:
            """Change the fields that are present; `If-Match` or `updated_at` says which state of it was seen."""
            record, values = seen(listing, id, label), body.model_dump(exclude_unset=True)
            refuse_missing(plain, values)
            with clashes_named(plain, values):
                record = plain.update(record, **values)
            return stored(listing, record, f"{label}: registro actualizado", warnings=plain.warnings(record))

        patch = put

        @allow(REMOVE)
        @gives(None, f"{label}: registro eliminado")
        def delete(self, id: int) -> Any:
            """Delete one; `cascade_deletions` counts by table what went with it."""
            gone = plain.remove(seen(listing, id, label))
            return {"deleted_id": id, **({"cascade_deletions": gone} if gone else {})}

    # The names of the operations are made of these.
    Collection.__name__, Item.__name__ = f"{plain.noun}List", plain.noun
    ns.add_resource(Collection, path, endpoint=f"{ns.name}-{plain.noun}-list")
    ns.add_resource(Item, f"{path}/<int:id>", endpoint=f"{ns.name}-{plain.noun}-item")


def tables_of(listing: Listing) -> Iterable[str]:
    """What an answer of the listing to this request depends on."""
    return listing.tables + (listing.related_tables if relations_asked(listing, request.args) else ())


def item(listing: Listing, id: int, label: str) -> Response:
    """One record, with the tag of its row."""
    found = shown(listing, [id], request.args) if id <= records.MAX_ID else []
    if not found:
        raise NotFound(f"{label} {id} no existe")
    return _tagged(found[0])


def stored(
    listing: Listing, record: Any, message: str, status: int = 200, warnings: Sequence[str] = ()
) -> Response:
    """A record as it has just been stored, derived fields included; warnings are told in the message and in `meta`."""
    [one] = shown(listing, [record.id])
    response = _tagged(
        one, ". ".join([message, *warnings]), status, {"warnings": warnings} if warnings else None
    )
    # No stamp yet: this tag serves `If-Match`, and never says that an answer still holds.
    response.set_etag(f"0.{one.mark}")
    return response


def _tagged(
    one: Shown, message: str = "", status: int = 200, meta: Mapping[str, Any] | None = None
) -> Response:
    response = success(one.json, message, status=status, meta=meta)
    response.set_etag(one.mark)
    return response
