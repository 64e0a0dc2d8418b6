"""Rollups and series against plain arithmetic over the raw readings, on both databases."""

import random
from collections.abc import Callable

import pytest
from sensors.farmyard import Farmyard
from sqlalchemy import insert

from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.sensors.models import Channel, Device, DirtyBucket, Message, Reading
from app.sensors.roller import Roller, purge, take_lease
from app.sensors.rollups import BUCKET_MS, Bucket, bucket_of, recompute, series
from app.sensors.watchers import Watchers

START = bucket_of(1_795_000_000_000)
Lay = Callable[..., Farmyard]


@pytest.fixture
def farm(lay: Lay, database_url: str | None) -> Farmyard:
    """Two devices with a channel each: ids 1 and 2."""
    farm = lay(database_url)
    with farm.app.app_context(), transaction() as session:
        for code in ("n1", "n2"):
            device = Device(code=code, name=code)
            device.channels.append(Channel(key="a", name="a", quantity="a"))
            session.add(device)
    return farm


def add(farm: Farmyard, readings: list[tuple[int, int, float]], marked: bool = True) -> None:
    with farm.app.app_context(), transaction() as session:
        session.execute(insert(Reading), [{"channel_id": c, "ts_ms": t, "value": v} for c, t, v in readings])
        buckets = {(c, bucket_of(t)) for c, t, _ in readings if marked}
        for channel_id, bucket_ms in sorted(buckets):
            session.add(DirtyBucket(channel_id=channel_id, bucket_ms=bucket_ms))


def rollups(farm: Farmyard) -> dict[Bucket, tuple[float, ...]]:
    rows = farm.rows("SELECT channel_id, bucket_ms, n, total, minimum, maximum FROM rollups")
    return {(c, b): tuple(float(x) for x in rest) for c, b, *rest in rows}


def expected(readings: list[tuple[int, int, float]]) -> dict[Bucket, tuple[float, ...]]:
    found: dict[Bucket, list[float]] = {}
    for channel_id, ts_ms, value in sorted(readings):
        found.setdefault((channel_id, bucket_of(ts_ms)), []).append(value)
    return {b: (len(v), pytest.approx(sum(v)), min(v), max(v)) for b, v in found.items()}  # type: ignore[misc]


def scattered(count: int, span_ms: int, seed: int = 1) -> list[tuple[int, int, float]]:
    chance = random.Random(seed)
    instants = chance.sample(range(START, START + span_ms), count)
    return [(1 + n % 2, ts_ms, chance.uniform(-50, 50)) for n, ts_ms in enumerate(instants)]


@pytest.mark.parametrize(
    ("ts_ms", "bucket_ms"),
    [(0, 0), (899_999, 0), (900_000, 900_000), (1_795_000_000_000, 1_794_999_600_000), (-1, -900_000)],
)
def test_buckets(ts_ms: int, bucket_ms: int) -> None:
    assert bucket_of(ts_ms) == bucket_ms


def roller_of(farm: Farmyard, **watchers: Callable[..., None]) -> Roller:
    return Roller(farm.app, farm.settings, Watchers(**watchers), lambda: None)


def test_a_turn_recomputes_what_is_marked_and_nothing_else(farm: Farmyard) -> None:
    readings = scattered(500, 12 * BUCKET_MS)
    add(farm, readings)
    add(farm, [(1, START + 100 * BUCKET_MS, 1.0)], marked=False)
    told: list[Bucket] = []
    calls: list[str] = []
    roller_of(farm, rolled=told.extend, after_roll=lambda: calls.append("after")).turn()
    assert rollups(farm) == expected(readings)
    assert sorted(told) == sorted(expected(readings))
    assert calls == ["after"]
    assert farm.one("SELECT COUNT(*) FROM dirty_buckets") == 0


def test_late_readings_change_their_bucket_and_removed_ones_empty_it(farm: Farmyard) -> None:
    add(farm, [(1, START, 5.0), (2, START, 7.0)])
    roller_of(farm).turn()
    add(farm, [(1, START + 5, -2.0)])
    with farm.app.app_context(), transaction() as session:
        session.execute(db.text("DELETE FROM readings WHERE channel_id = 2"))
        recompute(session, [(1, START), (2, START), (2, START)])
    assert rollups(farm) == {(1, START): (2.0, 3.0, -2.0, 5.0)}


def test_a_turn_takes_its_share_and_the_next_the_rest(
    farm: Farmyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sensors.roller.MOST_BUCKETS", 10)
    monkeypatch.setattr("app.sensors.roller.LEASE_MS", -10_000)
    readings = scattered(400, 16 * BUCKET_MS)
    for part in (readings[:200], readings[200:]):
        add(farm, part)
    roller = roller_of(farm)
    roller.turn()
    assert len(rollups(farm)) == 10
    for _ in range(3):
        roller.turn()
    assert rollups(farm) == expected(readings)
    assert farm.one("SELECT COUNT(*) FROM dirty_buckets") == 0


def test_a_turn_that_fails_leaves_its_marks(farm: Farmyard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sensors.roller.LEASE_MS", -10_000)
    add(farm, [(1, START, 5.0)])

    def fail(_buckets: list[Bucket]) -> None:
        raise ValueError("the days could not be marked")

    with pytest.raises(ValueError, match="days"):
        roller_of(farm, rolled=fail).turn()
    assert rollups(farm) == {}
    roller_of(farm).turn()
    assert rollups(farm) == {(1, START): (1.0, 5.0, 5.0, 5.0)}


def test_the_lease_is_for_one_at_a_time(farm: Farmyard) -> None:
    def take() -> bool:
        with farm.app.app_context(), transaction() as session:
            return take_lease(session, "roller")

    def renewed(ms: int) -> None:
        with farm.app.app_context(), transaction() as session:
            session.execute(db.text("UPDATE leases SET renewed_ms = :at"), {"at": times.now_ms() + ms})

    assert take(), "nobody had it"
    assert not take(), "just taken"
    renewed(-600)
    assert take(), "run out"
    renewed(3_600_000)
    assert take(), "taken by a clock that is wrong"


def test_silent_devices_go_offline(farm: Farmyard) -> None:
    now_ms = times.now_ms()
    with farm.app.app_context(), transaction() as session:
        for device, age_ms in zip(session.query(Device).order_by(Device.id), (179_000, 181_000), strict=True):
            device.online, device.last_seen_ms = True, now_ms - age_ms
    told: list[tuple[int, str, bool]] = []
    roller_of(farm, availability=lambda *change: told.append(change)).turn()
    assert told == [(2, "n2", False)]
    assert [bool(online) for (online,) in farm.rows("SELECT online FROM devices ORDER BY id")] == [
        True,
        False,
    ]


def test_purge_lets_go_of_old_raw_messages_only(farm: Farmyard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sensors.roller.PURGE_ROWS", 10)
    late = {"ts_ms": START - 1, "received_ms": START + 5}
    old = [{"ts_ms": START - n, "received_ms": START - n} for n in range(1, 36)]
    with farm.app.app_context(), transaction() as session:
        for n, instants in enumerate([*old, late, {"ts_ms": START, "received_ms": START}]):
            session.add(
                Message(device_id=1, digest=n.to_bytes(8, "big"), topic="t", payload=b"{}", **instants)
            )
    with farm.app.app_context():
        purge(START)
    assert farm.rows("SELECT ts_ms, received_ms FROM messages ORDER BY ts_ms") == [
        (START - 1, START + 5),
        (START, START),
    ]


def read(farm: Farmyard, *given: int) -> tuple[str, int, list[tuple[int, float, float, float, int]]]:
    with farm.app.app_context():
        found = series(*given)
    return found.resolution, found.bucket_ms, found.rows


def by_hand(
    readings: list[tuple[int, int, float]], start: int, end: int, width: int
) -> list[tuple[int, float, float, float, int]]:
    groups: dict[int, list[float]] = {}
    for channel_id, ts_ms, value in sorted(readings):
        if channel_id == 1 and start <= ts_ms < end:
            groups.setdefault(start + (ts_ms - start) // width * width, []).append(value)
    return [(at, min(v), pytest.approx(sum(v) / len(v)), max(v), len(v)) for at, v in sorted(groups.items())]


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "buckets", "resolution", "width"),
    [
        (START, START + 10 * BUCKET_MS, 100, "raw", 90_000),
        (START + 12_345, START + 3_600_000, 7, "raw", 512_523),
        (START, START + 24 * BUCKET_MS, 24, "rollups", BUCKET_MS),
        (START, START + 24 * BUCKET_MS, 10, "rollups", 3 * BUCKET_MS),
        (START, START + 24 * BUCKET_MS, 1, "rollups", 24 * BUCKET_MS),
        (START, START + 24 * BUCKET_MS, 100_000, "raw", 21_600),
        (START + 5, START + 6, 300, "raw", 1),
    ],
)
def test_series(farm: Farmyard, from_ms: int, to_ms: int, buckets: int, resolution: str, width: int) -> None:
    readings = scattered(800, 24 * BUCKET_MS, seed=2)
    add(farm, readings)
    roller_of(farm).turn()
    assert read(farm, 1, from_ms, to_ms, buckets) == (
        resolution,
        width,
        by_hand(readings, from_ms, to_ms, width),
    )


def test_series_from_rollups_begin_with_the_bucket_they_begin_in(farm: Farmyard) -> None:
    readings = scattered(100, 4 * BUCKET_MS)
    add(farm, readings)
    roller_of(farm).turn()
    _, width, rows = read(farm, 1, START + 1000, START + 2000 * BUCKET_MS, 1000)
    assert width == 2 * BUCKET_MS
    assert [row[0] for row in rows] == [START, START + 2 * BUCKET_MS]
    assert sum(row[4] for row in rows) == 50
