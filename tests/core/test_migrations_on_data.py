"""Every earlier revision's tables, full of rows of every kind of trouble, brought to the newest: the rows are there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odd_rows
import pytest
from alembic.script import ScriptDirectory
from conftest import settings_for
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, column, inspect, select, table

from app import create_app
from app.core import schema
from app.core.extensions import db
from app.core.settings import ROOT

EARLIER = [step.revision for step in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()][:0:-1]
# What a migration took away or changed on purpose, as (table, column) or (table, None); each with its revision.
GONE: set[tuple[str, str | None]] = set()


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.services)])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    uri = f"sqlite:///{tmp_path / 'farm.sqlite3'}"
    if request.param == "mariadb":
        uri = request.getfixturevalue("mariadb").create_database("migrations_on_data")
    app = create_app(settings_for(tmp_path, database_url=uri))
    with app.app_context():
        yield app
        db.engine.dispose()


def columns_of(connection: Connection) -> dict[str, list[str]]:
    present = inspect(connection)
    return {
        name: sorted(
            found["name"]
            for found in present.get_columns(name)
            if not {(name, None), (name, found["name"])} & GONE
        )
        for name in present.get_table_names()
        if name != odd_rows.KEPT
    }


def rows_of(connection: Connection, columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    return {
        name: sorted(
            (tuple(row) for row in connection.execute(select(*map(column, names)).select_from(table(name)))),
            key=repr,
        )
        for name, names in columns.items()
        if names
    }


@pytest.mark.parametrize("revision", EARLIER)
def test_what_is_stored_outlives_every_later_step(empty_app: Flask, revision: str) -> None:
    upgrade(revision=revision)
    with db.engine.connect() as connection:
        odd_rows.fill(connection)
        columns = columns_of(connection)
        before = rows_of(connection, columns)
    assert all(len(rows) >= odd_rows.ROWS for rows in before.values())
    upgrade()
    assert schema.is_current()
    with db.engine.connect() as connection:
        assert rows_of(connection, columns) == before
