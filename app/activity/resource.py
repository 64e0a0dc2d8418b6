"""HTTP door of the activity trail: everybody's own, others' with activity.view."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response
from flask_restx import Namespace, Resource

from app.activity import trail, wording
from app.activity.schemas import (
    ActivityFiltersOut,
    ActivityFiltersQuery,
    ActivityOut,
    ActivityQuery,
    ActivityStatsOut,
    ActivityStatsQuery,
    ActivitySummaryOut,
)
from app.activity.trail import Asked
from app.core.access import allow
from app.core.cache import conditional
from app.core.errors import Invalid, Malformed
from app.core.http import asks, gives, paged, success, written
from app.core.lists import MAX_LIMIT
from app.users.guard import present, require

ns = Namespace("activity", description="Actividad: quién cambió qué")
OTHERS = "activity.view"
API = "/api/v1"


@ns.route("/activity")
class Everybody(Resource):
    """What everybody did."""

    @allow(OTHERS)
    @conditional("activity_log")
    @asks(ActivityQuery)
    @gives(ActivityOut, many=True)
    def get(self, query: ActivityQuery) -> Any:
        """List, newest first; with cursor or cursor_mode, without counting."""
        return _listed(query, query.user_id)


@ns.route("/activity/me")
class Own(Resource):
    """What I did."""

    @allow("")
    @conditional("activity_log")
    @asks(ActivityQuery)
    @gives(ActivityOut, many=True)
    def get(self, query: ActivityQuery) -> Any:
        """List one's own, newest first."""
        return _listed(query, present().id)


@ns.route("/users/<int:id>/activity")
class Somebodys(Resource):
    """What one person did."""

    @allow("")
    @conditional("activity_log")
    @asks(ActivityQuery)
    @gives(ActivityOut, many=True)
    def get(self, query: ActivityQuery, id: int) -> Any:
        """List one person's, newest first: one's own, or anybody's with activity.view."""
        if id != present().id:
            require(present(), OTHERS)
        return _listed(query, id)


@ns.route("/activity/stats")
class Stats(Resource):
    """How often everybody did something."""

    @allow(OTHERS)
    @asks(ActivityStatsQuery)
    @gives(ActivityStatsOut)
    def get(self, query: ActivityStatsQuery) -> Any:
        """Count by entity, action, severity and day."""
        return trail.stats(_asked(query, query.user_id), query.days)


@ns.route("/activity/me/stats")
class OwnStats(Resource):
    """How often I did something."""

    @allow("")
    @asks(ActivityStatsQuery)
    @gives(ActivityStatsOut)
    def get(self, query: ActivityStatsQuery) -> Any:
        """Count one's own by entity, action, severity and day."""
        return trail.stats(_asked(query, present().id), query.days)


@ns.route("/activity/me/summary")
class OwnSummary(Resource):
    """What I did lately."""

    @allow("")
    @gives(ActivitySummaryOut)
    def get(self) -> Any:
        """The last seven and thirty days."""
        mine = Asked(actor_id=present().id)
        return {
            "user_id": present().id,
            "last_activity_at": trail.last_at(present().id),
            "window_7d": trail.stats(mine, 7),
            "window_30d": trail.stats(mine, 30),
        }


@ns.route("/activity/filters")
class Filters(Resource):
    """What there is to filter by."""

    @allow("")
    @asks(ActivityFiltersQuery)
    @gives(ActivityFiltersOut)
    def get(self, query: ActivityFiltersQuery) -> Any:
        """The entities, actions and severities that occur; of all only with activity.view."""
        scope = query.scope or ("global" if present().may(OTHERS) else "me")
        if scope == "global":
            require(present(), OTHERS)
        return {"scope": scope, **trail.used(present().id if scope == "me" else None, query.days)}


def _listed(query: ActivityQuery, actor_id: int | None) -> Response:
    limit = min(query.limit, MAX_LIMIT)
    if query.page < 1 or limit < 1:
        raise Malformed("«page» y «limit» deben ser números enteros mayores que cero")
    asked = _asked(query, actor_id)
    if query.cursor_mode or query.cursor:
        rows, more = trail.after(asked, int(query.cursor) if query.cursor else None, limit)
        last = str(rows[-1].id) if more else None
        return success({"items": _items(rows, query), "next_cursor": last, "has_more": more, "limit": limit})
    rows, total = trail.page(asked, query.page, limit)
    return paged(_items(rows, query), query.page, limit, total)


def _asked(query: ActivityQuery | ActivityStatsQuery, actor_id: int | None) -> Asked:
    since, before = _span(query) if isinstance(query, ActivityQuery) else (None, None)
    return Asked(
        actor_id=actor_id,
        animal_id=query.animal_id,
        entity_id=query.entity_id,
        entities=query.entity,
        actions=query.action,
        severities=query.severity,
        since=since,
        before=before,
    )


def _span(query: ActivityQuery) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the one to the end of the other: of a day its end, of a moment its second."""
    since, until = query.since, query.until
    try:
        start = trail.moment_of(since) if type(since) is date else since
        end = trail.moment_of(until + timedelta(days=1)) if type(until) is date else until
        end = end + timedelta(seconds=1) if end is not None and type(until) is datetime else end
    except OverflowError:
        raise Invalid(fields={"to": "La fecha está fuera del rango que se puede pedir"})
    if start and end and end <= start:
        raise Invalid(fields={"to": "Debe ser posterior a «from»"})
    return start, end


def _items(rows: Sequence[Any], query: ActivityQuery) -> list[dict[str, Any]]:
    tables = wording.tables()
    items = [written(ActivityOut, _item(row, tables)) for row in rows]
    left_out = {
        name for name in ("actor", "relations", "changes") if query.include and name not in query.include
    }
    chosen = {name.strip() for name in (query.fields or "").split(",")} & set(ActivityOut.model_fields)
    kept = ((chosen | {"id"}) if chosen else set(ActivityOut.model_fields)) - left_out
    return [{name: value for name, value in item.items() if name in kept} for item in items]


def _item(row: Any, tables: dict[str, str]) -> dict[str, Any]:
    return {
        **row._asdict(),
        "summary": row.description or row.title,
        "timestamp": row.created_at,
        "user_id": row.actor_id,
        "actor": {"id": row.actor_id, "fullname": row.actor_name},
        "links": _links(row, wording.slug_of(tables.get(row.entity, ""))),
    }


def _links(row: Any, slug: str | None) -> dict[str, str | None]:
    there = row.action != "delete" and row.entity_id is not None
    animal = f"{API}/animals/{row.animal_id}" if row.animal_id else None
    history = f"{API}/analytics/animals/{row.animal_id}/medical-history" if row.animal_id else None
    return {
        "detail": f"{API}/{slug}/{row.entity_id}" if slug and there else None,
        "animal": animal,
        "crud": f"{API}/{slug}" if slug else None,
        "analytics": history,
    }
