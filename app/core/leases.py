"""Rate limits counted in Redis without asking it each time: a process takes a few of the hits that are left at once.

What is taken counts at once for everybody, so a limit is never exceeded; with several processes it may be reached a
few hits early. A limit too small to be shared out is counted hit by hit, as before.
"""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from limits.storage import RedisStorage

SCHEME = "leased+"
# A process takes this part of the limit at once.
SHARES = 50
MOST_KEPT = 10_000
TAKE = b"""
local count = redis.call("incrby", KEYS[1], ARGV[2])
local left = redis.call("ttl", KEYS[1])
if left < 0 then
    redis.call("expire", KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
end
return {count, left}
"""


@dataclass
class Lease:
    """Of a window that ends at `ends`, with `counted` hits for all processes: `spare` of them this one has not used."""

    ends: float
    counted: int = 0
    spare: int = 0


class LeasedRedisStorage(RedisStorage):
    """Redis with leases, for fixed windows. Behind the scheme `leased+redis` and its like."""

    STORAGE_SCHEME: list[str] = [  # noqa: RUF012
        f"{SCHEME}{scheme}" for scheme in ("redis", "rediss", "redis+unix")
    ]

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri.removeprefix(SCHEME), **options)
        self._leases: dict[str, Lease] = {}
        self._taking: set[str] = set()
        self._lock = Lock()
        self._take = self.get_connection().register_script(TAKE)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """How many hits the window has had with this one; above its limit when the hit is one too many."""
        with self._lock:
            lease = self._live(key)
            if lease and lease.spare >= amount:
                lease.spare -= amount
                return lease.counted - lease.spare
            # Of many at once only the first takes a share: all together might take the whole limit, and need little.
            first = key not in self._taking
            self._taking.add(key)
        limit = _limit_of(key)
        size = max(amount, limit // SHARES) if first else amount
        try:
            count, left = self._take([self.prefixed_key(key)], [expiry, size])
        finally:
            if first:
                self._taking.discard(key)
        good = min(size, max(0, limit - (count - size)))
        if good < amount:
            return int(count)
        with self._lock:
            return self._kept(key, time.time() + left, count - (size - good), good - amount)

    def _kept(self, key: str, ends: float, counted: int, spare: int) -> int:
        lease = self._live(key)
        # Of another window nothing is left; whole seconds are all that is known of its end.
        if lease is None or abs(lease.ends - ends) > 1.5:
            self._make_room()
            lease = self._leases[key] = Lease(ends)
        lease.counted = max(lease.counted, counted)
        lease.spare += spare
        return lease.counted - lease.spare

    def get(self, key: str) -> int:
        """How many hits its window has had, as far as this process knows."""
        lease = self._live(key)
        return lease.counted - lease.spare if lease else super().get(key)

    def get_expiry(self, key: str) -> float:
        """When its window ends."""
        lease = self._live(key)
        return lease.ends if lease else super().get_expiry(key)

    def clear(self, key: str) -> None:
        """Forgets a window."""
        self._leases.pop(key, None)
        super().clear(key)

    def reset(self) -> int | None:
        """Forgets all windows."""
        self._leases.clear()
        return super().reset()

    def _live(self, key: str) -> Lease | None:
        lease = self._leases.get(key)
        return lease if lease and time.time() < lease.ends else None

    def _make_room(self) -> None:
        if len(self._leases) < MOST_KEPT:
            return
        now = time.time()
        self._leases = {key: lease for key, lease in self._leases.items() if now < lease.ends}
        if len(self._leases) >= MOST_KEPT:
            self._leases.clear()


def _limit_of(key: str) -> int:
    """The number of hits a window allows: keys end in `<limit>/<multiple>/<unit>`."""
    return int(key.rsplit("/", 3)[1])
