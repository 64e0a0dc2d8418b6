"""What the trail is asked: who did what, page by page, and how often. Writing it is `recording`'s part."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.sql import ColumnElement

from app.activity import wording
from app.activity.models import Activity, ActivityDay
from app.core import times
from app.core.extensions import current_settings, db

MOST_DELETED = 10_000
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """Which entries: every condition that is not None must hold, of several values any."""

    actor_id: int | None = None
    animal_id: int | None = None
    entity_id: int | None = None
    entities: Sequence[str] | None = None
    actions: Sequence[str] | None = None
    severities: Sequence[str] | None = None
    since: datetime | None = None
    before: datetime | None = None


def page(asked: Asked, number: int, limit: int) -> tuple[Sequence[Row[Any]], int]:
    """The entries of one page, newest first, and how many there are."""
    conditions = _conditions(asked)
    total = db.session.scalar(select(func.count()).select_from(Activity).where(*conditions)) or 0
    start = (number - 1) * limit
    rows = db.session.execute(_newest(conditions).limit(limit).offset(start)).all() if start < total else []
    return rows, total


def after(asked: Asked, cursor: int | None, limit: int) -> tuple[Sequence[Row[Any]], bool]:
    """The entries older than `cursor`, newest first, and whether there are more; nothing is counted for it."""
    conditions = _conditions(asked)
    if cursor is not None:
        conditions.append(Activity.id < cursor)
    rows = db.session.execute(_newest(conditions).limit(limit + 1)).all()
    return rows[:limit], len(rows) > limit


def last_at(actor_id: int) -> datetime | None:
    """When the person last did something."""
    query = select(Activity.created_at).where(Activity.actor_id == actor_id)
    return db.session.scalar(query.order_by(Activity.id.desc()).limit(1))


def stats(asked: Asked, days: int) -> dict[str, Any]:
    """How often, in the last `days` days of the farm, today among them: by what, by how serious, by day."""
    window = _window(days)
    conditions = _day_conditions(asked, window)
    columns = (ActivityDay.date, ActivityDay.entity, ActivityDay.action, ActivityDay.severity)
    query = select(*columns, func.sum(ActivityDay.count)).where(*conditions).group_by(*columns)
    rows = [(*row[:4], int(row[4])) for row in db.session.execute(query)]
    animals = select(func.count(ActivityDay.animal_id.distinct())).where(
        *conditions, ActivityDay.animal_id > 0
    )
    by_day = _counted(rows, 0)
    return {
        "window": window,
        "totals": {
            "events": by_day.total(),
            "distinct_entities": len(_counted(rows, 1)),
            "distinct_animals": db.session.scalar(animals) or 0,
        },
        "by_entity": _listed("entity", _counted(rows, 1)),
        "by_action": _listed("action", _counted(rows, 2)),
        "by_severity": _listed("severity", _counted(rows, 3)),
        "daily": [{"date": day, "count": by_day[day]} for day in _days(window)],
    }


def used(actor_id: int | None, days: int) -> dict[str, Any]:
    """The entities, actions and severities that occur, to filter by."""
    window = _window(days)
    columns = (ActivityDay.entity, ActivityDay.action, ActivityDay.severity)
    query = select(*columns).where(*_day_conditions(Asked(actor_id=actor_id), window)).distinct()
    rows = db.session.execute(query).all()
    names = ("entities", "actions", "severities")
    return {"window": window, **{name: sorted({row[i] for row in rows}) for i, name in enumerate(names)}}


def deleted_since(table: str, moment: datetime) -> list[int]:
    """The ids that were deleted from the table since then and are not in use again; at most ten thousand."""
    entity = {name: entity for entity, name in wording.tables().items()}.get(table)
    deleted = func.max(case((Activity.action == "delete", Activity.id), else_=0))
    created = func.max(case((Activity.action == "create", Activity.id), else_=0))
    query = select(Activity.entity_id).where(
        Activity.entity == entity,
        Activity.action.in_(("create", "delete")),
        Activity.entity_id.is_not(None),
        Activity.created_at >= moment.replace(microsecond=0),
    )
    query = query.group_by(Activity.entity_id).having(deleted > created).order_by(Activity.entity_id)
    return [int(id_) for id_ in db.session.scalars(query.limit(MOST_DELETED)) if id_ is not None]


def moment_of(day: dt.date) -> datetime:
    """The farm's midnight at which the day begins."""
    return datetime.combine(day, time.min, ZoneInfo(current_settings().farm_timezone))


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    equal = [
        (Activity.actor_id, asked.actor_id),
        (Activity.animal_id, asked.animal_id),
        (Activity.entity_id, asked.entity_id),
    ]
    among = [
        (Activity.entity, asked.entities),
        (Activity.action, asked.actions),
        (Activity.severity, asked.severities),
    ]
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    conditions += [column.in_(values) for column, values in among if values is not None]
    if asked.since is not None:
        conditions.append(Activity.created_at >= asked.since)
    if asked.before is not None:
        conditions.append(Activity.created_at < asked.before)
    return conditions


def _newest(conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    hashes = {"previous_hash", "hash"}
    columns = [column for column in Activity.__table__.columns if column.name not in hashes]
    return select(*columns).where(*conditions).order_by(Activity.id.desc())


def _day_conditions(asked: Asked, window: dict[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ActivityDay.date.between(window["from"], window["to"])]
    if asked.actor_id is not None:
        conditions.append(ActivityDay.actor_id == asked.actor_id)
    if asked.animal_id is not None:
        conditions.append(ActivityDay.animal_id == asked.animal_id)
    among = [
        (ActivityDay.entity, asked.entities),
        (ActivityDay.action, asked.actions),
        (ActivityDay.severity, asked.severities),
    ]
    return conditions + [column.in_(values) for column, values in among if values is not None]


def _window(days: int) -> dict[str, Any]:
    today = times.local_day(times.now(), current_settings().farm_timezone)
    return {"days": days, "from": today - (days - 1) * DAY, "to": today}


def _days(window: dict[str, Any]) -> list[dt.date]:
    return [window["from"] + n * DAY for n in range(window["days"])]


def _counted(rows: list[Any], place: int) -> Counter[Any]:
    counted: Counter[Any] = Counter()
    for row in rows:
        counted[row[place]] += row[4]
    return counted


def _listed(name: str, counted: Counter[str]) -> list[dict[str, Any]]:
    return [{name: key, "count": count} for key, count in counted.most_common()]
