"""The faults' ground: the stack, and the table that is made of what happened."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy.test_stack import Stack
from faults.scene import Row
from faults.stacked import SETTINGS, StackFarm
from faults.table import written

from scripts.stack.places import missing_packages

ROOT = Path(__file__).resolve().parents[2]
ROWS: list[Row] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "faults: minutes of faults under load; runs only with `make test-faults`"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("FAULTS"):
        return
    long = [item for item in items if item.get_closest_marker("faults")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not ROWS:
        return
    terminalreporter.section("faults")
    text = written(ROWS)
    terminalreporter.write(text)
    if os.environ.get("FAULTS") == "write":
        page = ROOT / "docs" / "reliability.md"
        before, mark, rest = page.read_text().partition("<!-- table -->\n")
        _, end, after = rest.partition("<!-- end of table -->")
        page.write_text(before + mark + text + end + after)


@pytest.fixture
def told() -> list[Row]:
    """Where a scene's row goes."""
    return ROWS


@pytest.fixture(scope="module")
def farm() -> Iterator[StackFarm]:
    """The stack, up."""
    if missing := missing_packages():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"not installed: {missing}")
        pytest.skip(f"not installed: {missing}")
    stack = Stack(Path(tempfile.mkdtemp(prefix="finca-faults-")))
    try:
        stack.run("up", *SETTINGS)
        yield StackFarm(stack)
    finally:
        stack.close()
