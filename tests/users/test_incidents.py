"""Security's figures and alerts are what really happened; a flood of refusals is not a flood of writes."""

from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from prometheus_client import REGISTRY
from users.visits import ACCESS, Browser, changed_settings, code, settle

from app.core.extensions import db
from app.users import incidents
from app.users.incidents import Ledger
from app.users.token_models import Incident, Tally


def metrics(admin: Caller) -> dict[str, Any]:
    answer = admin.get("/security/metrics")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json["data"]
    return found


@pytest.mark.parametrize(("method", "path"), [("get", "metrics"), ("get", "alerts"), ("post", "scan")])
def test_they_are_the_administrators(instructor: Caller, nobody: Caller, method: str, path: str) -> None:
    refused = getattr(instructor, method)(f"/security/{path}")
    assert (refused.status_code, code(refused)) == (403, "ADMIN_ROLE_REQUIRED")
    assert getattr(nobody, method)(f"/security/{path}").status_code == 401


def test_the_figures_are_what_happened(app: Flask, admin: Caller) -> None:
    before = metrics(admin)
    settle(app)
    browser = Browser(app)
    assert [browser.log_in(password=word).status_code for word in ("No-1", "No-2", "Finca-2026")] == [
        401,
        401,
        200,
    ]
    browser.ask("POST", "/auth/logout-all", proof=None)
    app.test_client().get("/api/v1/auth/me", headers={"Authorization": "Bearer a.b.c"})
    app.test_client().post("/api/v1/auth/login", data=b"1" * (3 * 1024 * 1024))
    with changed_settings(app, recover_rate_limit="1 per minute"):
        for _ in range(3):
            app.test_client().post("/api/v1/auth/recover", json={"email": "x@finca.test"})
    after = metrics(admin)
    grown = {name: after[name] - before[name] for name in after if isinstance(after[name], int)}
    assert grown == {
        "total_login_attempts": 3,
        "failed_login_attempts": 2,
        "suspicious_activities": 2,
        "rate_limit_violations": 2,
        "malicious_content_blocks": 1,
        "active_sessions": 1,
    }
    tried, failed = after["total_login_attempts"], after["failed_login_attempts"]
    assert after["success_rate"] == round(100 * (tried - failed) / tried, 1)


def test_alerts_tell_what_when_and_whence(app: Flask, admin: Caller) -> None:
    browser = Browser(app)
    browser.put_cookie(ACCESS, "forged.by.hand")
    browser.me()
    [alert] = admin.get("/security/alerts").json["data"]
    assert alert["type"] == "forged_token"
    assert alert["address"] == "127.0.0.1"
    assert alert["level"] == "medium"
    assert alert["timestamp"].endswith("Z")
    assert "token" in alert["message"]
    assert admin.get("/security/alerts?limit=0").status_code == 422


def test_a_review_is_noted_and_finds_what_is_there(app: Flask, admin: Caller) -> None:
    assert metrics(admin)["last_security_scan"] is None
    settle(app, password_hash="$2b$04$" + "a" * 53)
    with changed_settings(app, jwt_cookie_secure=False):
        review = admin.post("/security/scan").json["data"]
    found = {finding["type"] for finding in review["findings"]}
    assert {"environment", "cookies", "passwords", "mail"} <= found
    assert metrics(admin)["last_security_scan"] is not None


def test_every_kind_is_a_figure_from_the_beginning() -> None:
    """Prometheus takes a series that begins at one for no increase."""
    for kind, (level, _) in incidents.KINDS.items():
        assert figure(kind, level) is not None


def figure(kind: str, level: str) -> float | None:
    return REGISTRY.get_sample_value("security_incidents_total", {"kind": kind, "level": level})


def test_a_flood_is_counted_but_keeps_one_row_a_minute(app: Flask) -> None:
    client = app.test_client()
    before = figure("forged_token", "medium") or 0
    for _ in range(50):
        client.get("/api/v1/auth/me", headers={"Authorization": "Bearer a.b.c"})
    with app.app_context():
        incidents.store()
        db.session.commit()
        assert db.session.query(Incident).filter_by(kind="forged_token").count() == 1
        assert db.session.query(Tally).filter_by(name="forged_token").one().total == 50
    assert figure("forged_token", "medium") == before + 50


def test_a_ledger_waits_between_two_writings_and_forgets_what_it_gave() -> None:
    ledger = Ledger()
    assert not ledger.is_due(100.0)
    ledger.counts["x"] += 2
    assert ledger.is_due(100.0)
    counts, rows = ledger.take(100.0)
    assert (dict(counts), rows) == ({"x": 2}, [])
    ledger.counts["x"] += 1
    assert [ledger.is_due(now) for now in (100.5, 101.0)] == [False, True]


def test_the_same_incident_is_shown_once_a_minute_and_others_each() -> None:
    ledger = Ledger()
    shown = [ledger.is_new(("reuse", 1, "a"), now) for now in (0.0, 59.0, 60.0)]
    assert shown == [True, False, True]
    assert ledger.is_new(("reuse", 2, "a"), 61.0)
    assert ledger.is_new(("reuse", 1, "b"), 61.0)
