"""Each part of the stack killed and frozen under load: the table of docs/reliability.md."""

from __future__ import annotations

import json
import sys

import pytest
from faults.scene import Fault, Row, Scene, freeze, kill
from faults.stacked import StackFarm

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
    row = Scene(farm, name).play(fault)
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
