"""An animal's pictures: stored with small copies, exactly one of them primary. Making them safe is pictures.py."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, func, select

from app.core import records, times
from app.core.errors import Malformed, NotFound, Unavailable
from app.core.extensions import current_settings, db
from app.core.storage import FileStorage, StorageError
from app.core.transaction import after_commit, on_rollback
from app.herd.models import Animal, AnimalImage
from app.herd.pictures import MEDIA_TYPES, Picture, PictureRefused, clean_name, read_picture

MAX_IMAGES = 20
LABEL = "La imagen"
# The stored path is also a public one, so it begins as the clients know it.
PUBLIC = "static/"


@dataclass
class Upload:
    """What came of an upload: the rows that are stored, and for each refused file why."""

    stored: list[AnimalImage] = field(default_factory=list)
    refused: list[tuple[str, PictureRefused]] = field(default_factory=list)


def images_of(animal_id: int) -> Sequence[AnimalImage]:
    """An animal's pictures, the primary one first, then the newest. Raises NotFound for an unknown animal."""
    query = select(AnimalImage).where(AnimalImage.animal_id == animal_id)
    found = db.session.scalars(query.order_by(AnimalImage.is_primary.desc(), AnimalImage.id.desc())).all()
    if not found:
        records.get(Animal, animal_id, "El animal")
    return found


def store_images(animal_id: int, files: Sequence[tuple[str, bytes]]) -> Upload:
    """Stores the good ones of (name, content); Malformed when the animal would have more than MAX_IMAGES."""
    _lock(animal_id)
    upload, pictures = Upload(), []
    for name, content in files:
        try:
            pictures.append((name, read_picture(content)))
        except PictureRefused as refusal:
            upload.refused.append((name, refusal))
    counted = select(func.count()).where(AnimalImage.animal_id == animal_id)
    present = db.session.scalar(counted) or 0
    if present + len(pictures) > MAX_IMAGES:
        raise Malformed(f"Un animal tiene como máximo {MAX_IMAGES} imágenes; este ya tiene {present}")
    upload.stored = [_store(animal_id, name, picture) for name, picture in pictures]
    _keep_one_primary(animal_id)
    return upload


def make_primary(image: AnimalImage) -> AnimalImage:
    """Makes a picture the animal's primary one, in place of the one that was."""
    _lock(image.animal_id)
    for other in images_of(image.animal_id):
        if other.is_primary and other is not image:
            _set_primary(other, False)
    # The database allows one: the old one must have gone before the new one comes.
    records.flush()
    _set_primary(image, True)
    records.flush()
    return image


def remove_image(image: AnimalImage) -> None:
    """Deletes a picture with its files; another one becomes primary in its place."""
    animal_id = image.animal_id
    _lock(animal_id)
    records.remove(image)
    _keep_one_primary(animal_id)


def stored_path(public_path: str) -> str:
    """Where the file behind a public path ("animals/7/x.jpg") is kept; NotFound for what is no picture."""
    extension = public_path.rsplit(".", 1)[-1]
    if not public_path.startswith("animals/") or extension not in MEDIA_TYPES:
        raise NotFound("La imagen no existe")
    return f"uploads/{public_path}"


def storage() -> FileStorage:
    """Where the pictures are kept."""
    return FileStorage(current_settings().media_dir)


def thumbnail_of(path: str) -> str:
    """The path of a picture's small copy."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/thumb_{name}"


def _lock(animal_id: int) -> None:
    """Whoever changes an animal's pictures does so alone."""
    locked = db.session.scalar(select(Animal.id).where(Animal.id == animal_id).with_for_update())
    if locked is None:
        raise NotFound(f"El animal {animal_id} no existe")


def _store(animal_id: int, name: str, picture: Picture) -> AnimalImage:
    moment = times.now().strftime("%Y%m%d_%H%M%S")
    filename = f"{moment}_{secrets.token_hex(4)}_{clean_name(name)}.{picture.extension}"
    path = f"uploads/animals/{animal_id}/{filename}"
    _write(path, picture.content)
    _write(thumbnail_of(path), picture.thumbnail)
    return records.create(
        AnimalImage, animal_id=animal_id, filename=filename, filepath=PUBLIC + path, is_primary=False,
        file_size=len(picture.content), mime_type=picture.mime_type, width=picture.width, height=picture.height,
    )  # fmt: skip


def _write(path: str, content: bytes) -> None:
    kept = storage()
    on_rollback(lambda: kept.delete(path))
    try:
        kept.save(path, content)
    except StorageError:
        raise Unavailable("No se pudo guardar la imagen: el disco no responde o está lleno")


def _keep_one_primary(animal_id: int) -> None:
    left = images_of(animal_id)
    if left and not any(image.is_primary for image in left):
        _set_primary(left[-1], True)
        records.flush()


def _set_primary(image: AnimalImage, primary: bool) -> None:
    image.is_primary = primary
    image.primary_animal_id = image.animal_id if primary else None


@event.listens_for(AnimalImage, "after_delete")
def _files_go_too(_mapper: Any, _connection: Any, image: AnimalImage) -> None:
    """However a picture's row goes, its files go once that is committed, and not before."""
    path, kept = image.filepath.removeprefix(PUBLIC), storage()
    after_commit(lambda: kept.delete(path))
    after_commit(lambda: kept.delete(thumbnail_of(path)))
