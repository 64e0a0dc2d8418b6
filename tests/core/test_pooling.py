"""Connections of the pool: kept, asked only after a rest, and never given on with a transaction in them."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymysql.constants import FIELD_TYPE
from servers import MariaDB
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError, ResourceClosedError

from app.core import pooling
from app.core.database_hosts import Hosts

pytestmark = pytest.mark.services


@pytest.fixture
def engine(mariadb: MariaDB) -> Iterator[Engine]:
    url = mariadb.create_database("pooling")
    made = create_engine(url, creator=Hosts(url, [], autocommit=True), **pooling.options(2))
    pooling.watch_over(made)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE heads (id INT PRIMARY KEY)"))
    yield made
    made.dispose()


@pytest.fixture
def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the driver sends besides statements."""
    told: list[str] = []
    with engine.connect() as connection:
        driver: Any = type(connection.connection.dbapi_connection)
    # The driver's own: ours sends no rollback where there is nothing to undo.
    for name in ("ping", "rollback", "commit"):
        monkeypatch.setattr(driver.__base__, name, _telling(told, name, getattr(driver.__base__, name)))
    return told


def _telling(told: list[str], name: str, plain: Any) -> Any:
    def send(self: Any, *args: Any) -> Any:
        told.append(name)
        return plain(self, *args)

    return send


def test_a_busy_connection_is_asked_nothing_but_to_end_its_transaction(
    engine: Engine, asked: list[str]
) -> None:
    for _ in range(3):
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            connection.rollback()
    assert asked == ["rollback"] * 3


def test_a_question_that_stands_alone_costs_nothing_else(engine: Engine, asked: list[str]) -> None:
    for _ in range(3):
        with engine.connect().execution_options(**{pooling.ALONE: True}) as connection:
            connection.execute(text("SELECT COUNT(*) FROM heads"))
            assert not connection.scalar(text("SELECT @@in_transaction"))
    assert asked == []
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT @@in_transaction"))
    assert asked == ["rollback"]


def test_after_a_rest_it_is_asked_whether_it_lives(
    engine: Engine, asked: list[str], monkeypatch: pytest.MonkeyPatch, mariadb: MariaDB
) -> None:
    monkeypatch.setattr(pooling, "REST_S", 0.0)
    with engine.connect() as connection:
        killed = connection.scalar(text("SELECT CONNECTION_ID()"))
    assert asked == ["ping", "rollback"]
    with mariadb.connect() as other, other.cursor() as cursor:
        cursor.execute(f"KILL {killed}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT CONNECTION_ID()")) != killed


def test_a_transaction_that_nobody_ended_is_undone(engine: Engine, asked: list[str]) -> None:
    connection = engine.connect()
    connection.execute(text("INSERT INTO heads VALUES (1)"))
    connection.close()
    assert asked == ["rollback"]
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM heads")) == 0


def test_all_connections_are_kept(engine: Engine) -> None:
    opened = [engine.connect() for _ in range(4)]
    ids = {connection.scalar(text("SELECT CONNECTION_ID()")) for connection in opened}
    for connection in opened:
        connection.close()
    again = [engine.connect() for _ in range(4)]
    assert {connection.scalar(text("SELECT CONNECTION_ID()")) for connection in again} == ids
    for connection in again:
        connection.close()


def test_where_no_transaction_began_nothing_more_is_asked(engine: Engine, mariadb: MariaDB) -> None:
    """It would stand for itself, and hold although it is rolled back."""
    with engine.connect() as connection:
        killed = connection.scalar(text("SELECT CONNECTION_ID()"))
        connection.rollback()
        with mariadb.connect() as other, other.cursor() as cursor:
            cursor.execute(f"KILL {killed}")
        with pytest.raises(OperationalError):
            connection.execute(text("INSERT INTO heads VALUES (1)"))
        with pytest.raises(ResourceClosedError):
            connection.execute(text("INSERT INTO heads VALUES (2)"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM heads")) == 0


def test_an_answer_that_was_left_in_the_middle_is_not_given_to_the_next(engine: Engine) -> None:
    alone = engine.execution_options(**{pooling.ALONE: True})
    with alone.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.decoders = {**driver.decoders, FIELD_TYPE.LONG: _failing}
        with pytest.raises(RecursionError):
            connection.execute(text("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"))
    for _ in range(2):
        with alone.connect() as connection:
            assert connection.scalar(text("SELECT 'mine'")) == "mine"


def _failing(_value: str) -> None:
    raise RecursionError
