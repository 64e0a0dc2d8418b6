"""The queue of outgoing mail: sealed messages, who takes which, when to try again. `postman` carries them."""

import base64
import hashlib
import json
from dataclasses import asdict
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import select, update

from app.core import times
from app.core.extensions import current_settings, db
from app.core.transaction import after_commit
from app.users import postman
from app.users.messages import Message
from app.users.token_models import OutgoingMail

FIRST_DELAY_S = 60
LONGEST_DELAY_S = 3600
MOST_ATTEMPTS = 10
# Whoever takes a message and dies leaves it to the others after this long.
TAKEN = timedelta(minutes=5)
A_TURN = 50


def queue(recipient: str | None, message: Message) -> None:
    """Will be sent once the present transaction holds. Without a recipient it costs the same and goes nowhere."""
    now = times.now()
    body = _seals().encrypt(json.dumps(asdict(message)).encode())
    db.session.add(
        OutgoingMail(
            recipient=recipient, subject=message.subject[:200], sealed=body, created_at=now, due_at=now
        )
    )
    after_commit(postman.wake)


def delay_s(attempts: int) -> int:
    """Seconds to wait after so many attempts that failed."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S << min(attempts - 1, 20))


def due() -> list[int]:
    """The ids of messages to be tried now, the oldest first."""
    query = select(OutgoingMail.id).where(OutgoingMail.due_at <= times.now()).order_by(OutgoingMail.id)
    return list(db.session.scalars(query.limit(A_TURN)))


def take(mail_id: int) -> tuple[str, Message] | None:
    """Recipient and message, for the one process that gets them; None when another did or nothing is to be sent."""
    now = times.now()
    statement = update(OutgoingMail).where(OutgoingMail.id == mail_id, OutgoingMail.due_at <= now)
    values = {"due_at": now + TAKEN, "attempts": OutgoingMail.attempts + 1}
    if not db.session.execute(statement.values(values)).rowcount:  # type: ignore[attr-defined]
        return None
    mail = db.session.get_one(OutgoingMail, mail_id)
    message = _opened(mail.sealed)
    if mail.recipient is None or message is None:
        _close(mail)
        return None
    return mail.recipient, message


def sent(mail_id: int) -> None:
    """Notes that the message left; its body is no longer needed."""
    mail = db.session.get_one(OutgoingMail, mail_id)
    mail.sent_at = times.now()
    _close(mail)


def failed(mail_id: int) -> None:
    """Notes that the message did not leave: later again, or given up after many attempts."""
    mail = db.session.get_one(OutgoingMail, mail_id)
    if mail.attempts >= MOST_ATTEMPTS:
        _close(mail)
    else:
        mail.due_at = times.now() + timedelta(seconds=delay_s(mail.attempts))


def _close(mail: OutgoingMail) -> None:
    mail.due_at, mail.sealed = None, None


def _opened(sealed: bytes | None) -> Message | None:
    """The message, or None when it was sealed with a key that we no longer have."""
    try:
        return Message(**json.loads(_seals().decrypt(sealed))) if sealed else None
    except InvalidToken:
        return None


def _seals() -> MultiFernet:
    """A link to a new password must not lie open in the database, nor in its backups."""
    keys = [hashlib.sha256(b"mail:" + key.encode()).digest() for key in current_settings().verifying_keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
