"""A queue that is full, and clocks that jump: what is seldom, and has to cost nothing either."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import servers
from faults.scene import Fault, Row, Scene
from faults.small import SmallFarm
from server_process import Server, ServerMissing

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(400)]

FULL_S = 8.0
WRONG_S = 8.0


def laid(stack: ExitStack, kind: type[SmallFarm] = SmallFarm, **settings: object) -> SmallFarm:
    try:
        found = [
            stack.enter_context(server()) for server in (servers.MariaDB, servers.Redis, servers.Mosquitto)
        ]
    except ServerMissing as missing:
        pytest.skip(f"not installed: {missing}")
    return kind(stack, *found, **settings)


class HastyFarm(SmallFarm):
    """Its sensors send much more than fits into the queue."""

    sensor_pause_s = 0.002


def frozen(server: Server) -> Fault:
    def fault() -> float:
        server.freeze()
        time.sleep(FULL_S)
        server.thaw()
        return time.monotonic()

    return fault


def test_a_full_queue(told: list[Row]) -> None:
    with ExitStack() as stack:
        farm = laid(stack, HastyFarm, mqtt_queue_size=100, mqtt_batch_size=50)
        row = Scene(farm, f"ingest's queue full (100 messages), MariaDB frozen for {FULL_S:.0f} s").play(
            frozen(farm.mariadb)
        )
    told.append(row)
    print(row.notes.most_common(5), file=sys.stderr)
    assert row.missed == []


class Clock:
    """By how many seconds the clocks of the processes are wrong that are started with its `environment`."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no compiler here")
        self.place, library = folder / "clock", folder / "wrong_clock.so"
        source = Path(__file__).with_name("wrong_clock.c")
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lm"], check=True
        )
        self.place.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self.place)}

    def jump(self, seconds: float) -> None:
        with self.place.open("r+b") as file:
            file.write(struct.pack("d", seconds))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_clock_that_jumps_and_is_put_right(clock: Clock, told: list[Row], minutes: int) -> None:
    def fault() -> float:
        clock.jump(60 * minutes)
        time.sleep(WRONG_S)
        clock.jump(0)
        return time.monotonic()

    with ExitStack() as stack:
        farm = laid(stack, **clock.environment)
        name = f"clocks of web and ingest jump by {minutes:+} min, and back after {WRONG_S:.0f} s"
        row = Scene(farm, name).play(fault)
    told.append(row)
    print(row.notes.most_common(5), file=sys.stderr)
    assert row.missed == []


def test_the_clock_is_really_wrong(clock: Clock) -> None:
    """The above would say nothing if the library did nothing."""
    clock.jump(600)
    program = [sys.executable, "-c", "import time; print(time.time()); time.sleep(0.01)"]
    environment = {**os.environ, **clock.environment}
    told = subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout
    assert float(told) - time.time() > 500
