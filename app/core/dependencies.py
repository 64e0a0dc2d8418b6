"""What points at a record through foreign keys, the refusal to delete while something does, and deleting it all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from sqlalchemy import ForeignKey, Table, func, literal, select, union_all

from app.core import cache, records
from app.core.errors import Conflict
from app.core.extensions import Base, db
from app.core.plain import PLAIN
from app.core.transaction import after_commit

# Ids in one statement, far below what any database refuses.
CHUNK = 1000
FREE, BOUND, MISSING = "Se puede eliminar", "Hay registros que dependen de este", "El registro no existe"


@dataclass(frozen=True)
class Dependency:
    """Rows of one table that point at a record through one column."""

    table: str
    count: int
    field: str
    cascade_delete: bool
    message: str

    @classmethod
    def of(cls, key: ForeignKey, count: int) -> "Dependency":
        """`count` rows that point through `key`."""
        table, field = key.parent.table.name, key.parent.name
        label = PLAIN[table].label if table in PLAIN else key.parent.table.info.get("label", table)
        message = f"{count} {'registro' if count == 1 else 'registros'} de «{label}» ({field})"
        return cls(table, count, field, key.ondelete == "CASCADE", message)


@dataclass(frozen=True)
class Verdict:
    """What depends on a record, and which of it stands in the way of deleting the record."""

    found: Sequence[Dependency]
    blocking: Sequence[Dependency]

    def told(self) -> dict[str, Any]:
        """The verdict as the clients read it."""
        return {
            "hasDependencies": bool(self.found),
            "canDelete": not self.blocking,
            "totalDependencies": sum(one.count for one in self.found),
            "message": BOUND if self.blocking else FREE,
        }


NOTHING = Verdict((), ())


def verdicts(model: type[Any], ids: Collection[int]) -> dict[int, Verdict]:
    """What depends on each of the records that something depends on; one query, through every foreign key."""
    keys = list(_keys_to(model.__table__))
    if not keys or not ids:
        return {}
    rows = db.session.execute(union_all(*(_counts(n, key, ids) for n, key in enumerate(keys)))).all()
    found: dict[int, list[tuple[ForeignKey, Dependency]]] = defaultdict(list)
    for number, id, count in rows:
        found[id].append((keys[number], Dependency.of(keys[number], count)))
    return {id: _verdict(pairs) for id, pairs in found.items()}


def _verdict(pairs: list[tuple[ForeignKey, Dependency]]) -> Verdict:
    pairs = sorted(pairs, key=lambda pair: (pair[1].table, pair[1].field))
    return Verdict([one for _, one in pairs], [one for key, one in pairs if _blocks(key)])


def _blocks(key: ForeignKey) -> bool:
    """Whether what points through it is neither deleted together with the record nor lives on without it."""
    return key.ondelete not in ("CASCADE", "SET NULL")


def _keys_to(table: Table) -> Iterator[ForeignKey]:
    for other in db.metadata.sorted_tables:
        yield from (key for key in other.foreign_keys if key.column is table.c.id)


def _counts(number: int, key: ForeignKey, ids: Collection[int]) -> Any:
    column = key.parent
    return select(literal(number), column, func.count()).where(column.in_(ids)).group_by(column)


def verdict_of(record: Any) -> Verdict:
    """What depends on one record."""
    return verdicts(type(record), [record.id]).get(record.id, NOTHING)


def verdict(record: Any) -> dict[str, Any]:
    """Whether the record may be deleted and what depends on it, as the clients read it."""
    found = verdict_of(record)
    return {"id": record.id, **found.told(), "dependencies": [asdict(one) for one in found.found]}


def batch(model: type[Any], ids: Sequence[int]) -> dict[str, Any]:
    """The verdicts of many records by their id; two queries however many there are."""
    possible = [id for id in ids if 0 < id <= records.MAX_ID]
    there = set(db.session.scalars(select(model.id).where(model.id.in_(possible))))
    found = verdicts(model, there)
    gone = {"exists": False, **NOTHING.told(), "canDelete": False, "message": MISSING}
    results = {
        str(id): {"exists": True, **found.get(id, NOTHING).told()} if id in there else gone for id in ids
    }
    return {"results": results, "processed": len(results), "found": len(there)}


def refuse_if_needed(record: Any, label: str) -> None:
    """Raises Conflict, listing what depends on the record, while any of that blocks its deletion."""
    found = verdict_of(record)
    if found.blocking:
        messages = [one.message for one in found.blocking]
        raise Conflict(
            f"{label}: no se puede eliminar porque lo usan {', '.join(messages)}",
            warnings=[asdict(one) for one in found.found],
            blocking_dependencies=len(messages),
            messages=messages,
        )


def remove_free(record: Any, label: str) -> dict[str, int]:
    """Deletes a record that nothing needs, with what goes with it; Conflict while something needs it."""
    refuse_if_needed(record, label)
    return remove_with_dependents(record)


def remove_with_dependents(record: Any) -> dict[str, int]:
    """Deletes the record, the rows that go with it (ON DELETE CASCADE) and whatever depends on those.

    Row by row through the session, so that everybody who listens to it hears of each. The number of rows by table.
    """
    rows = _going_with(record)
    for table in reversed(db.metadata.sorted_tables):
        for row in rows.get(table, []):
            db.session.delete(row)
        if table in rows:
            records.flush()
    _tell_the_freed(rows)
    own = record.__tablename__
    counts = {table.name: len(found) - (table.name == own) for table, found in rows.items()}
    return {table: count for table, count in sorted(counts.items()) if count}


def _tell_the_freed(tables: Iterable[Table]) -> None:
    """Rows that now point at nothing (ON DELETE SET NULL) were changed by the database, unseen by the session."""
    freed = {
        key.parent.table.name for table in tables for key in _keys_to(table) if key.ondelete == "SET NULL"
    }
    if freed:
        after_commit(partial(cache.touch, *freed))


def _going_with(record: Any) -> dict[Table, list[Any]]:
    """The record and all that goes with it, by table."""
    own = record.__table__
    rows: dict[Table, list[Any]] = defaultdict(list, {own: [record]})
    level, seen = {own: [record]}, {id(record)}
    while level:
        deeper: dict[Table, list[Any]] = defaultdict(list)
        for key, row in _next_to(level, own):
            if id(row) not in seen:
                seen.add(id(row))
                deeper[key.parent.table].append(row)
        for table, found in deeper.items():
            rows[table] += found
        level = dict(deeper)
    return dict(rows)


def _next_to(level: dict[Table, list[Any]], own: Table) -> Iterator[tuple[ForeignKey, Any]]:
    for table, found in level.items():
        for key in _keys_to(table):
            # What blocks the record itself has been refused before; what depends on its dependents goes with them.
            if key.ondelete != "SET NULL" and not (table is own and _blocks(key)):
                yield from ((key, row) for row in _rows(key, [one.id for one in found]))


def _rows(key: ForeignKey, ids: Sequence[int]) -> Iterator[Any]:
    """The rows that point at one of `ids` through `key`."""
    model = next(m.class_ for m in Base.registry.mappers if m.local_table is key.parent.table)
    for start in range(0, len(ids), CHUNK):
        yield from db.session.scalars(select(model).where(key.parent.in_(ids[start : start + CHUNK])))
