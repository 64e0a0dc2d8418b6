"""The steps of a login: who is meant, whether the password is theirs, what follows. The doors run them in order."""

import hashlib
from dataclasses import dataclass

from app.core.errors import DomainError, Forbidden, TooMany, Unauthenticated
from app.core.extensions import db
from app.users import earlier_hashes, incidents, lockout, passwords, people, service, sessions
from app.users.models import User
from app.users.sessions import Opened


@dataclass(frozen=True)
class Candidate:
    """Who says to be somebody: the person meant, if there is one, and what their failures count against."""

    user_id: int | None
    password_hash: str | None
    subjects: tuple[str, str]
    address: str


def candidate(name: str, address: str) -> Candidate:
    """The candidate of a name; TooMany while the account or the address has to wait, whether it exists or not."""
    user = service.find(name)
    folded = hashlib.sha256(name.strip().lower().encode()).hexdigest()
    subject = lockout.person(user.id) if user else lockout.stranger(folded)
    found = Candidate(
        user.id if user else None,
        user.password_hash if user else None,
        (subject, lockout.address(address)),
        address,
    )
    if wait := lockout.longest_wait(found.subjects):
        incidents.count("login_refused")
        raise TooMany("Demasiados intentos; espere antes de volver a intentar", retry_after_seconds=wait)
    return found


def is_theirs(kept: str | None, password: str) -> bool:
    """Whether the password is the one behind the hash (None: nobody's). Slow on purpose: no transaction may be open."""
    if kept is not None and earlier_hashes.is_earlier(kept):
        return earlier_hashes.matches(password, kept)
    return passwords.matches(password, kept)


def conclude(someone: Candidate, password: str, proved: bool, device: str) -> Opened | DomainError:
    """A new session, or why not. A refusal is returned, not raised: the failure must be committed."""
    incidents.count("login_attempts")
    user = db.session.get(User, someone.user_id) if someone.user_id else None
    if not proved or user is None:
        incidents.count("login_failures")
        lockout.note_failure(someone.subjects, user_id=someone.user_id, client=someone.address)
        return Unauthenticated("Usuario o contraseña incorrectos", code="INVALID_CREDENTIALS")
    if not user.status:
        return Forbidden("La cuenta está desactivada", code="ACCOUNT_DISABLED")
    if not user.approved:
        return Forbidden("La cuenta espera aprobación", code="APPROVAL_PENDING")
    lockout.forgive(someone.subjects)
    people.note_login(user)
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return sessions.begin(user, device, someone.address)
