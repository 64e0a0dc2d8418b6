"""Shapes of the room analytics."""

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from app.analytics.life import KINDS
from app.core.shapes import Shape, Text


def _known_kinds(text: str | None) -> str | None:
    unknown = [name for name in (text or "").split(",") if name.strip() and name.strip() not in KINDS]
    if unknown:
        raise ValueError(f"solo puede contener: {', '.join(KINDS)}")
    return text


class HistoryIn(Shape):
    """Which part of an animal's history: between two days, of some kinds (by commas), a page at a time."""

    since: dt.date | None = Field(default=None, alias="from")
    until: dt.date | None = Field(default=None, alias="to")
    kind: Annotated[Text | None, AfterValidator(_known_kinds)] = None
    page: int = Field(default=1, ge=1, lt=10**6)
    limit: int = Field(default=100, ge=1, le=500)

    @property
    def kinds(self) -> list[str]:
        """The kinds asked for; all of them when none is named."""
        named = [name.strip() for name in (self.kind or "").split(",") if name.strip()]
        return named or list(KINDS)


class HistoryAnimalOut(Shape):
    """Whose history it is."""

    id: int
    record: str
    sex: str
    birth_date: dt.date
    status: str
    status_date: dt.date | None
    weight: float


class HistoryEventOut(Shape):
    """Something of an animal's life: `id` is that of the record it was written in, `details` what that says."""

    date: dt.date
    kind: str
    id: int
    title: str
    details: dict[str, Any]


class HistoryOut(Shape):
    """An animal's history, the newest first; `totals` count the period by kind, whatever kinds are shown."""

    animal: HistoryAnimalOut
    totals: dict[str, int]
    events: list[HistoryEventOut]
