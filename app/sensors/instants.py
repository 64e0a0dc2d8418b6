"""The forms in which devices write a moment, read as milliseconds since 1970 UTC. Pure; never raises."""

from datetime import UTC, datetime
from typing import Any

from app.core.times import to_ms

# Larger numbers than this are milliseconds: as seconds they would lie beyond the year 5000.
LARGEST_SECONDS = 1e11
LARGEST_MS = 1e15


def parse(value: Any) -> int | None:
    """Seconds or milliseconds as number or text, or ISO 8601 (UTC without a zone); None if unreadable."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _from_iso(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN fails this comparison too.
    if not 0 < value < LARGEST_MS:
        return None
    return round(value) if value > LARGEST_SECONDS else round(value * 1000)


def _from_iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
