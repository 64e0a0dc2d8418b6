"""What one process at a time does behind ingest: rollups, silent devices, old messages."""

import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.core import times
from app.core.extensions import db
from app.core.settings import Settings
from app.core.transaction import transaction
from app.sensors.models import Device, DirtyBucket, Lease, Message
from app.sensors.rollups import Bucket, recompute
from app.sensors.statements import chunks
from app.sensors.watchers import Watchers

LEASE = "roller"
LEASE_MS = 500
# A lease from this far in the future was taken by a clock that is wrong: it binds nobody.
CLOCKS_DIFFER_MS = 5000
MOST_BUCKETS = 500
MOST_MARKS = 20_000
PURGE_EVERY_S = 3600.0
PURGE_ROWS = 5000


class Roller:
    """Keeps rollups true, notices devices that fell silent, and lets go of old raw messages."""

    def __init__(
        self, app: Flask, settings: Settings, watchers: Watchers, devices_changed: Callable[[], None]
    ) -> None:
        self._app = app
        self._retention_ms = settings.raw_retention_days * times.DAY_MS
        self._watchers = watchers
        self._devices_changed = devices_changed
        self._purge_at = time.monotonic()

    def turn(self) -> None:
        """One round. Raises what the database raises; whatever was not committed is done in the next."""
        with self._app.app_context():
            with transaction() as session:
                mine = take_lease(session, LEASE)
                if mine:
                    self.roll(session)
                silent = _silence(session) if mine else []
            if silent:
                self._devices_changed()
            for device_id, code in silent:
                self._watchers.availability(device_id, code, False)
            # Also when nothing was rolled: what was marked before may have waited for its turn.
            if mine:
                self._watchers.after_roll()
            if mine and time.monotonic() >= self._purge_at:
                self._purge_at = time.monotonic() + PURGE_EVERY_S
                purge(times.now_ms() - self._retention_ms)

    def roll(self, session: Session) -> list[Bucket]:
        """Recomputes a turn's worth of marked buckets in the transaction of `session`; which they were."""
        buckets, marks = dirty(session)
        if buckets:
            recompute(session, buckets)
            self._watchers.rolled(buckets)
            for some in chunks(marks, 1000):
                session.execute(delete(DirtyBucket).where(DirtyBucket.id.in_(some)))
        return buckets


def take_lease(session: Session, name: str) -> bool:
    """Whether the duty is ours until the transaction ends; others wait for us, then find it done."""
    now_ms = times.now_ms()
    due = or_(Lease.renewed_ms <= now_ms - LEASE_MS, Lease.renewed_ms > now_ms + CLOCKS_DIFFER_MS)
    renewal = update(Lease).where(Lease.name == name, due).values(renewed_ms=now_ms)
    if session.connection().execute(renewal).rowcount:
        return True
    if session.get(Lease, name) is None:
        session.execute(insert(Lease).values(name=name, renewed_ms=now_ms))
        return True
    return False


def dirty(session: Session) -> tuple[list[Bucket], list[int]]:
    """The longest waiting dirty buckets, and the ids of the marks that are done when they are recomputed."""
    wanted = select(DirtyBucket.id, DirtyBucket.channel_id, DirtyBucket.bucket_ms)
    found: dict[Bucket, list[int]] = {}
    for mark, channel_id, bucket_ms in session.execute(wanted.order_by(DirtyBucket.id).limit(MOST_MARKS)):
        if (channel_id, bucket_ms) in found or len(found) < MOST_BUCKETS:
            found.setdefault((channel_id, bucket_ms), []).append(mark)
    return list(found), [mark for marks in found.values() for mark in marks]


def _silence(session: Session) -> list[tuple[int, str]]:
    """Sets devices offline that said nothing for three of their intervals; (id, code) of each."""
    limit = times.now_ms() - 3000 * Device.expected_interval_s
    silent = (Device.online.is_(True), or_(Device.last_seen_ms.is_(None), Device.last_seen_ms < limit))
    found = [(i, code) for i, code in session.execute(select(Device.id, Device.code).where(*silent))]
    if found:
        ids = [i for i, _ in found]
        session.execute(
            update(Device).where(Device.id.in_(ids)).values(online=False, updated_at=Device.updated_at)
        )
    return found


def purge(before_ms: int) -> None:
    """Deletes raw messages that came before then, by ranges of their key, a small transaction each."""
    for device_id in db.session.scalars(select(Device.id)).all():
        db.session.rollback()
        while _purge_some(device_id, before_ms) == PURGE_ROWS:
            pass


def _purge_some(device_id: int, before_ms: int) -> int:
    # By arrival as well: a message that came late is known again by its raw copy for as long as any other.
    old = (Message.device_id == device_id, Message.ts_ms < before_ms, Message.received_ms < before_ms)
    with transaction() as session:
        instants = select(Message.ts_ms).where(*old).order_by(Message.ts_ms).limit(PURGE_ROWS)
        found = session.scalars(instants).all()
        if found:
            session.execute(delete(Message).where(*old, Message.ts_ms <= found[-1]))
        return len(found)
