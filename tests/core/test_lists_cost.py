"""What lists cost: few questions, the index that gives the order, and rows written as their shape says."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conftest import Caller
from core.pasture import child, controls, herd, paddock, put
from flask import Flask
from queries import queries
from sqlalchemy import event, text

from app.core.extensions import db
from app.core.http import written
from app.core.plain import PLAIN
from app.herd.models import Animal
from app.land.models import AnimalField

PATHS = {
    "animals": "/animals",
    "breeds": "/breeds",
    "species": "/species",
    "controls": "/controls",
    "fields": "/fields",
    "animal_fields": "/animal-fields",
    "materials": "/biogas/materials",
}


@pytest.fixture
def farm(app: Flask, admin: Caller) -> Caller:
    herd(app, 10)
    controls(app, 3, 5)
    paddock(app)
    day = dt.date(2026, 1, 2)
    put(
        app,
        AnimalField,
        [{"id": 1, "animal_id": 3, "field_id": 1, "assignment_date": day, "open_animal_id": 3}],
    )
    return admin


@pytest.mark.parametrize("table", PATHS)
def test_rows_are_written_as_their_shape_says(app: Flask, farm: Caller, table: str) -> None:
    listing = PLAIN[table].listing
    rows = farm.get(f"{PATHS[table]}?sort=id").json["data"]
    with app.app_context():
        query = listing.joined(db.select(*(one.label(name) for name, one in listing.columns.items())))
        stored = db.session.execute(query.order_by(listing.table.c.id)).mappings().all()
        expected = [written(listing.shape, dict(row)) for row in stored]
    assert rows == expected
    assert list(rows[0]) == list(expected[0])


def test_a_count_joins_nothing_that_no_condition_needs(app: Flask, farm: Caller) -> None:
    for query, joined in (("sex=Macho", False), ("search=cria", False), ("species_id=1", True)):
        with queries(app) as seen:
            assert farm.get(f"/animals?limit=1&{query}").status_code == 200
        count = next(one for one in seen if "count(" in one)
        assert ("JOIN" in count) is joined
        assert all("INNER" not in one and "LEFT OUTER JOIN" in one for one in seen if "LIMIT" in one)


@pytest.mark.parametrize("table", ["animals", "controls"])
def test_the_own_order_is_read_from_its_index(app: Flask, admin: Caller, table: str) -> None:
    herd(app, 0)
    put(app, Animal, [child(n) for n in range(3, 2000)])
    controls(app, 3, 2000)
    with executed(app) as seen:
        cursor = admin.get(f"{PATHS[table]}?limit=50&cursor_mode=1").json["meta"]["pagination"]["next_cursor"]
        admin.get(f"{PATHS[table]}?limit=50&cursor={cursor}")
        admin.get(f"{PATHS[table]}?limit=50")
    ordered = [one for one in seen if "ORDER BY" in one[0]]
    assert len(ordered) == 3
    with app.app_context():
        mariadb = db.engine.dialect.name == "mysql"
        db.session.execute(text(f"ANALYZE TABLE {table}" if mariadb else "ANALYZE"))
        for statement, values in ordered:
            explain = "EXPLAIN " if mariadb else "EXPLAIN QUERY PLAN "
            plan = db.session.connection().exec_driver_sql(explain + statement, values).mappings().all()
            (reads_mariadb if mariadb else reads_sqlite)(plan, f"ix_{table}_updated_at_created_at_id")


@contextmanager
def executed(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """The statements executed inside the block, with their values."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        seen.append((statement, values))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def reads_mariadb(plan: Any, index: str) -> None:
    assert plan[0]["key"] == index, plan
    assert not [row for row in plan if {"filesort", "temporary"} & set((row["Extra"] or "").split())], plan


def reads_sqlite(plan: Any, index: str) -> None:
    details = [row["detail"] for row in plan]
    assert any(index in one for one in details), details
    assert not any("TEMP B-TREE" in one for one in details), details
