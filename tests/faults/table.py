"""The table of what faults did, in Markdown."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence

from faults.scene import Row

HEADINGS = (
    "fault",
    "reads: failed of all (old answers)",
    "slowest read",
    "writes: refused of all",
    "records lost / doubled",
    "readings acknowledged",
    "lost",
    "doubled: with / without own instant",
    "whole again after",
    "bar",
)


def written(rows: Sequence[Row]) -> str:
    """One line for each fault."""
    lines = [_line(HEADINGS), _line(["---"] * len(HEADINGS)), *(_line(_cells(row)) for row in rows)]
    day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    lines.append(
        f"\nRun of {day}: {os.cpu_count()} cores, load average at the end {os.getloadavg()[0]:.1f}.\n"
    )
    return "".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cells(row: Row) -> list[str]:
    return [
        row.fault,
        f"{row.failed} of {row.reads} ({row.stale})",
        f"{row.slowest_s:.1f} s",
        f"{row.refused} of {row.writes}",
        f"{row.records_lost} / {row.records_doubled}",
        str(row.readings),
        str(row.readings_lost),
        f"{row.readings_doubled} / {row.unstamped_doubled}",
        f"{row.recovery_s:.1f} s",
        f"missed: {', '.join(row.missed)}" if row.missed else "held",
    ]
