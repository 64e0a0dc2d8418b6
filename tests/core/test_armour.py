"""What every answer tells the browser, over HTTP and HTTPS; and that the documentation works under it."""

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Caller
from flask import Flask

PATHS = [
    "/",
    "/health",
    "/api/v1/",
    "/api/v1/swagger.json",
    "/api/v1/auth/me",
    "/api/v1/nada",
    "/swaggerui/x.js",
]
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_armed(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    rules = policy(answer)
    assert rules["script-src"] == rules["style-src"] == rules["default-src"] == ["'self'"]
    assert rules["object-src"] == rules["frame-ancestors"] == rules["base-uri"] == ["'none'"]
    assert "Strict-Transport-Security" not in answer.headers
    assert "werkzeug" not in answer.headers.get("Server", "").lower()


def test_what_the_browser_has_already_is_armed_as_it_is(admin: Caller) -> None:
    first = admin.get("/species")
    same = admin.get("/species", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304
    assert EXPECTED.keys() <= {name for name, _ in first.headers}
    assert not (EXPECTED.keys() | {"Content-Security-Policy"}) & {name for name, _ in same.headers}


def test_https_is_remembered_by_browsers(app: Flask) -> None:
    answer = app.test_client().get("/health", base_url="https://finca.test")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_pictures_may_be_shown_by_other_origins(app: Flask) -> None:
    answer = app.test_client().get("/public/images/animals/1/vaca.jpg")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_the_documentation_page_has_nothing_that_the_policy_forbids(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/api/v1/").get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=", page)
    found = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(found) == 6
    for path in found:
        assert path.startswith("/")
        answer = client.get(path)
        assert answer.status_code == 200, path
        answer.close()
    specs = re.search(r'data-specs="([^"]+)"', page)
    assert specs
    assert client.get(specs[1]).json["swagger"] == "2.0"


def test_a_json_body_has_a_size_and_a_depth(app: Flask, nobody: Caller) -> None:
    limit = app.config["SETTINGS"].max_json_kb * 1024
    answer = nobody.post("/auth/login", data=b'{"identification": "' + b"1" * limit + b'"}')
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    deep = nobody.post("/auth/login", data=b"[" * 100_000 + b"]" * 100_000)
    assert deep.status_code == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_foreign_origin_is_given_nothing(app: Flask, origin: str) -> None:
    answer = app.test_client().get("/api/v1/auth/me", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_policy_is_written_once() -> None:
    """No other file sets it, so that what is tested here is what is sent."""
    root = Path(__file__).resolve().parents[2] / "app"
    setters = [path.name for path in root.rglob("*.py") if "Content-Security-Policy" in path.read_text()]
    assert setters == ["armour.py"]
