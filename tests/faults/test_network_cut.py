"""Database, Redis and broker on other hosts, and the cable to each of them cut under load."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from faults.hosts import FarMariaDB, FarMosquitto, FarRedis, Host, permitted
from faults.scene import Fault, Row, Scene
from faults.small import SmallFarm
from server_process import ServerMissing

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(400)]

CUT_S = 10.0


class FarFarm(SmallFarm):
    """Web and ingest here, the rest elsewhere."""

    def __init__(self, stack: ExitStack) -> None:
        self.hosts = {name: Host(number) for number, name in enumerate(("MariaDB", "Redis", "Mosquitto"))}
        for host in self.hosts.values():
            stack.callback(host.remove)
            host.build()
        mariadb = stack.enter_context(FarMariaDB(self.hosts["MariaDB"]))
        redis = stack.enter_context(FarRedis(self.hosts["Redis"]))
        broker = stack.enter_context(FarMosquitto(self.hosts["Mosquitto"]))
        super().__init__(stack, mariadb, redis, broker, mqtt_keepalive_s=5)


def cut(host: Host) -> Fault:
    def fault() -> float:
        with host.cut():
            time.sleep(CUT_S)
        return time.monotonic()

    return fault


@pytest.fixture(scope="module")
def farm() -> Iterator[FarFarm]:
    if not permitted():
        pytest.skip("this process may not make network namespaces")
    with ExitStack() as stack:
        try:
            found = FarFarm(stack)
        except ServerMissing as missing:
            pytest.skip(f"not installed: {missing}")
        yield found
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    assert not any(host.name in left for host in found.hosts.values())


@pytest.mark.parametrize(("part", "qos"), [("MariaDB", 1), ("Redis", 1), ("Mosquitto", 2), ("Mosquitto", 1)])
def test_the_cable_to_a_server_is_cut(farm: FarFarm, told: list[Row], part: str, qos: int) -> None:
    """The sensor without instants of its own sends by that QoS; by 1, it may be counted twice without the broker."""
    farm.unstamped_qos = qos
    chosen = f"; without instants by QoS {qos}" if part == "Mosquitto" else ""
    row = Scene(farm, f"cable to {part} cut for {CUT_S:.0f} s{chosen}").play(
        cut(farm.hosts[part]), cut_off=part == "Mosquitto" and qos == 1
    )
    told.append(row)
    print(row.notes.most_common(5), file=sys.stderr)
    assert row.missed == []
