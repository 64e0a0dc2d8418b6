"""The people of the demonstration: two who teach, six who learn. Nobody knows their passwords.

To let one in, an administrator gives a new password.
"""

import secrets
from typing import NamedTuple

from sqlalchemy import select

from app.core import records
from app.core.extensions import db
from app.users.models import User
from app.users.passwords import hashed
from app.users.permissions import Role

FIRST_IDENTIFICATION = 1900000101
TEACHERS = ("Marta Lucía Quintero", "Hernán Darío Zuluaga")
LEARNERS = (
    "Yuliana Marín Gómez",
    "Brayan Steven Murillo",
    "Karen Dayana Rengifo",
    "Juan Manuel Grajales",
    "Ximena Giraldo Henao",
    "Wilmer Andrés Parra",
)


class Staff(NamedTuple):
    """Who answers for records, and who makes them."""

    teachers: list[User]
    learners: list[User]


def hire() -> Staff:
    """The people, made where they are missing."""
    names = [*TEACHERS, *LEARNERS]
    numbers = range(FIRST_IDENTIFICATION, FIRST_IDENTIFICATION + len(names))
    found = db.session.scalars(select(User).where(User.identification.in_(numbers)))
    known = {one.identification: one for one in found}
    # Hashing is slow on purpose, and one password that is thrown away opens no door more than eight.
    nobodys = hashed(secrets.token_urlsafe(32))
    staff = [
        known.get(number) or _person(number, name, nobodys)
        for number, name in zip(numbers, names, strict=True)
    ]
    return Staff(staff[: len(TEACHERS)], staff[len(TEACHERS) :])


def _person(number: int, name: str, password_hash: str) -> User:
    return records.create(
        User,
        identification=number,
        fullname=name,
        email=f"demo.{number}@finca.local",
        role=Role.INSTRUCTOR if name in TEACHERS else Role.APPRENTICE,
        password_hash=password_hash,
    )
