"""The writes of a batch as few, large statements, for MariaDB/MySQL and SQLite. Decides nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from app.sensors.models import Reject

# Far below the server's max_allowed_packet (16 MB): a reading is some 35 bytes, a message up to 130 KB.
ROWS_PER_STATEMENT = 5000
BYTES_PER_STATEMENT = 1_000_000
IGNORE = {"sqlite": "INSERT OR IGNORE", "mysql": "INSERT IGNORE", "mariadb": "INSERT IGNORE"}
Rows = Sequence[tuple[Any, ...]]
Span = tuple[int, int, int]


def chunks(rows: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """`rows` in lists of at most `size`."""
    rows = iter(rows)
    while part := list(islice(rows, size)):
        yield part


def _on_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _verb(connection: Connection, ignore: bool) -> str:
    return IGNORE[connection.dialect.name] if ignore else "INSERT"


def _many(connection: Connection, sql: str, rows: Rows) -> int:
    """Rows written by one parametrised statement for all `rows`; `?` marks a parameter."""
    statement = sql if _on_sqlite(connection) else sql.replace("?", "%s")
    return _count(connection, statement, list(rows)) if rows else 0


def _count(connection: Connection, sql: str, rows: Any = ()) -> int:
    result = connection.exec_driver_sql(sql, rows, execution_options={"preserve_rowcount": True})
    return result.rowcount


def insert_messages(connection: Connection, rows: Rows, *, ignore: bool) -> int:
    """How many of (device_id, ts_ms, digest, received_ms, topic, payload) were new."""
    columns = "(device_id, ts_ms, digest, received_ms, topic, payload)"
    into = f"{_verb(connection, ignore)} INTO messages {columns} VALUES "
    if _on_sqlite(connection):
        return _many(connection, into + "(?, ?, ?, ?, ?, ?)", rows)
    # Bytes as hexadecimal digits: nothing to escape, and several times as fast as the driver's parameters.
    literals = [
        f"({i},{ts_ms},x'{digest.hex()}',{at_ms},_utf8mb4 x'{topic.encode().hex()}',x'{payload.hex()}')"
        for i, ts_ms, digest, at_ms, topic, payload in rows
    ]
    return sum(_count(connection, into + ",".join(part)) for part in _by_size(literals))


def insert_readings(connection: Connection, rows: list[tuple[int, int, float]], *, ignore: bool) -> int:
    """How many of (channel_id, ts_ms, value) were new."""
    into = f"{_verb(connection, ignore)} INTO readings (channel_id, ts_ms, value) VALUES "
    if _on_sqlite(connection):
        return _many(connection, into + "(?, ?, ?)", rows)
    # Numbers only, written by repr: twice as fast as parameters, and nothing in them to escape.
    return sum(
        _count(connection, into + ",".join([f"({c},{t},{v!r})" for c, t, v in part]))
        for part in chunks(rows, ROWS_PER_STATEMENT)
    )


def insert_marks(connection: Connection, rows: Iterable[tuple[int, int]]) -> None:
    """Marks (channel_id, bucket_ms) as changed."""
    into = "INSERT INTO dirty_buckets (channel_id, bucket_ms) VALUES "
    for part in chunks(rows, ROWS_PER_STATEMENT):
        connection.exec_driver_sql(into + ",".join([f"({c},{b})" for c, b in part]))


def upsert_deliveries(connection: Connection, rows: Rows) -> None:
    """Keeps (client_id, mid, seq, digest), the newest of each message id."""
    into = "INSERT INTO deliveries (client_id, mid, seq, digest) VALUES (?, ?, ?, ?)"
    _many(connection, into + _on_clash(connection, ("client_id", "mid"), ("seq", "digest")), rows)


def _by_size(literals: Iterable[str]) -> Iterator[list[str]]:
    """In parts that each fit into a packet of the server."""
    part: list[str] = []
    size = 0
    for literal in literals:
        if part and size + len(literal) > BYTES_PER_STATEMENT:
            yield part
            part, size = [], 0
        part.append(literal)
        size += len(literal)
    if part:
        yield part


def _on_clash(connection: Connection, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    if _on_sqlite(connection):
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{name} = VALUES({name})" for name in columns)


def count_refusals(connection: Connection, counts: Counter[str], now_ms: int) -> None:
    """Adds to the tally of each reason."""
    add = (
        "ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms"
        if _on_sqlite(connection)
        else "ON DUPLICATE KEY UPDATE count = count + VALUES(count), last_ms = VALUES(last_ms)"
    )
    # Always in the same order, so that two processes cannot wait for each other.
    rows = [(reason, count, now_ms) for reason, count in sorted(counts.items())]
    _many(connection, f"INSERT INTO reject_counts (reason, count, last_ms) VALUES (?, ?, ?) {add}", rows)  # noqa: S608


def keep_rejects(connection: Connection, rows: list[dict[str, Any]], most: int) -> None:
    """Adds to the refused messages shown to people, and lets go of all but the last `most`."""
    if not rows:
        return
    connection.execute(insert(Reject), rows[-most:])
    oldest = select(Reject.id).order_by(Reject.id.desc()).offset(most).limit(1)
    if (last := connection.execute(oldest).scalar_one_or_none()) is not None:
        connection.execute(delete(Reject).where(Reject.id <= last))


def touch_devices(connection: Connection, rows: list[tuple[int, int | None, bool]]) -> None:
    """Writes when devices were last heard (None: leave it) and whether they are online: (id, ms, online)."""
    if not rows:
        return
    rows = sorted(rows)
    seen = " ".join(f"WHEN {i} THEN {ms}" for i, ms, _ in rows if ms is not None)
    online = " ".join(f"WHEN {i} THEN {int(state)}" for i, _, state in rows)
    changes = [f"online = CASE id {online} ELSE online END"]
    changes += [f"last_seen_ms = CASE id {seen} ELSE last_seen_ms END"] if seen else []
    ids = ",".join(str(i) for i, _, _ in rows)
    connection.exec_driver_sql(f"UPDATE devices SET {', '.join(changes)} WHERE id IN ({ids})")  # noqa: S608


def stored_messages(connection: Connection, instants: dict[int, set[int]]) -> set[tuple[int, int, bytes]]:
    """The (device_id, ts_ms, digest) stored at these instants of each device."""
    columns = "device_id, ts_ms, digest"
    parts = [_at("messages", columns, "device_id", i, at) for i, at in instants.items()]
    return {(i, ts_ms, bytes(digest)) for i, ts_ms, digest in _union(connection, parts)}


def stored_readings(connection: Connection, instants: dict[int, set[int]]) -> set[tuple[int, int]]:
    """The (channel_id, ts_ms) that already have a value, of these instants of each channel."""
    parts = [_at("readings", "channel_id, ts_ms", "channel_id", i, at) for i, at in instants.items()]
    return {(i, ts_ms) for i, ts_ms in _union(connection, parts)}


def stored_values(connection: Connection, spans: Iterable[Span]) -> dict[tuple[int, int], float]:
    """The value at each (channel_id, ts_ms) within the spans (channel_id, from_ms, to_ms)."""
    query = "SELECT channel_id, ts_ms, value FROM readings WHERE channel_id = {} AND ts_ms BETWEEN {} AND {}"
    parts = [query.format(*span) for span in spans]
    return {(i, ts_ms): value for i, ts_ms, value in _union(connection, parts)}


def _at(table: str, columns: str, owner: str, owner_id: int, instants: set[int]) -> str:
    listed = ",".join(str(int(ts_ms)) for ts_ms in instants)
    return f"SELECT {columns} FROM {table} WHERE {owner} = {int(owner_id)} AND ts_ms IN ({listed})"  # noqa: S608


def _union(connection: Connection, parts: list[str]) -> Iterable[Any]:
    for some in chunks(parts, 100):
        yield from connection.exec_driver_sql(" UNION ALL ".join(some))
