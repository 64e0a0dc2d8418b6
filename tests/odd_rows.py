"""Rows of every kind of trouble for every table a database has, whatever its tables are; and all rows of one, raw."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, types

ROWS = 4
KEPT = "alembic_version"
INTEGERS = [0, 7, 2**31 - 1, -5]
BIG = [0, 2**63 - 1, -(2**63), 9_007_199_254_740_993]
FLOATS = [0.1 + 0.2, 1.7976931348623157e308, -2.2250738585072014e-308, 1 / 3]
DAYS = ["2024-02-29", "1900-01-01", "9999-12-31", "2026-11-20"]
BYTES = [bytes(range(256)), b"\x00'\"\\%\n\xff\x1a", bytes(8), b"\xc3\x28 ? %s"]
TEXTS = [
    "Ñandú 🐄 «mú» ’",
    "'; DROP TABLE users; -- \" \\ % _ %s ? :x {b} \r\n\t",
    '{"b": "bm8="}',
    "NULL",
]
JSON = '{"ñ": [1, 2.5, null, "🐄 \'\\"\\\\"]}'


def fill(connection: Connection, *, micros: str = "000000") -> None:
    """Puts `ROWS` rows into every table, each referring to rows that are there; commits."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(
            "SET SESSION sql_mode = CONCAT_WS(',', @@sql_mode, 'NO_AUTO_VALUE_ON_ZERO')"
        )
    tables = sa.MetaData()
    tables.reflect(connection)
    made: dict[tuple[str, str], list[Any]] = {}
    for table in tables.sorted_tables:
        if table.name != KEPT:
            rows = [_row(connection, table, number, made, micros) for number in range(ROWS)]
            # Some migrations bring rows of their own.
            keys = [tuple(row[column.name] for column in table.primary_key) for row in rows]
            taken = {tuple(row) for row in connection.execute(sa.select(*table.primary_key))}
            plain = sa.table(table.name, *(sa.column(name) for name in rows[0]))
            connection.execute(
                sa.insert(plain), [row for row, key in zip(rows, keys, strict=True) if key not in taken]
            )
    connection.commit()


def stored(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table as the driver gives it, in one order; the revision too."""
    found = {}
    for name in sa.inspect(connection).get_table_names():
        columns = sorted(column["name"] for column in sa.inspect(connection).get_columns(name))
        rows = connection.execute(sa.select(*(sa.column(c) for c in columns)).select_from(sa.table(name)))
        found[name] = sorted((tuple(row) for row in rows), key=repr)
    connection.rollback()
    return found


def _row(
    connection: Connection, table: sa.Table, number: int, made: dict[tuple[str, str], list[Any]], micros: str
) -> dict[str, Any]:
    documents = _documents(connection, table.name)
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.computed is not None:
            continue
        row[column.name] = _value(column, number, made, micros, documents)
        made.setdefault((table.name, column.name), []).append(row[column.name])
    return row


def _value(
    column: sa.Column[Any],
    number: int,
    made: dict[tuple[str, str], list[Any]],
    micros: str,
    documents: set[str],
) -> Any:
    if column.nullable and number == 0:
        return None
    for key in column.foreign_keys:
        there = made.get((key.column.table.name, key.column.name), [])
        return there[number % len(there)] if there else None
    if column.name in documents:
        return JSON
    return _plain_value(column.type, number, micros)


def _plain_value(kind: Any, number: int, micros: str) -> Any:
    if isinstance(kind, types.Boolean) or getattr(kind, "display_width", None) == 1:
        return number % 2
    if isinstance(kind, types.JSON):
        return JSON
    if isinstance(kind, types.DateTime):
        return f"{DAYS[number]} 23:59:5{number}.{micros}"
    if isinstance(kind, types.Date):
        return DAYS[number]
    if isinstance(kind, types.Time):
        return f"23:59:5{number}.{micros}"
    if isinstance(kind, types.BigInteger):
        return BIG[number]
    if isinstance(kind, types.SmallInteger):
        return number
    if isinstance(kind, types.Integer):
        return INTEGERS[number]
    if isinstance(kind, types.Float | types.Double):
        return FLOATS[number]
    if isinstance(kind, types.Numeric):
        return f"{number}.5"
    if isinstance(kind, types._Binary):
        # SQLite has forgotten how long they may be: short enough for any.
        length = min(kind.length or 8, 300)
        return (bytes([number]) + BYTES[number]).ljust(length, b"\x01")[:length]
    assert isinstance(kind, types.String), kind
    # Different in their first letter, so that short and unique columns hold them too.
    return f"{number}{TEXTS[number]}"[: kind.length or 300]


def _documents(connection: Connection, table: str) -> set[str]:
    """MariaDB keeps JSON as text with a check; those columns take documents alone."""
    if connection.dialect.name == "sqlite":
        return set()
    checks = connection.scalars(
        sa.text(
            "SELECT check_clause FROM information_schema.check_constraints"
            " WHERE constraint_schema = DATABASE() AND table_name = :name"
        ),
        {"name": table},
    )
    return {found[1] for check in checks if (found := re.match(r"json_valid\(`(\w+)`\)", check))}
