"""Readings by quarter of an hour: buckets, recomputing them, and series from raw readings or rollups."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, delete, func, insert, literal_column, select
from sqlalchemy.orm import Session

from app.core.extensions import db
from app.sensors.models import Reading, Rollup

BUCKET_MS = 900_000
MOST_BUCKETS = 1000

Bucket = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Series:
    """A channel's readings by bucket: rows of (start ms, minimum, mean, maximum, n); empty ones left out."""

    resolution: str
    bucket_ms: int
    rows: list[tuple[int, float, float, float, int]]


def bucket_of(ts_ms: int) -> int:
    """The start (ms) of the quarter of an hour an instant lies in."""
    return ts_ms - ts_ms % BUCKET_MS


def recompute(session: Session, buckets: Iterable[Bucket]) -> None:
    """Makes the rollups of these (channel id, bucket start) what the raw readings say.

    Neighbouring buckets are read as one range, and channels that share a range in one statement.
    """
    channels_of: dict[tuple[int, int], list[int]] = defaultdict(list)
    for channel_id, first_ms, last_ms in _runs(sorted(set(buckets))):
        channels_of[first_ms, last_ms].append(channel_id)
    connection = session.connection()
    for (first_ms, last_ms), channels in channels_of.items():
        mine = Rollup.channel_id.in_(channels), Rollup.bucket_ms.between(first_ms, last_ms)
        connection.execute(delete(Rollup).where(*mine))
        connection.execute(_insert_from_raw(first_ms, last_ms, channels))


def _runs(buckets: list[Bucket]) -> Iterator[tuple[int, int, int]]:
    """Sorted buckets as (channel id, first start, last start) of each unbroken row of them."""
    start = 0
    for i, (channel_id, bucket_ms) in enumerate(buckets, 1):
        if i == len(buckets) or buckets[i] != (channel_id, bucket_ms + BUCKET_MS):
            yield channel_id, buckets[start][1], bucket_ms
            start = i


def _insert_from_raw(first_ms: int, last_ms: int, channels: list[int]) -> Insert:
    bucket = Reading.ts_ms - Reading.ts_ms % literal_column(str(BUCKET_MS))
    summary = (
        select(
            Reading.channel_id,
            bucket,
            func.count(),
            func.sum(Reading.value),
            func.min(Reading.value),
            func.max(Reading.value),
        )
        .where(Reading.channel_id.in_(channels), Reading.ts_ms.between(first_ms, last_ms + BUCKET_MS - 1))
        .group_by(Reading.channel_id, bucket)
    )
    columns = ["channel_id", "bucket_ms", "n", "total", "minimum", "maximum"]
    return insert(Rollup).from_select(columns, summary)


def series(channel_id: int, from_ms: int, to_ms: int, buckets: int) -> Series:
    """The readings of `from_ms` <= ts < `to_ms` in at most `buckets` (and 1000) buckets of equal width.

    From raw readings while buckets are shorter than a quarter of an hour; else from rollups, the width
    rounded up to whole quarters. Grouped by the database.
    """
    width = max(1, -(-(to_ms - from_ms) // max(1, min(buckets, MOST_BUCKETS))))
    if width < BUCKET_MS:
        return _read("raw", width, from_ms, _raw(channel_id, from_ms, to_ms, width))
    width = -(-width // BUCKET_MS) * BUCKET_MS
    start_ms = bucket_of(from_ms)
    return _read("rollups", width, start_ms, _rolled(channel_id, start_ms, to_ms, width))


def _read(resolution: str, width: int, start_ms: int, query: Select[*tuple[Any, ...]]) -> Series:
    rows = [
        (start_ms + int(at), float(low), float(mean), float(high), int(n))
        for at, low, mean, high, n in db.session.execute(query)
    ]
    return Series(resolution, width, rows)


def _raw(channel_id: int, from_ms: int, to_ms: int, width: int) -> Select[*tuple[Any, ...]]:
    at = _bucket(Reading.ts_ms, from_ms, width)
    value = Reading.value
    return (
        select(at, func.min(value), func.avg(value), func.max(value), func.count())
        .where(Reading.channel_id == channel_id, Reading.ts_ms >= from_ms, Reading.ts_ms < to_ms)
        .group_by(at)
        .order_by(at)
    )


def _rolled(channel_id: int, start_ms: int, to_ms: int, width: int) -> Select[*tuple[Any, ...]]:
    at = _bucket(Rollup.bucket_ms, start_ms, width)
    mean = func.sum(Rollup.total) / func.sum(Rollup.n)
    return (
        select(at, func.min(Rollup.minimum), mean, func.max(Rollup.maximum), func.sum(Rollup.n))
        .where(Rollup.channel_id == channel_id, Rollup.bucket_ms >= start_ms, Rollup.bucket_ms < to_ms)
        .group_by(at)
        .order_by(at)
    )


def _bucket(column: Any, start_ms: int, width: int) -> ColumnElement[int]:
    """How far into the series the bucket begins; by remainder, because division differs by database."""
    elapsed = column - literal_column(str(int(start_ms)))
    offset: ColumnElement[int] = (elapsed - elapsed % literal_column(str(int(width)))).label("at")
    return offset
