"""Fixtures of the sensors room's tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import servers
from sensors.farmyard import Farmyard


def _require(name: str) -> None:
    if servers.available(name):
        return
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{name} is not installed")
    pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="module")
def broker() -> Iterator[servers.Mosquitto]:
    """A broker of this file's own: its tests may restart it."""
    _require("mosquitto")
    with servers.Mosquitto() as running:
        yield running


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[servers.MariaDB]:
    """A MariaDB of this file's own: its tests may stop it."""
    _require("mariadb")
    with servers.MariaDB() as running:
        yield running


@pytest.fixture
def lay(tmp_path: Path) -> Iterator[Callable[..., Farmyard]]:
    """Makes farmyards, and clears them away."""
    laid: list[Farmyard] = []

    def make(database_url: str | None = None, mqtt_url: str = "mqtt://127.0.0.1:9", **more: Any) -> Farmyard:
        url = database_url or f"sqlite:///{tmp_path / 'finca.sqlite3'}"
        laid.append(Farmyard(tmp_path, url, mqtt_url, **more))
        return laid[-1]

    yield make
    for farmyard in laid:
        farmyard.close()


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """An empty database of each kind; None is the embedded one."""
    if request.param == "sqlite":
        return None
    server: servers.MariaDB = request.getfixturevalue("mariadb_server")
    return server.create_database("finca")
