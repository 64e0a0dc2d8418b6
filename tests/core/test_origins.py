"""Web clients of other origins, and proxies: who is believed about where a request comes from."""

from pathlib import Path
from typing import Any

import pytest
from conftest import settings_for
from flask import Flask, request

from app import create_app
from app.core.access import public

OURS = "https://panel.finca.example"
# What the web client sends across origins.
HEADERS = [
    *("Content-Type", "Authorization", "Accept", "X-CSRF-Token", "X-CSRF-TOKEN", "X-Requested-With"),
    *("Cache-Control", "If-None-Match", "If-Modified-Since"),
]


def made(tmp_path: Path, **settings: Any) -> Flask:
    app = create_app(settings_for(tmp_path, sqlalchemy_database_uri="sqlite://", **settings))

    @app.get("/whence")
    @public
    def whence() -> dict[str, Any]:
        return {"address": request.remote_addr, "secure": request.is_secure, "host": request.host}

    return app


def preflight(app: Flask, origin: str, method: str, headers: list[str]) -> Any:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": ", ".join(headers),
    }
    return app.test_client().options("/api/v1/auth/me", headers=asked)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_the_web_client_may_do_all_it_does_from_its_own_origin(tmp_path: Path, method: str) -> None:
    answer = preflight(made(tmp_path, cors_origins=[OURS]), OURS, method, HEADERS)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {name.lower() for name in HEADERS} <= allowed
    assert "Location" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/api/v1/auth/me/", "/api/v1/nada", "/health"])
def test_refusals_too_can_be_read_there(tmp_path: Path, path: str) -> None:
    answer = made(tmp_path, cors_origins=[OURS]).test_client().get(path, headers={"Origin": OURS})
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert {"ETag", "Retry-After", "X-Total-Count", "X-Has-More"} <= {n.strip() for n in exposed.split(",")}


@pytest.mark.parametrize(
    "origin", ["https://finca.example", f"{OURS}.evil.example", "http://panel.finca.example"]
)
def test_a_similar_origin_is_a_foreign_one(tmp_path: Path, origin: str) -> None:
    app = made(tmp_path, cors_origins=[OURS])
    assert "Access-Control-Allow-Origin" not in preflight(app, origin, "POST", HEADERS).headers


@pytest.mark.parametrize(
    ("proxies", "address", "secure"),
    [(0, "127.0.0.1", False), (1, "10.9.9.9", True), (2, "203.0.113.7", True)],
)
def test_as_many_proxies_are_believed_as_the_settings_say(
    tmp_path: Path, proxies: int, address: str, secure: bool
) -> None:
    """The client wrote the first address himself; each proxy added the one it saw."""
    forwarded = {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.7, 10.9.9.9",
        "X-Forwarded-Proto": "https, https, https",
    }
    answer = made(tmp_path, trusted_proxies=proxies).test_client().get("/whence", headers=forwarded)
    assert (answer.json["address"], answer.json["secure"]) == (address, secure)
    assert ("Strict-Transport-Security" in answer.headers) is secure
