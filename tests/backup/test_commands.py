"""`flask backup` as somebody at a terminal, or cron, sees it."""

import re
from pathlib import Path

import pytest
from click.testing import Result
from conftest import settings_for
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.core.extensions import db

KEY = "una clave larga para las copias"


def made(folder: Path, backups: Path, **others: str | int) -> Flask:
    folder.mkdir(exist_ok=True)
    uri = f"sqlite:///{folder / 'farm.sqlite3'}"
    return create_app(settings_for(folder, database_url=uri, backup_dir=backups, **others))


def run(app: Flask, *words: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=["backup", *words])


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = made(tmp_path / "farm", tmp_path / "backups", backup_keep_daily=1, backup_keep_weekly=0)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return app


def test_from_a_backup_to_the_farm_again(app: Flask, tmp_path: Path) -> None:
    assert "No hay copias" in run(app, "list").output
    assert run(app, "verify").exit_code == 1
    created = run(app, "create")
    assert (created.exit_code, "Copia creada y verificada" in created.output) == (0, True)
    name = next(path.name for path in (tmp_path / "backups").iterdir() if path.suffix == ".zip")
    listed = run(app, "list").output
    assert name in listed
    assert re.search(r"migración \d+  \d+ filas  0 archivos", listed)
    assert "La copia está completa" in run(app, "verify").output
    new = made(tmp_path / "new", tmp_path / "backups")
    restored = run(new, "restore", name)
    assert (restored.exit_code, "Restaurada" in restored.output) == (0, True)
    assert "flask db upgrade" not in restored.output
    again = run(new, "restore", name)
    assert again.exit_code == 1
    assert again.output.strip().startswith("Error: La base de datos no está vacía")
    assert run(new, "restore", name, "--force-empty").exit_code == 0
    second = run(app, "create")
    assert f"Copia antigua eliminada: {name}" in second.output


def test_keys(app: Flask, tmp_path: Path) -> None:
    sealed = made(tmp_path / "farm", tmp_path / "backups", backup_key=KEY)
    assert run(sealed, "create").exit_code == 0
    name = next(path.name for path in (tmp_path / "backups").iterdir() if path.suffix == ".enc")
    assert "cifrada  migración" in run(sealed, "list").output
    assert run(app, "list").output.strip().endswith("cifrada")
    assert "falta BACKUP_KEY" in run(app, "verify", name).output
    other = made(tmp_path / "other", tmp_path / "backups", backup_key=KEY + "x")
    assert "no es la de esta copia" in run(other, "list").output
    wrong = run(other, "restore", name)
    assert (wrong.exit_code, "no es la de esta copia" in wrong.output) == (1, True)
    assert not (tmp_path / "other" / "farm.sqlite3").exists()


def test_an_older_revision_asks_for_the_upgrade(tmp_path: Path) -> None:
    app = made(tmp_path / "farm", tmp_path / "backups")
    with app.app_context():
        upgrade(revision="0002")
        db.engine.dispose()
    assert run(app, "create").exit_code == 0
    restored = run(
        made(tmp_path / "new", tmp_path / "backups"),
        "restore",
        next(path.name for path in (tmp_path / "backups").iterdir() if path.suffix == ".zip"),
    )
    assert (restored.exit_code, "ejecute flask db upgrade" in restored.output) == (0, True)


def test_a_damaged_backup_and_an_absent_database_are_told(app: Flask, tmp_path: Path) -> None:
    run(app, "create")
    path = next(path for path in (tmp_path / "backups").iterdir() if path.suffix == ".zip")
    path.write_bytes(path.read_bytes()[:-100])
    assert "dañada o incompleta" in run(app, "list").output
    for words in (["verify"], ["restore", path.name, "--force-empty"]):
        told = run(app, *words)
        assert (told.exit_code, "dañada o incompleta" in told.output) == (1, True)
    assert "No existe la copia" in run(app, "restore", "otra").output
    gone = create_app(
        settings_for(tmp_path, database_url="mysql://nobody@127.0.0.1:1/farm", backup_dir=tmp_path / "b")
    )
    told = run(gone, "create")
    assert told.exit_code == 1
    assert "La base de datos no lo permitió" in told.output
    assert [p.name for p in (tmp_path / "b").iterdir()] == [".lock"]
