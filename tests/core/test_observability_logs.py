"""The log: lines neither torn nor lost whoever rotates, slow statements without values, errors without secrets."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Caller, settings_for
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.core import database_watch, error_reports
from app.core.database_watch import without_values
from app.core.error_reports import scrubbed
from app.core.extensions import db
from app.core.logs import JsonLines, SharedFile, trace_id
from app.core.settings import ROOT

WRITER = """
import logging, sys
from pathlib import Path
from app.core.logs import JsonLines, SharedFile
handler = SharedFile(Path(sys.argv[1]), 20_000, 500)
handler.setFormatter(JsonLines())
log = logging.getLogger("writer")
log.addHandler(handler)
log.setLevel("INFO")
log.propagate = False
print("ready", flush=True)
sys.stdin.readline()
for number in range(600):
    log.info("x" * (number % 300), extra={"facts": {"writer": int(sys.argv[2]), "number": number}})
"""


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What our loggers say, as the log has it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.root.addHandler(handler)
    yield stream
    logging.root.removeHandler(handler)


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, __file__, 1, message, None, None)


def test_several_processes_write_and_rotate_one_file_without_losing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log" / "farm.log"
    command = [sys.executable, "-c", WRITER, str(path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    writers = [subprocess.Popen([*command, str(n)], **pipes) for n in range(4)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        writer.communicate(b"go\n")
        assert writer.returncode == 0
    files = [file for file in path.parent.iterdir() if file.suffix != ".lock"]
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert len(files) > 5
    assert max(file.stat().st_size for file in files) < 30_000
    assert sorted((line["writer"], line["number"]) for line in lines) == [
        (writer, number) for writer in range(4) for number in range(600)
    ]


def test_a_log_keeps_so_many_old_ones_and_follows_who_else_rotates(tmp_path: Path) -> None:
    path = tmp_path / "farm.log"
    handler = SharedFile(path, 100, 2)
    for number in range(12):
        handler.emit(record(f"{number} " + "x" * 60))
    assert {file.name for file in tmp_path.iterdir()} == {"farm.log.1", "farm.log.2", "farm.log.lock"} | (
        {"farm.log"} if path.exists() else set()
    )
    handler.emit(record("before"))
    path.rename(tmp_path / "moved.log")
    handler.emit(record("after"))
    assert "before" in (tmp_path / "moved.log").read_text()
    assert "after" in path.read_text()
    assert path.stat().st_mode & 0o007 == 0
    handler.close()


def test_a_slow_statement_is_told_without_its_values(tmp_path: Path, said: io.StringIO) -> None:
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
    uri = f"sqlite:///{tmp_path / 'farm.sqlite3'}"
    for slow_ms, told in ((0, 0), (1, 1)):
        app = create_app(settings_for(tmp_path, sqlalchemy_database_uri=uri, slow_query_ms=slow_ms))
        with app.app_context(), db.engine.connect() as connection:
            trace_id.set("the-request-at-work")
            connection.execute(
                text(f"{counting} SELECT max(i), :secret, 'Ana' FROM n"), {"secret": "clave-9"}
            ).all()
            db.engine.dispose()
        assert len(said.getvalue().splitlines()) == told
    line = json.loads(said.getvalue())
    assert (line["message"], line["trace_id"], line["level"]) == (
        "slow statement",
        "the-request-at-work",
        "WARNING",
    )
    assert line["statement"] == f"{counting} SELECT max(i), ?, '?' FROM n"
    assert line["ms"] > 1
    assert "clave-9" not in said.getvalue()


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT  a\n  FROM b", "SELECT a FROM b"),
        ("UPDATE a SET b = 'it''s', c = '\\''", "UPDATE a SET b = '?', c = '?'"),
        ("SELECT '" + "x" * 9000, "SELECT '" + "x" * 1992),
    ],
)
def test_statements_in_one_line_without_texts(statement: str, shown: str) -> None:
    assert without_values(statement) == shown


def test_an_error_of_the_database_is_logged_without_values(app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception, match="nowhere") as failure:
        db.session.execute(text("SELECT :secret FROM nowhere"), {"secret": "clave-9"})
    assert "clave-9" not in str(failure.value)


def test_a_pool_tells_what_is_in_use(app: Flask, nobody: Caller) -> None:
    nobody.get("/health")
    with app.app_context(), db.engine.connect():
        held = database_watch.IN_USE._value.get()
        assert held >= 1
    assert database_watch.IN_USE._value.get() == held - 1
    with app.app_context():
        assert database_watch.SIZE._value.get() == db.engine.pool.size()  # type: ignore[attr-defined]


def test_reads_are_counted_by_what_the_cache_did(instructor: Caller) -> None:
    def counted() -> dict[str, float]:
        lines = instructor.client.get("/metrics").text.splitlines()
        return {
            line.split('"')[1]: float(line.split()[-1])
            for line in lines
            if line.startswith("cache_requests_total{")
        }

    before = counted()
    tag = instructor.get("/species").headers["ETag"]
    instructor.get("/species")
    assert instructor.get("/species", headers={"If-None-Match": tag}).status_code == 304
    after = counted()
    assert {name: after[name] - before.get(name, 0) for name in ("miss", "hit", "revalidated")} == {
        "miss": 1,
        "hit": 1,
        "revalidated": 1,
    }


def test_methods_and_paths_that_clients_invent_are_no_figures(nobody: Caller) -> None:
    nobody.client.open("/nada-de-esto", method="BREW")
    figures = nobody.client.get("/metrics").text
    assert "nada-de-esto" not in figures
    assert "BREW" not in figures
    assert 'method="OTHER",route="unknown"' in figures


def test_errors_are_told_without_what_is_nobodys_business() -> None:
    trace_id.set("the-request-at-work")
    event = {
        "level": "error",
        "user": {"ip_address": "10.0.0.7"},
        "server_name": "gandalf",
        "extra": {"facts": 1},
        "breadcrumbs": [1],
        "request": {
            "method": "POST",
            "url": "http://finca/reset?token=abc",
            "headers": {"Authorization": "Bearer abc"},
            "cookies": {"access": "abc"},
            "data": {"password": "abc"},
            "query_string": "sig=abc",
        },
        "exception": {
            "values": [
                {
                    "type": "OperationalError",
                    "value": "mysql+pymysql://finca:abc@db/finca password=abc token: eyJabc.def.ghi ana@finca.test",
                    "stacktrace": {"frames": [{"function": "view", "lineno": 3, "vars": {"clave": "abc"}}]},
                }
            ]
        },
    }
    told = scrubbed(event)
    assert "abc" not in json.dumps(told)
    assert "ana@" not in json.dumps(told)
    assert told["request"] == {"method": "POST"}
    assert told["tags"]["trace_id"] == "the-request-at-work"
    assert told["exception"]["values"][0]["stacktrace"]["frames"] == [{"function": "view", "lineno": 3}]
    assert {"user", "server_name", "extra", "breadcrumbs"}.isdisjoint(told)


def test_a_missing_package_is_said_and_nothing_else(
    tmp_path: Path, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_reports, "PACKAGE", "no_such_package_of_anybody")
    error_reports.configure(settings_for(tmp_path))
    assert said.getvalue() == ""
    error_reports.configure(settings_for(tmp_path, sentry_dsn="https://abc@errors.test/1"))
    assert "sentry-sdk is not installed" in said.getvalue()
    assert "abc" not in said.getvalue()
