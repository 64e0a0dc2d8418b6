"""What points at a record, counted through every foreign key of the schema, and what that forbids."""

from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from queries import queries
from users.folk import bestow, own_id

from app.core.dependencies import dependencies_of, refuse_if_needed, verdict
from app.core.errors import Conflict
from app.core.extensions import db
from app.core.transaction import transaction
from app.sensors.models import Channel, Device, Reading
from app.users.models import User


@pytest.fixture
def channel(app: Flask) -> int:
    """The id of a channel with three readings, beside one that has none."""
    with app.app_context(), transaction() as session:
        device = Device(code="gas-1", name="Gas")
        session.add(device)
        session.flush()
        kept = [
            Channel(device_id=device.id, key=key, name=key, quantity="temperature", kind="gauge", unit="°C")
            for key in "ab"
        ]
        session.add_all(kept)
        session.flush()
        session.add_all(Reading(channel_id=kept[0].id, ts_ms=ts_ms, value=1.0) for ts_ms in range(3))
        return kept[0].id


def counted(record: Any) -> dict[tuple[str, str], int]:
    return {(one.table, one.field): one.count for one in dependencies_of(record)}


def test_what_would_be_left_lame_forbids(app: Flask, channel: int) -> None:
    with app.app_context():
        record = db.session.get_one(Channel, channel)
        assert counted(record) == {("readings", "channel_id"): 3}
        told = verdict(record)
        assert (told["hasDependencies"], told["canDelete"], told["totalDependencies"]) == (True, False, 3)
        with pytest.raises(Conflict) as caught:
            refuse_if_needed(record, "El canal")
    details = caught.value.details
    assert (details["blocking_dependencies"], len(details["messages"])) == (1, 1)
    warning = details["warnings"][0]
    assert (warning["table"], warning["count"], warning["field"]) == ("readings", 3, "channel_id")
    assert (warning["cascade_delete"], warning["blocks"]) == (False, True)
    assert "3 registros" in warning["message"]


def test_what_is_deleted_together_forbids_nothing(app: Flask, admin: Caller) -> None:
    user_id = own_id(admin)
    bestow(app, user_id, {"users.view": True, "biogas.view": False})
    with app.app_context():
        user = db.session.get_one(User, user_id)
        found = {one.table: (one.count, one.cascade_delete, one.blocks) for one in dependencies_of(user)}
        assert found == {
            "permission_grants": (2, True, False),
            "sessions": (1, True, False),
        }
        assert verdict(user)["canDelete"] is True
        refuse_if_needed(user, "La persona")


def test_a_record_nothing_points_at(app: Flask, channel: int) -> None:
    with app.app_context():
        other = db.session.query(Channel).filter(Channel.id != channel).one()
        assert verdict(other) == {
            "id": other.id,
            "hasDependencies": False,
            "canDelete": True,
            "totalDependencies": 0,
            "message": "Se puede eliminar",
            "dependencies": [],
        }


def test_it_costs_one_query_for_each_foreign_key(app: Flask, channel: int) -> None:
    keys = [
        key
        for table in db.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is Channel.__table__
    ]
    with app.app_context():
        record = db.session.get_one(Channel, channel)
        with queries(app) as seen:
            dependencies_of(record)
    assert len(seen) == len(keys)
