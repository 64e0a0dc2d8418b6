"""What points at a record through foreign keys, and the refusal to delete while something does."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, func, select

from app.core.errors import Conflict
from app.core.extensions import db


@dataclass(frozen=True)
class Dependency:
    """Rows of one table that point at a record through one column."""

    table: str
    count: int
    field: str
    cascade_delete: bool
    blocks: bool
    message: str


def dependencies_of(record: Any) -> list[Dependency]:
    """Every table's rows that point at the record; one query for each foreign key of the schema, true counts."""
    keys = [
        key
        for table in db.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is type(record).__table__
    ]
    found = [_dependency(key, getattr(record, key.column.name)) for key in keys]
    return sorted((one for one in found if one.count), key=lambda one: (one.table, one.field))


def _dependency(key: ForeignKey, value: Any) -> Dependency:
    column = key.parent
    count = db.session.scalar(select(func.count()).select_from(column.table).where(column == value)) or 0
    return Dependency(
        column.table.name,
        count,
        column.name,
        key.ondelete == "CASCADE",
        key.ondelete not in ("CASCADE", "SET NULL"),
        f"{count} {'registro' if count == 1 else 'registros'} de «{column.table.name}» ({column.name})",
    )


def blocking(found: list[Dependency]) -> list[Dependency]:
    """Those that are neither deleted together with the record nor live on without it."""
    return [one for one in found if one.blocks]


def refuse_if_needed(record: Any, label: str) -> None:
    """Raises Conflict, listing what depends on the record, while any of that blocks its deletion."""
    found = dependencies_of(record)
    blockers = blocking(found)
    if blockers:
        messages = [one.message for one in blockers]
        raise Conflict(
            f"{label}: no se puede eliminar porque lo usan {', '.join(messages)}",
            warnings=[one.__dict__ for one in found],
            blocking_dependencies=len(blockers),
            messages=messages,
        )


def verdict(record: Any) -> dict[str, Any]:
    """Whether the record may be deleted and what depends on it, as the clients read it."""
    found = dependencies_of(record)
    total = sum(one.count for one in found)
    free = not blocking(found)
    return {
        "id": record.id,
        "hasDependencies": bool(found),
        "canDelete": free,
        "totalDependencies": total,
        "message": "Se puede eliminar" if free else "Hay registros que dependen de este",
        "dependencies": [one.__dict__ for one in found],
    }
