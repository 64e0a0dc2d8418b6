"""What security should know: incidents and counts, gathered in the process and stored a few times a second at most.

A request that is refused is rolled back, so nothing here belongs to its transaction; and a flood of refusals must not
become a flood of writes.
"""

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Counter as Figure
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.core import times
from app.core.extensions import db
from app.users.token_models import Incident, Tally

log = logging.getLogger("backfinca.security")
WRITE_EVERY_S = 1.0
# Of incidents that repeat, one row a minute per person and address is kept; the tallies count them all.
REPEAT_S = 60.0
WAITING_ROWS = 200

KINDS = {
    "refresh_reuse": ("high", "Se usó de nuevo un token de sesión ya renovado; la sesión fue cerrada"),
    "lockout": ("medium", "Demasiadas contraseñas incorrectas seguidas; el acceso espera"),
    "forged_token": ("medium", "Se presentó un token que este servidor no firmó"),
    "csrf_failed": ("medium", "Una petición con cookies llegó sin su prueba CSRF"),
    "rate_limited": ("low", "Se superó un límite de peticiones"),
    "content_refused": ("low", "Se rechazó un contenido demasiado grande o de un tipo no admitido"),
    "scan": ("low", "Se revisó la seguridad del servidor"),
}

FIGURE = Figure("security_incidents_total", "What security should know, by kind", ["kind", "level"])
# There from the beginning: Prometheus takes what appears with its first count for no increase.
SEEN = {kind: FIGURE.labels(kind, level) for kind, (level, _) in KINDS.items()}


@dataclass
class Ledger:
    """What waits to be stored; shared by the threads of a process."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    written_at: float = 0.0
    shown_at: dict[tuple[Any, ...], float] = field(default_factory=dict)

    def is_due(self, now: float) -> bool:
        """Whether something waits and the last writing was long enough ago (`now` in monotonic seconds)."""
        return bool(self.counts) and now - self.written_at >= WRITE_EVERY_S

    def is_new(self, incident: tuple[Any, ...], now: float) -> bool:
        """Whether this incident (kind, person, address) deserves a row of its own."""
        last = self.shown_at.get(incident)
        if len(self.rows) >= WAITING_ROWS or (last is not None and now - last < REPEAT_S):
            return False
        if len(self.shown_at) >= WAITING_ROWS:
            self.shown_at.clear()
        self.shown_at[incident] = now
        return True

    def take(self, now: float) -> tuple[Counter[str], list[dict[str, Any]]]:
        """Everything that waits, which waits no longer."""
        with self.lock:
            taken = self.counts, self.rows
            self.counts, self.rows, self.written_at = Counter(), [], now
        return taken


ledger = Ledger()


def count(name: str) -> None:
    """One more of something that is only counted."""
    with ledger.lock:
        ledger.counts[name] += 1


def report(kind: str, *, user_id: int | None = None, address: str | None = None) -> None:
    """An incident of one of the kinds, into the log and, soon, the database."""
    level, message = KINDS[kind]
    address = address[:45] if address else None
    SEEN[kind].inc()
    with ledger.lock:
        ledger.counts[kind] += 1
        if not ledger.is_new((kind, user_id, address), time.monotonic()):
            return
        row = {"kind": kind, "level": level, "message": message, "at": times.now()}
        ledger.rows.append({**row, "user_id": user_id, "address": address})
    log.warning("security incident", extra={"facts": {"kind": kind, "user_id": user_id, "address": address}})


def is_due() -> bool:
    """Whether something waits to be stored and may be."""
    return ledger.is_due(time.monotonic())


def store() -> None:
    """Adds what waits to the database, in the caller's transaction."""
    counts, rows = ledger.take(time.monotonic())
    for name, number in counts.items():
        _add(name, number)
    if rows:
        db.session.execute(insert(Incident), rows)


def _add(name: str, number: int) -> None:
    key = {"day": times.now().date(), "name": name}
    statement = update(Tally).filter_by(**key).values(total=Tally.total + number)
    if db.session.execute(statement).rowcount:  # type: ignore[attr-defined]
        return
    try:
        with db.session.begin_nested():
            db.session.execute(insert(Tally).values(total=number, **key))
    except IntegrityError:
        db.session.execute(statement)


def totals() -> dict[str, int]:
    """How often each thing has happened, since the first day that is kept."""
    rows = db.session.execute(select(Tally.name, func.sum(Tally.total)).group_by(Tally.name))
    return {name: int(total) for name, total in rows}
