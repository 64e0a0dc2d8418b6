"""Which deliveries wait for their acknowledgement, across broken connections. Speaks to no broker."""

import threading
from collections.abc import Iterable

from app.sensors.arrivals import Arrival


class Ledger:
    """Entered by the thread that receives, settled by the one that stores.

    `connection` counts our connections: only on the one it came by is a delivery acknowledged; `session` counts
    the broker's sessions: in a new one its message ids begin anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, Arrival] = {}
        self.connection = 0
        self.session = 0

    def connected(self, *, session_kept: bool) -> None:
        """A new connection, in the same session or another."""
        with self._lock:
            self.connection += 1
            self.session += not session_kept

    def enter(self, arrival: Arrival) -> bool:
        """False for a redelivery of one that still waits here: that one then counts as of this connection."""
        with self._lock:
            known = self._waiting.get(arrival.mid)
            if known is not None and arrival.dup and _same(known, arrival):
                known.connection = arrival.connection
                return False
            self._waiting[arrival.mid] = arrival
            return True

    def settle(self, arrivals: Iterable[Arrival]) -> list[int]:
        """Strikes them out; the message ids of those to acknowledge now, in order.

        The broker delivers the others again, having lost the connection they came by.
        """
        with self._lock:
            struck = [arrival for arrival in arrivals if arrival.qos]
            for arrival in struck:
                if self._waiting.get(arrival.mid) is arrival:
                    del self._waiting[arrival.mid]
            return [arrival.mid for arrival in struck if arrival.connection == self.connection]


def _same(one: Arrival, other: Arrival) -> bool:
    return (one.session, one.topic, one.payload) == (other.session, other.topic, other.payload)
