"""What an import looks up for all its rows at once: the records that rows refer to, and those that exist already."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import String, select, tuple_

from app.core.errors import Invalid
from app.core.extensions import db
from app.core.plain import Plain, Reference
from app.core.records import flush, id_in

AT_ONCE = 500
Key = tuple[Hashable, ...]


def plain_key(value: Any) -> Hashable:
    """What makes two keys the same: texts regardless of case, as people and MariaDB read them."""
    return value.casefold() if isinstance(value, str) else value


class Targets:
    """The records that cells of one readable-key column mean."""

    def __init__(self, reference: Reference, cells: Iterable[Any]) -> None:
        self.reference = reference
        self._text = isinstance(reference.model.__table__.columns[reference.by].type, String)
        self._found: dict[Hashable, list[Any]] = {}
        column = getattr(reference.model, reference.by)
        if self._text and db.engine.dialect.name == "sqlite":
            # MariaDB reads texts regardless of case by itself.
            column = column.collate("NOCASE")
        wanted = {key for cell in cells if (key := self._asked(cell)) is not None}
        for some in _pieces(sorted(wanted, key=str)):
            for record in db.session.scalars(select(reference.model).where(column.in_(some))):
                self._found.setdefault(plain_key(getattr(record, reference.by)), []).append(record)

    def id_of(self, cell: Any) -> int:
        """The id of the record that a cell means. Raises Invalid on the column when it is none or several.

        A record of the same file that still waits to be stored is stored now, with all that wait beside it.
        """
        found = self._found.get(plain_key(self._asked(cell)), [])
        exact = [record for record in found if getattr(record, self.reference.by) == self._asked(cell)]
        found = exact or found
        if len(found) == 1:
            if found[0].id is None:
                flush()
            return int(found[0].id)
        reason = f"Hay {len(found)} con «{cell}»; use la columna del id" if found else f"«{cell}» no existe"
        raise Invalid(fields={self.reference.header: reason})

    def learn(self, record: Any) -> None:
        """Takes in a record that the import has just stored, for the rows that refer to it."""
        found = self._found.setdefault(plain_key(getattr(record, self.reference.by)), [])
        if record not in found:
            found.append(record)

    def _asked(self, cell: Any) -> Any:
        if self._text:
            return str(cell)
        return (
            cell
            if isinstance(cell, int)
            else id_in(str(cell)) or (int(cell) if str(cell).isdigit() else None)
        )


class Existing:
    """The stored records that rows may mean, by their natural key and by id."""

    def __init__(self, plain: Plain, keys: Iterable[Key], ids: Iterable[int]) -> None:
        self._plain = plain
        self._by_key: dict[Key, list[Any]] = {}
        self._by_id: dict[int, Any] = {}
        columns = [getattr(plain.model, name) for name in plain.keys]
        for some in _pieces(list(keys) if columns else []):
            self._take(select(plain.model).where(tuple_(*columns).in_(some)))
        for some in _pieces(sorted(set(ids))):
            self._take(select(plain.model).where(plain.model.id.in_(some)))

    def _take(self, query: Any) -> None:
        for record in db.session.scalars(query):
            self.learn(record)

    def learn(self, record: Any) -> None:
        """Takes in a record, also one that the import has just stored."""
        if record.id is None or record.id not in self._by_id:
            self._by_key.setdefault(self._key(record), []).append(record)
        if record.id is not None:
            self._by_id[record.id] = record

    def find(self, key: Key | None, id: int | None) -> Any:
        """The record that a row means, or None when it is new. Raises Invalid when it could be several.

        The key goes first, so that an export may be brought to another farm, whose ids are others; a record found by
        id alone is one whose key is to be changed.
        """
        same = self._by_key.get(tuple(map(plain_key, key)), []) if key else []
        by_id = self._by_id.get(id) if id else None
        if len(same) > 1 and by_id not in same:
            raise Invalid(
                fields={self._plain.keys[-1]: f"Hay {len(same)} registros iguales; agregue la columna id"}
            )
        if by_id is not None and (by_id in same or not same):
            return by_id
        return same[0] if same else None

    def _key(self, record: Any) -> Key:
        return tuple(plain_key(getattr(record, name)) for name in self._plain.keys)


def hold(models: Mapping[type[Any], set[int]], altered: Collection[type[Any]]) -> list[Any]:
    """The records with these ids; while the list is kept, the session finds them without asking the database.

    Nobody changes them until this transaction ends, so that what the rules see of them stays true. The `altered` nobody
    else holds either: of two imports that share them and then want them alone, neither would get them.
    """
    held: list[Any] = []
    for model, ids in models.items():
        for some in _pieces(sorted(ids)):
            query = select(model).where(model.id.in_(some)).order_by(model.id)
            query = query.with_for_update(read=model not in altered)
            held += db.session.scalars(query.execution_options(populate_existing=True))
    return held


def _pieces(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
