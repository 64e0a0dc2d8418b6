"""What a transaction has changed so far, row by row, as SQLAlchemy's session tells it. Writes nothing.

Statements that bypass the session's records (`session.execute(update(...))`, raw SQL) are not seen.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction, scoped_session
from sqlalchemy.orm.exc import ObjectDeletedError
from sqlalchemy.sql import ClauseElement

from app.core import times

# Everything else is recorded. What is here is secret, its own record, or counted by thousands.
NOT_RECORDED = frozenset(
    {
        *("sessions", "refresh_tokens", "reset_tokens", "outgoing_mails", "login_failures"),
        *("security_incidents", "security_tallies", "repeatable_requests", "favorites", "visits"),
        *("activity_log", "activity_head", "activity_daily_agg"),
        *("readings", "messages", "deliveries", "rollups", "dirty_buckets", "leases", "rejects", "reject_counts"),
        *("production_days", "meter_days", "dirty_days"),
    }
)  # fmt: skip
# Kept by the system for itself; a change of nothing else is no change.
UNSHOWN = frozenset(
    {
        *("created_at", "updated_at", "last_login_at", "last_seen_ms", "online"),
        # They repeat what other columns say, for a unique index.
        *("open_animal_id", "active_code", "primary_animal_id"),
    }
)
# A password that is only hashed anew at a login is none either; a new one also ends the sessions (`token_version`).
UNTOLD = UNSHOWN | {"password_hash"}
SECRET = re.compile(r"password|secret|digest|sealed|_hash$|^token_version$")
LONGEST_TEXT = 4000
CHANGED = {"changed": True}
UNKNOWN = object()
PENDING, JOURNAL, MARKS = "activity_pending", "activity_journal", "activity_marks"


@dataclass(slots=True)
class Change:
    """What became of one row. `facts` is the row as last seen, without secrets; for a deleted one, as it was."""

    table: str
    model: type[Any]
    key: tuple[Any, ...]
    action: str
    facts: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def entity_id(self) -> int | None:
        """The row's id, where its key is one number."""
        return self.key[0] if len(self.key) == 1 and isinstance(self.key[0], int) else None

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Before and after of each field that differs; of secrets only that they changed."""
        names = [name for name in dict.fromkeys([*self.before, *self.after]) if name not in UNSHOWN]
        secret = {name: CHANGED for name in names if self.after.get(name) is CHANGED}
        pairs = {name: (self.before.get(name), self.after.get(name)) for name in names if name not in secret}
        return secret | {n: {"before": old, "after": new} for n, (old, new) in pairs.items() if old != new}

    def followed_by(self, later: Change) -> Change | None:
        """Both as one; None when nothing is left of them."""
        if later.action == "delete":
            if self.action == "create":
                return None
            return _with(later, before={**later.before, **self.before}, facts={**later.facts, **self.before})
        if self.action == "create":
            return _with(self, after={**self.after, **_shown(later.after)}, facts=later.facts)
        if self.action == "delete":
            # The same key again: for whoever reads the trail, the row was changed.
            return _with(later, action="update", before=self.before)
        return _with(later, before={**later.before, **self.before}, after={**self.after, **later.after})

    def is_told(self) -> bool:
        """Whether anything is left to tell."""
        return self.action != "update" or bool(self.fields.keys() - UNTOLD)


def _with(change: Change, **others: Any) -> Change:
    values = {name: getattr(change, name) for name in Change.__slots__}
    return Change(**{**values, **others})


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not CHANGED}


def listen(session: scoped_session[Any]) -> None:
    """Keeps the journal of every session of this kind."""
    event.listen(session, "before_flush", _before_flush)
    event.listen(session, "after_flush", _after_flush)
    event.listen(session, "after_transaction_create", _mark)
    event.listen(session, "after_soft_rollback", _undo)
    event.listen(session, "after_transaction_end", _end)


def taken(session: Session) -> list[Change]:
    """What the transaction has changed, one entry for each row; the journal is empty then."""
    found: dict[tuple[Any, ...], Change] = {}
    for change in session.info.pop(JOURNAL, []):
        row = (change.table, change.key)
        earlier = found.pop(row, None)
        merged = earlier.followed_by(change) if earlier else change
        if merged:
            found[row] = merged
    return [change for change in found.values() if change.is_told()]


def _recorded(records: Iterable[Any]) -> list[Any]:
    return [record for record in records if type(record).__tablename__ not in NOT_RECORDED]


def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    """What was there before can only be read now."""
    changes = [_update_of(session, record) for record in _recorded(session.dirty)]
    changes += [_removal_of(record) for record in _recorded(session.deleted)]
    session.info[PENDING] = [change for change in changes if change]


def _after_flush(session: Session, _context: Any) -> None:
    """What was made has its id only now."""
    journal = session.info.setdefault(JOURNAL, [])
    journal += session.info.pop(PENDING, [])
    journal += [_creation_of(record) for record in _recorded(session.new)]


def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(MARKS, {})[transaction] = len(session.info.get(JOURNAL, []))


def _undo(session: Session, transaction: SessionTransaction) -> None:
    """A savepoint that is rolled back takes with it what was noted since."""
    mark = session.info.get(MARKS, {}).get(transaction)
    if mark is not None:
        del session.info.get(JOURNAL, [])[mark:]


def _end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        for name in (PENDING, JOURNAL, MARKS):
            session.info.pop(name, None)


@cache
def _columns(mapper: Mapper[Any]) -> tuple[tuple[str, bool], ...]:
    """The row's attributes, and which of them are secret."""
    return tuple((attribute.key, bool(SECRET.search(attribute.key))) for attribute in mapper.column_attrs)


def _change(state: InstanceState[Any], action: str, facts: dict[str, Any], **values: Any) -> Change:
    model = state.mapper.class_
    key = state.mapper.primary_key_from_instance(state.obj())
    return Change(model.__tablename__, model, tuple(key), action, facts, **values)


def _known(state: InstanceState[Any]) -> dict[str, Any]:
    """What is in memory of the row; nothing is loaded for it."""
    return {
        name: plain(state.dict[name])
        for name, secret in _columns(state.mapper)
        if not secret and name in state.dict and not isinstance(state.dict[name], ClauseElement)
    }


def _creation_of(record: Any) -> Change:
    state = inspect(record)
    facts = _known(state)
    return _change(state, "create", facts, after={k: v for k, v in facts.items() if v is not None})


def _removal_of(record: Any) -> Change | None:
    state = inspect(record)
    try:
        for name, _ in _columns(state.mapper):
            getattr(record, name)
    except ObjectDeletedError:
        return None
    facts = _known(state)
    return _change(state, "delete", facts, before={k: v for k, v in facts.items() if v is not None})


def _update_of(session: Session, record: Any) -> Change | None:
    state = inspect(record)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, secret in _columns(state.mapper):
        if name not in state.committed_state or not (history := state.attrs[name].history).has_changes():
            continue
        new = history.added[0] if history.added else None
        if secret or isinstance(new, ClauseElement):
            after[name] = CHANGED
        else:
            before[name] = plain(history.deleted[0]) if history.deleted else UNKNOWN
            after[name] = plain(new)
    before |= _stored(session, state, [name for name, value in before.items() if value is UNKNOWN])
    return _change(state, "update", _known(state), before=before, after=after) if after else None


def _stored(session: Session, state: InstanceState[Any], names: list[str]) -> dict[str, Any]:
    """Fields that were set without having been read: what the database has in them."""
    if not names:
        return {}
    model = state.mapper.class_
    keys = zip(state.mapper.primary_key, state.identity or (), strict=True)
    query = select(*(getattr(model, name) for name in names)).where(*(c == v for c, v in keys))
    row = session.execute(query).one_or_none()
    return {name: plain(row[place]) if row else None for place, name in enumerate(names)}


def plain(value: Any) -> Any:
    """The value as JSON can hold it, the same after being stored and read."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        text = value.value if isinstance(value, Enum) else value
        return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return times.iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.loads(json.dumps(value, default=str))
    return str(value) if not isinstance(value, bytes) else f"{len(value)} bytes"
