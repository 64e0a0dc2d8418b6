"""Devices by state as a figure: right on both databases, in one question, and asked now and then only."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY
from queries import queries
from sensors.farmyard import Farmyard
from sqlalchemy import text

from app.core.extensions import db
from app.sensors.census import EVERY_S, STATES, Census

# (status, online, last heard), and how such a device is counted.
KINDS = [
    ("active", True, 5, "online"),
    ("active", True, None, "online"),
    ("active", False, 5, "silent"),
    ("active", False, None, "awaited"),
    ("pending", True, 5, "quarantine"),
    ("pending", False, None, "quarantine"),
    ("disabled", True, 5, "disabled"),
    ("disabled", False, 5, "disabled"),
]


@pytest.fixture
def farm(lay: Callable[..., Farmyard], database_url: str | None) -> Farmyard:
    return lay(database_url)


def settle(farm: Farmyard, *kinds: tuple[str, bool, int | None]) -> None:
    """Puts a device of each of these kinds into the database."""
    with farm.app.app_context():
        for status, online, heard in kinds:
            number = db.session.execute(text("SELECT COUNT(*) FROM devices")).scalar_one()
            db.session.execute(
                text(
                    "INSERT INTO devices (code, name, kind, status, expected_interval_s, online, last_seen_ms,"
                    " created_at, updated_at) VALUES (:code, 'x', 'sensor', :status, 60, :online, :heard,"
                    " '2026-01-01', '2026-01-01')"
                ),
                {"code": f"d{number}", "status": status, "online": online, "heard": heard},
            )
        db.session.commit()


def told() -> dict[str, float | None]:
    return {state: REGISTRY.get_sample_value("sensor_devices", {"state": state}) for state in STATES}


def test_every_kind_of_device_is_counted_in_one_question(farm: Farmyard) -> None:
    settle(farm, *(kind[:3] for kind in KINDS for _ in range(3)))
    census = Census(farm.app)
    with queries(farm.app) as seen:
        census.take_if_due()
    expected = {state: 3.0 * sum(kind[3] == state for kind in KINDS) for state in STATES}
    assert told() == expected
    assert REGISTRY.get_sample_value("sensor_last_seen_timestamp") == 0.005
    assert len(seen) == 1


def test_it_is_taken_now_and_then_and_forgets_who_is_gone(
    farm: Farmyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(farm, ("pending", False, None))
    census = Census(farm.app)
    census.take_if_due()
    with farm.app.app_context():
        db.session.execute(text("DELETE FROM devices"))
        db.session.commit()
    census.take_if_due()
    assert told()["quarantine"] == 1
    census._due -= EVERY_S
    census.take_if_due()
    assert set(told().values()) == {0}
