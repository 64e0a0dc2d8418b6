"""Which version of MQTT to speak to a broker that may know only one. Sends nothing itself."""

import threading
from collections.abc import Callable

GREETING_S = 3.0
# A broker that hangs up on our greeting may be just stopping; one that says nothing does not understand it.
FAILURES_BEFORE_SWITCH = 2


class Dialect:
    """The version spoken, or tried at present: "5" or "3.1.1".

    With `fixed` it never changes. Else it does when the broker does not answer a greeting in it (`hang_up` is then
    called); but a broker that once spoke MQTT 5 is never spoken to in less.
    """

    def __init__(self, version: str, hang_up: Callable[[], None], *, fixed: bool) -> None:
        self.version = version
        self._fixed = fixed
        self._hang_up = hang_up
        self._answered = False
        self._failures = 0
        self._patience: threading.Timer | None = None

    def opened(self) -> None:
        """A connection is open and our greeting on its way."""
        self._answered = False
        if not self._fixed:
            self._patience = threading.Timer(GREETING_S, self._lose_patience)
            self._patience.daemon = True
            self._patience.start()

    def understood(self) -> None:
        """The broker let us in."""
        self._answered, self._failures = True, 0
        self._fixed = self._fixed or self.version == "5"

    def refused(self, *, version_unknown: bool) -> None:
        """The broker did not let us in; unless it is for the version, that too is an answer in it."""
        self._answered = not version_unknown

    def lost(self) -> bool:
        """The connection is gone; whether to try the other version now."""
        if self._patience is not None:
            self._patience.cancel()
        if self._answered or self._fixed:
            return False
        self._failures += 1
        if self._failures < FAILURES_BEFORE_SWITCH:
            return False
        self._failures = 0
        self.version = "3.1.1" if self.version == "5" else "5"
        return True

    def _lose_patience(self) -> None:
        if not self._answered:
            self._failures = FAILURES_BEFORE_SWITCH
            self._hang_up()
