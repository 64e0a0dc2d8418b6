"""`flask check-indexes`: what it finds in models made for it, in ours, and in a database that differs from them."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint, text

from app.core.extensions import db
from app.core.index_check import Finding, of_database, of_models

# Goes with the next migration; then this set is empty, and has to stay so.
KNOWN: set[str] = set()


def made(*columns_and_keys: sa.schema.SchemaItem) -> list[str]:
    """What is wrong with a table of these beside a parent."""
    metadata = MetaData()
    Table("parents", metadata, Column("id", Integer, primary_key=True))
    Table("children", metadata, Column("id", Integer, primary_key=True), *columns_and_keys)
    return [finding.what for finding in of_models(metadata) if finding.wrong]


def parent(name: str = "parent_id", **options: bool) -> Column[int]:
    return Column(name, Integer, ForeignKey("parents.id"), **options)


def test_foreign_keys_want_an_index_that_begins_with_them() -> None:
    assert made(parent()) == ["clave foránea sin índice (parent_id)"]
    assert made(parent(index=True)) == []
    assert made(parent(unique=True)) == []
    assert made(parent(), Column("name", String(9)), UniqueConstraint("parent_id", "name")) == []
    assert made(parent(), Column("name", String(9)), Index("ix", "name", "parent_id")) == [
        "clave foránea sin índice (parent_id)"
    ]


def test_the_beginning_of_another_index_is_redundant() -> None:
    assert made(
        Column("a", Integer), Column("b", Integer), Index("ix_a", "a"), Index("ix_a_b", "a", "b")
    ) == ["ix_a sobra: ix_a_b empieza igual"]
    assert (
        made(Column("a", Integer), Column("b", Integer), Index("ix_b", "b"), Index("ix_a_b", "a", "b")) == []
    )
    assert made(Column("a", Integer), Index("ix_1", "a"), Index("ix_2", "a")) == [
        "ix_2 sobra: ix_1 empieza igual"
    ]
    assert made(Column("a", Integer), Index("ix_1", "a"), UniqueConstraint("a", name="uq")) == [
        "ix_1 sobra: uq empieza igual"
    ]
    # What is unique says more than where to look.
    assert (
        made(Column("a", Integer), Column("b", Integer), Index("ux", "a", unique=True), Index("ix", "a", "b"))
        == []
    )
    assert made(Index("ix", "id")) == ["ix sobra: PRIMARY empieza igual"]


def test_nothing_is_wrong_with_ours() -> None:
    found = list(of_models(db.metadata))
    assert {finding.what for finding in found if finding.wrong} <= KNOWN
    assert all(finding.table in db.metadata.tables for finding in found)


def test_days_that_lists_are_filtered_by_are_told() -> None:
    told = {(finding.table, finding.what) for finding in of_models(db.metadata) if not finding.wrong}
    assert ("fillings", "se filtra por started_at sin índice") in told
    assert not any("created_at" in what or "updated_at" in what for _, what in told)


@pytest.fixture
def connection(app: Flask) -> Iterator[sa.Connection]:
    with app.app_context(), db.engine.connect() as connection:
        yield connection


def about(connection: sa.Connection, table: str) -> list[Finding]:
    return [finding for finding in of_database(connection, db.metadata) if finding.table == table]


def test_a_database_that_lacks_an_index_or_has_one_more(app: Flask, connection: sa.Connection) -> None:
    assert about(connection, "rejects") == []
    on = " ON rejects" if connection.dialect.name == "mysql" else ""
    connection.execute(text(f"DROP INDEX ix_rejects_reason{on}"))
    connection.execute(text("CREATE INDEX ix_by_hand ON rejects (topic)"))
    connection.commit()
    try:
        assert about(connection, "rejects") == [
            Finding(True, "rejects", "falta ix_rejects_reason (python run_migration.py)"),
            Finding(False, "rejects", "ix_by_hand no está en los modelos"),
        ]
        result = app.test_cli_runner().invoke(args=["check-indexes"])
        assert result.exit_code == 1
        assert "ERROR  rejects: falta ix_rejects_reason (python run_migration.py)" in result.output
        assert "aviso  rejects: ix_by_hand no está en los modelos" in result.output
    finally:
        connection.execute(text(f"DROP INDEX ix_by_hand{on}"))
        connection.execute(text("CREATE INDEX ix_rejects_reason ON rejects (reason)"))
        connection.commit()


def test_a_server_that_counts_says_which_are_never_used(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        assert about(connection, "(servidor)") == []
        return
    assert [finding.what for finding in about(connection, "(servidor)")] == [
        "no lleva la cuenta del uso de los índices (userstat=1)"
    ]
    connection.execute(text("SET GLOBAL userstat = 1"))
    try:
        connection.execute(
            text(
                "INSERT INTO rejects (received_at, topic, reason, size, excerpt) VALUES (NOW(), 't', 'r', 1, 'e')"
            )
        )
        connection.execute(
            text("SELECT reason FROM rejects FORCE INDEX (ix_rejects_reason) WHERE reason = 'r'")
        )
        connection.rollback()
        told = {finding.what for finding in of_database(connection, db.metadata)}
    finally:
        connection.execute(text("SET GLOBAL userstat = 0"))
    assert "ix_users_role sin uso desde que arrancó el servidor" in told
    assert "ix_rejects_reason sin uso desde que arrancó el servidor" not in told


def test_the_exit_status_is_for_machines(app: Flask) -> None:
    with app.app_context():
        models = app.test_cli_runner().invoke(args=["check-indexes", "--models-only"])
        strict = app.test_cli_runner().invoke(args=["check-indexes", "--models-only", "--strict"])
    errors = int(models.output.splitlines()[-1].split()[0])
    assert models.exit_code == (1 if errors else 0)
    assert strict.exit_code == 1
