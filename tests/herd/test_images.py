"""Pictures of animals: judged by content, made safe, one primary, public files, nothing left behind."""

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from biogas.plant import made
from conftest import Caller
from flask import Flask
from PIL import Image

from app.core.extensions import db
from app.core.transaction import transaction
from app.herd.models import Animal, AnimalImage, Breed, Species
from app.herd.pictures import PictureRefused, clean_name, read_picture

GPS = 0x8825


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "green").save(content, kind, **options)
    return content.getvalue()


@pytest.fixture
def animal(app: Flask) -> int:
    return new_animal(app, "A-1")


def new_animal(app: Flask, record: str) -> int:
    import datetime as dt

    with app.app_context(), transaction() as session:
        species = session.query(Species).first() or Species(name="Bovino")
        session.add(species)
        session.flush()
        breed = session.query(Breed).first() or Breed(name="Holstein", species_id=species.id)
        session.add(breed)
        session.flush()
        animal = Animal(
            record=record, sex="Hembra", birth_date=dt.date(2024, 1, 1), weight=300, breeds_id=breed.id
        )
        session.add(animal)
        session.flush()
        return animal.id


def upload(caller: Caller, animal: Any, *files: tuple[str, bytes]) -> Any:
    data = {"animal_id": str(animal), "files": [(io.BytesIO(content), name) for name, content in files]}
    return caller.post("/animal-images/upload", data=data, content_type="multipart/form-data")


def files(app: Flask) -> list[str]:
    root = Path(app.config["SETTINGS"].media_dir) / "uploads"
    return sorted(path.name for path in root.rglob("*") if path.is_file()) if root.exists() else []


@pytest.fixture(autouse=True)
def no_files(app: Flask) -> None:
    import shutil

    shutil.rmtree(Path(app.config["SETTINGS"].media_dir) / "uploads", ignore_errors=True)


def test_pictures_are_stored_shown_and_public(app: Flask, admin: Caller, nobody: Caller, animal: int) -> None:
    data = made(upload(admin, animal, ("vaca ñandú.jpeg", picture()), ("b.png", picture("PNG"))))
    assert (data["total_uploaded"], data["total_errors"], data["errors"]) == (2, 0, None)
    first, second = data["uploaded"]
    assert first["filename"].endswith("_vaca-and.jpg") or "vaca" in first["filename"]
    assert first["filepath"] == f"static/uploads/animals/{animal}/{first['filename']}"
    assert (first["mime_type"], first["width"], first["height"]) == ("image/jpeg", 40, 20)
    assert (first["is_primary"], second["is_primary"]) in ((True, False), (False, True))
    shown = made(admin.get(f"/animal-images/{animal}?_ts=1"), 200)
    assert (shown["animal_id"], shown["total"], len(shown["images"])) == (animal, 2, 2)
    assert shown["images"][0]["is_primary"] is True
    assert first["url"] == f"http://localhost/public/images/animals/{animal}/{first['filename']}"
    for address in (first["url"], first["thumbnail_url"], f"http://localhost/{first['filepath']}"):
        answer = nobody.client.get(address)
        assert answer.status_code == 200
        assert answer.mimetype == "image/jpeg"
        assert "immutable" in answer.headers["Cache-Control"]
        assert len(answer.get_data()) > 100
        answer.close()
    assert len(files(app)) == 4


def test_metadata_goes_and_the_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(GPS)[1] = "N"
    made = read_picture(picture(exif=exif.tobytes()))
    assert (made.width, made.height) == (20, 40)
    with Image.open(io.BytesIO(made.content)) as image:
        assert not image.getexif()
    assert b"Exif" not in made.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_what_is_hidden_behind_a_picture_goes(kind: str) -> None:
    made = read_picture(picture(kind) + b"<script>alert(1)</script><?php ?>")
    assert b"script" not in made.content
    assert made.mime_type == f"image/{kind.lower()}"
    with Image.open(io.BytesIO(made.thumbnail)) as small:
        assert max(small.size) <= 320


def test_an_animation_keeps_its_frames() -> None:
    content = io.BytesIO()
    shades = [Image.new("RGB", (8, 8), (n * 60, 0, 0)) for n in range(3)]
    shades[0].save(content, "GIF", save_all=True, append_images=shades[1:], duration=80)
    with Image.open(io.BytesIO(read_picture(content.getvalue()).content)) as image:
        assert image.n_frames == 3


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, 415),
        (b"BM" + b"\x00" * 100, 415),
        (picture()[:300], 415),
        (b"", 415),
        (picture("PNG", (8000, 6500)), 413),
    ],
)
def test_what_is_no_picture_is_refused(admin: Caller, animal: int, content: bytes, status: int) -> None:
    with pytest.raises(PictureRefused):
        read_picture(content)
    answer = upload(admin, animal, ("x.jpg", content))
    assert answer.status_code == status
    assert answer.json["error"]["details"]["errors"][0]["filename"] == "x.jpg"


def test_five_megabytes_are_enough() -> None:
    with pytest.raises(PictureRefused, match="5 MB"):
        read_picture(b"x" * (5 * 1024 * 1024 + 1))


def test_good_ones_are_stored_beside_bad_ones(app: Flask, admin: Caller, animal: int) -> None:
    data = made(upload(admin, animal, ("a.jpg", picture()), ("b.jpg", b"no")))
    assert (data["total_uploaded"], data["total_errors"]) == (1, 1)
    assert data["errors"] == [{"filename": "b.jpg", "error": "No es una imagen JPG, PNG, WebP o GIF"}]
    assert len(files(app)) == 2


def test_wrong_uploads(app: Flask, admin: Caller, nobody: Caller, animal: int) -> None:
    assert upload(admin, 999, ("a.jpg", picture())).status_code == 404
    assert upload(admin, "x", ("a.jpg", picture())).status_code == 400
    assert upload(admin, animal).status_code == 400
    assert upload(nobody, animal, ("a.jpg", picture())).status_code == 401
    assert admin.get("/animal-images/999").status_code == 404
    assert files(app) == []


def test_at_most_twenty(app: Flask, admin: Caller, animal: int) -> None:
    made(upload(admin, animal, *[(f"{n}.jpg", picture()) for n in range(19)]))
    assert upload(admin, animal, ("a.jpg", picture()), ("b.jpg", picture())).status_code == 400
    assert len(files(app)) == 38
    made(upload(admin, animal, ("a.jpg", picture())))


def test_the_primary_one_moves_and_is_succeeded(app: Flask, admin: Caller, animal: int) -> None:
    rows = made(upload(admin, animal, *[(f"{n}.png", picture("PNG")) for n in range(3)]))["uploaded"]
    second = rows[1]["id"]
    assert made(admin.put(f"/animal-images/image/{second}/set-primary"), 200)["is_primary"] is True
    assert primaries(admin, animal) == [second]
    assert made(admin.delete(f"/animal-images/image/{second}"), 200) == {"deleted_id": second}
    assert len(primaries(admin, animal)) == 1
    assert admin.delete(f"/animal-images/image/{second}").status_code == 404
    assert len(files(app)) == 4
    for row in made(admin.get(f"/animal-images/{animal}"), 200)["images"]:
        made(admin.delete(f"/animal-images/image/{row['id']}"), 200)
    assert files(app) == []


def primaries(caller: Caller, animal: int) -> list[int]:
    rows = made(caller.get(f"/animal-images/{animal}"), 200)["images"]
    return [row["id"] for row in rows if row["is_primary"]]


def test_the_files_go_with_the_animal(app: Flask, admin: Caller, animal: int) -> None:
    made(upload(admin, animal, ("a.jpg", picture())))
    made(admin.delete(f"/animals/{animal}"), 200)
    assert files(app) == []


@pytest.mark.parametrize(
    "path",
    [
        "/public/images/animals/../../farm.sqlite3",
        "/public/images/animals/%2e%2e/%2e%2e/jwt-secret",
        "/public/images/animals/1/%00.jpg",
        "/public/images/reports/pdf/reporte_1.jpg",
        "/public/images/animals/1/no.jpg",
        "/public/images//etc/passwd",
        "/static/uploads/animals/1/..%5c..%5cx.jpg",
    ],
)
def test_no_path_leads_elsewhere(nobody: Caller, path: str) -> None:
    assert nobody.client.get(path).status_code == 404


def test_names_are_made_plain() -> None:
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name("C:\\fotos\\la vaca.JPG") == "la-vaca"
    assert clean_name("ñ.png") == "foto"


def test_two_at_once_leave_one_primary(app: Flask, admin: Caller, profile: str, animal: int) -> None:
    if profile != "services":
        pytest.skip("SQLite has one writer at a time anyway")
    answers: list[int] = []

    def send() -> None:
        answers.append(upload(admin, animal, ("a.jpg", picture())).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 4
    with app.app_context():
        rows = db.session.query(AnimalImage).filter_by(animal_id=animal, is_primary=True).count()
    assert rows == 1
