"""Shapes of the room activity: what may be asked of the trail, and an entry as both generations of clients read it."""

import datetime as dt
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from app.activity import wording
from app.core.records import MAX_ID
from app.core.shapes import Moment, Shape

DAYS = 366
LONGEST_CURSOR = 18
INCLUDED = ("actor", "relations", "changes")


def _parts(given: Any) -> list[str]:
    """Values by commas, repeated or not."""
    texts = given if isinstance(given, list) else [given]
    return [part.strip() for text in texts for part in str(text).split(",") if part.strip()]


def _among(known: tuple[str, ...]) -> BeforeValidator:
    def check(text: Any) -> Any:
        if wrong := [part for part in _parts(text) if part not in known]:
            raise ValueError(f"«{str(wrong[0])[:40]}» no es uno de: {', '.join(known)}")
        return _parts(text)

    return BeforeValidator(check)


def _entity(text: Any) -> Any:
    """An entity by its own name, its table's or its resource's."""
    tables = wording.tables()
    others = {table: entity for entity, table in tables.items()}
    names = [part.lower().replace("-", "_") for part in _parts(text)]
    found = [name if name in tables else others.get(name, "") for name in names]
    if "" in found:
        raise ValueError(f"«{names[found.index('')][:40]}» no es una entidad conocida")
    return found


def _moment(text: Any) -> Any:
    """A day, or a moment; a moment without a zone is UTC."""
    try:
        if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return dt.date.fromisoformat(text)
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("debe ser una fecha AAAA-MM-DD o una fecha y hora ISO 8601") from None


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Entities = Annotated[list[str], BeforeValidator(_entity)]
Instant = Annotated[Any, BeforeValidator(_moment)]


class ActivityChoice(Shape):
    """Which entries."""

    entity: Entities | None = Field(default=None, description="Entidades, separadas por comas")
    action: Annotated[list[str], _among(wording.ACTIONS)] | None = None
    severity: Annotated[list[str], _among(wording.SEVERITIES)] | None = None
    animal_id: Id | None = None
    user_id: Id | None = Field(default=None, description="Quién lo hizo")


class ActivityQuery(ActivityChoice):
    """Which entries, and how they are wanted."""

    page: int = Field(default=1, le=MAX_ID, description="Página, desde 1")
    limit: int = Field(
        default=50,
        le=MAX_ID,
        validation_alias=AliasChoices("limit", "per_page", "page_size"),
        description="Filas por página (máximo 1000); alias per_page, page_size",
    )
    entity_id: Id | None = None
    since: Instant | None = Field(
        default=None, alias="from", description="Desde un día de la finca o un momento"
    )
    until: Instant | None = Field(default=None, alias="to", description="Hasta ese día o momento, incluido")
    fields: str | None = Field(default=None, description="Campos que se quieren, separados por comas")
    include: Annotated[list[str], _among(INCLUDED)] | None = Field(
        default=None, description="De actor, relations y changes, solo estos"
    )
    cursor: str | None = Field(
        default=None, pattern=rf"^\d{{1,{LONGEST_CURSOR}}}$", description="Continúa ahí"
    )
    cursor_mode: bool = Field(default=False, description="Responde con cursor en vez de páginas")


class ActivityStatsQuery(ActivityChoice):
    """Which entries are counted."""

    days: int = Field(default=30, ge=1, le=DAYS)
    entity_id: Any = None

    @model_validator(mode="after")
    def _not_by_record(self) -> "ActivityStatsQuery":
        if self.entity_id is not None:
            raise ValueError("las cifras no se filtran por entity_id; use animal_id")
        return self


class ActivityFiltersQuery(Shape):
    """Of whom, and how far back."""

    days: int = Field(default=365, ge=1, le=DAYS)
    scope: str | None = Field(default=None, pattern="^(me|global)$", description="me o global")


class ActorOut(Shape):
    """Who did it, as they were called then."""

    id: int | None
    fullname: str | None


class ActivityLinksOut(Shape):
    """Where more is found."""

    detail: str | None
    animal: str | None
    crud: str | None
    analytics: str | None


class ActivityOut(Shape):
    """One committed change."""

    id: int
    action: str
    entity: str
    entity_id: int | None
    animal_id: int | None
    title: str
    description: str | None
    summary: str | None
    severity: str
    created_at: Moment
    timestamp: Moment
    user_id: int | None
    actor: ActorOut | None
    relations: dict[str, Any] | None
    changes: dict[str, Any] | None
    request_id: str | None
    links: ActivityLinksOut


class WindowOut(Shape):
    """Days of the farm, both included."""

    days: int
    since: dt.date = Field(alias="from")
    until: dt.date = Field(alias="to")


class ActivityTotalsOut(Shape):
    """How much in all."""

    events: int
    distinct_entities: int
    distinct_animals: int


class EntityCountOut(Shape):
    """How often an entity."""

    entity: str
    count: int


class ActionCountOut(Shape):
    """How often an action."""

    action: str
    count: int


class SeverityCountOut(Shape):
    """How often a severity."""

    severity: str
    count: int


class DayCountOut(Shape):
    """How often on a day."""

    date: dt.date
    count: int


class ActivityStatsOut(Shape):
    """How often, in a window of days."""

    window: WindowOut
    totals: ActivityTotalsOut
    by_entity: list[EntityCountOut]
    by_action: list[ActionCountOut]
    by_severity: list[SeverityCountOut]
    daily: list[DayCountOut]


class ActivitySummaryOut(Shape):
    """What a person did lately."""

    user_id: int
    last_activity_at: Moment | None
    window_7d: ActivityStatsOut
    window_30d: ActivityStatsOut


class ActivityFiltersOut(Shape):
    """What occurs, to filter by."""

    window: WindowOut
    scope: str
    entities: list[str]
    actions: list[str]
    severities: list[str]
