"""add_performance_indexes.sql against the models, and applied to databases that lack them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Connection, inspect, text

from app.core.extensions import db
from app.core.settings import ROOT
from run_migration import FILE, STATEMENT, apply, missing_of, models_sql


def in_the_file(sql: str) -> set[tuple[str, str, str]]:
    return {(found["table"], found["name"], found["columns"]) for found in STATEMENT.finditer(sql)}


def in_the_database(connection: Connection) -> set[tuple[str, str, str]]:
    """The indexes that are neither a constraint's nor MariaDB's own for a foreign key, which bears the key's name."""
    present = inspect(connection)
    return {
        (table, str(index["name"]), ", ".join(map(str, index["column_names"])))
        for table in present.get_table_names()
        for index in present.get_indexes(table)
        if not index["unique"]
        and index["name"] not in {key["name"] for key in present.get_foreign_keys(table)}
    }


def drop(connection: Connection, table: str, name: str) -> None:
    on = f" ON {table}" if connection.dialect.name == "mysql" else ""
    connection.execute(text(f"DROP INDEX {name}{on}"))


def test_the_file_is_what_the_models_say() -> None:
    assert FILE.read_text() == models_sql(), "run: python run_migration.py --write"


def test_the_migrated_database_has_the_models_indexes(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert in_the_database(connection) == in_the_file(models_sql())


def test_only_what_is_missing_is_made_and_once(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    sql = FILE.read_text()
    with app.app_context(), db.engine.connect() as connection:
        apply(connection, models_sql(), dry_run=False)
        assert apply(connection, sql, dry_run=False) == []
        drop(connection, "rejects", "ix_rejects_reason")
        drop(connection, "users", "ix_users_role")
        connection.commit()
        before = in_the_database(connection)
        capsys.readouterr()
        assert apply(connection, sql, dry_run=True) == ["ix_rejects_reason", "ix_users_role"]
        assert in_the_database(connection) == before
        assert capsys.readouterr().out == (
            "[1/2] rejects: ix_rejects_reason (reason)\n[2/2] users: ix_users_role (role)\n"
        )
        assert apply(connection, sql, dry_run=False) == ["ix_rejects_reason", "ix_users_role"]
        assert apply(connection, sql, dry_run=False) == []
        assert in_the_database(connection) == in_the_file(models_sql())
        # INPLACE without a lock is refused by the server where it cannot be: this one took it.
        how = "creado en línea" if connection.dialect.name == "mysql" else "creado"
        assert f"[1/2] rejects: ix_rejects_reason (reason)  {how}, 0." in capsys.readouterr().out


def test_a_database_that_predates_all_of_them(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        for table, name, _ in sorted(in_the_database(connection)):
            # MariaDB does not let go of the one index a foreign key stands on.
            if connection.dialect.name == "sqlite" or table in {"rejects", "outgoing_mails", "devices"}:
                drop(connection, table, name)
        connection.commit()
        lacking = {index.name for index in missing_of(connection, models_sql())}
        assert set(apply(connection, models_sql(), dry_run=False)) == lacking != set()
        assert in_the_database(connection) == in_the_file(models_sql())


def test_a_table_that_is_not_there_is_passed_over(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert apply(connection, "CREATE INDEX ix_a_b ON a (b);\n", dry_run=False) == []


def test_a_table_that_cannot_online_gets_its_index_anyway(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("SQLite has one way alone")
        connection.execute(text("CREATE TABLE strangers (a INTEGER) ENGINE=MEMORY"))
        try:
            sql = "CREATE INDEX ix_strangers_a ON strangers (a);\n"
            assert apply(connection, sql, dry_run=False) == ["ix_strangers_a"]
            assert "con la tabla bloqueada" in capsys.readouterr().out
            assert apply(connection, sql, dry_run=False) == []
        finally:
            connection.execute(text("DROP TABLE strangers"))


def test_what_one_statement_cannot_say_is_refused() -> None:
    metadata = sa.MetaData()
    table = sa.Table("animals", metadata, sa.Column("name", sa.String(10)))
    from run_migration import _statement

    assert _statement("animals", sa.Index("ux", table.c.name, unique=True)) == (
        "CREATE UNIQUE INDEX ux ON animals (name);\n"
    )
    with pytest.raises(ValueError, match="expressions"):
        _statement("animals", sa.Index("ix", sa.func.lower(table.c.name)))


def test_as_a_program(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        places = {"DATABASE_URL": f"sqlite:///{tmp_path / 'farm.sqlite3'}", "INSTANCE_DIR": str(tmp_path)}
        return subprocess.run(
            [sys.executable, str(ROOT / "run_migration.py"), *words],
            cwd=tmp_path,
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def make(sql: str) -> None:
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'farm.sqlite3'}", poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(text(sql))

    make("CREATE TABLE rejects (reason TEXT)")
    told = run("--dry-run")
    assert (told.returncode, told.stdout.splitlines()[-1]) == (0, "1 índices faltan")
    make("CREATE TABLE users (name TEXT)")
    refused = run()
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("La base de datos no lo permitió: no such column")
    assert "rejects: ix_rejects_reason (reason)  creado" in refused.stdout
    make("DROP TABLE users")
    assert run().stdout == "0 índices creados\n"
