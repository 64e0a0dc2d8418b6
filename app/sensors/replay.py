"""Stores the readings of messages kept while their device was in quarantine. Receives nothing itself."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select, tuple_
from sqlalchemy.orm import Session

from app.core.extensions import current_settings, db
from app.sensors import persisting, statements
from app.sensors.arrivals import Arrival
from app.sensors.decoder import decode
from app.sensors.drafting import Drafter, Entry, limits_of
from app.sensors.models import Device, Message
from app.sensors.placement import MOST_STEPS, Slot
from app.sensors.registry import KnownDevice, Registry
from app.sensors.rollups import bucket_of
from app.sensors.watchers import nobody

CHUNK = 500


def replay(device: Device) -> int:
    """Stores what the device's kept messages say, in the door's transaction; how many readings were new.

    What is stored already stays as it is, so it may be called again.
    """
    session, settings = db.session(), current_settings()
    # Ingest holds this row while it keeps a message of a quarantined device: none can slip in behind us.
    session.execute(select(Device.id).where(Device.id == device.id).with_for_update())
    registry = Registry(settings, nobody)
    registry.prepare(session, [device.code])
    known = registry.find(device.code)
    drafter = Drafter(registry, limits_of(settings), settings.mqtt_client_id)
    run = _Run(session.connection())
    for messages in _kept(session, device.id) if known else ():
        entries = [_entry(session, drafter, known, *message) for message in messages if known]
        run.store(entries)
        refused = [(entry.arrival, refusal) for entry in entries for refusal in entry.refused]
        persisting.write_refusals(run.connection, refused, settings.rejects_kept)
    return run.new


def _kept(session: Session, device_id: int) -> Iterator[list[Any]]:
    """The device's raw messages in the order of their key."""
    key = tuple_(Message.ts_ms, Message.digest)
    wanted = select(Message.ts_ms, Message.digest, Message.received_ms, Message.topic, Message.payload)
    wanted = wanted.where(Message.device_id == device_id).order_by(Message.ts_ms, Message.digest).limit(CHUNK)
    part = session.execute(wanted).all()
    while part:
        yield list(part)
        part = session.execute(wanted.where(key > (part[-1].ts_ms, part[-1].digest))).all()


def _entry(
    session: Session,
    drafter: Drafter,
    device: KnownDevice,
    ts_ms: int,
    digest: bytes,
    received_ms: int,
    topic: str,
    payload: bytes,
) -> Entry:
    message = decode(topic, payload, received_ms, drafter.limits)
    stamped = all(own_ms is None for own_ms, _ in message.samples)
    entry = Entry(Arrival(topic, payload, received_ms), device, ts_ms, bytes(digest), stamped)
    drafter.fill(session, entry, message)
    return entry


class _Run:
    """One replay: the instants its messages took so far, and the writing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.new = 0
        self._taken: set[Slot] = set()

    def store(self, entries: list[Entry]) -> None:
        """Adds the readings of these messages that are not stored yet."""
        wanted = [
            (channel.id, sample.ts_ms, value)
            for entry in entries
            for sample in entry.samples
            for channel, value in sample.values.items()
        ]
        if not wanted:
            return
        first, last = min(ts_ms for _, ts_ms, _ in wanted), max(ts_ms for _, ts_ms, _ in wanted)
        spans = [(i, first, last + MOST_STEPS) for i in {i for i, _, _ in wanted}]
        stored = statements.stored_values(self.connection, spans)
        self._taken = {slot for slot in self._taken if slot[1] >= first}
        rows = [row for one in wanted for row in self._place(*one, stored)]
        statements.insert_readings(self.connection, rows, ignore=False)
        statements.insert_marks(self.connection, sorted({(i, bucket_of(ts_ms)) for i, ts_ms, _ in rows}))
        self.new += len(rows)

    def _place(
        self, channel_id: int, ts_ms: int, value: float, stored: dict[Slot, float]
    ) -> Iterator[tuple[int, int, float]]:
        """The row to insert, if the value is not stored at its instant or the next free one already."""
        for slot in ((channel_id, ts_ms + step) for step in range(MOST_STEPS)):
            if slot in self._taken or stored.get(slot, value) != value:
                continue
            self._taken.add(slot)
            if slot not in stored:
                yield (*slot, value)
            return
