"""The whole history of one animal in one request: a page of dated events, the newest first, and how many of each kind.

The database merges, sorts and counts the days of all kinds; what each event says is read for the page alone.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Select, case, func, literal, select, union_all
from sqlalchemy.sql import ColumnElement

from app.analytics.life import KINDS, Kind
from app.core import records, times
from app.core.extensions import current_settings, db
from app.health.models import Medication, TreatmentMedication, TreatmentVaccine, Vaccine
from app.herd.models import Animal, AnimalImage

RANKS = {name: rank for rank, name in enumerate(KINDS)}
NAMES = list(KINDS)
Days = Mapping[int, dt.date]
Event = dict[str, Any]


def history(
    animal_id: int,
    since: dt.date | None,
    until: dt.date | None,
    kinds: Iterable[str],
    page: int,
    limit: int,
) -> tuple[dict[str, Any], int]:
    """The page of an animal's history and how many events there are of the kinds asked. NotFound for no animal."""
    animal = records.get(Animal, animal_id, "El animal")
    pictures = _picture_days(animal_id)
    events = _merged(animal_id, since, until, pictures)
    totals = _totals(events)
    shown = _page(events, [RANKS[name] for name in kinds], page, limit)
    found = {"animal": animal, "totals": totals, "events": _told(shown, pictures)}
    return found, sum(totals[name] for name in set(kinds))


def _picture_days(animal_id: int) -> Days:
    """The farm's day on which each picture was taken in: that of a moment, which the databases cannot tell."""
    query = select(AnimalImage.id, AnimalImage.created_at).where(AnimalImage.animal_id == animal_id)
    zone = current_settings().farm_timezone
    return {id: times.local_day(moment, zone) for id, moment in db.session.execute(query.limit(1000))}


def _merged(
    animal_id: int, since: dt.date | None, until: dt.date | None, pictures: Days
) -> CompoundSelect[Any]:
    """(day, rank of the kind, id) of every event of the period."""
    parts = [
        _part(name, kind.day, kind.owner(animal_id), *_between(kind.day, since, until))
        for name, kind in KINDS.items()
        if name != "image"
    ]
    chosen = {id: day for id, day in pictures.items() if (since or day) <= day <= (until or day)}
    if chosen:
        parts.append(_part("image", case(chosen, value=AnimalImage.id), AnimalImage.id.in_(chosen)))
    return union_all(*parts)


def _part(name: str, day: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    columns = (day.label("day"), literal(RANKS[name]).label("rank"), KINDS[name].model.id.label("id"))
    return select(*columns).where(*conditions)


def _between(
    day: ColumnElement[Any], since: dt.date | None, until: dt.date | None
) -> list[ColumnElement[bool]]:
    return [*([day >= since] if since else []), *([day <= until] if until else [])]


def _totals(events: CompoundSelect[Any]) -> dict[str, int]:
    merged = events.subquery()
    query = select(merged.c.rank, func.count()).group_by(merged.c.rank)
    counted = {NAMES[rank]: count for rank, count in db.session.execute(query)}
    return {name: counted.get(name, 0) for name in NAMES}


def _page(events: CompoundSelect[Any], ranks: Sequence[int], page: int, limit: int) -> list[tuple[str, int]]:
    """(kind, id) of the events of a page."""
    merged = events.subquery()
    query = select(merged.c.rank, merged.c.id).where(merged.c.rank.in_(ranks))
    query = query.order_by(merged.c.day.desc(), merged.c.rank.desc(), merged.c.id.desc())
    rows = db.session.execute(query.limit(limit).offset((page - 1) * limit))
    return [(NAMES[rank], id) for rank, id in rows]


def _told(shown: Sequence[tuple[str, int]], pictures: Days) -> list[Event]:
    told: dict[tuple[str, int], Event] = {}
    for name in dict.fromkeys(name for name, _ in shown):
        ids = [id for kind, id in shown if kind == name]
        told.update({(name, event["id"]): event for event in _events(name, ids)})
    for (name, id), event in told.items():
        if name == "image":
            event["date"] = pictures[id]
    _add_what_was_given([event for (name, _), event in told.items() if name == "treatment"])
    return [told[one] for one in shown if one in told]


def _events(name: str, ids: Sequence[int]) -> list[Event]:
    kind = KINDS[name]
    return [_event(name, kind, dict(row)) for row in db.session.execute(_query(kind, ids)).mappings()]


def _query(kind: Kind, ids: Sequence[int]) -> Select[Any]:
    columns = [column.label(f"said_{name}") for name, column in kind.columns.items()]
    query = select(kind.model.id.label("id"), kind.day.label("day"), *columns).select_from(kind.model)
    for target, on in kind.joins:
        query = query.outerjoin(target, on)
    return query.where(kind.model.id.in_(ids))


def _event(name: str, kind: Kind, row: Mapping[str, Any]) -> Event:
    details = {column: row[f"said_{column}"] for column in kind.columns}
    return {
        "date": row["day"],
        "kind": name,
        "id": row["id"],
        "title": kind.told(details),
        "details": details,
    }


def _add_what_was_given(treatments: Sequence[Event]) -> None:
    by_id = {event["id"]: event["details"] for event in treatments}
    for details in by_id.values():
        details.update(medications=[], vaccines=[])
    if not by_id:
        return
    link = TreatmentMedication
    medications = select(link.treatment_id, Medication.id, Medication.name, Medication.dosis)
    medications = medications.join(Medication, Medication.id == link.medication_id)
    for treatment_id, id, name, dosis in db.session.execute(medications.where(link.treatment_id.in_(by_id))):
        by_id[treatment_id]["medications"].append({"id": id, "name": name, "dosis": dosis})
    given = TreatmentVaccine
    vaccines = select(given.treatment_id, Vaccine.id, Vaccine.name, given.dose)
    vaccines = vaccines.join(Vaccine, Vaccine.id == given.vaccine_id)
    for treatment_id, id, name, dose in db.session.execute(vaccines.where(given.treatment_id.in_(by_id))):
        by_id[treatment_id]["vaccines"].append({"id": id, "name": name, "dose": dose})
