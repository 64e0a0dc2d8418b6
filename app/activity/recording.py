"""Every committed change, appended to the trail in its own transaction and told to the screens after it.

What changed is the journal's part. The head of the chain is locked last, after all that the transaction itself wrote,
and nothing is waited for while it is held: so it can delay others, and never deadlock with them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection, bindparam, event, func, insert, select, update
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from app.activity import journal, wording
from app.activity.chain import GENESIS, HEAD_ID, hash_of
from app.activity.journal import Change
from app.activity.models import Activity, ActivityDay, ActivityHead
from app.core import cache, times
from app.core.actor import acting
from app.core.bus import bus
from app.core.extensions import current_settings, db
from app.core.observability import trace_id
from app.core.transaction import after_commit

TOPIC = "events"
# More changes of one table in one commit are told as one: the screens fetch the list again.
TOLD_ONE_BY_ONE = 20
ANIMALS = "animals"
TRAIL: Any = Activity.__table__
HEAD: Any = ActivityHead.__table__
DAYS: Any = ActivityDay.__table__
LOCK_HEAD = select(HEAD.c.last_id, HEAD.c.last_hash).where(HEAD.c.id == HEAD_ID).with_for_update()
MOVE_HEAD = (
    update(HEAD)
    .where(HEAD.c.id == HEAD_ID)
    .values(last_id=bindparam("number_"), last_hash=bindparam("hash_"))
)
Names = Callable[[Iterable[int]], Mapping[int, str]]

_names_of_animals: Names = lambda ids: {}  # noqa: E731


def init_app(names_of_animals: Names) -> None:
    """Listens to the sessions of the application; `names_of_animals` gives the tags that people know animals by."""
    global _names_of_animals
    _names_of_animals = names_of_animals
    journal.listen(db.session)
    event.listen(db.session, "before_commit", _before_commit)


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    changes = journal.taken(session)
    if changes:
        _append(session, _written(changes))
        after_commit(partial(_tell, _words(changes)))


def _written(changes: list[Change]) -> list[dict[str, Any]]:
    """The rows of the trail, all but their place in the chain."""
    animals = _animals(changes)
    actor, request_id = acting.get(), trace_id.get()
    shared = {
        "actor_id": actor.id,
        "actor_name": actor.name,
        "request_id": None if request_id == "-" else request_id,
    }
    return [{**_row(change, animals), **shared} for change in changes]


def _row(change: Change, animals: Mapping[int, str]) -> dict[str, Any]:
    title = wording.title_of(change, animals)
    return {
        "action": change.action,
        "entity": wording.entity_of(change.model),
        "entity_id": change.entity_id,
        "animal_id": change.entity_id if change.table == ANIMALS else change.facts.get("animal_id"),
        "title": title,
        "description": wording.description_of(change, title),
        "severity": wording.severity_of(change),
        "relations": _relations(change),
        "changes": change.fields,
    }


def _relations(change: Change) -> dict[str, Any]:
    keys = [column.name for column in change.model.__table__.columns if column.foreign_keys]
    return {name: change.facts[name] for name in keys if change.facts.get(name) is not None}


def _animals(changes: list[Change]) -> Mapping[int, str]:
    """The tags of the animals whose records changed; of one deleted in this transaction too."""
    wanted = {found for change in changes if (found := change.facts.get("animal_id"))}
    here = {c.key[0]: c.facts["record"] for c in changes if c.table == ANIMALS and "record" in c.facts}
    missing = wanted - here.keys()
    return {**(_names_of_animals(missing) if missing else {}), **here}


def _append(session: Session, rows: list[dict[str, Any]]) -> None:
    # Not the session's own `execute`: it looks for records among what are only columns.
    connection = session.connection()
    number, last_hash = _locked_head(connection)
    # Whole seconds, which is what every database keeps; read under the lock, so that the trail's order is time's.
    now = times.now().replace(microsecond=0)
    for row in rows:
        number += 1
        row |= {"id": number, "created_at": now, "previous_hash": last_hash}
        last_hash = row["hash"] = hash_of(row)
    connection.execute(insert(TRAIL), rows)
    connection.execute(MOVE_HEAD, {"number_": number, "hash_": last_hash})
    _count(connection, rows, now)


def _locked_head(connection: Connection) -> tuple[int, str]:
    found = connection.execute(LOCK_HEAD).one_or_none()
    if found is None:
        # Only once in a database's life. A trail that lost its head gets one that shows it: no row follows GENESIS.
        last = connection.scalar(select(func.max(TRAIL.c.id))) or 0
        head = {"id": HEAD_ID, "last_id": last, "last_hash": GENESIS}
        connection.execute(_adding(HEAD, "id", connection.dialect.name), [head])
        found = connection.execute(LOCK_HEAD).one()
    return found[0], found[1]


def _count(connection: Connection, rows: list[dict[str, Any]], now: datetime) -> None:
    """The day's figures; the days are the farm's."""
    day = times.local_day(now, current_settings().farm_timezone)
    keys = ("actor_id", "entity", "action", "severity", "animal_id")
    counted = Counter(tuple(row[name] or 0 for name in keys) for row in rows)
    values = [{"date": day, **dict(zip(keys, key, strict=True)), "count": n} for key, n in counted.items()]
    connection.execute(_adding(DAYS, "count", connection.dialect.name), values)


# Built once: it takes as long as to execute them.
@lru_cache
def _adding(table: Any, adding: str, dialect: str) -> Any:
    """Inserts rows, or adds to the `adding` of those that are there (leaves them alone when it is their key)."""
    keys = [column.name for column in table.primary_key]
    if dialect == "sqlite":
        new = sqlite.insert(table)
        more = table.c[adding] + (new.excluded[adding] if adding not in keys else 0)
        return new.on_conflict_do_update(index_elements=keys, set_={adding: more})
    fresh = mysql.insert(table)
    more = table.c[adding] + (fresh.inserted[adding] if adding not in keys else 0)
    return fresh.on_duplicate_key_update({adding: more})


def _words(changes: list[Change]) -> list[dict[str, Any]]:
    """What the screens are told: each change, or one word for many."""
    per_slug: dict[str, list[dict[str, Any]]] = {}
    for slug, action, id_ in map(wording.word_of, changes):
        if slug:
            per_slug.setdefault(slug, []).append({"endpoint": slug, "action": action, "id": id_})
    return [word for slug, found in per_slug.items() for word in _at_most_some(slug, found)]


def _at_most_some(slug: str, words: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return words if len(words) <= TOLD_ONE_BY_ONE else [{"endpoint": slug, "action": "bulk", "id": None}]


def _tell(words: list[dict[str, Any]]) -> None:
    cache.touch(Activity.__tablename__)
    if words:
        bus().publish(TOPIC, *words)
