"""HTTP door of the animals' pictures: upload, list, primary one, delete, and the public files themselves."""

from contextlib import closing
from typing import Any

from flask import Blueprint, current_app, request, send_file
from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow, public
from app.core.cache import conditional
from app.core.errors import DomainError, Malformed, NotFound
from app.core.extensions import limiter
from app.core.http import gives, success, written
from app.core.records import id_in
from app.herd import images
from app.herd.image_schemas import AnimalImageOut, AnimalImagesOut, ImageUploadOut
from app.herd.models import AnimalImage
from app.herd.pictures import MEDIA_TYPES

ns = Namespace("animal-images", description="Fotos de los animales")
pictures = Blueprint("pictures", __name__)
REFUSALS = {413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}
FOREVER = "public, max-age=31536000, immutable"


class UploadRefused(DomainError):
    """None of the uploaded files is a picture we keep."""

    def __init__(self, message: str, status: int, **details: Any) -> None:
        super().__init__(message, code=REFUSALS[status], **details)
        self.status = status


@ns.route("/<int:animal_id>")
class AnimalImages(Resource):
    """An animal's pictures."""

    # Called once for every animal on a screen.
    decorators = (limiter.exempt,)

    @allow("records.view")
    @conditional("animal_images", "animals")
    @gives(AnimalImagesOut)
    def get(self, animal_id: int) -> Any:
        """Every picture of an animal, the primary one first."""
        found = [_shown(image) for image in images.images_of(animal_id)]
        base_url = f"{_origin()}/public/images/"
        return {"animal_id": animal_id, "total": len(found), "images": found, "base_url": base_url}


@ns.route("/upload")
class ImageUpload(Resource):
    """New pictures."""

    @allow("records.write")
    @gives(ImageUploadOut, status=201)
    @ns.doc(
        params={
            "animal_id": {"in": "formData", "type": "integer", "required": True, "description": "El animal"},
            "files": {
                "in": "formData",
                "type": "file",
                "required": True,
                "description": "JPG, PNG, WebP o GIF",
            },
        },
        consumes=["multipart/form-data"],
    )
    def post(self) -> Any:
        """Store the pictures in `files` (up to 5 MB each); which of them were refused is in `errors`."""
        animal_id = id_in(request.form.get("animal_id", "").strip())
        if animal_id is None:
            raise Malformed("Indique el animal en «animal_id»")
        sent = [*request.files.getlist("files"), *request.files.getlist("files[]")]
        files = [(one.filename or "", _content(one)) for one in sent if one.filename]
        if not files:
            raise Malformed("Adjunte al menos una imagen en «files»")
        upload = images.store_images(animal_id, files)
        return _uploaded(upload)


@ns.route("/image/<int:id>")
class Image(Resource):
    """One picture."""

    @allow("animals.write")
    @gives(None, "Imagen eliminada")
    def delete(self, id: int) -> Any:
        """Delete a picture with its files."""
        images.remove_image(records.get(AnimalImage, id, images.LABEL))
        return {"deleted_id": id}


@ns.route("/image/<int:id>/set-primary")
class PrimaryImage(Resource):
    """The picture an animal is shown by."""

    @allow("animals.write")
    @gives(AnimalImageOut, "Imagen principal actualizada")
    def put(self, id: int) -> Any:
        """Make a picture the animal's primary one."""
        return _shown(images.make_primary(records.get(AnimalImage, id, images.LABEL)))


@pictures.get("/public/images/<path:path>")
@pictures.get("/static/uploads/<path:path>", endpoint="upload")
@limiter.exempt
@public
def picture(path: str) -> Any:
    """A picture's file; its name is never given to another one, so that browsers may keep it."""
    try:
        file = images.storage().open(images.stored_path(path))
    except (OSError, ValueError):
        raise NotFound("La imagen no existe")
    response = send_file(file, mimetype=MEDIA_TYPES[path.rsplit(".", 1)[-1]], etag=False)
    response.headers["Cache-Control"] = FOREVER
    return response


def _content(file: Any) -> bytes:
    with closing(file):
        return bytes(file.read())


def _uploaded(upload: images.Upload) -> Any:
    errors = [{"filename": name, "error": str(refusal)} for name, refusal in upload.refused]
    if not upload.stored:
        raise UploadRefused(errors[0]["error"], upload.refused[0][1].status, errors=errors)
    data = {
        "uploaded": [_shown(image) for image in upload.stored],
        "total_uploaded": len(upload.stored),
        "total_errors": len(errors),
        "errors": errors or None,
    }
    count = len(upload.stored)
    message = f"{count} {'imagen guardada' if count == 1 else 'imágenes guardadas'}"
    return success(written(ImageUploadOut, data), message, status=201)


def _shown(image: AnimalImage) -> dict[str, Any]:
    """The row with the addresses under which its files are public."""
    base = f"{_origin()}/public/images/"
    path = image.filepath.removeprefix("static/uploads/")
    names = [name for name in AnimalImageOut.model_fields if hasattr(image, name)]
    row = {name: getattr(image, name) for name in names}
    return row | {
        "url": base + path,
        "thumbnail_url": base + images.thumbnail_of(path),
        "size": image.file_size,
    }


def _origin() -> str:
    """The server's address as the settings give it; only without one as the request names it."""
    given: str | None = current_app.config["SETTINGS"].backend_url
    return (given or request.host_url).rstrip("/")
