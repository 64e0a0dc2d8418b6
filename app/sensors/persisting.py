"""Writes a draft in the transaction it is given: fast when all of it is new, carefully when some is not."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.core import times
from app.sensors import deliveries, statements
from app.sensors.arrivals import Arrival
from app.sensors.decoder import Refusal
from app.sensors.drafting import Draft, Entry, drop
from app.sensors.placement import MOST_STEPS, Claims, Sample, place
from app.sensors.rollups import bucket_of

SEEN_EVERY_MS = 1000
EXCERPT = 1000


class AlreadyThere(Exception):
    """Some of the draft is in the database: the transaction must be undone and written carefully."""


def write(session: Session, draft: Draft, client_id: str, rejects_kept: int, *, careful: bool) -> None:
    """Everything the draft holds. Raises AlreadyThere when not `careful` and something was stored before."""
    connection = session.connection()
    if careful:
        _settle(connection, draft)
    messages = [_message_row(entry) for entry in draft.entries]
    readings = [
        (channel.id, sample.ts_ms, value)
        for entry in draft.entries
        for sample in entry.samples
        for channel, value in sample.values.items()
    ]
    new = statements.insert_messages(connection, messages, ignore=not careful)
    new += statements.insert_readings(connection, readings, ignore=not careful)
    if new < len(messages) + len(readings):
        raise AlreadyThere
    statements.insert_marks(connection, sorted({(i, bucket_of(ts_ms)) for i, ts_ms, _ in readings}))
    _write_receipts(connection, draft, client_id)
    write_refusals(connection, refusals(draft), rejects_kept, draft.notes)
    # Last, because another process may wait for these rows.
    statements.touch_devices(connection, _touched(draft))


def _message_row(entry: Entry) -> tuple[Any, ...]:
    arrival = entry.arrival
    return entry.device.id, entry.ts_ms, entry.digest, arrival.received_ms, arrival.topic, arrival.payload


def _write_receipts(connection: Connection, draft: Draft, client_id: str) -> None:
    rows = [(client_id, mid, receipt.seq, receipt.digest) for mid, receipt in sorted(draft.receipts.items())]
    rows.append((client_id, deliveries.COUNTER_MID, draft.seq, b"\0" * 8))
    statements.upsert_deliveries(connection, rows)


def _touched(draft: Draft) -> list[tuple[int, int | None, bool]]:
    """Devices heard after a while, or whose availability changes."""
    return [
        (device.id, draft.seen.get(device), online)
        for device, online in draft.online.items()
        if online != device.online or draft.seen.get(device, 0) - device.last_seen_ms >= SEEN_EVERY_MS
    ]


def refusals(draft: Draft) -> list[tuple[Arrival, Refusal]]:
    """Everything refused in the draft, with the message it was in."""
    within = [(entry.arrival, refusal) for entry in draft.entries for refusal in entry.refused]
    return draft.refused + within


def write_refusals(
    connection: Connection,
    refused: list[tuple[Arrival, Refusal]],
    kept: int,
    notes: Counter[str] | None = None,
) -> None:
    """Counts refusals and remarks by reason and keeps the last refusals for people to look at."""
    counts = Counter(reason for _, (reason, _) in refused) + (notes or Counter())
    statements.keep_rejects(connection, [_reject_row(*one) for one in refused], kept)
    statements.count_refusals(connection, counts, times.now_ms())


def _reject_row(arrival: Arrival, refusal: Refusal) -> dict[str, Any]:
    reason, key = refusal
    return {
        "received_at": times.from_ms(arrival.received_ms),
        "topic": _legible(arrival.topic)[:255],
        "reason": reason,
        "key": _legible(key)[:64] if key is not None else None,
        "size": len(arrival.payload),
        "excerpt": _legible(arrival.payload[: 4 * EXCERPT].decode("utf-8", "replace"))[:EXCERPT],
    }


def _legible(text: str) -> str:
    """Without control characters and lone surrogates, over which databases and screens stumble."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _settle(connection: Connection, draft: Draft) -> None:
    """Takes out of the draft what is stored already, and moves aside what would fall on stored readings."""
    _drop_known(connection, draft)
    claims, crowded = Claims(), []
    wanted: dict[int, set[int]] = {}
    pairs = [(entry.device.id, sample) for entry in draft.entries for sample in entry.samples]
    for _, sample in pairs:
        for channel_id, ts_ms in sample.slots:
            wanted.setdefault(channel_id, set()).add(ts_ms)
    taken = statements.stored_readings(connection, wanted)
    for device_id, sample in pairs:
        if not taken.isdisjoint(sample.slots) or not claims.claim(device_id, sample):
            crowded.append((device_id, sample))
    if crowded:
        around = statements.stored_values(connection, _spans(crowded))
        drop(draft, place(crowded, claims, around))


def _spans(crowded: list[tuple[int, Sample]]) -> list[tuple[int, int, int]]:
    return [(i, ts_ms, ts_ms + MOST_STEPS) for _, sample in crowded for i, ts_ms in sample.slots]


def _drop_known(connection: Connection, draft: Draft) -> None:
    """A message with its own instant is known by it; one stamped here gives way where its place is taken."""
    wanted: dict[int, set[int]] = {}
    for entry in draft.entries:
        wanted.setdefault(entry.device.id, set()).add(entry.ts_ms)
    known = statements.stored_messages(connection, wanted)
    kept = []
    for entry in draft.entries:
        while entry.stamped and (entry.device.id, entry.ts_ms, entry.digest) in known:
            entry.ts_ms += 1
        if (entry.device.id, entry.ts_ms, entry.digest) not in known:
            kept.append(entry)
    draft.results["duplicate"] += len(draft.entries) - len(kept)
    draft.results["stored"] -= len(draft.entries) - len(kept)
    draft.entries = kept
