"""Every committed change, appended to the trail in its own transaction and told to the screens after it.

What changed is the journal's part. The head of the chain is locked last, after all that the transaction itself wrote,
and nothing is waited for while it is held: so it can delay others, and never deadlock with them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import event, func, insert, select, update
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
    number, last_hash = _locked_head(session)
    # Whole seconds, which is what every database keeps; read under the lock, so that the trail's order is time's.
    now = times.now().replace(microsecond=0)
    for row in rows:
        number += 1
        row |= {"id": number, "created_at": now, "previous_hash": last_hash}
        last_hash = row["hash"] = hash_of(row)
    session.execute(insert(Activity.__table__), rows)  # type: ignore[arg-type]
    head = update(ActivityHead.__table__).where(ActivityHead.__table__.c.id == HEAD_ID)  # type: ignore[arg-type]
    session.execute(head.values(last_id=number, last_hash=last_hash))
    _count(session, rows, now)


def _locked_head(session: Session) -> tuple[int, str]:
    query = select(ActivityHead.last_id, ActivityHead.last_hash).where(ActivityHead.id == HEAD_ID)
    found = session.execute(query.with_for_update()).one_or_none()
    if found is None:
        # Only once in a database's life. A trail that lost its head gets one that shows it: no row follows GENESIS.
        last = session.scalar(select(func.max(Activity.id))) or 0
        head = {"id": HEAD_ID, "last_id": last, "last_hash": GENESIS}
        _put(session, ActivityHead.__table__, [head], "id", "id")
        found = session.execute(query.with_for_update()).one()
    return found[0], found[1]


def _count(session: Session, rows: list[dict[str, Any]], now: datetime) -> None:
    """The day's figures; the days are the farm's."""
    day = times.local_day(now, current_settings().farm_timezone)
    keys = ("actor_id", "entity", "action", "severity", "animal_id")
    counted = Counter(tuple(row[name] or 0 for name in keys) for row in rows)
    values = [{"date": day, **dict(zip(keys, key, strict=True)), "count": n} for key, n in counted.items()]
    _put(session, ActivityDay.__table__, values, "count", "date", *keys)


def _put(session: Session, table: Any, rows: list[dict[str, Any]], adding: str, *keys: str) -> None:
    """Inserts rows, or adds to the `adding` of those that are there (leaves them alone when it is their key)."""
    if session.get_bind().dialect.name == "sqlite":
        new = sqlite.insert(table)
        more = table.c[adding] + (new.excluded[adding] if adding not in keys else 0)
        session.execute(new.on_conflict_do_update(index_elements=list(keys), set_={adding: more}), rows)
    else:
        fresh = mysql.insert(table)
        more = table.c[adding] + (fresh.inserted[adding] if adding not in keys else 0)
        session.execute(fresh.on_duplicate_key_update({adding: more}), rows)


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
