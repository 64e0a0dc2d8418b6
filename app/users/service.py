"""Rules about people: finding one by any of their names, making administrators. Knows nothing of HTTP."""

from pydantic import ValidationError
from sqlalchemy import func, or_, select

from app.core.errors import Invalid
from app.core.extensions import db
from app.core.settings import Settings
from app.core.shapes import field_errors
from app.users import people
from app.users.models import User
from app.users.names import IDENTIFICATION_DIGITS
from app.users.permissions import Role
from app.users.schemas import UserIn

FIRST_ADMIN = ("admin_identification", "admin_email", "admin_password")


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
    """A new, active administrator. Raises Invalid for wrong values and Conflict for names that exist."""
    given = {"identification": identification, "fullname": fullname, "email": email, "username": username}
    try:
        person = UserIn.model_validate({**given, "password": password, "role": Role.ADMIN})
    except ValidationError as error:
        raise Invalid(fields=field_errors(error.errors(include_url=False))) from error
    return people.store(**person.model_dump())


def first_admin(settings: Settings) -> User | None:
    """The administrator that the environment names, created while there is none; None when nothing is to do."""
    given = {name: getattr(settings, name) for name in FIRST_ADMIN}
    if not any(given.values()) or has_admin():
        return None
    missing = [name.upper() for name, value in given.items() if not value]
    if missing:
        raise Invalid(fields=dict.fromkeys(missing, "Falta para crear el primer administrador"))
    identification, email, password = given.values()
    return create_admin(identification, "Administrador", email, password)


def has_admin() -> bool:
    """Whether anybody administers the farm yet."""
    return db.session.scalar(select(User.id).where(User.role == Role.ADMIN).limit(1)) is not None
