"""What the service says of itself, and what it answers while its database is away."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servers
from conftest import Caller, migrate, settings_for
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.core import cache as stamps
from app.core import schema
from app.core.extensions import db
from app.core.transaction import transaction

PATHS = ["/health", "/healthz", "/api/v1/health"]


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Flask]:
    """An application whose database cannot be opened: a folder stands in its place."""
    (tmp_path / "farm.sqlite3").mkdir()
    app = create_app(settings_for(tmp_path, database_url=f"sqlite:///{tmp_path / 'farm.sqlite3'}"))
    yield app
    with app.app_context():
        db.engine.dispose()


def unavailable(answer: Any) -> None:
    assert answer.status_code == 503, answer.get_data(as_text=True)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["error"]["code"] == "UNAVAILABLE"
    assert answer.json["error"]["trace_id"] == answer.headers["X-Request-ID"]
    assert "sqlite" not in answer.get_data(as_text=True).lower()


@pytest.mark.parametrize("path", PATHS)
def test_health_names_each_part(nobody: Caller, profile: str, path: str) -> None:
    answer = nobody.client.get(path)
    assert answer.status_code == 200
    assert answer.json["status"] == "healthy"
    assert answer.json["success"] is True
    assert answer.json["services"] == {
        "database": "healthy",
        "migrations": "current",
        "cache": "healthy" if profile == "services" else "memory",
        "broker": "unknown",
        "ingest": {"mode": "off", "connected": None},
    }
    assert {"timestamp", "uptime_seconds", "version", "server_id", "pid"} < set(answer.json)


def test_a_database_behind_the_code_is_told(app: Flask, nobody: Caller) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        answer = nobody.get("/health")
        assert answer.status_code == 200
        assert (answer.json["status"], answer.json["services"]["migrations"]) == ("degraded", "pending")
    finally:
        with app.app_context(), transaction() as session:
            head = {"head": schema.head_revision()}
            session.execute(text("UPDATE alembic_version SET version_num = :head"), head)


def test_without_its_database_it_is_unhealthy(lonely: Flask) -> None:
    answer = lonely.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.json["success"] is False
    assert (answer.json["status"], answer.json["services"]["database"]) == ("unhealthy", "down")


def test_without_its_database_every_door_says_when_to_come_back(
    lonely: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    client = lonely.test_client()
    unavailable(client.post("/api/v1/auth/login", json={"identification": "12345", "password": "x"}))
    assert client.get("/api/v1/swagger.json").status_code == 200
    assert client.get("/metrics").status_code == 200


@pytest.mark.services
def test_a_database_that_leaves_and_comes_back(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("mariadb")  # skips or fails where it is not installed
    with servers.MariaDB() as own:
        app = create_app(settings_for(tmp_path, database_url=own.create_database("farm")))
        with app.app_context():
            migrate()
        client = app.test_client()
        login = {"identification": "12345", "password": "x"}
        assert client.post("/api/v1/auth/login", json=login).status_code == 401
        own.stop()
        unavailable(client.post("/api/v1/auth/login", json=login))
        assert client.get("/health").json["services"]["database"] == "down"
        own.start()
        assert client.post("/api/v1/auth/login", json=login).status_code == 401
        assert client.get("/health").json["status"] == "healthy"
        with app.app_context():
            db.engine.dispose()


@pytest.mark.services
def test_without_redis_everything_still_works(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("redis_server")
    with servers.Redis() as own:
        app = create_app(settings_for(tmp_path, redis_url=own.url))
        with app.app_context():
            migrate()
        client = app.test_client()
        assert client.get("/health").json["services"]["cache"] == "healthy"
        own.stop()
        answer = client.get("/health")
        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert answer.json["services"]["cache"] == "down"
        login = {"identification": "12345", "password": "x"}
        assert client.post("/api/v1/auth/login", json=login).status_code == 401
        with app.app_context():
            assert stamps.fetch("health") is None
            db.engine.dispose()


def test_the_figures_count_requests_by_route(nobody: Caller) -> None:
    nobody.get("/auth/me")
    figures = nobody.client.get("/metrics")
    assert figures.status_code == 200
    assert figures.content_type.startswith("text/plain")
    assert 'http_requests_total{method="GET",route="/api/v1/auth/me",server="0",status="401"}' in figures.text


def test_the_figures_may_ask_for_a_token(tmp_path: Path) -> None:
    client = create_app(settings_for(tmp_path, metrics_token="lo-que-sea")).test_client()
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer otra"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer lo-que-sea"}).status_code == 200
