"""The servers of the farm: what each of their processes counts, told to all of them through Redis, and who is alive.

A server is a SERVER_ID; its processes are added up. A process tells its figures every two seconds whether it has
requests or not: an idle server is alive, a silent one is dead. Time is Redis' own, so servers whose clocks differ do
not bury each other. Without Redis, or while it is away, a process knows itself alone (`complete` is then false).
"""

import json
import logging
import os
import secrets
import threading
import time
from collections import Counter
from typing import Any

from redis import RedisError

from app.core import redis_places, times
from app.core.board import Board, board_of, line_of
from app.core.errors import TooMany
from app.core.tally import Tally

log = logging.getLogger("backfinca.servers")

BEAT_S = 2.0
# What a process said last is of no use for longer; that there was such a server, for a day.
PROCESS_KEPT_S = 120.0
SERVER_KEPT_S = 86_400.0
PATIENCE_S = 0.5
FRESH_S = 1.0
MOST_STREAMS = 50
PROCESSES, TOTALS = "backfinca:servers:processes", "backfinca:servers:totals"
MEGABYTE = 1024 * 1024


class Servers:
    """This process among the servers. `start` it beside the requests; it also works without, for who asks."""

    def __init__(self, server_id: str, redis_url: str | None, tally: Tally) -> None:
        self.server_id, self.tally = server_id, tally
        self.leaving = threading.Event()
        self._stopping = threading.Event()
        self._began = time.monotonic()
        self._name = ""
        self._streams = 0
        self._lock = threading.Lock()
        self._known: tuple[float, Board] | None = None
        waits = {"connect_s": PATIENCE_S, "answer_s": PATIENCE_S}
        self._redis: Any = redis_places.client(redis_url, **waits) if redis_url else None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to tell how this process is doing."""
        if self._redis is not None:
            self._thread = threading.Thread(target=self._run, name="servers", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Tells the last figures, and that this process is gone; its server is then alive by its others, or dead."""
        self.dismiss_all()
        self._stopping.set()
        if self._thread is None:
            return
        self._thread.join(2 * PATIENCE_S)
        self._thread = None
        try:
            self._tell()
            self._redis.hdel(PROCESSES, self._field())
        except (RedisError, OSError):
            pass

    def dismiss_all(self) -> None:
        """Those who follow the board leave, so that this process can."""
        self.leaving.set()

    def board(self) -> Board:
        """Every server known, as it was at most a second ago."""
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > FRESH_S:
                self._known = (time.monotonic(), self._read())
            return self._known[1]

    def own(self) -> Board:
        """This server's line of the board."""
        return next(line for line in self.board()["servers"] if line["server_id"] == self.server_id)

    def admit(self) -> None:
        """A place for one more who follows the board; TooMany when there is none."""
        with self._lock:
            if self._streams >= MOST_STREAMS:
                raise TooMany("Hay demasiadas conexiones abiertas", retry_after_seconds=30)
            self._streams += 1

    def release(self) -> None:
        """Somebody follows no more."""
        with self._lock:
            self._streams -= 1

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_S):
            try:
                self._tell()
            except (RedisError, OSError) as error:
                log.debug("nobody hears our heartbeat: %s", type(error).__name__)

    def _field(self) -> str:
        # Made late: a process is forked from one that has loaded the application.
        if not self._name.startswith(f"{os.getpid()}-"):
            self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        return f"{self.server_id}|{self._name}"

    def _tell(self) -> int:
        """Our figures to Redis; its clock (ms). Raises RedisError, and tells the same counts the next time."""
        seconds, micros = self._redis.time()
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        counted = self.tally.take()
        try:
            with self._redis.pipeline() as pipe:
                for name, count in counted.items():
                    pipe.hincrby(TOTALS, f"{self.server_id}|{name}", count)
                pipe.hset(TOTALS, f"{self.server_id}|seen", now_ms)
                pipe.hset(PROCESSES, self._field(), json.dumps({"beat": now_ms, **self._figures()}))
                pipe.execute()
        except BaseException:
            self.tally.give_back(counted)
            raise
        return now_ms

    def _figures(self) -> dict[str, Any]:
        window = self.tally.window()
        return {
            "up_s": time.monotonic() - self._began,
            "in_flight": self.tally.in_flight,
            "memory_mb": memory_mb(),
            "errors": window.errors,
            "buckets": dict(window.buckets),
        }

    def _read(self) -> Board:
        if self._redis is not None:
            try:
                return self._read_all()
            except (RedisError, OSError):
                log.warning("Redis out of reach, knowing this process only")
        now_ms = times.now_ms()
        totals = {**self.tally.totals(), "seen": now_ms}
        lines = [line_of(self.server_id, totals, [{"beat": now_ms, **self._figures()}], now_ms)]
        return board_of(self.server_id, lines, complete=self._redis is None)

    def _read_all(self) -> Board:
        now_ms = self._tell()
        processes, totals = self._redis.hgetall(PROCESSES), self._redis.hgetall(TOTALS)
        told: dict[str, list[dict[str, Any]]] = {}
        stale = []
        for field, value in processes.items():
            said = json.loads(value)
            if now_ms - said["beat"] > PROCESS_KEPT_S * 1000:
                stale.append(field)
            told.setdefault(field.decode().rpartition("|")[0], []).append(said)
        counts: dict[str, Counter[str]] = {}
        for field, value in totals.items():
            server_id, _, name = field.decode().rpartition("|")
            counts.setdefault(server_id, Counter())[name] = int(value)
        gone = {name for name, count in counts.items() if now_ms - count["seen"] > SERVER_KEPT_S * 1000}
        self._forget(stale, [field for field in totals if field.decode().rpartition("|")[0] in gone])
        lines = [line_of(i, counts[i], told.get(i, []), now_ms) for i in sorted(counts.keys() - gone)]
        return board_of(self.server_id, lines, complete=True)

    def _forget(self, processes: list[bytes], totals: list[bytes]) -> None:
        if processes:
            self._redis.hdel(PROCESSES, *processes)
        if totals:
            self._redis.hdel(TOTALS, *totals)


def memory_mb() -> float:
    """Memory this process holds (resident set)."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
