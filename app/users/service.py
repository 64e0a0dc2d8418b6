"""Rules about people: logging in, making administrators. Knows nothing of HTTP."""

from sqlalchemy import func, or_, select

from app.core import times
from app.core.errors import Forbidden, Invalid, Unauthenticated
from app.core.extensions import db
from app.core.records import create
from app.users.models import User
from app.users.passwords import hashed, matches, require_strong
from app.users.permissions import Role

IDENTIFICATION_DIGITS = range(4, 16)


def log_in(name: str, password: str) -> User:
    """The active person with this identification, e-mail or username; the same refusal for every mistake."""
    user = find(name)
    if not matches(password, user.password_hash if user else None) or user is None:
        raise Unauthenticated("Usuario o contraseña incorrectos", code="INVALID_CREDENTIALS")
    if not user.status:
        raise Forbidden("La cuenta está desactivada", code="ACCOUNT_DISABLED")
    if not user.approved:
        raise Forbidden("La cuenta espera aprobación", code="APPROVAL_PENDING")
    user.last_login_at = times.now()
    return user


def find(name: str) -> User | None:
    """The person with this identification, e-mail or username."""
    lowered = name.strip().lower()
    tests = [User.email == lowered, func.lower(User.username) == lowered]
    if lowered.isascii() and lowered.isdigit() and len(lowered) in IDENTIFICATION_DIGITS:
        tests.append(User.identification == int(lowered))
    return db.session.scalars(select(User).where(or_(*tests)).order_by(User.id).limit(1)).first()


def create_admin(
    identification: int, fullname: str, email: str, password: str, username: str | None = None
) -> User:
    """A new, active administrator. Raises Invalid for a weak password and Conflict for one that exists."""
    require_strong(password)
    if len(str(identification)) not in IDENTIFICATION_DIGITS:
        raise Invalid(fields={"identification": "Debe tener de 4 a 15 dígitos"})
    return create(
        User,
        identification=identification,
        fullname=fullname,
        username=username,
        email=email.strip().lower(),
        role=Role.ADMIN,
        password_hash=hashed(password),
    )


def has_admin() -> bool:
    """Whether anybody administers the farm yet."""
    return db.session.scalar(select(User.id).where(User.role == Role.ADMIN).limit(1)) is not None
