"""The shortest scene of a cluster: a node dies, and the farm writes to the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import migrate, person, settings_for
from flask import Flask
from galera import Cluster

from app import create_app
from app.activity import chain
from app.core.extensions import db
from app.users.permissions import Role

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.cluster]


@pytest.fixture
def app(cluster: Cluster, tmp_path: Path) -> Iterator[Flask]:
    """The application in this process, on all three nodes."""
    app = create_app(settings_for(tmp_path, database_url=cluster.create_database("short")))
    with app.app_context():
        migrate()
    yield app
    with app.app_context():
        db.engine.dispose()


def test_the_node_that_is_written_to_dies(app: Flask, cluster: Cluster) -> None:
    admin = person(app, Role.ADMIN)
    first, *_ = cluster.nodes
    kept = [admin.post("/species", json={"name": "Bovina"}).json["data"]["id"]]
    first.kill()
    try:
        for name in ("Ovina", "Caprina"):
            headers = {"Idempotency-Key": name}
            answers = [admin.post("/species", json={"name": name}, headers=headers) for _ in range(3)]
            assert {answer.status_code for answer in answers} <= {201, 503}
            assert answers[-1].status_code == 201
            kept.append(answers[-1].json["data"]["id"])
        listed = admin.get("/species?sort_by=id&sort_order=asc").json["data"]
        assert [one["id"] for one in listed] == sorted(kept)
        with app.app_context():
            assert chain.verify().broken_id is None
            db.session.rollback()
    finally:
        first.start()
