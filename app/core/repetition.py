"""Requests that may be repeated: an `Idempotency-Key` and the answer it was given, stored with what it created.

The key's row is written first, so that of two requests with one key the second waits for the first: it then finds the
answer and gives it again, or, when the first came to nothing, does the work itself.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, g, make_response, request
from sqlalchemy import Integer, LargeBinary, String, delete, select, update
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from app.core import times
from app.core.errors import Invalid
from app.core.extensions import Base, current_settings, db
from app.core.times import UtcDateTime
from app.core.transaction import rollback

HEADER = "Idempotency-Key"
LONGEST = 200
KEPT = timedelta(hours=24)
DEADLOCK = 1213
ATTEMPTS = 5
DOCUMENTED = {"in": "header", "type": "string", "description": "Repetir con la misma clave no crea dos veces"}


class RepeatableRequest(Base):
    """What a person's key was answered; `digest` is that of method, path and body. `status` 0: not answered yet."""

    __tablename__ = "repeatable_requests"

    user_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


TABLE: Any = RepeatableRequest.__table__


def repeatable(view: Callable[..., Any]) -> Callable[..., Any]:
    """A POST that creates: sent again with the same `Idempotency-Key` it answers as before and creates nothing."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER, "").strip()
        if not key:
            return view(*args, **kwargs)
        if len(key) > LONGEST:
            raise Invalid(fields={HEADER: f"Debe tener como máximo {LONGEST} caracteres"})
        return _once(key, lambda: make_response(view(*args, **kwargs)))

    known = getattr(view, "__apidoc__", {})
    wrapper.__apidoc__ = {**known, "params": {**known.get("params", {}), HEADER: DOCUMENTED}}  # type: ignore[attr-defined]
    return wrapper


def forget(now: datetime) -> None:
    """Deletes the keys that may be used anew."""
    db.session.execute(delete(TABLE).where(TABLE.c.created_at < now - KEPT))


def _once(key: str, view: Callable[[], Response]) -> Response:
    # By its digest: a collation that tells no cases apart would take two keys for one.
    mine = {"user_id": g.principal.id, "key": hashlib.sha256(key.encode()).hexdigest()}
    told = _claimed(mine)
    if told.status and told.created_at >= times.now() - KEPT:
        return _again(told)
    response = view()
    if response.status_code < 300:
        row = {"digest": _digests()[0], "status": response.status_code, "body": response.get_data()}
        db.session.execute(update(TABLE).where(_same(mine)).values(**row, created_at=times.now()))
    return response


def _again(told: Any) -> Response:
    if told.digest not in _digests():
        raise Invalid(
            fields={HEADER: "Esta clave ya se usó con otra petición"}, code="IDEMPOTENCY_KEY_REUSED"
        )
    response = Response(told.body, told.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _claimed(mine: dict[str, Any]) -> Any:
    """The key's row, new or answered, which is ours until this transaction ends."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            db.session.execute(_claim(mine))
            return db.session.execute(select(TABLE).where(_same(mine)).with_for_update()).one()
        except OperationalError as error:
            # Nothing else is done yet. Of several who waited for one that failed, the database lets one through.
            if attempt == ATTEMPTS or getattr(error.orig, "args", (0,))[0] != DEADLOCK:
                raise
            rollback()
    raise AssertionError


def _claim(mine: dict[str, Any]) -> Any:
    """Writes the row unless it is there; on MariaDB what is there is locked for writing, not shared."""
    row = {**mine, "digest": "", "status": 0, "body": b"", "created_at": times.now()}
    if db.engine.dialect.name == "sqlite":
        return sqlite.insert(TABLE).values(row).on_conflict_do_nothing()
    return mysql.insert(TABLE).values(row).on_duplicate_key_update(user_id=mine["user_id"])


def _same(mine: dict[str, Any]) -> Any:
    return (TABLE.c.user_id == mine["user_id"]) & (TABLE.c.key == mine["key"])


def _digests() -> list[str]:
    """What the request is, under the present key and then earlier ones. Keyed, for a body may hold a password."""
    text = b"\0".join([request.method.encode(), request.full_path.encode(), request.get_data()])
    keys = current_settings().verifying_keys
    return [hmac.new(key.encode(), text, hashlib.sha256).hexdigest() for key in keys]
