"""The rows of any table as lines of JSON, and back: exact, in the order of the key, a few hundred in memory at a time.

Tables and columns are those the database itself names, not the models': a backup is often made just before the code
moves on. SQLite and MariaDB write the same lines, so that one reads the other's: moments, days and decimals are text,
bytes are {"b": base64}.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.sql import TableClause
from sqlalchemy.sql.elements import quoted_name

# Where Alembic keeps the revision, which the manifest tells instead.
REVISION_TABLE = "alembic_version"
ROWS_READ = 200
ROWS_WRITTEN, BYTES_WRITTEN = 500, 1_000_000


@dataclass(frozen=True)
class Table:
    """A table as its rows are written: what it is called, its columns, and the columns of its key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()

    @property
    def clause(self) -> TableClause:
        columns: list[sa.ColumnClause[Any]] = [sa.column(quoted_name(name, True)) for name in self.columns]
        return sa.table(quoted_name(self.name, True), *columns)


def tables_of(connection: Connection) -> list[Table]:
    """Every table of the database but Alembic's, by name; columns that are computed are left out."""
    present = sa.inspect(connection)
    return [
        Table(
            name,
            tuple(column["name"] for column in present.get_columns(name) if "computed" not in column),
            tuple(present.get_pk_constraint(name)["constrained_columns"]),
        )
        for name in sorted(present.get_table_names())
        if name != REVISION_TABLE
    ]


def revision_of(connection: Connection) -> str | None:
    """Which migration the database is at; None where there has been none."""
    if not sa.inspect(connection).has_table(REVISION_TABLE):
        return None
    revision: str | None = connection.scalar(sa.text(f"SELECT version_num FROM {REVISION_TABLE}"))  # noqa: S608
    return revision


def dump(connection: Connection, table: Table, add: Callable[[bytes], None]) -> int:
    """Hands every row to `add` as lines; how many there were."""
    clause = table.clause
    order = [clause.c[name] for name in table.key or table.columns]
    streaming = connection.execution_options(stream_results=True, yield_per=ROWS_READ)
    number = 0
    for rows in streaming.execute(sa.select(clause).order_by(*order)).partitions():
        add(b"".join(written(row) for row in rows))
        number += len(rows)
    return number


def load(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Inserts the rows of `lines`; how many there were. The transaction is the caller's."""
    statement = _insert(connection, table)
    number = 0
    for rows in _batches(lines):
        # Past SQLAlchemy's types, for the values are the driver's already.
        connection.exec_driver_sql(statement, rows)
        number += len(rows)
    return number


def count(connection: Connection, table: Table) -> int:
    """How many rows the table holds."""
    return connection.scalar(sa.select(sa.func.count()).select_from(table.clause)) or 0


def written(row: Iterable[Any]) -> bytes:
    """A row as its line."""
    return _encode(list(row)).encode() + b"\n"


def read(line: bytes) -> tuple[Any, ...]:
    """The row of a line."""
    values = json.loads(line)
    return tuple(base64.b64decode(value["b"]) if isinstance(value, dict) else value for value in values)


def _insert(connection: Connection, table: Table) -> str:
    quote = connection.dialect.identifier_preparer.quote_identifier
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    columns, marks = ", ".join(map(quote, table.columns)), ", ".join([mark] * len(table.columns))
    return f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})"  # noqa: S608


def _batches(lines: Iterable[bytes]) -> Iterator[list[tuple[Any, ...]]]:
    rows: list[tuple[Any, ...]] = []
    size = 0
    for line in lines:
        rows.append(read(line))
        size += len(line)
        if len(rows) >= ROWS_WRITTEN or size >= BYTES_WRITTEN:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _text(value: Any) -> Any:
    """What JSON has no word for, as SQLAlchemy's SQLite keeps it, which MariaDB reads as well."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
        sign = "-" if value < timedelta() else ""
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"
    if isinstance(value, Decimal):
        return str(value)
    return {"b": base64.b64encode(value).decode("ascii")}


# The numbers of the standard library's encoder are exact: floats by their shortest text, integers of any length.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_text).encode
