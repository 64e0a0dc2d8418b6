"""Shapes of imports: how a file is brought in, and what became of it."""

from typing import Any, Literal

from pydantic import Field

from app.core.shapes import Shape


class ImportAsk(Shape):
    """How an uploaded file is brought in."""

    dry_run: bool = Field(default=True, description="true: solo vista previa; false: guardar todo o nada")
    mode: Literal["upsert", "create", "update"] = Field(
        default="upsert", description="Crear, actualizar o ambos"
    )
    fields: str = Field(
        default="", description="De los registros que ya existen, cambiar solo estas columnas"
    )
    digest: str = Field(
        default="", description="La huella que dio la vista previa: el archivo debe ser el mismo"
    )
    progress: str = Field(default="", description="Nombre elegido por el cliente para preguntar el avance")


class ImportRow(Shape):
    """What became of a row."""

    row: int
    action: Literal["new", "changed", "unchanged", "rejected"]
    id: int | None
    key: str
    changes: dict[str, list[Any]]
    errors: list[dict[str, str]]


class ImportOut(Shape):
    """What an import did, or would do."""

    dry_run: bool
    stored: bool
    digest: str
    rows: int
    counts: dict[str, int]
    columns: dict[str, list[str]]
    preview: list[ImportRow]
    truncated: bool


class ProgressOut(Shape):
    """How far an import has come."""

    done: int
    total: int
    finished: bool


class TemplateAsk(Shape):
    """Which template."""

    format: Literal["xlsx", "csv"] = "xlsx"
