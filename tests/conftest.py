"""The suite's ground: the application on its two profiles, people to call it, servers of its own."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from servers import MariaDB, Mosquitto, Redis, ServerMissing
from sqlalchemy import text

from app import create_app
from app.core.extensions import cache, db, limiter
from app.core.settings import Settings
from app.core.transaction import transaction
from app.users import incidents, sessions, tokens
from app.users.models import User
from app.users.passwords import hashed
from app.users.permissions import Role

KEPT_TABLES = {"alembic_version", "materials"}
PASSWORD = "Finca-2026"
# Hashing is slow on purpose; once is enough for everybody.
PASSWORD_HASH = hashed(PASSWORD)


def started(server_type: type[Any]) -> Iterator[Any]:
    """A running server, or a skipped test where it is not installed (a failed one with REQUIRE_SERVICES=1)."""
    try:
        server = server_type()
        server.start()
    except ServerMissing as missing:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"not installed: {missing}")
    yield server
    server.close()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    yield from started(MariaDB)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    yield from started(Redis)


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    yield from started(Mosquitto)


@pytest.fixture(scope="session", params=["embedded", pytest.param("services", marks=pytest.mark.services)])
def profile(request: pytest.FixtureRequest) -> str:
    """Each test through the door runs on both: SQLite and memory, MariaDB and Redis."""
    return str(request.param)


@pytest.fixture(scope="session")
def profile_app(
    profile: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The profile's application, migrated, once for all its tests: extensions are bound to one at a time."""
    folder = tmp_path_factory.mktemp(profile)
    places: dict[str, Any] = {"sqlalchemy_database_uri": f"sqlite:///{folder / 'farm.sqlite3'}"}
    if profile == "services":
        places = {
            "sqlalchemy_database_uri": request.getfixturevalue("mariadb").create_database("farm"),
            "redis_url": request.getfixturevalue("redis_server").url,
        }
    app = create_app(settings_for(folder, **places))
    with app.app_context():
        migrate()
        db.engine.dispose()
    if profile == "embedded":
        shutil.copy(folder / "farm.sqlite3", folder / "template.sqlite3")
    yield app
    with app.app_context():
        db.engine.dispose()


def settings_for(folder: Path, **others: Any) -> Settings:
    """Settings of a test's application; nothing of the machine's environment or `.env`."""
    values = {
        "flask_env": "testing",
        "instance_dir": folder,
        "media_dir": folder / "media",
        "jwt_secret_key": "a key for the tests, long enough for them",
        "rate_limit": "100000 per minute",
        "log_level": "WARNING",
        **others,
    }
    return Settings(_env_file=None, **values)


def migrate() -> None:
    """Brings the present application's database to the newest migration."""
    from flask_migrate import upgrade

    upgrade()


@pytest.fixture
def app(profile: str, profile_app: Flask) -> Flask:
    """The application with an empty farm."""
    with profile_app.app_context():
        _empty(profile, profile_app.config["SETTINGS"].instance_dir)
        cache.clear()
        # Had Redis been slow for an earlier test, limits would still be counted in memory.
        limiter._storage_dead = False
        limiter.reset()
        incidents.ledger = incidents.Ledger()
    return profile_app


def _empty(profile: str, folder: Path) -> None:
    if profile == "embedded":
        db.engine.dispose()
        for leftover in ("farm.sqlite3-wal", "farm.sqlite3-shm"):
            (folder / leftover).unlink(missing_ok=True)
        shutil.copy(folder / "template.sqlite3", folder / "farm.sqlite3")
        return
    with db.engine.begin() as connection:
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in db.metadata.tables.keys() - KEPT_TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


@dataclass
class Caller:
    """Somebody who calls the API; answers come back as Flask's test responses."""

    client: FlaskClient
    token: str | None = None

    def __getattr__(self, method: str) -> Any:
        """caller.get("/sensors"), caller.post("/biogas/fillings", json=...): paths below /api/v1."""

        def call(path: str, **kwargs: Any) -> Any:
            headers = dict(kwargs.pop("headers", {}))
            if self.token:
                headers.setdefault("Authorization", f"Bearer {self.token}")
            prefix = "" if path.startswith("/api/") else "/api/v1"
            return self.client.open(prefix + path, method=method.upper(), headers=headers, **kwargs)

        return call


@pytest.fixture
def nobody(app: Flask) -> Caller:
    """A caller without a token."""
    return Caller(app.test_client())


@pytest.fixture
def admin(app: Flask) -> Caller:
    return person(app, Role.ADMIN)


@pytest.fixture
def instructor(app: Flask) -> Caller:
    return person(app, Role.INSTRUCTOR)


@pytest.fixture
def apprentice(app: Flask) -> Caller:
    return person(app, Role.APPRENTICE)


def person(app: Flask, role: Role, **values: Any) -> Caller:
    """A new person of that role with an open session. Not through the door: proving a password is slow on purpose."""
    number = 10_000_000 + list(Role).index(role)
    facts = {
        "identification": number,
        "fullname": f"Persona {role}",
        "email": f"{role.lower()}@finca.test",
    }
    with app.app_context(), transaction() as session:
        user = User(role=role, password_hash=PASSWORD_HASH, **{**facts, **values})
        session.add(user)
        session.flush()
        opened = sessions.begin(user, "tests", "127.0.0.1")
        token = tokens.access_token(opened.user, opened.session).text
    return Caller(app.test_client(), token)
