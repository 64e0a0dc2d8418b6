"""Transactions that the database undid are run again, whole, where that may help, and never where it could hurt."""

import io
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Caller
from flask import Flask, Response, request
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError, PendingRollbackError

from app.core.access import public
from app.core.errors import Unavailable
from app.core.extensions import db
from app.core.http import success
from app.core.retrying import ATTEMPTS, RETRIES
from app.core.transaction import after_commit, on_rollback, rollback, transacted, transaction, transactional
from app.sensors.models import Device

# SQLite has one writer: it knows no deadlock.
pytestmark = [
    pytest.mark.services,
    pytest.mark.parametrize("profile", ["services"], indirect=True, scope="session"),
]
# A door of the application that the tests put their own views behind.
PATH = "/security/scan"
Ask = Callable[..., Any]


@pytest.fixture
def farm(app: Flask) -> Flask:
    """The application with two rows to fight over, and others that make a transaction heavy."""
    with app.app_context(), transaction() as session:
        session.add_all(Device(code=f"d{n}", name="0") for n in range(30))
    return app


@pytest.fixture
def ask(farm: Flask, nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Puts a view behind a real door of the application, and knocks."""

    def knock(view: Callable[[], Any], **kwargs: Any) -> Any:
        monkeypatch.setitem(farm.view_functions, endpoint(farm), public(transactional(view)))
        return nobody.client.post(f"/api/v1{PATH}", **kwargs)

    return knock


def endpoint(app: Flask) -> str:
    (found,) = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == f"/api/v1{PATH}"}
    return found


def add_one(code: str) -> None:
    db.session.execute(update(Device).where(Device.code == code).values(name=Device.name + 1))


def counted(app: Flask, code: str) -> int:
    with app.app_context():
        return int(float(db.session.scalar(select(Device.name).where(Device.code == code)) or 0))


def raised(number: int) -> None:
    """The server's own error of that number."""
    db.session.execute(text(f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'no'"))


def figure(door: str, outcome: str) -> float:
    return float(RETRIES.labels(door, outcome)._value.get())


def holding_up(app: Flask, first: threading.Event, second: threading.Event) -> threading.Thread:
    """Another transaction, heavier than ours: it takes d1, waits until we hold d0, and then wants d0."""

    def fight() -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(Device).where(Device.code != "d0").values(place="heavy"))
            add_one("d1")
            first.set()
            assert second.wait(20)
            add_one("d0")

    thread = threading.Thread(target=fight)
    thread.start()
    assert first.wait(20)
    return thread


def test_the_victim_of_a_deadlock_is_run_again(farm: Flask, ask: Ask) -> None:
    heard: list[str] = []
    first, second = threading.Event(), threading.Event()
    before = figure("http", "repeated")

    def view() -> Response:
        after_commit(lambda: heard.append("told"))
        on_rollback(lambda: heard.append("undone"))
        heard.append(request.get_json()["word"])
        add_one("d0")
        second.set()
        add_one("d1")
        return success(request.get_json())

    other = holding_up(farm, first, second)
    answer = ask(view, json={"word": "sí"})
    other.join(20)
    assert (answer.status_code, answer.json["data"]) == (200, {"word": "sí"})
    assert heard == ["sí", "undone", "sí", "told"]
    assert (counted(farm, "d0"), counted(farm, "d1")) == (2, 2)
    assert figure("http", "repeated") == before + 1


def test_work_outside_requests_is_run_again_too(farm: Flask) -> None:
    first, second = threading.Event(), threading.Event()
    runs = []

    def work(_session: object) -> str:
        runs.append(1)
        add_one("d0")
        second.set()
        add_one("d1")
        return "done"

    other = holding_up(farm, first, second)
    with farm.app_context():
        assert transacted(work) == "done"
    other.join(20)
    assert (len(runs), counted(farm, "d0"), counted(farm, "d1")) == (2, 2, 2)


def test_after_a_deadlock_nothing_holds_that_is_written_without_what_was_undone(farm: Flask) -> None:
    """The server would take it, each statement for itself."""
    first, second = threading.Event(), threading.Event()
    other = holding_up(farm, first, second)
    with farm.app_context():
        with transaction() as session:
            add_one("d0")
            second.set()
            with pytest.raises(OperationalError, match="1213"), session.begin_nested():
                add_one("d1")
            with pytest.raises(PendingRollbackError):
                add_one("d2")
            rollback()
        other.join(20)
        assert [counted(farm, code) for code in ("d0", "d1", "d2")] == [1, 1, 0]


def test_many_who_cross_each_other_lose_nothing_and_double_nothing(
    farm: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view() -> Response:
        for code in random.sample(["d0", "d1", "d2"], 3):
            add_one(code)
        return success()

    monkeypatch.setitem(farm.view_functions, endpoint(farm), public(transactional(view)))
    answers: list[Any] = []

    def knock() -> None:
        client = farm.test_client()
        answers.extend(client.post(f"/api/v1{PATH}") for _ in range(15))

    threads = [threading.Thread(target=knock) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = [answer.status_code for answer in answers]
    assert len(statuses) == 75
    assert set(statuses) <= {200, 503}
    assert [counted(farm, code) for code in ("d0", "d1", "d2")] == [statuses.count(200)] * 3


@pytest.mark.parametrize(
    ("number", "runs"),
    [(1213, 3), (1205, 3), (1020, 3), (1047, 3), (1053, 3), (1927, 3), (4025, 1), (1690, 1)],
)
def test_only_what_left_nothing_behind_is_tried_again(ask: Ask, number: int, runs: int) -> None:
    tried: list[int] = []

    def view() -> Response:
        tried.append(1)
        add_one("d0")
        raised(number)
        return success()

    answer = ask(view)
    assert len(tried) == runs
    if runs == ATTEMPTS:
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json["error"]["code"] == "UNAVAILABLE"


def test_work_that_is_always_the_victim_is_given_up(farm: Flask) -> None:
    before = figure("work", "given_up")
    with farm.app_context(), pytest.raises(Unavailable):
        transacted(lambda _session: raised(1213))
    assert figure("work", "given_up") == before + 1


def test_a_connection_lost_on_the_way_is_replaced(farm: Flask, ask: Ask) -> None:
    tried: list[int] = []

    def view() -> Response:
        tried.append(1)
        add_one("d0")
        if len(tried) == 1:
            killed(farm)
        add_one("d1")
        return success()

    assert ask(view).status_code == 200
    assert (len(tried), counted(farm, "d0"), counted(farm, "d1")) == (2, 1, 1)


def test_a_commit_whose_answer_was_lost_is_not_done_twice(farm: Flask, ask: Ask) -> None:
    tried: list[int] = []

    def view() -> Response:
        tried.append(1)
        add_one("d0")
        killed(farm)
        return success()

    answer = ask(view)
    assert (answer.status_code, len(tried)) == (503, 1)
    assert answer.headers["Retry-After"]


def killed(app: Flask) -> None:
    """Somebody ends the connection of the transaction under way, and it is gone before we go on."""
    number = db.session.scalar(text("SELECT CONNECTION_ID()"))
    alive = text("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = :number")
    with db.engine.connect() as other:
        other.execute(text(f"KILL CONNECTION {number}"))
        while other.scalar(alive, {"number": number}):
            pass


def test_what_holds_already_is_not_done_again(ask: Ask) -> None:
    tried: list[int] = []

    def view() -> Response:
        tried.append(1)
        with transaction():
            add_one("d0")
        raised(1213)
        return success()

    answer = ask(view)
    assert (answer.status_code, len(tried)) == (503, 1)


@pytest.mark.parametrize(("closing", "runs"), [(False, 2), (True, 1)])
def test_an_upload_is_read_again_where_it_still_can_be(ask: Ask, closing: bool, runs: int) -> None:
    read: list[bytes] = []

    def view() -> Response:
        file = request.files["file"]
        read.append(file.read())
        if closing:
            file.close()
        if len(read) == 1:
            raised(1213)
        file.close()
        return success()

    answer = ask(view, data={"file": (io.BytesIO(b"tres vacas"), "vacas.csv")})
    assert read == [b"tres vacas"] * runs
    assert answer.status_code == (200 if runs == 2 else 503)


def test_a_body_that_was_consumed_is_not_guessed(ask: Ask) -> None:
    read: list[bytes] = []

    def view() -> Response:
        read.append(request.stream.read())
        raised(1213)
        return success()

    assert ask(view, data=b"1;2;3").status_code == 503
    assert read == [b"1;2;3"]
