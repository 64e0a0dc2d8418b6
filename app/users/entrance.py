"""Logging in and refreshing at any HTTP door, ours or an earlier system's: the steps and their transactions.

What a door answers, and how it carries the tokens, is its own part.
"""

from prometheus_client import Counter

from app.core.errors import DomainError
from app.core.transaction import transacted, transaction
from app.users import login, refresh, sessions
from app.users.sessions import Opened

LOGINS = Counter("auth_login_total", "Names with a password, by what became of them", ["result"])
REFRESHES = Counter("auth_refresh_total", "Refresh tokens, by what became of them", ["result"])


def enter(name: str, password: str, *, device: str, address: str, replaces: str | None = None) -> Opened:
    """A new session for the person with this name and password; Unauthenticated, Forbidden or TooMany.

    `replaces`: the refresh token this device held until now, whose session ends.
    """
    with transaction():
        someone = login.candidate(name, address)
    proved = login.is_theirs(someone.password_hash, password)

    def conclude(_session: object) -> Opened | DomainError:
        outcome = login.conclude(someone, password, proved, device)
        if isinstance(outcome, Opened) and replaces:
            sessions.end_by_refresh_token(replaces, "replaced")
        return outcome

    return _or_raise(transacted(conclude), LOGINS)


def renew(token: str, *, device: str, address: str) -> Opened:
    """The session this refresh token prolongs, with its successor; Unauthenticated with the code clients react to."""
    return _or_raise(transacted(lambda _session: refresh.renew(token, device, address)), REFRESHES)


def _or_raise(outcome: Opened | DomainError, figure: Counter) -> Opened:
    figure.labels("opened" if isinstance(outcome, Opened) else outcome.code.lower()).inc()
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome
