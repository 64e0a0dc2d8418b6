"""A list of 100 animals and one animal: BackFinca beside FastAPI with SQLAlchemy's asyncio and Django REST framework.

Run: python bench/records.py [--rounds 5] [--seconds 1.5]. Starts its own MariaDB and Redis and, one process each, the
three applications and a bare Flask application; one table of 5000 animals, the same statements (outer joins, in the
order of the key), the same answers (compared before anything is measured), a signed token of a known person asked by
all. What the peers need is in bench/requirements.txt and goes into .venv-bench at the first run.

Cold: nothing kept is used (`cache_bust`); five pages, or a hundred animals, in turn. Warm: the same addresses again,
answered from what is kept; and 304 for who has the answer. What a peer has no means for is measured as it is: FastAPI
answers anew, Django reckons its ETag from an answer made anew. Ours also counts the request against the limits, logs
it, counts it for Prometheus and asks Redis; its peers do nothing of that. Only the limit is raised, or it would be hit.

The servers take turns in each round, so what else the machine does meets all of them. Ratios are of neighbours in a
round, their median, smallest and largest; CPU is user and system time of the serving process.
"""

import argparse
import json
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

from closed_loop import Load, answer, get, press
from records_servers import BARE, DRF, FASTAPI, OURS, started

PAGE, PAGES, ITEMS = 100, 5, 100
WARM_UP_S = 1.0
BARE_EMPTY, OUR_EMPTY = "empty route", "our empty"
MOST = 1.5  # times as long as an empty route
COLD_LIST, COLD_ITEM, WARM_LIST, WARM_ITEM = "list, cold", "item, cold", "list, warm", "item, warm"
SAME_LIST, SAME_ITEM = "list, 304", "item, 304"


class Case(NamedTuple):
    """What a server is asked: requests in turn, each answered with `status`. `name` tells its cases of a kind apart."""

    kind: str
    server: str
    requests: list[bytes]
    status: int = 200
    name: str = ""

    @property
    def label(self) -> str:
        return self.name or self.server


def main() -> None:
    """Measures and prints; exit code 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--only", default="", help="a regular expression: the cases to measure")
    asked = parser.parse_args()
    with ExitStack() as stack:
        servers = started(stack)
        cases = [case for case in _cases(servers) if re.search(asked.only, case.kind)]
        loads = _measured(cases, servers, asked.rounds, asked.seconds)
    _print_loads(loads)
    sys.exit(not _print_ratios(loads))


def _cases(servers: dict[str, Any]) -> Iterator[Case]:
    """Every server's part of every kind, once all have given the same answers."""
    token = servers[OURS].log_in()
    bearer = {"Authorization": f"Bearer {token}"}
    lists = [f"/api/v1/animals?sort_by=id&sort_order=asc&limit={PAGE}&page={n + 1}" for n in range(PAGES)]
    items = [f"/api/v1/animals/{n + 1}" for n in range(ITEMS)]
    farms = [name for name in (OURS, FASTAPI, DRF) if name in servers]
    for path in (*lists, *items[::5]):
        _compare(
            {name: answer(servers[name].port, get(servers[name].port, path, **bearer)) for name in farms}
        )
    for name in farms:
        port = servers[name].port
        # A peer has nothing to be kept from using.
        bust = "cache_bust=1" if name == OURS else ""
        yield Case(COLD_LIST, name, [get(port, f"{path}&{bust}", **bearer) for path in lists])
        yield Case(COLD_ITEM, name, [get(port, f"{path}?{bust}", **bearer) for path in items])
        yield Case(WARM_LIST, name, [get(port, path, **bearer) for path in lists])
        yield Case(WARM_ITEM, name, [get(port, path, **bearer) for path in items])
        for kind, paths in ((SAME_LIST, lists), (SAME_ITEM, items)):
            tags = [_tag(answer(port, get(port, path, **bearer))[1]) for path in paths]
            asked = [
                get(port, path, **bearer, If_None_Match=tag) for path, tag in zip(paths, tags, strict=True)
            ]
            yield Case(kind, name, asked, 304 if tags[0] else 200)
            if name == OURS:
                yield Case(kind, BARE, [get(servers[BARE].port, "/empty")], name=BARE_EMPTY)
                yield Case(kind, OURS, [get(port, "/bench/empty", **bearer)], name=OUR_EMPTY)


def _compare(answers: dict[str, tuple[int, bytes, bytes]]) -> None:
    told = {name: json.loads(body) for name, (_status, _head, body) in answers.items()}
    for name, body in told.items():
        if body != told[OURS] or not body["data"]:
            raise AssertionError(f"{name} answers {str(body)[:1500]}\nbut {OURS} {str(told[OURS])[:1500]}")


def _tag(head: bytes) -> str:
    lines = dict(line.partition(": ")[::2] for line in head.decode().lower().split("\r\n"))
    return lines.get("etag", "")


def _measured(
    cases: list[Case], servers: dict[str, Any], rounds: int, seconds: float
) -> dict[str, dict[str, list[Load]]]:
    """Loads by kind and server, one a round; the servers of a kind are measured one right after the other."""
    kinds = list(dict.fromkeys(case.kind for case in cases))
    loads: dict[str, dict[str, list[Load]]] = {kind: {} for kind in kinds}
    for number in range(-1, rounds):
        for kind in kinds:
            turns = [case for case in cases if case.kind == kind]
            for case in turns[number % len(turns) :] + turns[: number % len(turns)]:
                server = servers[case.server]
                load = press(
                    server.port, server.pid, case.requests, case.status, seconds if number >= 0 else WARM_UP_S
                )
                if number >= 0:
                    loads[kind].setdefault(case.label, []).append(load)
    return loads


def _print_loads(loads: dict[str, dict[str, list[Load]]]) -> None:
    print(f"{'':<13}{'':<12}{'req/s':>8} {'(of rounds)':>15} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8}")
    for kind, servers in loads.items():
        for name, found in servers.items():
            rates = [load.rate for load in found]
            middle = [statistics.median(load.quantile_ms(share) for load in found) for share in (0.5, 0.99)]
            cpu = statistics.median(load.cpu_ms for load in found)
            spread = f"{min(rates):.0f}..{max(rates):.0f}"
            print(
                f"{kind:<13}{name:<12}{statistics.median(rates):>8.0f} {spread:>15}"
                f" {middle[0]:>8.2f} {middle[1]:>8.2f} {cpu:>8.3f}"
            )


def _print_ratios(loads: dict[str, dict[str, list[Load]]]) -> bool:
    """The bars; whether all that were measured are met."""
    met = True
    print("\nours against a peer, requests a second (and CPU a request); bar: more than 1")
    for kind in (COLD_LIST, COLD_ITEM, WARM_LIST, WARM_ITEM, SAME_LIST, SAME_ITEM):
        for peer in (FASTAPI, DRF):
            if peer in loads.get(kind, {}):
                ratio = _ratio(loads[kind][OURS], loads[kind][peer], lambda load: load.rate)
                cpu = _ratio(loads[kind][peer], loads[kind][OURS], lambda load: load.cpu_ms)
                met &= _told(f"{kind:<12} {peer:<8}", ratio, cpu, ratio[0] > 1)
    print(f"\nan empty route against our 304, the same two ratios; bar: at most {MOST}")
    for kind in (SAME_LIST, SAME_ITEM):
        for floor in (BARE_EMPTY, OUR_EMPTY):
            if kind in loads:
                ratio = _ratio(loads[kind][floor], loads[kind][OURS], lambda load: load.rate)
                cpu = _ratio(loads[kind][OURS], loads[kind][floor], lambda load: load.cpu_ms)
                met &= _told(f"{kind:<12} {floor:<11}", ratio, cpu, ratio[0] <= MOST)
    return met


def _ratio(
    ones: list[Load], others: list[Load], value: Callable[[Load], float]
) -> tuple[float, float, float]:
    found = [value(one) / value(other) for one, other in zip(ones, others, strict=True)]
    return statistics.median(found), min(found), max(found)


def _told(name: str, ratio: tuple[float, float, float], cpu: tuple[float, float, float], met: bool) -> bool:
    rate, low, high = ratio
    print(
        f"  {name} {rate:6.2f} ({low:.2f}..{high:.2f})   CPU {cpu[0]:6.2f} ({cpu[1]:.2f}..{cpu[2]:.2f})"
        f"   {'met' if met else 'MISSED'}"
    )
    return met


if __name__ == "__main__":
    main()
