"""Moments and days: UTC inside and on the wire, days cut in a named zone. No formatting for people."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime
from sqlalchemy.types import TypeDecorator

DAY_MS = 86_400_000


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The present moment in milliseconds since 1970-01-01 UTC."""
    return to_ms(now())


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an aware datetime."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_ms(ts_ms: int) -> datetime:
    """The aware UTC datetime of milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ts_ms)


def iso(moment: datetime) -> str:
    """`2026-11-20T20:05:04Z`; a naive datetime is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(ts_ms: int) -> str:
    """`2026-11-20T20:05:04.123Z` for milliseconds since 1970."""
    return f"{_iso_second(ts_ms // 1000)}.{ts_ms % 1000:03d}Z"


@lru_cache(maxsize=256)
def _iso_second(second: int) -> str:
    return from_ms(second * 1000).strftime("%Y-%m-%dT%H:%M:%S")


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day of an aware moment in `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=64)
def day_of_second(second: int, zone: str) -> date:
    """The same for a second since 1970, remembered: the present one is asked for again and again."""
    return local_day(datetime.fromtimestamp(second, UTC), zone)


class UtcDateTime(TypeDecorator[datetime]):
    """Stores aware datetimes as naive UTC (MariaDB and SQLite keep no zone) and gives them back aware."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None
