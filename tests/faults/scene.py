"""A fault, under load, from its beginning to the end of what it caused; and the row of the table that it makes."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymysql
from faults.burden import Readers, Sensor, Wire, Writers
from sensors.farmyard import wait_until

# Before the fault: every web process has answered every list at least once.
WARM_S = 4.0
# After it: what is late must have the time to go wrong.
AFTERMATH_S = 3.0
# What was acknowledged before that long after the fault does not show that anything works again.
SETTLING_S = 1.0
NEVER_S = 90.0
LISTS = [
    "/api/v1/species",
    "/api/v1/breeds",
    "/api/v1/animals?limit=20",
    "/api/v1/diseases",
    "/api/v1/biogas/materials",
    "/api/v1/sensors",
]
Rows = list[tuple[Any, ...]]


@dataclass
class Row:
    """What a fault did."""

    fault: str
    reads: int
    failed: int
    stale: int
    slowest_s: float
    writes: int
    refused: int
    records_lost: int
    records_doubled: int
    readings: int
    readings_lost: int
    readings_doubled: int
    unstamped_doubled: int
    recovery_s: float
    notes: Counter[str]
    # The sensors lost the broker: they send again what it may have taken, and the broker passes both on as two.
    cut_off: bool = False

    @property
    def share(self) -> float:
        return self.failed / max(self.reads, 1)

    @property
    def missed(self) -> list[str]:
        """Which bars it did not reach."""
        bars = {
            "reads": self.share < 0.001,
            "readings lost": self.readings_lost == 0,
            "readings doubled": self.readings_doubled == 0,
            "readings without an instant doubled": self.unstamped_doubled == 0 or self.cut_off,
            "records lost": self.records_lost == 0,
            "records doubled": self.records_doubled == 0,
            "recovery": self.recovery_s < 10,
        }
        return [name for name, held in bars.items() if not held]


class Farm:
    """What a scene needs of a running farm: where to ask, whether it is whole, what it has stored."""

    readers, writers = 4, 2

    url: str
    authority: str | None
    token: str
    animal_id: int

    def sensors(self, name: str) -> list[Sensor]:
        raise NotImplementedError

    def whole(self) -> bool:
        """Whether every part is at work again."""
        raise NotImplementedError

    def rows(self, sql: str) -> Rows:
        raise NotImplementedError

    def wire(self) -> Wire:
        return Wire(self.url, self.authority, self.token)


Fault = Callable[[], float]


class Scene:
    """The load of one scene."""

    def __init__(self, farm: Farm, name: str) -> None:
        self.farm, self.name = farm, name
        self._wires = [farm.wire() for _ in range(farm.readers + farm.writers)]
        self.readers = Readers(self._wires[: farm.readers], LISTS)
        self.writers = Writers(self._wires[farm.readers :], farm.animal_id)
        self.sensors = farm.sensors(f"s{time.time_ns() // 1_000_000 % 10**9}")
        self._crews = [self.readers.crew, self.writers.crew, *(sensor.crew for sensor in self.sensors)]

    def play(self, fault: Fault, *, cut_off: bool = False) -> Row:
        """Breaks something while everybody works, and waits until all is well."""
        for crew in self._crews:
            crew.start()
        try:
            time.sleep(WARM_S)
            began = time.monotonic()
            # Since when it could be whole again: a kill is over at once, a freeze when it is thawed.
            over = fault()
            time.sleep(SETTLING_S)
            whole = self._await_whole()
            time.sleep(AFTERMATH_S)
        finally:
            for crew in self._crews:
                crew.end()
            for wire in self._wires:
                wire.close()
        try:
            wait_until(lambda: not any(sensor.waiting for sensor in self.sensors), "the broker takes all", 60)
            return replace(self._told(began, over, whole), cut_off=cut_off)
        finally:
            for sensor in self.sensors:
                sensor.close()

    def _await_whole(self) -> float:
        deadline = time.monotonic() + NEVER_S
        while time.monotonic() < deadline:
            known = [(sensor, len(sensor.acknowledged)) for sensor in self.sensors]
            if self.farm.whole() and all(len(self._stored(sensor)) >= count for sensor, count in known):
                return time.monotonic()
            time.sleep(0.1)
        return time.monotonic()

    def _stored(self, sensor: Sensor) -> list[int]:
        """The numbers of a sensor that are stored; none while the database cannot say."""
        sql = (
            "SELECT value FROM readings JOIN channels ON channels.id = channel_id"
            f" JOIN devices ON devices.id = device_id WHERE code = '{sensor.code}' AND channels.key = '{sensor.key}'"
        )
        try:
            return [int(value) for (value,) in self.farm.rows(sql)]
        except pymysql.err.Error:
            return []

    def _told(self, began: float, over: float, whole: float) -> Row:
        self._await_readings()
        reads = [asked for asked in self.readers.asked if asked.at + asked.seconds >= began]
        writes = [asked for asked in self.writers.asked if asked.at + asked.seconds >= began]
        failed = [asked for asked in reads if asked.failed]
        refused = [asked for asked in writes if asked.failed]
        trouble = max((asked.at + asked.seconds for asked in [*failed, *refused]), default=over)
        records = Counter(
            text
            for (text,) in self.farm.rows("SELECT description FROM treatments")
            if text in self.writers.named
        )
        stored = [(sensor, Counter(self._stored(sensor))) for sensor in self.sensors]
        return Row(
            self.name, len(reads), len(failed),
            sum(asked.cache == "STALE" for asked in reads),
            max((asked.seconds for asked in reads), default=0.0),
            len(writes), len(refused),
            len(self.writers.acknowledged - records.keys()),
            sum(count - 1 for count in records.values()),
            sum(len(sensor.acknowledged) for sensor, _ in stored),
            sum(len(sensor.acknowledged - counted.keys()) for sensor, counted in stored),
            *(
                sum(count - 1 for sensor, counted in stored for count in counted.values() if sensor.stamped is own)
                for own in (True, False)
            ),
            max(whole, trouble) - over,
            Counter(f"{asked.status} {asked.note}" for asked in [*failed, *refused]),
        )  # fmt: skip

    def _await_readings(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if all(sensor.acknowledged <= set(self._stored(sensor)) for sensor in self.sensors):
                return
            time.sleep(0.2)


def kill(pid: int) -> Fault:
    """SIGKILL to the process and what it has started."""

    def fault() -> float:
        os.killpg(pid, signal.SIGKILL)
        return time.monotonic()

    return fault


def kill_alone(pid: int) -> Fault:
    """SIGKILL to one process; who started it may start another."""

    def fault() -> float:
        os.kill(pid, signal.SIGKILL)
        return time.monotonic()

    return fault


def freeze(pid: int, seconds: float) -> Fault:
    """SIGSTOP, and SIGCONT after a while."""

    def fault() -> float:
        os.killpg(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.killpg(pid, signal.SIGCONT)
        return time.monotonic()

    return fault


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
