"""Shapes of the animals' pictures."""

from app.core.shapes import Moment, Shape


class AnimalImageOut(Shape):
    """A picture of an animal and where its files are."""

    id: int
    animal_id: int
    filename: str
    filepath: str
    file_size: int | None
    size: int | None
    mime_type: str | None
    width: int | None
    height: int | None
    is_primary: bool
    url: str
    thumbnail_url: str
    created_at: Moment
    updated_at: Moment


class AnimalImagesOut(Shape):
    """An animal's pictures."""

    animal_id: int
    total: int
    images: list[AnimalImageOut]
    base_url: str


class RefusedImageOut(Shape):
    """A file that was not stored, and why."""

    filename: str
    error: str


class ImageUploadOut(Shape):
    """What came of an upload."""

    uploaded: list[AnimalImageOut]
    total_uploaded: int
    total_errors: int
    errors: list[RefusedImageOut] | None
