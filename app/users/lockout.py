"""How long somebody who keeps giving wrong passwords must wait. The waiting grows, and ends."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Insert, case, delete, select, update
from sqlalchemy.dialects import mysql, sqlite

from app.core import times
from app.core.extensions import current_settings, db
from app.users import incidents
from app.users.token_models import LoginFailure

# A school shares one address: it may be wrong more often than one person.
ADDRESS_FACTOR = 5
# After so long without a mistake the count begins again.
FORGOTTEN_S = 3600


def wait_s(failures: int, free: int, first_s: int, longest_s: int) -> int:
    """Seconds to wait after so many failures in a row: none up to `free`, then doubling up to the longest."""
    if failures < free:
        return 0
    return min(longest_s, first_s << min(failures - free, 20))


def seconds_left(failures: int, last_at: datetime, now: datetime, free: int) -> int:
    """Whole seconds, rounded up, that are left of the waiting at `now`."""
    settings = current_settings()
    wait = wait_s(failures, free, settings.login_delay_seconds, settings.login_max_delay_seconds)
    left = (last_at + timedelta(seconds=wait) - now).total_seconds()
    return max(0, -int(-left // 1)) if wait else 0


def person(user_id: int) -> str:
    """The subject of somebody's failures."""
    return f"person:{user_id}"


def stranger(name_digest: str) -> str:
    """The subject of failures under a name nobody has: it must behave as one that exists."""
    return f"name:{name_digest}"


def address(client: str) -> str:
    """The subject of an address's failures."""
    return f"address:{client[:45]}"


def _free(subject: str) -> int:
    factor = ADDRESS_FACTOR if subject.startswith("address:") else 1
    return current_settings().login_free_failures * factor


def longest_wait(subjects: Iterable[str]) -> int:
    """Seconds until all of the subjects may try again; 0 when they may now."""
    now = times.now()
    rows = db.session.scalars(select(LoginFailure).where(LoginFailure.subject.in_(list(subjects))))
    return max((seconds_left(row.failures, row.last_at, now, _free(row.subject)) for row in rows), default=0)


def note_failure(subjects: Iterable[str], *, user_id: int | None, client: str) -> None:
    """One more wrong password of each subject; an incident when one must begin to wait."""
    for subject in subjects:
        if _one_more(subject) == _free(subject):
            incidents.report("lockout", user_id=user_id, address=client)


def forgive(subjects: Iterable[str]) -> None:
    """A right password: the person starts anew, the address is credited as many as are free to one person."""
    free = current_settings().login_free_failures
    for subject in subjects:
        row = LoginFailure.subject == subject
        if subject.startswith("address:"):
            statement = update(LoginFailure).where(row, LoginFailure.failures > free)
            db.session.execute(statement.values(failures=LoginFailure.failures - free))
        else:
            db.session.execute(delete(LoginFailure).where(row))


def _one_more(subject: str) -> int:
    """Counts in one statement: several wrong passwords at once neither lose one nor wait for each other in a ring."""
    now = times.now()
    row = {"subject": subject, "failures": 1, "last_at": now}
    forgotten = LoginFailure.last_at < now - timedelta(seconds=FORGOTTEN_S)
    # In this order: the count looks at the moment of the one before.
    changes = [("failures", case((forgotten, 1), else_=LoginFailure.failures + 1)), ("last_at", now)]
    statement: Insert
    if db.engine.dialect.name == "sqlite":
        new = sqlite.insert(LoginFailure).values(row)
        statement = new.on_conflict_do_update(index_elements=["subject"], set_=dict(changes))
    else:
        statement = mysql.insert(LoginFailure).values(row).on_duplicate_key_update(changes)
    db.session.execute(statement)
    return int(db.session.scalar(select(LoginFailure.failures).where(LoginFailure.subject == subject)) or 0)
