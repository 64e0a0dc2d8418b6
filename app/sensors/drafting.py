"""From a batch of messages to what it will store, decided in memory. Asks the registry; writes no reading."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.core import times
from app.core.settings import Settings
from app.sensors import deliveries
from app.sensors.arrivals import Arrival
from app.sensors.decoder import Decoded, Limits, Refusal, decode
from app.sensors.deliveries import Receipt
from app.sensors.placement import Claims, Sample, place
from app.sensors.registry import KnownDevice, Registry


def limits_of(settings: Settings) -> Limits:
    """The decoder's limits as configured."""
    return Limits(
        max_channels=settings.sensors_max_channels,
        max_age_ms=settings.reading_max_age_days * times.DAY_MS,
        max_future_ms=settings.reading_max_future_s * 1000,
    )


@dataclass(slots=True, eq=False)
class Entry:
    """A message to be stored. `stamped`: it brought no instant, so `ts_ms` is the server's."""

    arrival: Arrival
    device: KnownDevice
    ts_ms: int
    digest: bytes
    stamped: bool
    samples: list[Sample] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Draft:
    """What a batch will write. `results` counts its messages by what became of them, `notes` by remark."""

    seq: int
    broker_session: int = 0
    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[Arrival, Refusal]] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    receipts: dict[int, Receipt] = field(default_factory=dict)
    online: dict[KnownDevice, bool] = field(default_factory=dict)
    seen: dict[KnownDevice, int] = field(default_factory=dict)
    identities: set[tuple[int, int, bytes]] = field(default_factory=set)
    rechecked: set[KnownDevice] = field(default_factory=set)


class Drafter:
    """Turns batches into drafts. Keeps each device's last server stamp and which broker session we are in."""

    def __init__(self, registry: Registry, limits: Limits, client_id: str) -> None:
        self._registry = registry
        self.limits = limits
        self._client_id = client_id
        self._stamps: dict[int, int] = {}
        self._broker_session = 0

    def draft(self, session: Session, batch: Sequence[Arrival], seq: int) -> Draft:
        """What `batch` will store, the deliveries counted on from `seq`."""
        messages = [decode(a.topic, a.payload, a.received_ms, self.limits) for a in batch]
        self._registry.prepare(session, {message.device_code for message in messages})
        draft = Draft(seq, self._broker_session)
        known = deliveries.recall(session, self._client_id, [a.mid for a in batch if a.dup])
        for arrival, message in zip(batch, messages, strict=True):
            draft.seq += 1 if arrival.session == draft.broker_session else deliveries.FORGOTTEN
            draft.broker_session = arrival.session
            self._add(session, draft, arrival, message, known)
        _part(draft)
        return draft

    def settle(self, draft: Draft) -> None:
        """The draft is committed: what we learned of the broker's session holds."""
        self._broker_session = draft.broker_session

    def _add(
        self,
        session: Session,
        draft: Draft,
        arrival: Arrival,
        message: Decoded,
        known: dict[int, Receipt],
    ) -> None:
        draft.notes.update(message.notes)
        if message.kind == "status":
            self._availability(draft, arrival, message)
        elif arrival.retain:
            draft.results["retained"] += 1
        elif not message.samples:
            _refuse(draft, arrival, message.refused)
        elif (device := self._registry.find_or_create(session, message.device_code)) is None:
            _refuse(draft, arrival, [("too_many_devices", None)])
        else:
            if device.status == "pending" and device not in draft.rechecked:
                self._registry.recheck(session, device)
                draft.rechecked.add(device)
            if device.status == "disabled":
                _note(draft, "device_disabled")
            elif (entry := self._entry(draft, arrival, device, message, known)) is None:
                draft.results["duplicate"] += 1
            elif device.status == "pending":
                _note(draft, "device_pending")
            else:
                draft.results["stored"] += 1
                self.fill(session, entry, message)

    def _availability(self, draft: Draft, arrival: Arrival, message: Decoded) -> None:
        """A status message tells of a device we know, and makes none."""
        device = self._registry.find(message.device_code)
        draft.results["status"] += 1
        if message.online is None:
            _refuse(draft, arrival, message.refused)
        elif device is None:
            draft.notes["unknown_device"] += 1
        elif not (arrival.retain and message.online):
            draft.online[device] = message.online
            if message.online:
                draft.seen[device] = arrival.received_ms
        elif arrival.received_ms - device.last_seen_ms < silence_ms(device):
            # A retained "online" may be older than the device's end.
            draft.online[device] = True

    def _entry(
        self, draft: Draft, arrival: Arrival, device: KnownDevice, message: Decoded, known: dict[int, Receipt]
    ) -> Entry | None:
        """The message's place among the messages; None when it is there already."""
        digest = arrival.digest
        own_ms = next((ts_ms for ts_ms, _ in message.samples if ts_ms is not None), None)
        if own_ms is None:
            receipt = draft.receipts.get(arrival.mid) or known.get(arrival.mid)
            if arrival.dup and receipt and receipt.proves(digest, draft.seq):
                return None
            if arrival.qos:
                draft.receipts[arrival.mid] = Receipt(draft.seq, digest)
        elif (device.id, own_ms, digest) in draft.identities:
            return None
        ts_ms = own_ms if own_ms is not None else self._stamp(device, arrival.received_ms)
        entry = Entry(arrival, device, ts_ms, digest, own_ms is None)
        draft.identities.add((device.id, ts_ms, digest))
        draft.entries.append(entry)
        draft.seen[device] = arrival.received_ms
        draft.online[device] = True
        return entry

    def _stamp(self, device: KnownDevice, now_ms: int) -> int:
        """The server's instant for a device's next value: now, and always later than the one before."""
        stamp = max(now_ms, self._stamps.get(device.id, 0) + 1)
        self._stamps[device.id] = stamp
        return stamp

    def fill(self, session: Session, entry: Entry, message: Decoded) -> None:
        """Gives the entry the message's samples, and why others have none."""
        entry.refused.extend(message.refused)
        next_ms = entry.ts_ms if entry.stamped else entry.arrival.received_ms
        for own_ms, named in message.samples:
            sample = Sample(next_ms if own_ms is None else own_ms, {})
            if own_ms is None:
                self._stamps[entry.device.id] = max(next_ms, self._stamps.get(entry.device.id, 0))
                next_ms += 1
            known, values = entry.device.channels, sample.values
            for key, value in named.items():
                channel = known.get(key)
                # The common case, spelt out: this line runs for every value of every message.
                if channel is not None and channel.low <= value <= channel.high and channel not in values:
                    values[channel] = value
                else:
                    self._add_value(session, entry, sample, key, value)
            if values:
                entry.samples.append(sample)

    def _add_value(self, session: Session, entry: Entry, sample: Sample, key: str, value: float) -> None:
        channel = self._registry.channel(session, entry.device, key)
        if channel is None:
            entry.refused.append(("too_many_channels", key))
        elif (reason := channel.refusal(value)) is not None:
            entry.refused.append((reason, key))
        elif channel in sample.values:
            entry.refused.append(("duplicate_key", key))
        else:
            sample.values[channel] = value


def silence_ms(device: KnownDevice) -> float:
    """How long a device may say nothing before it counts as offline."""
    return 3000 * device.expected_interval_s


def _part(draft: Draft) -> None:
    """Moves samples apart that would fall on each other within the batch."""
    claims = Claims()
    crowded = [
        (entry.device.id, sample)
        for entry in draft.entries
        for sample in entry.samples
        if not claims.claim(entry.device.id, sample)
    ]
    if crowded:
        drop(draft, place(crowded, claims))


def drop(draft: Draft, homeless: list[Sample]) -> None:
    """Refuses the samples for which no free instant was found."""
    for entry in draft.entries if homeless else ():
        lost = [sample for sample in entry.samples if sample in homeless]
        entry.refused.extend(("crowded_instant", None) for _ in lost)
        entry.samples = [sample for sample in entry.samples if sample not in lost]


def _refuse(draft: Draft, arrival: Arrival, refused: list[Refusal]) -> None:
    draft.results["refused"] += 1
    draft.refused.extend((arrival, refusal) for refusal in refused)


def _note(draft: Draft, reason: str) -> None:
    draft.results[reason.removeprefix("device_")] += 1
    draft.notes[reason] += 1
