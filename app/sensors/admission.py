"""Who may watch, and for how long: a screen stays as long as the session it came with. Sends nothing."""

import time

from app.core.errors import Forbidden
from app.core.extensions import db
from app.users import tokens
from app.users.tokens import Principal

PERMISSION = "sensors.view"
# How long a screen may outlive a right or session that was taken away; the token's own end is kept to the second.
RECHECK_S = 10.0


class Admission:
    """A person's right to be told. Raises Forbidden when there is none."""

    def __init__(self, principal: Principal) -> None:
        if not principal.may(PERMISSION):
            raise Forbidden("No tiene permiso para ver los sensores", required_permission=PERMISSION)
        self._principal = principal
        self._recheck_at = time.monotonic() + RECHECK_S
        # A screen stays for hours; the connection its person was looked up with must not.
        db.session.remove()

    def holds(self) -> bool:
        """Whether it still may watch: nothing has expired, and neither session, account nor permission is gone."""
        if self._principal.expires_at <= time.time():
            return False
        if time.monotonic() < self._recheck_at:
            return True
        self._recheck_at = time.monotonic() + RECHECK_S
        found = tokens.principal(self._principal.id, self._principal.session_id)
        db.session.remove()
        return (
            found is not None
            and found.token_version == self._principal.token_version
            and found.may(PERMISSION)
        )
