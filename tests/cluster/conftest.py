"""The servers in plural. All but the short tests take minutes: `make test-cluster` runs them, the suite does not."""

from collections.abc import Iterator

import pytest
from cluster.farm import Say
from galera import Cluster
from server_process import ServerMissing


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "cluster: several nodes of a server, wounded under load; takes minutes"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "cluster" in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("cluster")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Three nodes, all of them well: whoever hurts one heals it."""
    try:
        whole = Cluster()
    except ServerMissing as missing:
        pytest.skip(f"not installed: {missing}")
    with whole:
        yield whole


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Prints a line of docs/clusters.md's table, past pytest."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", flush=True)

    return line
