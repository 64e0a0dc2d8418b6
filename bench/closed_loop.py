"""A load of so many connections, each asking again as soon as it is answered; every answer is looked at."""

import re
import selectors
import socket
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TICKS = 100  # /proc counts the processors' time in hundredths of a second


@dataclass
class Load:
    """What came of it; `cpu_s` is the processors' time of the serving process."""

    answers: int
    seconds: float
    cpu_s: float
    latencies_s: list[float]

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu_s / self.answers

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Connection:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""
        self.asked_at = 0.0

    def ask(self, request: bytes) -> None:
        self.asked_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> tuple[int, bytes, bytes] | None:
        """Status, head and body of the answer; None while it is not whole."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError(f"the server hung up after {self._held[:200]!r}")
        self._held += piece
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._held[:end]
        status = int(head[9:12])
        length = LENGTH.search(head)
        size = int(length[1]) if length and status != 304 else 0
        if len(self._held) < end + 4 + size:
            return None
        body, self._held = self._held[end + 4 : end + 4 + size], b""
        return status, head, body


def get(port: int, path: str, **headers: str) -> bytes:
    """A request; `If_None_Match="..."` for the header of that name."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: */*"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(port: int, request: bytes) -> tuple[int, bytes, bytes]:
    """One answer."""
    connection = Connection(port)
    try:
        connection.ask(request)
        while (found := connection.take()) is None:
            pass
        return found
    finally:
        connection.socket.close()


def press(
    port: int, pid: int, requests: list[bytes], status: int, seconds: float, connections: int = 16
) -> Load:
    """Asks the requests in turn for so long; raises when an answer has another status than expected."""
    chooser = selectors.DefaultSelector()
    following = cycle(requests)
    opened = [Connection(port) for _ in range(connections)]
    latencies: list[float] = []
    cpu, started = cpu_seconds(pid), time.perf_counter()
    for one in opened:
        chooser.register(one.socket, selectors.EVENT_READ, one)
        one.ask(next(following))
    until = started + seconds
    waiting = connections
    while waiting:
        for key, _events in chooser.select():
            connection = key.data
            found = connection.take()
            if found is None:
                continue
            now = time.perf_counter()
            if found[0] != status:
                raise AssertionError(f"{found[0]} instead of {status}: {found[2][:300]!r}")
            latencies.append(now - connection.asked_at)
            if now < until:
                connection.ask(next(following))
            else:
                waiting -= 1
    taken, cpu = time.perf_counter() - started, cpu_seconds(pid) - cpu
    for one in opened:
        one.socket.close()
    return Load(len(latencies), taken, cpu, latencies)


def cpu_seconds(pid: int) -> float:
    """The processors' time, of user and system, that a process and its children have had."""
    total = 0.0
    for one in (pid, *_children(pid)):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [found for child in text.split() for found in (int(child), *_children(int(child)))]
