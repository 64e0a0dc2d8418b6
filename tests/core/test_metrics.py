"""Every figure is documented, and those that alerts and the dashboard ask for exist."""

import json
import re
from collections.abc import Iterator

from flask import Flask
from prometheus_client import REGISTRY

from app.core.settings import ROOT

PREFIXES = (
    *("http_", "cache_", "transaction_", "database_", "ingest_", "live_", "sse_", "report_"),
    *("sensor_", "security_", "auth_", "refresh_"),
)
WORDS = re.compile(rf"\b(?:{'|'.join(PREFIXES)})[a-z_]+\b")


def figures() -> set[str]:
    """Our own figures, by the names that Prometheus shows."""
    names = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    names |= {
        name if metric.type != "counter" else f"{name}_total"
        for metric in REGISTRY.collect()
        for name in [metric.name]
    }
    return {name for name in names if name.startswith(PREFIXES)}


def plain(name: str) -> str:
    return re.sub(r"_(bucket|count|sum|created)$", "", name)


def asked() -> Iterator[str]:
    """What is asked of Prometheus in `deploy/`."""
    alerts = (ROOT / "deploy/prometheus/backfinca-alerts.yml").read_text(encoding="utf-8")
    for expression in re.findall(r"expr:(.*?)\n +(?:for|labels):", alerts, re.DOTALL):
        yield from WORDS.findall(expression)
    board = json.loads((ROOT / "deploy/grafana/backfinca.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield from WORDS.findall(target["expr"])


def test_what_alerts_and_dashboard_ask_for_exists(app: Flask) -> None:
    known = {plain(name) for name in figures()}
    found = {plain(name) for name in asked()}
    assert len(found) > 6
    assert found - known == set()


def test_every_figure_is_documented_and_every_documented_one_exists(app: Flask) -> None:
    page = (ROOT / "docs/watching.md").read_text(encoding="utf-8").split("## Figures")[1].split("\n## ")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    counted = {plain(name) for name in figures()}
    # A counter that nobody has counted yet shows its family's name alone.
    assert named == {name for name in counted if f"{name}_total" not in counted}
