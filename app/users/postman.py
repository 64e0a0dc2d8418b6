"""Carries messages out of the farm: over SMTP, or into a folder where there is no server. Knows no queue."""

import os
import smtplib
import ssl
import threading
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from app.core.settings import Settings
from app.users.messages import Message

TIMEOUT_S = 15
# What may go wrong on the way: the message stays in the queue.
TROUBLE = (OSError, smtplib.SMTPException)

_woken = threading.Event()


def wake() -> None:
    """Something was queued in this process."""
    _woken.set()


def wait(seconds: float) -> None:
    """Returns when something is queued, or after a while."""
    _woken.wait(seconds)
    _woken.clear()


def carry(settings: Settings, recipient: str, message: Message) -> None:
    """Sends one message. Raises one of TROUBLE when it did not leave."""
    letter = letter_of(settings, recipient, message)
    if settings.smtp_host:
        _send(settings, settings.smtp_host, letter)
    else:
        _keep(settings, letter)


def letter_of(settings: Settings, recipient: str, message: Message) -> EmailMessage:
    """The message as it travels: text, and HTML for who reads that."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = settings.mail_from, recipient, message.subject
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain="backfinca")
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    letter.add_alternative(message.html, subtype="html")
    return letter


def _send(settings: Settings, host: str, letter: EmailMessage) -> None:
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, settings.smtp_port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, settings.smtp_port, timeout=TIMEOUT_S)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password or "")
        server.send_message(letter)


def _keep(settings: Settings, letter: EmailMessage) -> None:
    folder = settings.instance_dir / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    name = str(letter["Message-ID"]).strip("<>").split("@")[0] + ".eml"
    # Its owner alone may read it: it may hold a link to a new password.
    with os.fdopen(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(bytes(letter))
