"""The demonstration farm, made once for each profile and walked by all tests of this folder."""

import pytest
from argon2 import PasswordHasher
from conftest import person
from contract.pastures import Pasture
from contract.walk.demo import Farm
from flask import Flask
from sqlalchemy import func, select

from app.core.extensions import cache, db, limiter
from app.core.transaction import transaction
from app.demo.farm import create_farm
from app.herd.models import Animal
from app.users import incidents, passwords
from app.users.permissions import Role

ANIMALS = 300
_made: dict[str, Farm] = {}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """People come and go here by the dozen, and hashing their passwords is slow on purpose."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))


@pytest.fixture
def demo(profile: str, request: pytest.FixtureRequest) -> Farm:
    """The farm, as other tests of this folder left it: they add to it and take away what they added, nothing else."""
    if profile not in _made or not _is_there(_made[profile].app):
        _made[profile] = _seeded(profile, request.getfixturevalue("app"))
    # On SQLite any write makes answers new, also that of what earlier tests were refused.
    incidents.ledger = incidents.Ledger()
    return _made[profile]


def _is_there(app: Flask) -> bool:
    """Tests of other folders empty the farm."""
    with app.app_context():
        return (db.session.scalar(select(func.count(Animal.id))) or 0) >= ANIMALS


def _seeded(profile: str, app: Flask) -> Farm:
    with app.app_context(), transaction():
        assert create_farm()
    cache.clear()
    limiter.reset()
    callers = {role: person(app, role) for role in Role}
    return Farm(app, profile, callers, Pasture(callers[Role.ADMIN]))
