"""What the cleaning of tokens takes and leaves; its two doors, their flags, words and exit codes."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from users.visits import Browser, settle

from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.users import cleanup
from app.users.token_models import LoginSession, RefreshToken

ROOT = Path(__file__).resolve().parents[2]
# name: days since it was made, expired, was revoked (by the end of its session), was rotated; None: it was not.
KEPT: dict[str, tuple[int, int | None, int | None, int | None]] = {
    "living": (1, None, None, None),
    "just expired": (31, 1, None, None),
    "long expired": (90, 31, None, None),
    "just revoked": (3, None, 1, None),
    "long revoked": (20, None, 8, None),
    "just rotated": (3, None, None, 1),
    "long rotated": (20, None, None, 8),
}


@pytest.fixture
def kept(app: Flask) -> dict[int, str]:
    """One token of each kind, each in a session of its own: id -> name."""
    user_id, now = settle(app), times.now()

    def ago(days: int | None) -> datetime | None:
        return now - timedelta(days=days) if days is not None else None

    found = {}
    with app.app_context(), transaction() as session:
        for name, (made, expired, revoked, rotated) in KEPT.items():
            family = LoginSession(
                user_id=user_id, token_version=0, device="", address="", ended_at=ago(revoked)
            )
            family.expires_at = ago(expired) or now + timedelta(days=10)
            session.add(family)
            session.flush()
            token = RefreshToken(session_id=family.id, digest=f"{name:x<64}", rotated_at=ago(rotated))
            token.created_at = now - timedelta(days=made)
            session.add(token)
            session.flush()
            found[token.id] = name
    return found


def clean(app: Flask, *options: str) -> Result:
    with app.app_context():  # as `flask` itself enters it
        result: Result = app.test_cli_runner().invoke(args=["tokens", "cleanup", *options])
    return result


def left(app: Flask, kept: dict[int, str]) -> set[str]:
    with app.app_context():
        return {kept[token_id] for token_id in db.session.scalars(db.select(RefreshToken.id))}


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ([], {"long expired", "long revoked", "long rotated"}),
        (["--keep-expired-days", "0"], {"just expired", "long expired", "long revoked", "long rotated"}),
        (["--keep-revoked-days", "0"], set(KEPT) - {"living", "just expired"}),
        (["--keep-expired-days", "60", "--keep-revoked-days", "60"], set()),
        (["--older-than-days", "0"], set(KEPT) - {"living"}),
        (["--older-than-days", "30"], {"just expired", "long expired"}),
        (["--older-than-days", "30", "--keep-expired-days", "30"], {"long expired"}),
    ],
)
def test_what_goes_and_what_stays(
    app: Flask, kept: dict[int, str], options: list[str], gone: set[str]
) -> None:
    rehearsal = clean(app, "--dry-run", *options)
    assert rehearsal.exit_code == 0
    assert f"Encontrados: {len(gone)}\n" in rehearsal.output
    assert left(app, kept) == set(KEPT)
    result = clean(app, *options)
    assert result.exit_code == 0
    assert result.output == f"Encontrados: {len(gone)}\nEliminados: {len(gone)}\n"
    assert left(app, kept) == set(KEPT) - gone


def test_a_rehearsal_lists_tokens_masked(app: Flask, kept: dict[int, str]) -> None:
    output = clean(app, "--dry-run").output
    assert "long e…" in output
    assert "long expired" not in output
    assert "expired\n" in output
    assert "No se eliminó nada" in output


def test_it_lists_a_hundred_at_most(app: Flask) -> None:
    user_id, long_ago = settle(app), times.now() - timedelta(days=90)
    with app.app_context(), transaction() as session:
        family = LoginSession(user_id=user_id, token_version=0, device="", address="", expires_at=long_ago)
        session.add(family)
        session.flush()
        session.add_all(RefreshToken(session_id=family.id, digest=f"{n:064d}") for n in range(103))
    output = clean(app, "--dry-run").output
    assert output.count("000000…") == cleanup.LISTED
    assert "… y 3 más" in output


def test_sessions_go_with_their_last_token_and_the_living_stay(app: Flask, kept: dict[int, str]) -> None:
    clean(app, "--older-than-days", "0")
    with app.app_context():
        assert db.session.query(LoginSession).count() == 3  # living, or only rotated


def test_whoever_is_logged_in_notices_nothing(app: Flask) -> None:
    settle(app)
    browser = Browser(app)
    browser.log_in()
    browser.refresh()
    assert clean(app, "--older-than-days", "0").exit_code == 0
    assert browser.me().status_code == 200
    assert browser.refresh().status_code == 200


@pytest.mark.parametrize("option", ["--older-than-days", "--keep-expired-days", "--keep-revoked-days"])
def test_a_negative_age_is_refused(app: Flask, option: str) -> None:
    assert clean(app, option, "-1").exit_code != 0


def program(*options: str, **environment: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/cleanup_refresh_tokens.py", *options],
        cwd=ROOT,
        env={**os.environ, "FLASK_ENV": "testing", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_program_does_the_same(app: Flask, kept: dict[int, str]) -> None:
    settings = app.config["SETTINGS"]
    places = {
        "DATABASE_URL": settings.database_uri,
        "SQLALCHEMY_DATABASE_URI": settings.database_uri,
        "INSTANCE_DIR": str(settings.instance_dir),
        "REDIS_URL": settings.redis_url or "",
    }
    rehearsal = program("--dry-run", **places)
    assert (rehearsal.returncode, rehearsal.stdout.splitlines()[0]) == (0, "Encontrados: 3")
    result = program(KEEP_EXPIRED_DAYS="60", **places)
    assert (result.returncode, result.stdout) == (0, "Encontrados: 2\nEliminados: 2\n")
    assert left(app, kept) == set(KEPT) - {"long revoked", "long rotated"}


def test_it_ends_with_one_when_it_cannot_work(tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite3'}"
    result = program(SQLALCHEMY_DATABASE_URI=nowhere, INSTANCE_DIR=str(tmp_path))
    assert result.returncode == 1
    assert "La base de datos no responde" in result.stderr
    assert "Traceback" not in result.stderr
    assert program("--no-such-flag", INSTANCE_DIR=str(tmp_path)).returncode == 1
