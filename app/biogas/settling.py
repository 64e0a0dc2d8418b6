"""Computing marked days again, a transaction at a time, no more often than it pays. Runs beside ingest."""

import logging
import time
from collections.abc import Callable
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from app.biogas.metering import compute_day
from app.biogas.models import Digester, DirtyDay, ProductionDay
from app.core import cache
from app.core.extensions import db
from app.core.transaction import after_commit, transaction

log = logging.getLogger("backfinca.biogas")
MARKS_A_TURN = 5000
LEAST_PAUSE_S = 1.0
# A day is computed at most this share of the time, so that a digester with many readings costs no more.
SHARE = 0.05

Told = Callable[[Digester, ProductionDay], None]
_due_at: dict[tuple[int, date], float] = {}


def settle(tell: Told, *, hurry: bool = False) -> int:
    """Computes the marked days that are due, oldest first, and tells of each; answers how many.

    Each day is its own transaction with the removal of its marks: killed anywhere, nothing is lost or half done.
    A day that cannot be computed keeps its marks, is logged and holds up no other.
    `hurry` ignores the pause between two computations of a day.
    """
    done = 0
    for digester_id, day in _due(hurry):
        started = time.monotonic()
        try:
            _settle_day(digester_id, day, tell)
            done += 1
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("a day could not be computed: digester %d, %s", digester_id, day)
        _due_at[digester_id, day] = time.monotonic() + max(
            LEAST_PAUSE_S, (time.monotonic() - started) / SHARE
        )
    return done


def settle_all(tell: Told) -> None:
    """Computes until no mark is left."""
    while settle(tell, hurry=True):
        pass


def pending(digester_id: int) -> bool:
    """Whether some day of the digester waits to be computed."""
    return (
        db.session.scalar(select(DirtyDay.id).where(DirtyDay.digester_id == digester_id).limit(1)) is not None
    )


def _due(hurry: bool) -> list[tuple[int, date]]:
    try:
        with db.engine.connect() as connection:
            rows = connection.execute(
                select(DirtyDay.digester_id, DirtyDay.day).distinct().limit(MARKS_A_TURN)
            )
            marked = sorted({(digester_id, day) for digester_id, day in rows})
    except SQLAlchemyError:
        log.warning("marked days cannot be read now", exc_info=True)
        return []
    now = time.monotonic()
    return [key for key in marked if hurry or now >= _due_at.get(key, 0.0)]


def _settle_day(digester_id: int, day: date, tell: Told) -> None:
    with transaction() as session:
        # Marks that arrive while we compute have higher ids than these and stay for the next turn.
        ids = list(
            session.scalars(
                select(DirtyDay.id).where(DirtyDay.digester_id == digester_id, DirtyDay.day == day)
            )
        )
        digester = session.get(Digester, digester_id)
        if digester is not None:
            # Two processes would write the same day: the digester's row lets them pass one by one.
            session.execute(select(Digester.id).where(Digester.id == digester_id).with_for_update())
            stored = compute_day(digester, day)
            after_commit(lambda: tell(digester, stored))
        session.execute(delete(DirtyDay).where(DirtyDay.id.in_(ids)))
        after_commit(lambda: cache.touch("production_days"))
