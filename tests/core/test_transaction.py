"""All or nothing at every door, and what others hear only afterwards."""

from pathlib import Path
from typing import Any

import pytest
from biogas.plant import new_digester
from conftest import Caller
from flask import Flask
from sqlalchemy import func, select, text

from app.core.extensions import db
from app.core.transaction import after_commit, on_rollback, rollback, transaction, transactional
from app.sensors.models import Device


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Device.id))) or 0


def test_after_a_commit_the_calls_run_in_order_and_once(app: Flask) -> None:
    heard: list[Any] = []
    with app.app_context():
        with transaction() as session:
            session.add(Device(code="uno", name="Uno"))
            after_commit(lambda: heard.append(count(app)))
            after_commit(lambda: heard.append("then"))
            on_rollback(lambda: heard.append("undone"))
            assert heard == []
        assert heard == [1, "then"]
        with transaction():
            pass
        rollback()
    assert heard == [1, "then"]


def test_what_fails_leaves_nothing_and_tells_nobody(app: Flask) -> None:
    heard: list[str] = []
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction() as session:  # noqa: PT012
            session.add(Device(code="uno", name="Uno"))
            session.flush()
            after_commit(lambda: heard.append("done"))
            on_rollback(lambda: heard.append("undone"))
            raise ZeroDivisionError
        assert heard == ["undone"]
        with transaction():
            pass
    assert (heard, count(app)) == (["undone"], 0)


def test_a_commit_that_fails_is_undone(app: Flask) -> None:
    heard: list[str] = []
    with app.app_context(), pytest.raises(Exception), transaction() as session:  # noqa: B017, PT012
        session.add(Device(code="uno", name="Uno"))
        session.add(Device(code="uno", name="Otra vez"))
        after_commit(lambda: heard.append("done"))
        on_rollback(lambda: heard.append("undone"))
    assert (heard, count(app)) == (["undone"], 0)


def test_a_call_that_fails_keeps_nobody_else_from_hearing(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    with app.app_context(), transaction() as session:
        session.add(Device(code="uno", name="Uno"))
        after_commit(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        after_commit(lambda: heard.append("second"))
    assert (heard, count(app)) == (["second"], 1)
    assert "ZeroDivisionError" in caplog.text


def test_an_undoing_that_fails_hides_neither_the_others_nor_the_reason(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    with app.app_context(), pytest.raises(KeyError), transaction():  # noqa: PT012
        on_rollback(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        on_rollback(lambda: heard.append("second"))
        raise KeyError("reason")
    assert heard == ["second"]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("method", "status", "kept"), [("POST", 200, 1), ("POST", 422, 0), ("GET", 200, 0)])
def test_a_request_commits_when_it_changes_something_and_answers_well(
    app: Flask, method: str, status: int, kept: int
) -> None:
    heard: list[str] = []

    @transactional
    def view() -> Any:
        db.session.add(Device(code="uno", name="Uno"))
        db.session.flush()
        after_commit(lambda: heard.append("done"))
        on_rollback(lambda: heard.append("undone"))
        return app.response_class(status=status)

    with app.test_request_context("/nada", method=method):
        app.preprocess_request()
        view()
    assert count(app) == kept
    assert heard == (["done"] if kept else ["undone"])


def test_a_request_that_raises_leaves_nothing(app: Flask) -> None:
    @transactional
    def view() -> Any:
        db.session.add(Device(code="uno", name="Uno"))
        db.session.flush()
        raise ZeroDivisionError

    with app.test_request_context("/nada", method="POST"), pytest.raises(ZeroDivisionError):
        view()
    assert count(app) == 0


def test_a_read_left_open_does_not_refuse_the_lock(app: Flask) -> None:
    """SQLite refuses to write from a snapshot that somebody else has made old meanwhile."""
    with app.app_context():
        assert db.session.scalar(select(func.count(Device.id))) == 0
        with app.app_context(), transaction() as other:
            other.add(Device(code="uno", name="Uno"))
        with transaction() as session:
            session.add(Device(code="dos", name="Dos"))
    assert count(app) == 2


def test_a_request_sees_what_committed_before_it(app: Flask, admin: Caller) -> None:
    digester = new_digester(admin)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE digesters SET place = 'Vega'"))
    assert admin.get(f"/biogas/digesters/{digester['id']}").json["data"]["place"] == "Vega"


def test_foreign_keys_hold_on_both_databases(app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception, match=r"(?i)foreign key"), transaction() as session:
        session.execute(text("INSERT INTO readings (channel_id, ts_ms, value) VALUES (999999, 1, 1)"))


def test_sqlite_writes_ahead(app: Flask, profile: str, tmp_path: Path) -> None:
    if profile != "embedded":
        pytest.skip("SQLite only")
    with app.app_context():
        assert db.session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar() == 1
