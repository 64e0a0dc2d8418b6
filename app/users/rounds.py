"""What runs beside the requests for this room: mail leaves, incidents are stored, open sessions are counted.

Started and stopped by the wiring.
"""

import logging
import threading

from flask import Flask
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from app.core.extensions import current_settings
from app.core.transaction import transaction
from app.users import incidents, mail, postman, security

EVERY_S = 10.0
log = logging.getLogger("backfinca.users")
REFRESH_TOKENS = Gauge(
    "refresh_tokens_active", "Refresh tokens that are good, one a session", multiprocess_mode="livemostrecent"
)


class Rounds:
    """One thread a process. Several processes share the queue: each message is taken by one."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def start(self) -> None:
        """Begins to go the rounds."""
        self._thread.start()

    def stop(self) -> None:
        """Stores what is known and ends, once the message under way is out."""
        self._stopping.set()
        postman.wake()
        self._thread.join(postman.TIMEOUT_S * 2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._app.app_context():
                self._turn()
            postman.wait(EVERY_S)

    def _turn(self) -> None:
        try:
            go_round()
        except SQLAlchemyError:
            log.warning("database unavailable, mail waits")


def go_round() -> int:
    """Sends what is due, stores what happened and counts the open sessions; the number of messages that left."""
    with transaction():
        if incidents.is_due():
            incidents.store()
        waiting = mail.due()
        REFRESH_TOKENS.set(security.active_sessions())
    return sum(_deliver(mail_id) for mail_id in waiting)


def _deliver(mail_id: int) -> bool:
    with transaction():
        taken = mail.take(mail_id)
    if taken is None:
        return False
    try:
        postman.carry(current_settings(), *taken)
    except postman.TROUBLE as error:
        # The server's words may repeat the message, so only their kind is told.
        log.warning("mail not sent", extra={"facts": {"mail_id": mail_id, "error": type(error).__name__}})
        with transaction():
            mail.failed(mail_id)
        return False
    with transaction():
        mail.sent(mail_id)
    return True
