"""Uploaded pictures made safe: judged by content, turned upright, stripped of metadata, with a small copy. Pure."""

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_FRAMES = 100
THUMBNAIL_PX = 320
FORMATS = {"JPEG": ("jpg", "image/jpeg"), "PNG": ("png", "image/png"), "WEBP": ("webp", "image/webp"),
           "GIF": ("gif", "image/gif")}  # fmt: skip
MEDIA_TYPES = dict(FORMATS.values())


class PictureRefused(ValueError):
    """The file is no picture we keep; `status` as HTTP says it: 413 too large, 415 of another kind."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Picture:
    """A picture ready to be kept; `thumbnail` has the same kind."""

    content: bytes
    thumbnail: bytes
    extension: str
    mime_type: str
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """The picture written anew from its pixels, so that nothing else of the file survives. Raises PictureRefused."""
    if len(content) > MAX_BYTES:
        raise PictureRefused(f"La imagen pesa más de {MAX_BYTES // 2**20} MB", 413)
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs first and only refuses the larger ones.
            warnings.simplefilter("error")
            return _read(content)
    except PictureRefused:
        raise
    except UnidentifiedImageError:
        raise PictureRefused("No es una imagen JPG, PNG, WebP o GIF", 415)
    # A damaged or hostile file can fail anywhere inside the decoders, with any exception.
    except Exception:
        raise PictureRefused("La imagen está dañada", 415)


def _read(content: bytes) -> Picture:
    with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as image:
        kind = str(image.format)
        frames = getattr(image, "n_frames", 1)
        if image.width * image.height * min(frames, MAX_FRAMES) > MAX_PIXELS or frames > MAX_FRAMES:
            raise PictureRefused("La imagen tiene demasiados píxeles", 413)
        upright = [ImageOps.exif_transpose(frame.copy()) for frame in ImageSequence.Iterator(image)]
        options = _options(kind, image)
    first = upright[0]
    small = first.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    extension, mime_type = FORMATS[kind]
    return Picture(
        _written(upright, kind, options), _written([small], kind, options), extension, mime_type, *first.size
    )


def _options(kind: str, image: Image.Image) -> dict[str, Any]:
    """What is kept besides pixels: colours as they were meant, and the pace of an animation."""
    kept: dict[str, Any] = {}
    if kind != "GIF" and (profile := image.info.get("icc_profile")):
        kept["icc_profile"] = profile
    if "duration" in image.info:
        kept |= {"duration": image.info["duration"], "loop": image.info.get("loop", 0)}
    return kept | ({"quality": 90} if kind in ("JPEG", "WEBP") else {})


def _written(frames: list[Image.Image], kind: str, options: dict[str, Any]) -> bytes:
    clean = [_clean(frame, kind) for frame in frames]
    content = io.BytesIO()
    more = {"save_all": True, "append_images": clean[1:]} if len(clean) > 1 else {}
    clean[0].save(content, kind, **options, **more)
    return content.getvalue()


def _clean(frame: Image.Image, kind: str) -> Image.Image:
    made = frame.convert("RGB") if kind == "JPEG" and frame.mode not in ("L", "RGB") else frame.copy()
    made.info = {key: value for key, value in made.info.items() if key == "transparency"}
    return made


def clean_name(name: str) -> str:
    """What of an uploaded file's own name may stand in ours: letters, digits and dashes, at most 60."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:60] or "foto"
