"""A filling in a few figures, and the sentence that draws the conclusion."""

from typing import Any

from app.biogas.comparison import actual_of, days_elapsed, expected_of, expected_steps, quality_counts
from app.biogas.models import Filling
from app.biogas.reports.figures import inference_sentence
from app.core import times


def summary(filling: Filling) -> dict[str, Any]:
    """Expected and actual gas of the filling so far. Volumes in Nm3 and m3 at the meter; coverage 0 to 1."""
    now = times.now()
    elapsed = days_elapsed(filling, now)
    days = actual_of(filling, elapsed, now)
    steps = expected_steps(expected_of(filling, elapsed), days)
    actual_nm3 = sum(day.volume_nm3 or 0.0 for day in days)
    expected_nm3 = sum(step.nm3 for step in steps)
    coverage = sum(day.coverage for day in days) / len(days)
    low, high = sum(step.low_nm3 for step in steps), sum(step.high_nm3 for step in steps)
    return {
        "filling": filling,
        "day": elapsed,
        "expected_to_date_nm3": expected_nm3,
        "expected_low_nm3": low,
        "expected_high_nm3": high,
        "expected_to_date_m3": sum(step.m3 for step in steps),
        "actual_to_date_m3": sum(day.volume_m3 or 0.0 for day in days),
        "actual_to_date_nm3": actual_nm3,
        "difference_pct": 100 * (actual_nm3 - expected_nm3) / expected_nm3 if expected_nm3 > 0 else None,
        "coverage": round(coverage, 4),
        "days_by_quality": quality_counts(days),
        "resets": sum(day.resets for day in days),
        "spikes": sum(day.spikes for day in days),
        "inference": inference_sentence(actual_nm3, expected_nm3, low, high, coverage),
        "as_of": now,
    }
