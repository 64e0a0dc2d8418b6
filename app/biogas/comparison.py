"""Expected and actual production of a filling, day by day, on one basis. Reads stored days; computes no meter."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.biogas.legacy_model import legacy_series
from app.biogas.metered_day import day_bounds, quality
from app.biogas.metering import conditions_of, measured
from app.biogas.models import Filling, ProductionDay
from app.biogas.parameters import parameters_of
from app.biogas.settling import pending
from app.biogas.substrates import PARAMETER_FIELDS
from app.biogas.yields import Expected, Feed, expected_series
from app.core import times
from app.core.extensions import db

LONGEST_D = 1000
SHORTEST_HORIZON_D = 60
ENOUGH = 0.95
REFERENCE = "Nm³: gas seco a 0 °C y 1013,25 hPa; m³: gas húmedo en las condiciones del medidor"


@dataclass(frozen=True, slots=True)
class Day:
    """One metered day of a filling. Volumes are None when no day was computed: nothing was measured."""

    date: date
    volume_m3: float | None
    volume_nm3: float | None
    coverage: float
    share: float  # how much of the day had passed, and was the filling's
    quality: str
    samples: int
    resets: int
    spikes: int
    events: tuple[Mapping[str, Any], ...]
    temperature_c: float | None
    pressure_hpa: float | None


def last_day(filling: Filling, now: datetime) -> date:
    """The day of a filling's last instant, or of `now` while it is active; one that ends at midnight has no part
    in the day that begins then."""
    end = filling.ended_at - dt.timedelta(milliseconds=1) if filling.ended_at else now
    return times.local_day(end, filling.digester.timezone)


def days_elapsed(filling: Filling, now: datetime) -> int:
    """How many of its days a filling has begun, from its first to its last or today; never more than we show."""
    return min(max((last_day(filling, now) - filling.date).days + 1, 1), LONGEST_D)


def expected_of(filling: Filling, days: int) -> Expected:
    """The gas expected of the filling in each of its first `days`."""
    feed = Feed(
        mass_kg=filling.material_amount_kg,
        humidity_pct=filling.material_humidity_pct,
        temperature_c=filling.temperature_c,
        added_water_m3=filling.added_water_m3,
    )
    digester = filling.digester
    return expected_series(
        [feed],
        parameters_of(filling.parameters, filling.material_type),
        days,
        digester.meter_temperature_c,
        digester.meter_pressure_hpa,
    )


def actual_of(filling: Filling, days: int, now: datetime) -> list[Day]:
    """The metered days of the filling; a day shared with another filling counts from or to the hour of change."""
    last = filling.date + dt.timedelta(days=days - 1)
    query = select(ProductionDay).where(
        ProductionDay.digester_id == filling.digester_id, ProductionDay.day.between(filling.date, last)
    )
    stored = {row.day: row for row in db.session.scalars(query)}
    wanted = [filling.date + dt.timedelta(days=n) for n in range(days)]
    return [_day(filling, day, stored.get(day), times.to_ms(now)) for day in wanted]


def _day(filling: Filling, day: date, stored: ProductionDay | None, now_ms: int) -> Day:
    start_ms, end_ms = day_bounds(day, ZoneInfo(filling.digester.timezone))
    first = max(start_ms, times.to_ms(filling.started_at))
    last = min(end_ms, times.to_ms(filling.ended_at)) if filling.ended_at else end_ms
    watched_ms = max(min(last, now_ms) - first, 1)
    share = min(watched_ms / (end_ms - start_ms), 1.0)
    if stored is None or last <= first:
        return Day(day, None, None, 0.0, share, "none", 0, 0, 0, (), None, None)
    volume_m3, volume_nm3, covered_ms = stored.volume_m3, stored.volume_nm3, stored.covered_ms
    if (first, last) != (start_ms, end_ms):
        result = measured(filling.digester, day, first, last)
        volume_m3, covered_ms = result.volume_m3, result.covered_ms
        volume_nm3 = volume_m3 * conditions_of(filling.digester, first, last).factor
    return _made(stored, volume_m3, volume_nm3, min(covered_ms / watched_ms, 1.0), share)


def _made(stored: ProductionDay, volume_m3: float, volume_nm3: float, coverage: float, share: float) -> Day:
    return Day(
        stored.day, volume_m3, volume_nm3, coverage, share, str(quality(coverage, stored.resets, stored.spikes)),
        stored.samples, stored.resets, stored.spikes, tuple(stored.events), stored.temperature_c, stored.pressure_hpa,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Steps:
    """What a day was expected to add, in Nm3 and m3 at the meter: on average, and along the band's whole curves."""

    nm3: float
    m3: float
    low_nm3: float
    high_nm3: float


def expected_steps(expected: Expected, days: Sequence[Day]) -> list[Steps]:
    """The expected gas of each day so far: a day that is not over, or not wholly the filling's, counts in part."""
    low, high = expected.cumulative_low_biogas_nm3, expected.cumulative_high_biogas_nm3
    return [
        Steps(
            expected.biogas_nm3[n] * day.share,
            expected.biogas_m3[n] * day.share,
            (low[n] - (low[n - 1] if n else 0.0)) * day.share,
            (high[n] - (high[n - 1] if n else 0.0)) * day.share,
        )
        for n, day in enumerate(days)
    ]


def production(filling: Filling) -> dict[str, Any]:
    """Everything about a filling's production: expected (to its horizon), actual (to now), the earlier model."""
    now = times.now()
    elapsed = days_elapsed(filling, now)
    expected = expected_of(filling, _horizon(filling, elapsed))
    return {
        "filling": filling,
        "stage": stage_of(filling),
        "expected": expected_shape(expected, filling.date),
        "actual": actual_shape(actual_of(filling, elapsed, now), filling.date),
        "legacy_model": legacy_shape(
            filling.material_type, filling.material_amount_kg, filling.temperature_c
        ),
        "as_of": now,
        "pending": pending(filling.digester_id),
    }


def _horizon(filling: Filling, elapsed: int) -> int:
    """Days until the expected curve has given nearly all it will, at least those elapsed."""
    whole = expected_of(filling, LONGEST_D)
    goal = ENOUGH * whole.potential.biogas_nm3
    reached = next((n for n, total in enumerate(whole.cumulative_biogas_nm3, 1) if total >= goal), LONGEST_D)
    return min(max(reached, elapsed, SHORTEST_HORIZON_D), LONGEST_D)


def stage_of(filling: Filling) -> dict[str, Any]:
    """The filling under the earlier system's name and keys."""
    return {
        "id": filling.id,
        "number": filling.number,
        "date": filling.date.isoformat(),
        "material_type": filling.material_type,
        "material_amount_kg": filling.material_amount_kg,
        "temperature_c": filling.temperature_c,
    }


def expected_shape(expected: Expected, start: date | None = None) -> dict[str, Any]:
    """The expected series as the API writes it; A_biogas_m3-like figures are under `potential_*`."""
    count = len(expected.biogas_nm3)
    return {
        "days": list(range(count)),
        "dates": [start + dt.timedelta(days=n) for n in range(count)] if start else None,
        "daily_ch4_nm3": expected.ch4_nm3,
        "daily_biogas_nm3": expected.biogas_nm3,
        "daily_biogas_m3": expected.biogas_m3,
        "daily_low_nm3": expected.low_biogas_nm3,
        "daily_high_nm3": expected.high_biogas_nm3,
        "cumulative_ch4_nm3": expected.cumulative_ch4_nm3,
        "cumulative_biogas_nm3": expected.cumulative_biogas_nm3,
        "cumulative_biogas_m3": expected.cumulative_biogas_m3,
        "cumulative_low_nm3": expected.cumulative_low_biogas_nm3,
        "cumulative_high_nm3": expected.cumulative_high_biogas_nm3,
        "vs_kg": expected.potential.vs_kg,
        "potential_ch4_nm3": expected.potential.ch4_nm3,
        "potential_biogas_nm3": expected.potential.biogas_nm3,
        "potential_low_nm3": expected.potential.low_biogas_nm3,
        "potential_high_nm3": expected.potential.high_biogas_nm3,
        "params": {name: asdict(getattr(expected.parameters, name)) for name in PARAMETER_FIELDS},
        "warnings": [{"code": notice.code, "message": notice.message} for notice in expected.warnings],
        "reference": REFERENCE,
    }


def actual_shape(days: list[Day], start: date) -> dict[str, Any]:
    """The metered days as the API writes them; days without any measurement are null, and add nothing."""
    return {
        "days": [(day.date - start).days for day in days],
        "dates": [day.date for day in days],
        "daily_biogas_m3": [day.volume_m3 for day in days],
        "daily_biogas_nm3": [day.volume_nm3 for day in days],
        "cumulative_biogas_m3": list(accumulate(day.volume_m3 or 0.0 for day in days)),
        "cumulative_biogas_nm3": list(accumulate(day.volume_nm3 or 0.0 for day in days)),
        "coverage": [round(day.coverage, 4) for day in days],
        "quality": [day.quality for day in days],
        "resets": [day.resets for day in days],
        "spikes": [day.spikes for day in days],
        "events": [{"date": day.date.isoformat(), **event} for day in days for event in day.events],
        "temperature_c": [day.temperature_c for day in days],
        "pressure_hpa": [day.pressure_hpa for day in days],
    }


def legacy_shape(material: str, amount_kg: float, temperature_c: float) -> dict[str, Any]:
    """The earlier system's curve, by its own name."""
    series = legacy_series(material, amount_kg, temperature_c)
    return {
        "model": "biogestor_g1",
        "days": series.days,
        "daily_biogas_m3": series.daily_biogas_m3,
        "cumulative_biogas_m3": series.cumulative_biogas_m3,
        "A_biogas_m3": series.potential_m3,
    }


def quality_counts(days: list[Day]) -> dict[str, int]:
    """How many days of each quality."""
    return dict(Counter(day.quality for day in days))
