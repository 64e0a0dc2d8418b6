"""A disk that is really full: what cannot be kept is refused in our words, and nothing is kept by half."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from biogas.plant import climbing, days_ago, local_ms, made, new_plant
from conftest import Caller, migrate, person, settings_for
from flask import Flask
from herd.test_images import new_animal, upload
from PIL import Image

from app import create_app
from app.core.extensions import db
from app.users.permissions import Role

SIZE = 4 * 1024 * 1024
KB = 1024


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def leave(self, room: int) -> None:
        """Fills it but for so many bytes."""
        self.ballast.unlink(missing_ok=True)
        free = os.statvfs(self.folder)
        with self.ballast.open("wb") as file:
            file.write(bytes(max(free.f_bavail * free.f_frsize - room, 0)))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file() and path != self.ballast)


def mounted(folder: Path) -> Iterator[Disk]:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no mount here")
    if done.returncode:
        pytest.skip(f"a disk of our own needs a right that is missing here: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def media(app: Flask) -> Iterator[Disk]:
    yield from mounted(Path(app.config["SETTINGS"].media_dir))


def refused(answer: Any) -> None:
    assert answer.status_code == 503, answer.get_data(as_text=True)
    assert answer.json["error"]["code"] == "UNAVAILABLE"
    assert answer.json["success"] is False


def noise(side: int = 150) -> bytes:
    """A picture that does not compress, so that its size is known: about three bytes a point."""
    content = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(content, "PNG")
    return content.getvalue()


def test_a_report_is_refused_whole(app: Flask, admin: Caller, media: Disk) -> None:
    plant = new_plant(app, admin, days=3)
    plant.read(climbing(local_ms(days_ago(3)), 72))
    plant.settle()
    media.leave(12 * KB)
    refused(admin.post("/biogas/reports", json={"report_type": "normal"}))
    assert media.files() == []
    assert admin.get("/biogas/reports").json["data"] == []
    media.leave(2 * KB * KB)
    made(admin.post("/biogas/reports", json={"report_type": "normal"}))
    assert len(media.files()) == 3


def test_pictures_are_refused_whole(app: Flask, admin: Caller, media: Disk) -> None:
    animal = new_animal(app, "A-1")
    pictures = [("uno.png", noise()), ("dos.png", noise())]
    media.leave(110 * KB)
    answer = upload(admin, animal, *pictures)
    refused(answer)
    assert media.files() == []
    assert admin.get(f"/animal-images/{animal}").json["data"]["total"] == 0
    media.leave(KB * KB)
    assert upload(admin, animal, *pictures).status_code == 201


def test_a_database_without_room_refuses_and_goes_on(tmp_path: Path) -> None:
    for disk in mounted(tmp_path / "disk"):
        disk.ballast = disk.folder / "ballast"
        app = create_app(settings_for(disk.folder, media_dir=tmp_path))
        with app.app_context():
            migrate()
        admin = person(app, Role.ADMIN)
        made(admin.post("/species", json={"name": "Bovina"}))
        disk.leave(0)
        answers = [admin.post("/species", json={"name": f"Especie {n}"}) for n in range(40)]
        assert {answer.status_code for answer in answers} <= {201, 503}
        refused(answers[-1])
        assert answers[-1].headers["Retry-After"]
        stored = sum(answer.status_code == 201 for answer in answers)
        assert len(admin.get("/species?limit=100").json["data"]) == 1 + stored
        disk.leave(KB * KB)
        made(admin.post("/species", json={"name": "Ovina"}))
        with app.app_context():
            db.engine.dispose()
