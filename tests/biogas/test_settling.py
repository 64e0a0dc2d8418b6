"""Computing marked days: whatever happens in the middle, no mark is lost before its day is computed."""

import datetime as dt
from typing import Any

import pytest
from biogas.plant import Plant, climbing, days_ago, local_ms, made, new_digester, new_plant
from conftest import Caller
from flask import Flask
from sqlalchemy import delete, insert, select, text

from app.biogas import settling
from app.biogas.models import Digester, DirtyDay, ProductionDay
from app.core.extensions import db
from app.core.transaction import transaction


class Killed(BaseException):
    """The process ends here."""


def marks(app: Flask) -> list[dt.date]:
    with app.app_context():
        return sorted(set(db.session.scalars(select(DirtyDay.day))))


def computed(app: Flask) -> list[dt.date]:
    with app.app_context():
        return sorted(db.session.scalars(select(ProductionDay.day)))


def mark(app: Flask, plant: Plant, *days: dt.date) -> None:
    with app.app_context(), transaction() as session:
        rows = [{"digester_id": plant.digester["id"], "day": day} for day in days]
        session.execute(insert(DirtyDay), rows)


@pytest.fixture
def plant(app: Flask, admin: Caller) -> Plant:
    """Three days measured and computed, then computed no more: all are marked, none is stored."""
    made_plant = new_plant(app, admin, days=3)
    made_plant.read(climbing(local_ms(days_ago(3)), 72))
    made_plant.settle()
    with app.app_context(), transaction() as session:
        session.execute(delete(ProductionDay))
    mark(app, made_plant, *(days_ago(n) for n in (3, 2, 1)))
    return made_plant


def test_every_marked_day_is_computed_and_told_once(plant: Plant, app: Flask) -> None:
    told: list[tuple[int, dt.date, float]] = []
    mark(app, plant, days_ago(2), days_ago(2))
    with app.app_context():
        settling.settle_all(lambda digester, day: told.append((digester.id, day.day, day.volume_m3)))
    assert told == [(plant.digester["id"], days_ago(n), pytest.approx(12)) for n in (3, 2, 1)]
    assert marks(app) == []


def test_killed_between_two_days_nothing_is_lost(plant: Plant, app: Flask) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with app.app_context(), pytest.raises(Killed):
        settling.settle_all(killed)
    assert computed(app) == [days_ago(3)]
    assert marks(app) == [days_ago(2), days_ago(1)]
    plant.settle()
    assert computed(app) == [days_ago(n) for n in (3, 2, 1)]
    assert plant.actual()["daily_biogas_m3"][:3] == pytest.approx([12, 12, 12])


def test_a_day_that_cannot_be_computed_keeps_its_marks(
    plant: Plant, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE digesters SET timezone = 'Marte/Olimpo'"))
    with app.app_context():
        settling.settle_all(lambda *_: None)
    assert "a day could not be computed" in caplog.text
    assert marks(app) == [days_ago(n) for n in (3, 2, 1)]
    assert computed(app) == []
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE digesters SET timezone = 'America/Bogota'"))
    plant.settle()
    assert plant.actual()["daily_biogas_m3"][:3] == pytest.approx([12, 12, 12])


def test_a_day_that_cannot_be_computed_holds_up_no_other(plant: Plant, app: Flask, admin: Caller) -> None:
    other = new_digester(admin, "Antes", timezone="UTC")
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE digesters SET timezone = 'Marte/Olimpo' WHERE name = 'Antes'"))
        session.add(DirtyDay(digester_id=other["id"], day=days_ago(30)))
    plant.settle()
    assert computed(app) == [days_ago(n) for n in (3, 2, 1)]
    assert marks(app) == [days_ago(30)]


def test_a_mark_that_comes_during_the_computation_stays(plant: Plant, app: Flask) -> None:
    late: list[dt.date] = []

    def mark_again(_digester: Digester, day: ProductionDay) -> None:
        if day.day == days_ago(3) and not late:
            late.append(day.day)
            mark(app, plant, day.day)

    with app.app_context():
        assert settling.settle(mark_again, hurry=True) == 3
    assert marks(app) == [days_ago(3)]


def test_marks_of_a_digester_that_is_gone_go_too(plant: Plant, app: Flask, admin: Caller) -> None:
    made(admin.delete(f"/biogas/fillings/{plant.filling['id']}"), 200)
    made(admin.delete(f"/biogas/digesters/{plant.digester['id']}"), 200)
    mark(app, plant, days_ago(1))
    plant.settle()
    assert (marks(app), computed(app)) == ([], [])


def test_a_day_is_not_computed_again_at_once(plant: Plant, app: Flask) -> None:
    with app.app_context():
        assert settling.settle(lambda *_: None, hurry=True) == 3
        mark(app, plant, days_ago(2))
        assert settling.settle(lambda *_: None) == 0
        assert settling.pending(plant.digester["id"])
        assert settling.settle(lambda *_: None, hurry=True) == 1
        assert not settling.pending(plant.digester["id"])


def test_computing_a_day_renews_what_is_shown_of_it(plant: Plant, app: Flask, admin: Caller) -> None:
    before = plant.production()
    assert before["pending"] is True
    assert before["actual"]["daily_biogas_m3"][:3] == [None, None, None]
    plant.settle()
    after = plant.production()
    assert after["pending"] is False
    assert after["actual"]["cumulative_biogas_m3"][2] == pytest.approx(36)
