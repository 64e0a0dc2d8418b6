"""How many people there are, by role and by status: one query for each answer."""

from collections import Counter
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from app.core import times
from app.core.extensions import current_settings, db
from app.users.models import User
from app.users.permissions import Role


def statistics() -> dict[str, Any]:
    """People by role and by status, with percentages of all of them."""
    by_role, by_status = _counted()
    return {
        "total_users": by_role.total(),
        "role_distribution": _shares(by_role),
        "status_distribution": {
            "active": by_status[True],
            "inactive": by_status[False],
            "active_percentage": _percentage(by_status[True], by_status.total()),
        },
    }


def by_status() -> dict[str, Any]:
    """How many people are active."""
    _, counted = _counted()
    return {
        "active_users": counted[True],
        "inactive_users": counted[False],
        "total_users": counted.total(),
        "active_percentage": _percentage(counted[True], counted.total()),
    }


def by_role() -> dict[str, Any]:
    """How many people hold each role."""
    counted, _ = _counted()
    return {"roles": _shares(counted), "total_users": counted.total()}


def totals() -> dict[str, Any]:
    """The counters every resource has, and the active people among them. Today is the farm's day."""
    zone = current_settings().farm_timezone
    midnight = datetime.combine(times.local_day(times.now(), zone), time.min, ZoneInfo(zone))
    query = select(func.count(), _how_many(User.status), _how_many(User.created_at >= midnight))
    total, active, today = db.session.execute(query).one()
    return {
        "total": total,
        "total_users": total,
        "active_users": int(active or 0),
        "recent_today": int(today or 0),
        "model_name": "users",
    }


def _how_many(test: ColumnElement[bool] | InstrumentedAttribute[bool]) -> ColumnElement[int]:
    return func.sum(case((test, 1), else_=0))


def _counted() -> tuple[Counter[str], Counter[bool]]:
    by_role: Counter[str] = Counter()
    by_status: Counter[bool] = Counter()
    query = select(User.role, User.status, func.count()).group_by(User.role, User.status)
    for role, status, count in db.session.execute(query):
        by_role[role] += count
        by_status[bool(status)] += count
    return by_role, by_status


def _shares(counted: Counter[str]) -> dict[str, Any]:
    total = counted.total()
    return {
        role.value: {"count": counted[role], "percentage": _percentage(counted[role], total)} for role in Role
    }


def _percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
