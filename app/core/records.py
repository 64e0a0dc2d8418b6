"""The plain verbs on stored records: create, get, update, remove. Rules belong to the rooms' services."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Index
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.core import times
from app.core.errors import Invalid, NotFound
from app.core.extensions import db
from app.core.integrity import refusal_of
from app.core.times import UtcDateTime
from app.core.twins import refuse_twin

MAX_ID = 2**31 - 1
Record = TypeVar("Record")
_gathering: ContextVar[bool] = ContextVar("gathering", default=False)


class Stamped:
    """The two timestamps every entity carries, UTC."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=times.now, onupdate=times.now)


def newest_first() -> Index:
    """The index of a list's own order, last changed first; one for each table, in its `__table_args__`."""
    return Index(None, "updated_at", "created_at", "id")


def called(label: str) -> dict[str, Any]:
    """What people call a row of a table that is no plain record; comes last in its `__table_args__`."""
    return {"info": {"label": label}}


def get(model: type[Record], key: int | str, label: str = "El registro") -> Record:
    """The record with this primary key; NotFound when there is none."""
    found = db.session.get(model, key) if not isinstance(key, int) or 0 < key <= MAX_ID else None
    if found is None:
        raise NotFound(f"{label} {key} no existe")
    return found


def referred(model: type[Record], key: int, field: str, label: str, *, held: bool = False) -> Record:
    """The record that a field points at; Invalid on that field when there is none.

    `held`: read anew, and left as it is by everybody else until the transaction ends.
    """
    options: dict[str, Any] = {}
    if held:
        # Reading it anew would undo what has been changed and not yet been sent.
        db.session.flush()
        options = {"with_for_update": {"read": True}, "populate_existing": True}
    found = db.session.get(model, key, **options) if 0 < key <= MAX_ID else None
    if found is None:
        raise Invalid(fields={field: f"{label} {key} no existe"})
    return found


def id_in(text: str) -> int | None:
    """The id a text holds, or None when it holds none that a table can have."""
    # Length first: Python refuses to read thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))):
        return None
    return int(text) if int(text) <= MAX_ID else None


def create(model: type[Record], /, **values: Any) -> Record:
    """A new record, flushed so that it has its id; Conflict when a unique field is taken.

    While many are gathered it waits, without an id, for the next flush or query: who needs the id flushes first.
    """
    record = model(**values)
    if _gathering.get():
        db.session.add(record)
        return record
    refuse_twin(record)
    db.session.add(record)
    flush()
    return record


@contextmanager
def gathered() -> Iterator[None]:
    """Inside, new records go to the database together instead of one by one."""
    token = _gathering.set(True)
    try:
        yield
    finally:
        _gathering.reset(token)


def is_gathering() -> bool:
    """Whether many records are on their way together: whoever gathers them has locked what they point at."""
    return _gathering.get()


def update(record: Record, /, **values: Any) -> Record:
    """The record with the given fields changed; Invalid where a required field would become empty."""
    refuse_empty(record, values)
    for name, value in values.items():
        setattr(record, name, value)
    if not _gathering.get():
        refuse_twin(record)
    flush()
    return record


def remove(record: Any) -> None:
    """Deletes the record; Conflict when others depend on it."""
    db.session.delete(record)
    flush()


def refuse_empty(record: Any, values: Mapping[str, Any]) -> None:
    """Raises Invalid naming every required column that `values` would set to nothing."""
    columns = type(record).__table__.columns
    empty = [name for name, value in values.items() if value is None and name in columns]
    fields = {name: "Este campo no puede quedar vacío" for name in empty if not columns[name].nullable}
    if fields:
        raise Invalid(fields=fields)


def flush() -> None:
    """Sends pending changes to the database, naming the field of a clash."""
    try:
        db.session.flush()
    except IntegrityError as error:
        raise refusal_of(error) from error
