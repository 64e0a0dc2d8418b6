"""How long the database is waited for, looked at closely; `test_degrading` has the whole."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import servers
from server_process import HOST
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.core import database_patience
from app.core.database_hosts import Hosts
from app.core.database_patience import LONG_S, STATEMENT_S, Gate, be_patient, hurry, timed_out, waiting
from app.core.retrying import is_victim


class Mute:
    """Lets everybody in and says nothing, as a frozen server does."""

    def __init__(self) -> None:
        self.visitors: list[socket.socket] = []
        self._door = socket.create_server((HOST, 0))
        self.port = self._door.getsockname()[1]
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _receive(self) -> None:
        while True:
            visitor, _ = self._door.accept()
            self.visitors.append(visitor)
            if visitor.recv(1):
                return

    def close(self) -> None:
        with socket.create_connection((HOST, self.port)) as last:
            last.sendall(b"!")
            self._thread.join()
        for wire in (*self.visitors, self._door):
            wire.close()


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mute]:
    monkeypatch.setattr(database_patience, "GREETING_S", 0.2)
    monkeypatch.setattr(database_patience, "gate", Gate())
    found = Mute()
    yield found
    found.close()


def test_a_server_that_says_nothing_is_asked_once(mute: Mute, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine("mysql+pymysql://", creator=Hosts(f"mysql+pymysql://x@{HOST}:{mute.port}/x", []))
    monkeypatch.setattr(database_patience, "LEFT_ALONE_S", 3600.0)
    for _ in range(5):
        with pytest.raises(OperationalError, match=r"2003|2013"):
            engine.connect()
    assert len(mute.visitors) == 1
    database_patience.gate = Gate()
    with pytest.raises(OperationalError):
        engine.connect()
    assert len(mute.visitors) == 2


def test_one_may_try_again_and_the_others_still_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(database_patience.time, "monotonic", lambda: now[0])
    gate = Gate()
    assert gate.pass_through("db")
    gate.shut("db")
    assert not gate.pass_through("db")
    assert gate.pass_through("another")
    now[0] += database_patience.LEFT_ALONE_S
    assert [gate.pass_through("db") for _ in range(3)] == [True, False, False]
    gate.open("db")
    assert gate.pass_through("db")


def test_what_takes_long_by_nature_may(monkeypatch: pytest.MonkeyPatch) -> None:
    def limit() -> float | None:
        return database_patience._limit.get()

    for path, is_export, seconds in (
        ("/api/v1/animals", False, STATEMENT_S),
        ("/api/v1/animals", True, LONG_S),
        ("/api/v1/biogas/reports", False, LONG_S),
        ("/api/v1/species/bulk", False, LONG_S),
    ):
        hurry(path, is_export)
        assert limit() == seconds, path
    be_patient()
    assert limit() == LONG_S
    with waiting(None):
        assert limit() is None
    assert limit() == LONG_S


@pytest.mark.services
def test_a_statement_given_up_is_not_run_again(mariadb: servers.MariaDB) -> None:
    url = make_url(mariadb.create_database("patience"))
    engine = create_engine(
        "mysql+pymysql://", creator=Hosts(url.render_as_string(hide_password=False), []), pool_pre_ping=True
    )
    with waiting(0.3), engine.connect() as connection:
        with pytest.raises(OperationalError) as caught:
            connection.execute(text("SELECT SLEEP(20)"))
        assert timed_out(caught.value.orig)
        assert not is_victim(caught.value)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT SLEEP(0.4)")).scalar() == 0
    engine.dispose()
