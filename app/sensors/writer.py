"""One transaction per batch, whatever happens: redelivery, collision, deadlock, poison, database away."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask

from app.core.settings import Settings
from app.core.transaction import after_commit, transaction
from app.sensors import deliveries, persisting
from app.sensors.arrivals import Arrival
from app.sensors.decoder import Refusal
from app.sensors.drafting import Draft, Drafter, limits_of
from app.sensors.faults import Patience, Verdict, judge
from app.sensors.models import Device
from app.sensors.registry import Registry
from app.sensors.stored import Stored

log = logging.getLogger("backfinca.ingest")

MOST_CLASHES = 5


class Stopped(Exception):
    """The process ends while the database is away: nothing of the batch is stored nor acknowledged."""


@dataclass(slots=True)
class Attempt:
    """One try at a batch. `draft` is set once all its statements passed, `held` once its commit did."""

    careful: bool = False
    clashes: int = 0
    draft: Draft | None = None
    held: bool = False

    def hold(self) -> None:
        """Called once the transaction is committed."""
        self.held = True


class Writer:
    """Stores batches, one after the other, from one thread."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        new_device: Callable[[Device], None],
        stopping: threading.Event,
    ) -> None:
        self._app = app
        self._settings = settings
        self._registry = Registry(settings, new_device)
        self._drafter = Drafter(self._registry, limits_of(settings), settings.mqtt_client_id)
        self._stopping = stopping
        self._seq: int | None = None
        self.away = False

    def forget_devices(self) -> None:
        """Somebody else changed a device: read them anew."""
        self._registry.forget()

    def store(self, batch: Sequence[Arrival]) -> Stored:
        """Stores every message of the batch exactly once and tells what was new.

        Waits for as long as the database is away; raises Stopped when told to end meanwhile. A message that
        cannot be stored for its own fault becomes a reject.
        """
        patience = Patience(self._stopping)
        attempt = Attempt()
        while True:
            try:
                self._commit(batch, attempt)
                self.away = False
                return self._conclude(attempt)
            except persisting.AlreadyThere:
                # What it created went with the transaction.
                self._registry.forget()
                attempt = Attempt(careful=True, clashes=attempt.clashes)
            except Exception as error:
                if attempt.held:
                    log.exception("a call after the commit failed")
                    return self._conclude(attempt)
                self._registry.forget()
                if not self._try_again(error, attempt, patience):
                    return self._isolate(batch, error)
                attempt = Attempt(True, attempt.clashes, attempt.draft)

    def _commit(self, batch: Sequence[Arrival], attempt: Attempt) -> None:
        """One transaction. A draft left in the attempt may have been committed when the connection broke."""
        client_id = self._settings.mqtt_client_id
        with self._app.app_context(), transaction() as session:
            # Before anybody else's call, which may fail.
            after_commit(attempt.hold)
            if self._seq is None or attempt.draft is not None:
                seq = deliveries.last_seq(session, client_id)
                if attempt.draft is not None and attempt.draft.seq == seq:
                    return
                self._seq, attempt.draft = seq, None
            draft = self._drafter.draft(session, batch, self._seq)
            kept = self._settings.rejects_kept
            persisting.write(session, draft, client_id, kept, careful=attempt.careful)
            attempt.draft = draft

    def _try_again(self, error: Exception, attempt: Attempt, patience: Patience) -> bool:
        """Waits as the error demands; False when it is a message's own fault."""
        verdict = judge(error)
        attempt.clashes += verdict is Verdict.CLASH
        if verdict is Verdict.POISON or attempt.clashes > MOST_CLASHES:
            return False
        if verdict is Verdict.AWAY and not self.away:
            self.away = True
            log.error("the database is away, the batch waits: %s", error.__cause__ or error)
        going_on = patience.wait() if verdict is Verdict.AWAY else patience.blink()
        if not going_on:
            raise Stopped from error
        return True

    def _conclude(self, attempt: Attempt) -> Stored:
        """What a committed draft leaves behind: in our memory, and for those who listen."""
        draft = attempt.draft
        if draft is None:
            raise RuntimeError("a batch was committed without a draft")
        self._seq = draft.seq
        self._drafter.settle(draft)
        changed = [(device, state) for device, state in draft.online.items() if device.online != state]
        for device, state in changed:
            device.online = state
        for device, seen_ms in draft.seen.items():
            if seen_ms - device.last_seen_ms >= persisting.SEEN_EVERY_MS:
                device.last_seen_ms = seen_ms
        reasons = Counter(reason for _, (reason, _) in persisting.refusals(draft))
        availability = [(device.id, device.code, state) for device, state in changed]
        return Stored(draft.entries, availability, draft.results, reasons + draft.notes)

    def _isolate(self, batch: Sequence[Arrival], error: Exception) -> Stored:
        """Halves the batch until the message at fault stands alone, and sets that one aside."""
        if len(batch) > 1:
            half = len(batch) // 2
            return self.store(batch[:half]) + self.store(batch[half:])
        log.error("a message could not be stored", exc_info=error)
        return self._set_aside(batch[0])

    def _set_aside(self, arrival: Arrival) -> Stored:
        """Records the message among the rejects, however long that takes."""
        patience = Patience(self._stopping)
        while True:
            try:
                with self._app.app_context(), transaction() as session:
                    refused: list[tuple[Arrival, Refusal]] = [(arrival, ("storage_error", None))]
                    persisting.write_refusals(session.connection(), refused, self._settings.rejects_kept)
                return Stored(results=Counter(refused=1), refusals=Counter(storage_error=1))
            except Exception as error:
                log.error("the reject could not be recorded: %s", error)
                if not patience.wait():
                    raise Stopped from error
