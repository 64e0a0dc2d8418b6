"""add_performance_indexes.sql against the models, and applied to databases that lack them."""

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from app.core.extensions import db
from run_migration import FILE, apply, models_sql


def test_the_file_is_what_the_models_say() -> None:
    assert FILE.read_text() == models_sql(), "run: python run_migration.py --write"


def test_only_what_is_missing_is_made_and_once(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    sql = FILE.read_text()
    with app.app_context(), db.engine.connect() as connection:
        assert apply(connection, sql, dry_run=False) == []
        on = " ON rejects" if db.engine.dialect.name == "mysql" else ""
        connection.execute(text(f"DROP INDEX ix_rejects_reason{on}"))
        assert apply(connection, sql, dry_run=True) == ["ix_rejects_reason"]
        assert apply(connection, sql, dry_run=False) == ["ix_rejects_reason"]
        assert apply(connection, sql, dry_run=False) == []
        assert "ix_rejects_reason" in {index["name"] for index in inspect(connection).get_indexes("rejects")}
        connection.commit()
    assert "rejects: ix_rejects_reason (reason)" in capsys.readouterr().out
