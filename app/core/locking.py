"""Optimistic locking at the door: who changes a record may say which state of it they have seen.

By `If-Match` (the tag of the item: `"<stamps>.<mark of the row>"`, of which the mark alone counts) or by `updated_at`
in the body. The row is locked before it is compared, so that of two writers who saw the same state one wins.
"""

from datetime import UTC, datetime
from typing import Any

from flask import request
from sqlalchemy import select

from app.core import records, times
from app.core.errors import Conflict, Invalid, NotFound, PreconditionFailed
from app.core.extensions import db
from app.core.http import json_body
from app.core.listing import Listing
from app.core.shown import mark_of, shown

CHANGED = "Otra persona cambió este registro después de que usted lo leyera; revise los datos actuales"


def seen(listing: Listing, id: int, label: str) -> Any:
    """The record to be changed or deleted: locked and as the request says to have seen it, where it says so."""
    stated = json_body().get("updated_at") if request.method in {"PUT", "PATCH"} else None
    if stated in (None, "") and "If-Match" not in request.headers and request.method != "DELETE":
        return records.get(listing.model, id, label)
    # Of two who delete it at once, the second is told that it is gone.
    record = locked(listing.model, id, label)
    if "If-Match" in request.headers and not _matches(mark_of(record)):
        raise PreconditionFailed(CHANGED, **_present(listing, record))
    if stated not in (None, "") and _moment(stated) != times.iso(record.updated_at):
        raise Conflict(CHANGED, code="STALE_RECORD", **_present(listing, record))
    return record


def locked(model: type[Any], id: int, label: str) -> Any:
    """The record as it is stored now, whatever was read before; nobody else changes it until this transaction ends."""
    query = select(model).where(model.id == min(id, records.MAX_ID)).with_for_update()
    found = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None or id > records.MAX_ID:
        raise NotFound(f"{label} {id} no existe")
    return found


def _matches(mark: str) -> bool:
    """Whether one of the tags is of this state; a weak tag vouches for nothing."""
    tags = request.if_match
    return bool(tags.star_tag) or any((tag or "").rpartition(".")[2] == mark for tag in tags.as_set())


def _moment(stated: Any) -> str:
    """To the second: that is how moments travel."""
    try:
        moment = datetime.fromisoformat(str(stated))
        return times.iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise Invalid(fields={"updated_at": "Debe ser una fecha y hora ISO 8601"})


def _present(listing: Listing, record: Any) -> dict[str, Any]:
    [now] = shown(listing, [record.id])
    return {"current": now.json, "updated_at": times.iso(record.updated_at)}
