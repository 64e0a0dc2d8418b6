"""The board of servers, made of what their processes told: who is alive, what each does. Arithmetic only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.core import times
from app.core.tally import WINDOW_S, percentile

# Three heartbeats missed; whoever follows the board sees it within ten seconds of the last one.
SILENT_S = 6.0
CLASSES = ("2xx", "3xx", "4xx", "5xx")
Board = dict[str, Any]


def line_of(server_id: str, totals: Mapping[str, int], said: Sequence[Board], now_ms: int) -> Board:
    """A server of the board: its totals, and what its living processes said last, added up."""
    living = [one for one in said if now_ms - one["beat"] <= SILENT_S * 1000]
    buckets: Counter[int] = Counter()
    for one in living:
        buckets.update({int(bucket): count for bucket, count in one["buckets"].items()})
    up_s = max((one["up_s"] for one in living), default=0.0)
    requests, errors = sum(buckets.values()), sum(one["errors"] for one in living)
    # The cache had an answer when it had it whole, and when it knew that the client's still holds.
    hits = totals.get("cache_hit", 0) + totals.get("cache_revalidated", 0)
    looked_up = hits + totals.get("cache_miss", 0)
    return {
        "server_id": server_id,
        "status": "alive" if living else "dead",
        "processes": len(living),
        "uptime_s": round(up_s, 1),
        "last_heartbeat_at": times.iso_ms(totals["seen"]),
        "heartbeat_age_s": round(max(now_ms - totals["seen"], 0) / 1000, 1),
        "requests_total": totals.get("requests", 0),
        "errors_total": totals.get("errors", 0),
        "responses": {name: totals.get(name, 0) for name in CLASSES},
        "requests": requests,
        "share_pct": 0.0,
        "rps": round(requests / max(min(up_s, WINDOW_S), 1.0), 2),
        "error_rate": round(errors / requests, 5) if requests else 0.0,
        "p50_ms": percentile(buckets, 0.5),
        "p95_ms": percentile(buckets, 0.95),
        "p99_ms": percentile(buckets, 0.99),
        "in_flight": sum(one["in_flight"] for one in living),
        "memory_mb": round(sum(one["memory_mb"] for one in living), 1),
        "cache_hit_ratio": round(hits / looked_up, 4) if looked_up else None,
    }


def board_of(server_id: str, lines: list[Board], *, complete: bool) -> Board:
    """All servers, with each one's share of the last minute's requests."""
    requests = sum(line["requests"] for line in lines)
    alive = sum(line["status"] == "alive" for line in lines)
    for line in lines:
        line["share_pct"] = round(100 * line["requests"] / requests, 1) if requests else 0.0
    return {
        "server_id": server_id,
        "complete": complete,
        "window_s": int(WINDOW_S),
        "timestamp": times.iso_ms(times.now_ms()),
        "expected": len(lines),
        "alive": alive,
        "availability_pct": round(100 * alive / len(lines), 1),
        "requests_total": sum(line["requests_total"] for line in lines),
        "servers": lines,
    }


def changes(before: Board | None, now: Board) -> list[Board]:
    """What the earlier load board hears: a message for each server that answered, died or came back since."""
    known = {line["server_id"]: line for line in before["servers"]} if before else {}
    return [
        _message(line, now, died=line["status"] == "dead")
        for line in now["servers"]
        if (line["status"], line["requests_total"])
        != tuple(known.get(line["server_id"], {}).get(name) for name in ("status", "requests_total"))
    ]


def _message(line: Board, board: Board, *, died: bool) -> Board:
    """In the words of that board; it numbers its servers, we name them."""
    message = {
        "server_ip": line["server_id"],
        "server_name": _name(line),
        "status": 0 if died else 200,
        "server_health": line["status"],
        "timestamp": board["timestamp"],
        "stats": {_name(each): each["requests_total"] for each in board["servers"]},
        "total_requests": board["requests_total"],
    }
    return {**message, "server_died": True} if died else message


def _name(line: Board) -> str:
    return f"Server_{line['server_id']}"
