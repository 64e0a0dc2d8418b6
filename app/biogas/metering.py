"""A digester's days, from raw readings to stored production: what is read, what must be computed again.

The meter rules are in metered_day.py; what the figures are compared with is in comparison.py.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select

from app.biogas.gas import normal_factor
from app.biogas.meter import Event, MeterKind, MeterSpec, MeterState, advance
from app.biogas.metered_day import ChannelSeries, DayProduction, day_bounds, day_of, day_production
from app.biogas.models import Digester, DigesterDevice, DirtyDay, MeterDay, ProductionDay
from app.core import records, times
from app.core.extensions import db
from app.sensors.models import Channel, Reading, Rollup

GAS = "gas"
CONDITIONS = ("temperature", "pressure")
FACTORS = {"m3": 1.0, "m3/h": 1.0, "l/min": 0.06, "l": 0.001, "l/h": 0.001}
LOOKAHEAD = 400
LONGEST_GAP_DAYS = 1000
EVENTS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Conditions:
    """Mean temperature (degC) and absolute pressure (hPa) at the meter, and whether they were measured."""

    temperature_c: float
    pressure_hpa: float
    measured: bool

    @property
    def factor(self) -> float:
        """Nm3 of dry gas per m3 at the meter."""
        return normal_factor(self.temperature_c, self.pressure_hpa)

    @property
    def possible(self) -> bool:
        """Whether gas can be metered like that at all."""
        try:
            return self.factor > 0
        except ValueError:
            return False


def mark_readings(buckets: Iterable[tuple[int, int]]) -> None:
    """Marks the days that (channel id, quarter of an hour) pairs touch; part of the roller's transaction."""
    first_ms: dict[int, int] = {}
    days: dict[int, set[int]] = {}
    for channel_id, bucket_ms in buckets:
        first_ms[channel_id] = min(bucket_ms, first_ms.get(channel_id, bucket_ms))
        days.setdefault(channel_id, set()).add(bucket_ms)
    marked: dict[int, set[date]] = {}
    for channel_id, digester_id, quantity, zone in _metered(set(days)):
        touched = {day_of(ms, ZoneInfo(zone)) for ms in days[channel_id]}
        if quantity == GAS:
            touched |= _dependents(digester_id, channel_id, first_ms[channel_id], max(touched))
        marked.setdefault(digester_id, set()).update(touched)
    for digester_id, found in marked.items():
        _mark(digester_id, found)


def mark_all(digester: Digester) -> None:
    """Marks every day the digester's gas channels have readings for: what they mean has changed."""
    ids = [channel.id for channel in gas_channels(digester.id)]
    db.session.execute(delete(ProductionDay).where(ProductionDay.digester_id == digester.id))
    db.session.execute(delete(MeterDay).where(MeterDay.digester_id == digester.id))
    low, high = db.session.execute(
        select(func.min(Rollup.bucket_ms), func.max(Rollup.bucket_ms)).where(Rollup.channel_id.in_(ids))
    ).one()
    if low is not None:
        zone = ZoneInfo(digester.timezone)
        _mark(digester.id, _days_between(day_of(low, zone), day_of(high, zone)))


def _metered(channel_ids: set[int]) -> list[tuple[int, int, str, str]]:
    query = (
        select(Channel.id, Digester.id, Channel.quantity, Digester.timezone)
        .join(DigesterDevice, DigesterDevice.device_id == Channel.device_id)
        .join(Digester, Digester.id == DigesterDevice.digester_id)
        .where(Channel.id.in_(channel_ids), Channel.quantity.in_([GAS, *CONDITIONS]))
    )
    return [(channel, digester, kind, zone) for channel, digester, kind, zone in db.session.execute(query)]


def _dependents(digester_id: int, channel_id: int, first_ms: int, newest: date) -> set[date]:
    """Earlier days that wait for, or have used, a reading of the channel as early as this; and a gap's days."""
    waiting = or_(MeterDay.depends_until_ms.is_(None), MeterDay.depends_until_ms >= first_ms)
    mine = MeterDay.channel_id == channel_id
    days = set(db.session.scalars(select(MeterDay.day).where(mine, waiting, MeterDay.day < newest)))
    last = db.session.scalar(
        select(func.max(ProductionDay.day)).where(ProductionDay.digester_id == digester_id)
    )
    if last is not None and last < newest:
        days |= set(_days_between(last, newest))
    return days


def _days_between(first: date, last: date) -> list[date]:
    count = min((last - first).days, LONGEST_GAP_DAYS)
    return [last - dt.timedelta(days=n) for n in range(count, -1, -1)]


def _mark(digester_id: int, days: Iterable[date]) -> None:
    db.session.add_all([DirtyDay(digester_id=digester_id, day=day) for day in sorted(days)])
    records.flush()


def gas_channels(digester_id: int) -> list[Channel]:
    """The metered gas channels of a digester's devices, with their devices."""
    query = (
        select(Channel)
        .join(DigesterDevice, DigesterDevice.device_id == Channel.device_id)
        .where(DigesterDevice.digester_id == digester_id, Channel.quantity == GAS)
        .where(Channel.kind.in_([kind.value for kind in MeterKind]))
        .order_by(Channel.id)
    )
    return list(db.session.scalars(query))


def compute_day(digester: Digester, day: date) -> ProductionDay:
    """Computes and stores one day. The next day is marked when it starts from another state than before."""
    start_ms, end_ms = day_bounds(day, ZoneInfo(digester.timezone))
    result = measured(digester, day, start_ms, end_ms)
    conditions = conditions_of(digester, start_ms, end_ms)
    stored = db.session.get(ProductionDay, (digester.id, day)) or ProductionDay(
        digester_id=digester.id, day=day
    )
    stored.volume_m3 = result.volume_m3
    stored.volume_nm3 = result.volume_m3 * conditions.factor
    stored.covered_ms = result.covered_ms
    stored.samples = result.samples
    stored.resets = result.resets
    stored.spikes = result.spikes
    stored.events = [_event_shape(event) for event in result.events[:EVENTS_KEPT]]
    stored.temperature_c = conditions.temperature_c
    stored.pressure_hpa = conditions.pressure_hpa
    stored.conditions = "measured" if conditions.measured else "assumed"
    stored.computed_ms = times.now_ms()
    db.session.add(stored)
    records.flush()
    if _keep_closing(digester.id, day, result) and _has_next(digester.id, day):
        _mark(digester.id, [day + dt.timedelta(days=1)])
    return stored


def _keep_closing(digester_id: int, day: date, result: DayProduction) -> bool:
    """Stores how each channel ends the day; whether any ends it otherwise than before."""
    changed = False
    for key, channel in result.channels.items():
        row = db.session.get(MeterDay, (int(key), day))
        closing = channel.closing.to_json() if channel.closing else None
        changed |= row is None or row.closing != closing
        row = row or MeterDay(channel_id=int(key), day=day, digester_id=digester_id)
        row.closing, row.depends_until_ms = closing, channel.depends_until_ms
        db.session.add(row)
    records.flush()
    return changed


def _event_shape(event: Event) -> dict[str, Any]:
    return {"ts": times.iso_ms(event.ts_ms), "kind": str(event.kind), **event.detail}


def measured(digester: Digester, day: date, start_ms: int, end_ms: int) -> DayProduction:
    """What the meters gave from `start_ms` to `end_ms`, both within `day`, by the meter rules."""
    series = [_series(channel, digester, day, start_ms, end_ms) for channel in gas_channels(digester.id)]
    return day_production(series, start_ms, end_ms)


def _series(channel: Channel, digester: Digester, day: date, start_ms: int, end_ms: int) -> ChannelSeries:
    spec = spec_of(channel, digester)
    opening = _opening(channel.id, day)
    day_start_ms, _ = day_bounds(day, ZoneInfo(digester.timezone))
    if start_ms > day_start_ms:
        opening = advance(opening, _samples(channel.id, day_start_ms, start_ms), spec).state
    return ChannelSeries(
        key=str(channel.id),
        spec=spec,
        opening=opening,
        samples=_samples(channel.id, start_ms, end_ms),
        lookahead=_samples(channel.id, end_ms, None, LOOKAHEAD),
    )


def spec_of(channel: Channel, digester: Digester) -> MeterSpec:
    """What is declared of a gas channel, with the digester's largest plausible flow where it says none."""
    return MeterSpec(
        kind=MeterKind(channel.kind),
        factor=FACTORS.get(channel.unit.lower(), 1.0),
        capacity=channel.capacity,
        max_rate_m3h=channel.max_rate_m3h or digester.max_rate_m3h,
        expected_interval_s=channel.device.expected_interval_s,
    )


def conditions_of(digester: Digester, start_ms: int, end_ms: int) -> Conditions:
    """Means of the digester's temperature and pressure channels between two instants; its defaults where none."""
    query = (
        select(Channel.quantity, func.sum(Rollup.total), func.sum(Rollup.n))
        .join(DigesterDevice, DigesterDevice.device_id == Channel.device_id)
        .join(Rollup, Rollup.channel_id == Channel.id)
        .where(DigesterDevice.digester_id == digester.id, Channel.quantity.in_(CONDITIONS))
        .where(Rollup.bucket_ms >= start_ms, Rollup.bucket_ms < end_ms)
        .group_by(Channel.quantity)
    )
    means = {quantity: total / int(n) for quantity, total, n in db.session.execute(query)}
    found = Conditions(
        means.get("temperature", digester.meter_temperature_c),
        means.get("pressure", digester.meter_pressure_hpa),
        means.keys() >= set(CONDITIONS),
    )
    # A channel declared in another unit measures, but not what we took it for.
    return (
        found
        if found.possible
        else Conditions(digester.meter_temperature_c, digester.meter_pressure_hpa, False)
    )


def _opening(channel_id: int, day: date) -> MeterState | None:
    earlier = select(MeterDay.closing).where(MeterDay.channel_id == channel_id, MeterDay.day < day)
    closing = db.session.scalars(earlier.order_by(MeterDay.day.desc()).limit(1)).first()
    return MeterState.from_json(closing) if closing else None


def _has_next(digester_id: int, day: date) -> bool:
    return db.session.get(ProductionDay, (digester_id, day + dt.timedelta(days=1))) is not None


def _samples(
    channel_id: int, start_ms: int, end_ms: int | None, most: int | None = None
) -> list[tuple[int, float]]:
    query = select(Reading.ts_ms, Reading.value).where(
        Reading.channel_id == channel_id, Reading.ts_ms >= start_ms
    )
    query = query.where(Reading.ts_ms < end_ms) if end_ms is not None else query
    return [(ts_ms, value) for ts_ms, value in db.session.execute(query.order_by(Reading.ts_ms).limit(most))]
