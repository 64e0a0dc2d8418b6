"""The stream of changes: real servers, raw clients; and its rules where a server would be too slow to show them."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from http.client import HTTPConnection
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from sensors.farmyard import wait_until
from serving import PASSWORD, PEOPLE, FarmServer, Gunicorn
from werkzeug.serving import make_server

from app.activity import listeners
from app.activity.listeners import MISSED, PER_PERSON, Listener, Listeners, stream
from app.activity.recording import TOPIC
from app.core.bus import BACKLOG, Bus, bus
from app.core.errors import TooMany
from app.users.tokens import Principal


class Ear:
    """A client of the stream."""

    def __init__(self, server: FarmServer, token: str | None, **headers: str) -> None:
        self.wire = HTTPConnection("127.0.0.1", server.port, timeout=30)
        given = {"Authorization": f"Bearer {token}"} if token else {}
        self.wire.request("GET", "/api/v1/events", headers={**given, **headers})
        self.answer = self.wire.getresponse()

    def __enter__(self) -> "Ear":
        assert self.answer.status == 200
        assert self.line() == "retry: 3000"
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def line(self) -> str:
        """The next line that is not empty; '' once the server has ended the stream in good order."""
        while found := self.answer.readline():
            if found.strip():
                return found.decode().strip()
        return ""

    def word(self) -> Any:
        """The next message."""
        found = self.line()
        assert found.startswith("data: "), found
        return json.loads(found.removeprefix("data: "))

    def close(self) -> None:
        self.answer.close()
        self.wire.close()


def change(server: FarmServer, token: str, name: str) -> int:
    """The id of a new species."""
    with server.open("/api/v1/species", token, {"name": name}) as answer:
        return int(json.load(answer)["data"]["id"])


@pytest.fixture(
    scope="module", params=["werkzeug", "gevent", pytest.param("redis", marks=pytest.mark.services)]
)
def server(request: pytest.FixtureRequest) -> Iterator[FarmServer]:
    settings: dict[str, Any] = {}
    if request.param == "redis":
        settings = {"redis_url": request.getfixturevalue("redis_server").url}
        settings["database_url"] = request.getfixturevalue("mariadb").create_database("events")
    made = FarmServer(**settings) if request.param == "werkzeug" else Gunicorn(**settings)
    with made:
        yield made


def test_every_listener_hears_each_change_once_committed(server: FarmServer) -> None:
    token = server.log_in()
    with Ear(server, token) as one, Ear(server, token) as other:
        kind = one.answer.headers
        assert kind["Content-Type"].startswith("text/event-stream")
        assert (kind["Cache-Control"], kind["X-Accel-Buffering"]) == ("no-store", "no")
        made = change(server, token, "Bovino")
        for ear in (one, other):
            assert ear.word() == {"endpoint": "species", "action": "create", "id": made}
        with pytest.raises(OSError, match="409"):
            change(server, token, "Bovino")
        with server.open(f"/api/v1/species/{made}", token) as answer:
            assert answer.status == 200
        second = change(server, token, "Ovino")
        assert one.word()["id"] == second


def test_another_process_is_heard_through_redis(server: FarmServer) -> None:
    if "REDIS_URL" not in server.environment:
        pytest.skip("only the command line beside a Redis")
    other = ("--identification", "20000002", "--fullname", "Luis Rey", "--email", "luis@villaluz.test")
    with Ear(server, server.log_in()) as ear:
        server.flask("create-admin", *other, "--password", PASSWORD)
        found = ear.word()
        assert (found["endpoint"], found["action"]) == ("users", "create")


def test_cookies_will_do_and_nothing_will_not(server: FarmServer) -> None:
    stranger = Ear(server, None)
    assert stranger.answer.status == 401
    assert json.load(stranger.answer)["error"]["code"] == "MISSING_TOKEN"
    stranger.close()
    with server.open("/api/v1/auth/login", body={"email": PEOPLE["email"], "password": PASSWORD}) as answer:
        cookies = "; ".join(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie"))
    with Ear(server, None, Cookie=cookies):
        pass


def test_a_stream_ends_with_its_session(server: FarmServer) -> None:
    token = server.log_in()
    with Ear(server, token) as ear:
        server.open("/api/v1/auth/logout", token, {}).close()
        assert ear.line() == ""


def fill(server: FarmServer, token: str) -> list[Ear]:
    """Streams until no more are given, of one worker or of two."""
    ears = []
    while (ear := Ear(server, token)).answer.status == 200:
        assert ear.line() == "retry: 3000"
        ears.append(ear)
    assert (ear.answer.status, ear.answer.headers["Retry-After"]) == (429, "30")
    ear.close()
    # The one who asked whether there was room may still be there.
    assert len(ears) >= PER_PERSON - 1
    return ears


def test_who_hangs_up_makes_room(server: FarmServer) -> None:
    token = server.log_in()
    wait_until(lambda: _is_free(server, token), "room after the tests before")
    for ear in fill(server, token):
        ear.close()
    wait_until(lambda: _is_free(server, token), "room for one more")


def _is_free(server: FarmServer, token: str) -> bool:
    ear = Ear(server, token)
    ear.close()
    return ear.answer.status == 200


@pytest.mark.parametrize("kind", [FarmServer, Gunicorn])
def test_a_stopping_server_ends_its_streams(kind: type[FarmServer]) -> None:
    with kind() as server:
        ear = Ear(server, server.log_in())
        assert ear.line() == "retry: 3000"
        server.stop()
        if kind is Gunicorn:
            assert ear.line() == ""
            assert "CRITICAL" not in server.log.read_text()
        ear.close()


def test_head_says_what_it_is_and_opens_nothing(app: Flask, apprentice: Caller, nobody: Caller) -> None:
    for _ in range(PER_PERSON + 1):
        answer = apprentice.head("/events")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/event-stream", b"")
    assert len(app.extensions["listeners"]) == 0
    assert nobody.head("/events").status_code == 401


def test_who_cannot_be_written_to_makes_room(
    app: Flask, apprentice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "hung_up", lambda _wire: False)
    monkeypatch.setattr(listeners, "PING_S", 0.0)
    monkeypatch.setattr(listeners, "TICK_S", 0.05)
    here: Listeners = app.extensions["listeners"]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    request = (
        f"GET /api/v1/events HTTP/1.1\r\nHost: finca\r\nAuthorization: Bearer {apprentice.token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as wire:
        wire.sendall(request.encode())
        heard = b""
        while b": ping" not in heard:
            heard += wire.recv(4096)
        assert len(here) == 1
    wait_until(lambda: len(here) == 0, "the place of the dead")
    with app.app_context():
        assert not bus()._queues[TOPIC]
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_that_nobody_reads_gives_its_place_back(app: Flask, apprentice: Caller) -> None:
    answers = [apprentice.get("/events") for _ in range(PER_PERSON)]
    refused = apprentice.get("/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert refused.json["error"]["details"]["retry_after_seconds"] == 30
    for answer in answers:
        answer.close()
    assert len(app.extensions["listeners"]) == 0


def somebody(id: int = 1) -> Principal:
    return Principal(id, "Ana", "Aprendiz", frozenset(), 0, 0, 1)


def test_who_is_too_slow_gets_one_word_for_what_was_missed() -> None:
    own = Bus(None)
    pieces = stream(Listener(somebody()), own, nullcontext)
    next(pieces)
    own.publish(TOPIC, *({"endpoint": "animals", "action": "update", "id": n} for n in range(BACKLOG + 1)))
    assert next(pieces) == b"data: " + json.dumps(MISSED, separators=(",", ":")).encode() + b"\n\n"
    own.publish(TOPIC, {"endpoint": "animals", "action": "delete", "id": 7})
    assert next(pieces) == b'data: {"endpoint":"animals","action":"delete","id":7}\n\n'
    pieces.close()  # type: ignore[attr-defined]
    assert not own._queues[TOPIC]


def test_silence_is_broken_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "PING_S", 0.0)
    monkeypatch.setattr(listeners, "TICK_S", 0.01)
    pieces = stream(Listener(somebody()), Bus(None), nullcontext)
    assert [next(pieces) for _ in range(3)] == [b"retry: 3000\n\n", b": ping\n\n", b": ping\n\n"]


def test_a_process_holds_so_many_and_dismisses_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "PER_PROCESS", 3)
    monkeypatch.setattr(listeners, "TICK_S", 0.01)
    here = Listeners()
    admitted = [here.admit(somebody(n)) for n in range(3)]
    with pytest.raises(TooMany):
        here.admit(somebody(9))
    pieces = stream(admitted[0], Bus(None), nullcontext)
    next(pieces)
    here.dismiss_all()
    assert list(pieces) == []
    here.release(admitted[0])
    here.release(admitted[0])
    assert len(here) == 2
