"""Each part of the stack killed and frozen under load: the table of docs/reliability.md."""

from __future__ import annotations

import json
import sys
import time

import pytest
from faults.scene import Fault, Row, Scene, children, freeze, kill, kill_alone
from faults.stacked import StackFarm
from sensors.farmyard import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(600)]

FROZEN_S = 10.0
PARTS = {
    "web process": "backfinca:web-2",
    "ingest": "backfinca:ingest",
    "MariaDB": "servers:mariadb",
    "Redis": "servers:redis",
    "Mosquitto": "servers:mosquitto",
}


def played(farm: StackFarm, told: list[Row], name: str, fault: Fault) -> Row:
    row = Scene(farm, name).play(fault, cut_off=name.startswith("Mosquitto"))
    told.append(row)
    print(json.dumps(row.notes.most_common(5), ensure_ascii=False, indent=1), file=sys.stderr)
    return row


@pytest.mark.faults
@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_killed(farm: StackFarm, told: list[Row], part: str) -> None:
    row = played(farm, told, f"{part} killed", kill(farm.pid(PARTS[part])))
    assert row.missed == []


@pytest.mark.faults
@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_frozen(farm: StackFarm, told: list[Row], part: str) -> None:
    row = played(farm, told, f"{part} frozen for {FROZEN_S:.0f} s", freeze(farm.pid(PARTS[part]), FROZEN_S))
    assert row.missed == []


def test_shortly(farm: StackFarm, told: list[Row]) -> None:
    """A little of the above for every run of the suite; time is not judged here."""
    worker = children(farm.pid("backfinca:web-1"))[0]
    faults = {
        "a worker of a web process killed": kill_alone(worker),
        "MariaDB killed": kill(farm.pid(PARTS["MariaDB"])),
        "Redis frozen for 3 s": freeze(farm.pid(PARTS["Redis"]), 3),
        "ingest killed": kill(farm.pid(PARTS["ingest"])),
    }
    for name, fault in faults.items():
        row = Scene(farm, name).play(fault)
        # Of a few hundred reads one is more than the bar's 0.1 %; the long run, of thousands, holds to it.
        passed_over = {"recovery", "reads"} if row.failed <= 1 else {"recovery"}
        assert set(row.missed) <= passed_over, (name, row)


def test_all_renewed_one_after_the_other(farm: StackFarm, told: list[Row]) -> None:
    """A new release: each process is told in its turn, nobody notices."""
    before = {name: farm.pid(f"backfinca:{name}") for name in ("web-1", "web-2", "web-3", "ingest")}
    workers = {name: children(pid) for name, pid in before.items() if name != "ingest"}

    def renew() -> float:
        for name, old in workers.items():
            farm.stack.run("ctl", "signal", "HUP", f"backfinca:{name}")
            wait_until(lambda n=name, o=old: not set(o) & set(children(before[n])), f"{name} has new workers")
            wait_until(farm.whole, "it answers")
        farm.stack.run("ctl", "restart", "backfinca:ingest")
        return time.monotonic()

    row = played(farm, told, "all processes renewed, one after the other", renew)
    assert (set(row.missed) <= {"recovery"}, row.failed, row.refused) == (True, 0, 0), row
    assert farm.pid("backfinca:ingest") != before["ingest"]
