"""Who may watch, and for how long: a screen stays as long as its token is good. Sends nothing."""

import time

from app.core.errors import DomainError, Forbidden
from app.core.extensions import db
from app.users.tokens import principal_of

PERMISSION = "sensors.view"
# How long a screen may outlive a right that was taken away; the token's own end is kept to the second.
RECHECK_S = 10.0


class Admission:
    """A screen's right to be told. Raises Unauthenticated or Forbidden when there is none."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._expires_at = _checked(token)
        self._recheck_at = time.monotonic() + RECHECK_S

    def holds(self) -> bool:
        """Whether it still may watch: the token has not expired, nor the person lost account or permission."""
        if self._expires_at <= time.time():
            return False
        if time.monotonic() < self._recheck_at:
            return True
        self._recheck_at = time.monotonic() + RECHECK_S
        try:
            _checked(self._token)
        except DomainError:
            return False
        return True


def _checked(token: str) -> int:
    """When the token expires (s since 1970), if it admits."""
    try:
        principal = principal_of(token)
    finally:
        # A screen stays for hours; the connection it was looked up with must not.
        db.session.remove()
    if not principal.may(PERMISSION):
        raise Forbidden("No tiene permiso para ver los sensores", required_permission=PERMISSION)
    return principal.expires_at
