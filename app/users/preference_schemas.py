"""Shapes of what people keep for themselves, and of what they may reach."""

import json
from typing import Any

from pydantic import AliasChoices, Field, model_validator

from app.core.shapes import Moment, Shape, Text

MOST_BYTES = 4096


class PlaceIn(Shape):
    """A place in the application: a page, a record."""

    title: Text | None = Field(
        default=None, max_length=200, validation_alias=AliasChoices("title", "label", "name")
    )
    path: Text | None = Field(
        default=None,
        max_length=500,
        validation_alias=AliasChoices("path", "url", "href", "route", "endpoint"),
    )
    icon: Text | None = Field(default=None, max_length=60)
    data: dict[str, str | int | float | bool | None] = Field(
        default={}, max_length=30, description="Lo que el cliente quiera guardar, valores simples"
    )

    @model_validator(mode="after")
    def _is_some_place(self) -> "PlaceIn":
        if not (self.title or self.path):
            raise ValueError("escriba un título o una ruta")
        if len(json.dumps(self.data)) > MOST_BYTES:
            raise ValueError(f"los datos ocupan más de {MOST_BYTES} bytes")
        return self


class FavoriteIn(PlaceIn):
    """What is to be kept at hand; the same `key` again replaces it."""

    key: Text | None = Field(
        default=None, max_length=255, description="Lo distingue de los demás; si falta, la ruta"
    )


class PlaceOut(Shape):
    """A place, and since when it is kept."""

    id: int
    title: str | None
    path: str | None
    icon: str | None
    data: dict[str, Any]
    created_at: Moment


class FavoriteOut(PlaceOut):
    """A favourite."""

    key: str


class FavoritesOut(Shape):
    """A person's favourites, newest first."""

    favorites: list[FavoriteOut]
    count: int


class VisitVisitsOut(Shape):
    """The places a person visited, newest first."""

    history: list[PlaceOut]
    count: int


class ShortcutOut(Shape):
    """Something the person may do, and the request that does it."""

    title: str
    method: str
    path: str


class NavigationItemOut(Shape):
    """A resource, and what the person may do with it."""

    key: str
    title: str
    path: str
    actions: list[str]


class NavigationGroupOut(Shape):
    """Resources of one subject."""

    key: str
    title: str
    items: list[NavigationItemOut]


class NavigationOut(Shape):
    """All that the person may reach."""

    groups: list[NavigationGroupOut]
    count: int


class ShortcutsOut(Shape):
    """What the person may do at once."""

    shortcuts: list[ShortcutOut]
    count: int
