"""MariaDB away for longer than stamps live: who was known is answered still; who was turned away meanwhile is not."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest
import redis
import servers
from conftest import Caller, migrate, person, settings_for
from flask import Flask
from server_process import HOST, ServerMissing

from app import create_app
from app.core import recall, stamps
from app.core.bodies import STALE_SECONDS
from app.core.extensions import db
from app.core.transaction import transaction
from app.users import sessions, tokens
from app.users.models import User
from app.users.permissions import Role

pytestmark = [pytest.mark.services, pytest.mark.slow]
SPECIES = "/species"
PREFIX = "backfinca:"


class Farm:
    """MariaDB, Redis and one process, whose memory of the last minute is taken from it: it has to find out anew."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.mariadb = stack.enter_context(servers.MariaDB())
        server = stack.enter_context(servers.Redis())
        self.redis = stack.enter_context(redis.Redis(host=HOST, port=server.port))
        uri = self.mariadb.create_database("finca")
        self.app: Flask = create_app(settings_for(folder, sqlalchemy_database_uri=uri, redis_url=server.url))
        with self.app.app_context():
            migrate()

    def person(self, number: int) -> Caller:
        return person(self.app, Role.INSTRUCTOR, identification=number, email=f"p{number}@finca.test")

    def let_stamps_die(self) -> None:
        """What ten minutes do: whatever has an end in Redis by then is gone."""
        for key in self.redis.keys(f"{PREFIX}stamp:*"):
            if self.redis.ttl(key) != -1:
                assert self.redis.ttl(key) <= stamps.STAMP_SECONDS
                self.redis.delete(key)


@pytest.fixture
def farm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Farm]:
    monkeypatch.setattr(tokens, "PRINCIPAL_SECONDS", 0)
    monkeypatch.setattr(recall, "SECONDS", -1.0)
    with ExitStack() as stack:
        try:
            farm = Farm(stack, tmp_path)
        except ServerMissing as missing:
            pytest.skip(f"not installed: {missing}")
        yield farm
        with farm.app.app_context():
            db.session.remove()
            db.engine.dispose()


def claims(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(str(caller.token), options={"verify_signature": False})
    return found


def seen(caller: Caller) -> tuple[int, str | None]:
    answer = caller.get(SPECIES)
    return answer.status_code, answer.headers.get("X-Cache-Status")


def test_the_known_are_answered_and_the_dismissed_are_not(farm: Farm) -> None:
    known, dismissed, gone = (farm.person(number) for number in (11, 12, 13))
    assert known.post(SPECIES, json={"name": "Bovino"}).status_code == 201
    assert {seen(caller)[0] for caller in (known, dismissed, gone)} == {200}
    with farm.app.app_context(), transaction() as session:
        session.get(User, claims(dismissed)["id"]).status = False
        sessions.end(claims(gone)["sid"], "tests")
    assert seen(known)[0] == 200
    facts = f"{PREFIX}principal:{claims(known)['id']}:{claims(known)['sid']}:person"
    assert STALE_SECONDS - 60 < farm.redis.ttl(facts) <= STALE_SECONDS

    farm.mariadb.kill()
    farm.let_stamps_die()
    assert [seen(known) for _ in range(2)] == [(200, "STALE")] * 2
    assert known.get(SPECIES).json["data"][0]["name"] == "Bovino"
    # Who they are cannot be asked, and what was known of them holds no more.
    assert [seen(caller)[0] for caller in (dismissed, gone)] == [503, 503]
    assert known.post(SPECIES, json={"name": "Ovino"}).status_code == 503
    over = Caller(known.client, expired(farm.app, known))
    assert over.get(SPECIES).json["error"]["code"] == "TOKEN_EXPIRED"

    # Another process may reach the database all the same; what it changes of anybody counts at once.
    with farm.app.app_context():
        stamps.touch("users")
    assert seen(known)[0] == 503

    farm.mariadb.start()
    assert seen(known)[0] == 200
    assert [seen(caller)[0] for caller in (dismissed, gone)] == [401, 401]


def expired(app: Flask, caller: Caller) -> str:
    key = app.config["SETTINGS"].signing_key
    return jwt.encode({**claims(caller), "exp": 1}, key, "HS256", headers={"kid": tokens.key_id(key)})


@pytest.mark.parametrize("table", [*tokens.grants.TABLES, tokens.ENDED_SESSIONS])
def test_every_change_of_who_may_what_counts_for_the_known(farm: Farm, table: str) -> None:
    known = farm.person(11)
    assert seen(known)[0] == 200
    with farm.app.app_context():
        stamps.touch(table)
    farm.mariadb.kill()
    assert seen(known)[0] == 503
