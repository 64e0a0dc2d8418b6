"""Every migration up and down on both databases, and the tables they leave against the models."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import settings_for
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from app import create_app
from app.biogas.substrates import SUBSTRATES
from app.core import schema
from app.core.extensions import db, migrate
from app.core.settings import ROOT


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.services)])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty database of each kind."""
    uri = f"sqlite:///{tmp_path / 'farm.sqlite3'}"
    if request.param == "mariadb":
        uri = request.getfixturevalue("mariadb").create_database("migrations")
    app = create_app(settings_for(tmp_path, database_url=uri))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def revisions() -> list[str]:
    """All of them, the oldest first."""
    script = ScriptDirectory(str(migrate.directory))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def present() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def differences() -> list[Any]:
    """What alembic would change to make the tables those of the models."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, db.metadata)


def materials() -> list[str]:
    with db.engine.connect() as connection:
        return list(connection.scalars(text("SELECT `key` FROM materials ORDER BY `key`")))


def test_the_migrations_are_one_line() -> None:
    script = ScriptDirectory(str(migrate.directory))
    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert revisions()[-1] == schema.head_revision()


def test_the_tables_are_those_of_the_models(empty_app: Flask) -> None:
    upgrade()
    assert present() == schema.head_revision()
    assert tables() == set(db.metadata.tables)
    assert differences() == []


def test_down_to_nothing_and_up_again(empty_app: Flask) -> None:
    upgrade()
    assert materials() == sorted(SUBSTRATES)
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert materials() == sorted(SUBSTRATES)
    assert differences() == []


def test_each_step_can_be_taken_back(empty_app: Flask) -> None:
    known = revisions()
    for before, revision in zip([None, *known], known, strict=False):
        upgrade(revision=revision)
        there = tables()
        downgrade(revision=before or "base")
        assert present() == before
        upgrade(revision=revision)
        assert tables() == there


def test_what_is_stored_outlives_the_newest_step(empty_app: Flask) -> None:
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO devices (code, name, kind, status, expected_interval_s, online, created_at, updated_at)"
                " VALUES ('uno', 'Uno', 'sensor', 'active', 60, 0, '2026-01-01', '2026-01-01')"
            )
        )
    downgrade(revision=revisions()[-2])
    upgrade()
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT code FROM devices")) == "uno"


def test_what_a_migration_writes_after_a_new_table_holds_together(empty_app: Flask, tmp_path: Path) -> None:
    upgrade()
    folder = shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    (folder / "versions" / "barns.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision, down_revision = 'barns', {schema.head_revision()!r}\n\n\n"
        "def upgrade():\n"
        "    op.create_table('barns', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    for id in (1, 2, 1):\n"
        "        op.execute(f'INSERT INTO barns (id) VALUES ({id})')\n"
    )
    with pytest.raises(IntegrityError):
        upgrade(directory=str(folder))
    assert present() == schema.head_revision()
    with db.engine.connect() as connection:
        # SQLite takes the table back as well.
        assert "barns" not in tables() or not connection.scalar(text("SELECT COUNT(*) FROM barns"))
        assert connection.dialect.name == "sqlite" or connection.scalar(text("SELECT @@autocommit"))


def test_codes_differ_by_case_and_texts_hold_any_letter(empty_app: Flask) -> None:
    upgrade()
    insert = text(
        "INSERT INTO devices (code, name, kind, status, expected_interval_s, online, created_at, updated_at)"
        " VALUES (:code, :name, 'sensor', 'active', 60, 0, '2026-01-01', '2026-01-01')"
    )
    with db.engine.begin() as connection:
        for code in ("a1", "A1"):
            connection.execute(insert, {"code": code, "name": "Ñandú 🐄"})
        assert set(connection.scalars(text("SELECT name FROM devices"))) == {"Ñandú 🐄"}
