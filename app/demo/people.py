"""The people of the demonstration: two who teach, six who learn. Nobody knows their passwords.

To let one in, an administrator gives a new password.
"""

import secrets
from typing import NamedTuple

from sqlalchemy import select

from app.core.extensions import db
from app.users import people
from app.users.models import User
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
# No vowel and no digit that stands for one: no word, and so nobody's name, can come out by chance.
SIGNS = "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ269"


class Staff(NamedTuple):
    """Who answers for records, and who makes them."""

    teachers: list[User]
    learners: list[User]


def hire() -> Staff:
    """The people, those who are missing made with a password that is thrown away."""
    names = [*TEACHERS, *LEARNERS]
    numbers = range(FIRST_IDENTIFICATION, FIRST_IDENTIFICATION + len(names))
    known = {
        one.identification: one
        for one in db.session.scalars(select(User).where(User.identification.in_(numbers)))
    }
    staff = [known.get(number) or _person(number, name) for number, name in zip(numbers, names, strict=True)]
    return Staff(staff[: len(TEACHERS)], staff[len(TEACHERS) :])


def _person(number: int, name: str) -> User:
    return people.store(
        "".join(secrets.choice(SIGNS) for _ in range(40)) + "bC2",
        identification=number,
        fullname=name,
        email=f"demo.{number}@finca.local",
        role=Role.INSTRUCTOR if name in TEACHERS else Role.APPRENTICE,
    )
