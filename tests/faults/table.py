"""The table of what faults did, in Markdown."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence

from faults.scene import Row

HEAD = (
    "| fault | reads: failed of all (old answers) | slowest read | writes: refused of all | records lost / doubled |"
    " readings acknowledged, lost / doubled | whole again after | bar |\n|---|---|---|---|---|---|---|---|\n"
)


def written(rows: Sequence[Row]) -> str:
    """One line for each fault."""
    day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    load = os.getloadavg()[0]
    foot = f"\nRun of {day}, {os.cpu_count()} cores, load average at the end {load:.1f}.\n"
    return HEAD + "".join(_line(row) for row in rows) + foot


def _line(row: Row) -> str:
    missed = ", ".join(row.missed)
    return (
        f"| {row.fault} | {row.failed} of {row.reads} ({row.stale}) | {row.slowest_s:.1f} s |"
        f" {row.refused} of {row.writes} | {row.records_lost} / {row.records_doubled} |"
        f" {row.readings}, {row.readings_lost} / {row.readings_doubled} | {max(row.recovery_s, 0):.1f} s |"
        f" {f'missed: {missed}' if missed else 'held'} |\n"
    )
