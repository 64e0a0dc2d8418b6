"""The chain of hashes through the trail: what a row's hash covers, and whether the stored chain is whole."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from app.activity.models import Activity, ActivityHead
from app.core import times
from app.core.extensions import db

GENESIS = "0" * 64
HEAD_ID = 1
ROWS_AT_ONCE = 1000
COVERED = (
    *("action", "entity", "entity_id", "animal_id", "title", "description", "severity", "actor_id"),
    *("actor_name", "relations", "changes", "request_id", "previous_hash"),
)


@dataclass(frozen=True)
class Verdict:
    """What was found: rows that hold, and the id and fault of the first that does not."""

    rows: int
    last_hash: str
    broken_id: int | None = None
    fault: str = ""


def hash_of(row: Mapping[str, Any]) -> str:
    """SHA-256 of the row in its canonical form: a JSON list of its values, keys of documents sorted."""
    values = [row["id"], times.iso(row["created_at"]), *(row[name] for name in COVERED)]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify() -> Verdict:
    """Follows the whole chain to the end it has now, some rows at a time."""
    # In this order: a row and the head that covers it are committed together.
    newest, head = _newest(), _head()
    verdict = _followed(head)
    if verdict.broken_id is None and newest > verdict.rows:
        return Verdict(verdict.rows, verdict.last_hash, verdict.rows + 1, "fila agregada después del final")
    return verdict


def _newest() -> int:
    return db.session.scalar(select(func.max(Activity.id))) or 0


def _head() -> tuple[int, str]:
    query = select(ActivityHead.last_id, ActivityHead.last_hash).where(ActivityHead.id == HEAD_ID)
    found = db.session.execute(query).one_or_none()
    return (found[0], found[1]) if found else (0, GENESIS)


def _followed(head: tuple[int, str]) -> Verdict:
    """The rows up to the one the head names."""
    number, last_hash = 0, GENESIS
    for row in _rows(head[0]):
        if fault := _fault(row, number, last_hash):
            return Verdict(number, last_hash, min(row.id, number + 1), fault)
        number, last_hash = row.id, row.hash
    if number < head[0]:
        return Verdict(number, last_hash, number + 1, "falta la fila")
    if last_hash != head[1]:
        return Verdict(number, last_hash, number, "no es el final que se anotó")
    return Verdict(number, last_hash)


def _fault(row: Row[Any], number: int, last_hash: str) -> str:
    if row.id != number + 1:
        return "falta la fila" if row.id > number + 1 else "fila agregada"
    if row.previous_hash != last_hash:
        return "no sigue a la fila anterior"
    return "" if row.hash == hash_of(row._asdict()) else "la fila fue cambiada"


def _rows(until: int) -> Iterator[Row[Any]]:
    table, after = Activity.__table__, 0
    while True:
        query = select(table).where(table.c.id > after, table.c.id <= until)
        rows = db.session.execute(query.order_by(table.c.id).limit(ROWS_AT_ONCE)).all()
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1].id
