"""What every node of a cluster must hold after a test: everything acknowledged, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cluster.load import Load
from galera import Cluster, Node
from sensors.farmyard import wait_until

READINGS = (
    "SELECT value FROM readings JOIN channels ON channels.id = channel_id"
    " WHERE channels.key = 'n' ORDER BY value"
)


def rows(node: Node, sql: str) -> Sequence[tuple[object, ...]]:
    """What that node says, once it has all that the others have committed."""
    with node.connect("farm") as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION wsrep_sync_wait = 1")
        cursor.execute(sql)
        return list(cursor.fetchall())


def require_each_once(cluster: Cluster, *loads: Load) -> None:
    """Every record that was acknowledged is on every node, under the id that was told, and once."""
    told = {key: id for load in loads for key, id in load.writes.acknowledged.items()}
    for node in cluster.nodes:
        stored = rows(node, "SELECT description, id FROM controls WHERE description IS NOT NULL")
        mine = [(key, id) for key, id in stored if key in told]
        assert dict(mine) == told, node.node
        assert len(mine) == len(told), [key for key, n in Counter(key for key, _ in mine).items() if n > 1]


def require_readings(cluster: Cluster, count: int) -> None:
    """Every reading that the broker took is on every node, once."""
    wait_until(lambda: len(rows(cluster.alive(), READINGS)) >= count, f"{count} readings")
    for node in cluster.nodes:
        assert [value for (value,) in rows(node, READINGS)] == list(range(count)), node.node
