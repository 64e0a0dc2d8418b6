"""Databases on several hosts, and Redis behind Sentinels: what addresses mean, and that the next one is asked."""

from pathlib import Path
from typing import Any

import pytest
from conftest import settings_for
from server_process import free_port
from servers import MariaDB
from sqlalchemy import text

from app import create_app
from app.core import redis_places
from app.core.database_hosts import hosts_of, with_first_host
from app.core.extensions import db
from app.core.settings import SettingsError, load_settings

SENTINELS = "redis+sentinel://:cl%40ve@uno:26379,dos:1234/2/finca"


@pytest.mark.parametrize(
    ("url", "hosts", "first"),
    [
        ("mysql+pymysql://u:p@h1:3306,h2:3307/db", [("h1", 3306), ("h2", 3307)], "mysql+pymysql://u:p@h1:3306/db"),
        ("mysql+pymysql://u:p@h1,h2/db?charset=utf8mb4", [("h1", 3306), ("h2", 3306)], "mysql+pymysql://u:p@h1/db?charset=utf8mb4"),
        ("mysql+pymysql://u:a,b@h1/db", [], "mysql+pymysql://u:a,b@h1/db"),
        ("mysql+pymysql://h1/db?x=a,b", [], "mysql+pymysql://h1/db?x=a,b"),
        ("sqlite:////tmp/a,b.sqlite3", [], "sqlite:////tmp/a,b.sqlite3"),
    ],
)  # fmt: skip
def test_addresses_of_several_hosts(url: str, hosts: list[tuple[str, int]], first: str) -> None:
    assert hosts_of(url) == hosts
    assert with_first_host(url) == first


def test_the_settings_know_both(tmp_path: Path) -> None:
    found = settings_for(tmp_path, database_url="mariadb://u:p@h1:1,h2:2/db", redis_url=SENTINELS)
    assert found.database_uri == "mysql+pymysql://u:p@h1:1/db"
    assert found.database_hosts == [("h1", 1), ("h2", 2)]
    assert settings_for(tmp_path).database_hosts == []


@pytest.mark.parametrize("url", ["redis+sentinel://:clave@uno:1", "redis+sentinel://:clave@uno:x/0/finca"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="REDIS_URL") as refusal:
        load_settings(redis_url=url)
    assert "clave" not in str(refusal.value)


def test_sentinels_and_their_master() -> None:
    own = {"username": None, "password": "cl@ve", "db": 2}
    assert redis_places.parsed(SENTINELS) == ([("uno", 26379), ("dos", 1234)], "finca", own)
    assert redis_places.parsed("redis+sentinel://uno/0/finca")[0] == [("uno", 26379)]


@pytest.mark.services
def test_a_host_that_refuses_is_passed_over_and_asked_last(mariadb: MariaDB, tmp_path: Path) -> None:
    closed = free_port()
    url = mariadb.create_database("hosts").replace(
        f":{mariadb.port}/", f":{closed},127.0.0.1:{mariadb.port}/"
    )
    app = create_app(settings_for(tmp_path, database_url=url))
    with app.app_context():
        creator: Any = app.config["SQLALCHEMY_ENGINE_OPTIONS"]["creator"]
        assert [port for _, port in creator.in_order()] == [closed, mariadb.port]
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT @@wsrep_sync_wait")) == 1
            assert connection.scalar(text("SELECT @@tx_isolation")) == "READ-COMMITTED"
            connection.execute(text("CREATE TABLE cows (id INT PRIMARY KEY, name TEXT)"))
            connection.execute(text("INSERT INTO cows VALUES (1, 'Luna 🐄')"))
            # Rows that matched count, also where nothing changed: the ORM relies on it.
            assert connection.execute(text("UPDATE cows SET name = name")).rowcount == 1
        assert [port for _, port in creator.in_order()] == [mariadb.port, closed]
        db.engine.dispose()
    assert app.test_client().get("/health").json["database"] == "healthy"
    with app.app_context():
        db.engine.dispose()


def test_no_host_at_all_is_a_database_that_is_away(tmp_path: Path) -> None:
    url = f"mysql+pymysql://u:p@127.0.0.1:{free_port()},127.0.0.1:{free_port()}/db"
    answer = create_app(settings_for(tmp_path, database_url=url)).test_client().get("/health")
    assert (answer.status_code, answer.json["database"]) == (503, "down")
