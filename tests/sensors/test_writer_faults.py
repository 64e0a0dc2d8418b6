"""Batches on both databases: quarantine, poison, commits in doubt, and a database that is away."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pymysql
import pytest
from sensors.batches import NOW, delivered, message, writer_of
from sensors.farmyard import Farmyard
from sqlalchemy import event
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.extensions import db
from app.core.transaction import after_commit, transaction
from app.sensors import persisting
from app.sensors.faults import Verdict, judge
from app.sensors.models import Device
from app.sensors.replay import replay
from app.sensors.watchers import nobody
from app.sensors.writer import Stopped, Writer

Lay = Callable[..., Farmyard]


@pytest.fixture
def farm(lay: Lay, database_url: str | None) -> Farmyard:
    return lay(database_url)


def test_quarantine_keeps_messages_until_approval(farm: Farmyard) -> None:
    writer = writer_of(farm, sensors_auto_register=False)
    batch = [
        message(at=NOW, body={"a": 1}),
        message(at=NOW, body={"a": 2}),
        message(at=NOW, body={"a": 1, "b": 7}),
    ]
    listed = json.dumps([{"a": 5}, {"a": 6, "humedad": 300}]).encode()
    stored = writer.store([*batch, delivered(1, body=listed, received_ms=NOW + 50)])
    assert stored.results == Counter(pending=4)
    assert (farm.readings(), farm.messages(), farm.refused()) == ([], 4, {"device_pending": 4})
    with farm.app.app_context(), transaction() as session:
        device = session.query(Device).one()
        device.status = "active"
        assert replay(device) == 6
        assert replay(device) == 0
    assert sorted(value for _, value in farm.readings(key="a")) == [1, 1, 2, 5, 6]
    assert farm.readings(key="b") == [(NOW, 7.0)]
    assert farm.one("SELECT COUNT(*) FROM dirty_buckets") > 0
    writer.store([message(at=NOW + 60, body={"a": 9})])
    with farm.app.app_context(), transaction() as session:
        assert replay(session.query(Device).one()) == 0, "what ingest stored is not stored again"


def test_a_disabled_device_stores_nothing(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([message(at=NOW)])
    with farm.app.app_context(), transaction() as session:
        session.query(Device).one().status = "disabled"
    writer.forget_devices()
    assert writer.store([message(at=NOW + 1)]).results == Counter(disabled=1)
    assert (len(farm.readings()), farm.messages()) == (1, 1)


def test_a_new_device_is_told_within_the_transaction(farm: Farmyard) -> None:
    told: list[str] = []

    def rename(device: Device) -> None:
        told.append(device.code)
        device.place = "Galpón"

    writer_of(farm, rename).store([message("n1"), message("n1"), message("n2")])
    assert told == ["n1", "n2"]
    assert farm.rows("SELECT DISTINCT place FROM devices") == [("Galpón",)]


def test_the_message_at_fault_is_set_aside_and_the_rest_is_stored(farm: Farmyard) -> None:
    def choke(device: Device) -> None:
        if device.code == "malo":
            raise ValueError("no digester likes it")

    batch = [message("malo" if n == 17 else "n1", at=NOW + n, body={"a": n}) for n in range(40)]
    stored = writer_of(farm, choke).store(batch)
    assert stored.results == Counter(stored=39, refused=1)
    assert sorted(value for _, value in farm.readings()) == [n for n in range(40) if n != 17]
    assert farm.rows("SELECT reason, topic FROM rejects") == [("storage_error", "finca/malo/telemetry")]
    assert farm.one("SELECT COUNT(*) FROM devices") == 1


def failed(kind: type[DBAPIError], code: int | str) -> DBAPIError:
    return kind("SELECT 1", None, pymysql.err.OperationalError(code, "of the server"))


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (failed(OperationalError, 1213), Verdict.AGAIN),
        (failed(OperationalError, 1205), Verdict.AGAIN),
        (failed(IntegrityError, 1062), Verdict.CLASH),
        (failed(OperationalError, 2006), Verdict.AWAY),
        (failed(OperationalError, 1040), Verdict.AWAY),
        (failed(OperationalError, "database is locked"), Verdict.AWAY),
        (failed(InterfaceError, 0), Verdict.AWAY),
        (failed(ProgrammingError, 1146), Verdict.AWAY),
        (PoolTimeout(), Verdict.AWAY),
        (failed(OperationalError, 1366), Verdict.POISON),
        (failed(DataError, 1406), Verdict.POISON),
        (ValueError("of our own"), Verdict.POISON),
    ],
    ids=str,
)
def test_what_an_error_means(error: Exception, verdict: Verdict) -> None:
    assert judge(error) is verdict


def lost_connection() -> OperationalError:
    return OperationalError(
        "COMMIT", None, pymysql.err.OperationalError(2013, "Lost connection during query")
    )


@pytest.mark.parametrize("committed", [True, False], ids=["commit held", "commit lost"])
def test_a_commit_in_doubt_is_looked_up(
    farm: Farmyard, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writer_of(farm)
    writer.store([delivered(1)])
    with farm.app.app_context():
        dialect = db.engine.dialect
        engine = db.engine
    commit, failures = dialect.do_commit, iter([True])

    def break_once(connection: Any) -> None:
        if not next(failures, False):
            commit(connection)
            return
        if committed:
            commit(connection)
        else:
            dialect.do_rollback(connection)
        raise lost_connection()

    monkeypatch.setattr(dialect, "do_commit", break_once)
    stored = writer.store([delivered(2), delivered(3), message()])
    engine.dispose()
    assert stored.results == Counter(stored=3)
    assert len(farm.readings()) == farm.messages() == 4
    assert writer.store([delivered(2, dup=True), delivered(4)]).results == Counter(duplicate=1, stored=1)


def test_a_failing_call_after_the_commit_is_not_a_failed_commit(farm: Farmyard) -> None:
    def listen(_device: Device) -> None:
        after_commit(lambda: 1 / 0)

    assert writer_of(farm, listen).store([delivered(1)]).results == Counter(stored=1)
    assert farm.messages() == 1


def test_the_batch_waits_while_the_database_is_away(farm: Farmyard, monkeypatch: pytest.MonkeyPatch) -> None:
    write, failures = persisting.write, iter([True, True])

    def fail_twice(*given: Any, **more: Any) -> None:
        write(*given, **more)
        if next(failures, False):
            raise lost_connection()

    monkeypatch.setattr(persisting, "write", fail_twice)
    assert writer_of(farm).store([delivered(1), delivered(2)]).results == Counter(stored=2)
    assert len(farm.readings()) == farm.messages() == 2


def test_a_waiting_batch_is_given_up_when_the_process_ends(farm: Farmyard) -> None:
    stopping = threading.Event()
    stopping.set()
    writer = Writer(farm.app, farm.settings, nobody, stopping)
    with farm.app.app_context(), db.engine.begin() as connection:
        db.metadata.tables["readings"].drop(connection)
    with pytest.raises(Stopped):
        writer.store([delivered(1)])
    assert farm.messages() == 0


def test_a_constant_number_of_statements_however_many_messages(farm: Farmyard) -> None:
    writer = writer_of(farm)
    body = dict.fromkeys(("temperatura", "humedad", "calidad"), 50.0)
    writer.store([message(f"n{n % 10}", at=NOW + n, body=body) for n in range(20)])
    statements: list[str] = []
    with farm.app.app_context():
        engine = db.engine

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    writer.store([message(f"n{n % 10}", at=NOW + 100 + n, body=body) for n in range(300)])
    event.remove(engine, "before_cursor_execute", count)
    assert len(farm.readings()) == 960
    assert len(statements) <= 6
