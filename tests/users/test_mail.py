"""Outgoing mail: queued with the change it tells of, sealed, sent beside the requests, tried again when it fails."""

import threading
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from server_process import free_port
from users.mailbox import mail_server
from users.visits import changed_settings

from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.users import mail, messages, rounds
from app.users.token_models import OutgoingMail

LINK = "https://finca.test/reset-password?token=abc&x=1"


def queue(app: Flask, recipient: str | None = "marta@finca.test") -> None:
    with app.app_context(), transaction():
        mail.queue(recipient, messages.reset("Finca Villaluz", "Marta <Ordóñez>", LINK, 30))


def stored(app: Flask) -> Any:
    with app.app_context():
        return db.session.query(OutgoingMail).one()


def make_due(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.query(OutgoingMail).update({"due_at": times.now() - timedelta(seconds=1)})


def go_round(app: Flask) -> int:
    with app.app_context():
        return rounds.go_round()


def test_the_message_arrives_as_text_and_html_in_spanish(app: Flask) -> None:
    queue(app)
    with (
        mail_server() as server,
        changed_settings(app, smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none"),
    ):
        assert go_round(app) == 1
        assert go_round(app) == 0
        [letter] = server.letters
    assert letter["To"] == "marta@finca.test"
    assert letter["Subject"] == "Finca Villaluz: nueva contraseña"
    text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert LINK in text.get_content()
    assert "Marta <Ordóñez>" in text.get_content()
    assert "Marta &lt;Ordóñez&gt;" in html.get_content()
    assert 'href="https://finca.test/reset-password?token=abc&amp;x=1"' in html.get_content()
    row = stored(app)
    assert row.sent_at is not None
    assert row.sealed is None


def test_nothing_of_the_body_lies_open_in_the_database(app: Flask) -> None:
    queue(app)
    assert b"token=" not in stored(app).sealed
    with changed_settings(
        app, jwt_secret_key="another key, but the earlier one is named", jwt_previous_keys=[]
    ):
        assert go_round(app) == 0
    assert stored(app).sent_at is None


def test_without_a_server_it_is_written_for_its_owner_alone(app: Flask) -> None:
    queue(app)
    folder: Path = app.config["SETTINGS"].instance_dir / "mail"
    before = set(folder.glob("*.eml"))
    assert go_round(app) == 1
    [file] = set(folder.glob("*.eml")) - before
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert letter["To"] == "marta@finca.test"
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("alive", [True, False], ids=["refusing", "dead"])
def test_a_message_that_fails_is_tried_again_later(app: Flask, alive: bool) -> None:
    queue(app)
    with mail_server() as server:
        server.refusing = True
        port = server.port if alive else free_port()
        with changed_settings(app, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none"):
            assert go_round(app) == 0
            first = stored(app)
            assert first.attempts == 1
            assert first.due_at > times.now()
            assert go_round(app) == 0
            assert stored(app).attempts == 1
        server.refusing = False
        make_due(app)
        with changed_settings(app, smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none"):
            assert go_round(app) == 1
        assert len(server.letters) == 1


def test_it_is_given_up_in_the_end_and_forgotten(app: Flask) -> None:
    queue(app)
    with changed_settings(app, smtp_host="127.0.0.1", smtp_port=free_port(), smtp_security="none"):
        for _ in range(mail.MOST_ATTEMPTS):
            make_due(app)
            go_round(app)
    row = stored(app)
    assert (row.attempts, row.due_at, row.sealed, row.sent_at) == (mail.MOST_ATTEMPTS, None, None, None)


def test_a_message_to_nobody_goes_nowhere(app: Flask) -> None:
    queue(app, recipient=None)
    assert go_round(app) == 0
    row = stored(app)
    assert (row.due_at, row.sealed, row.sent_at) == (None, None, None)


def test_of_two_processes_one_takes_a_message(app: Flask) -> None:
    queue(app)
    start, taken = threading.Barrier(2), []

    def take() -> None:
        with app.app_context():
            mail_id = mail.due()[0]
            db.session.rollback()
            start.wait()
            with transaction():
                taken.append(mail.take(mail_id) is not None)

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, True]


def test_a_change_that_does_not_hold_mails_nothing(app: Flask) -> None:
    def fail() -> None:
        with transaction():
            mail.queue("marta@finca.test", messages.password_changed("Finca", "Marta"))
            raise RuntimeError

    with app.app_context():
        with pytest.raises(RuntimeError):
            fail()
        assert db.session.query(OutgoingMail).count() == 0


def test_the_thread_beside_the_requests_sends_what_is_queued(app: Flask) -> None:
    with (
        mail_server() as server,
        changed_settings(app, smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none"),
    ):
        worker = rounds.Rounds(app)
        worker.start()
        queue(app)
        taken = threading.Event()
        for _ in range(100):
            if server.letters:
                break
            taken.wait(0.1)
        worker.stop()
        assert len(server.letters) == 1


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (99, 3600)]
)
def test_the_delay_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert mail.delay_s(attempts) == seconds
