"""What must be computed again when readings come: enough, and no more than that."""

from collections.abc import Callable

import pytest
from biogas.plant import Plant, climbing, days_ago, local_ms, made, new_digester, new_plant
from conftest import Caller
from flask import Flask
from sqlalchemy import delete, func, select

from app.biogas import metering
from app.biogas.models import DirtyDay, MeterDay, ProductionDay
from app.core.extensions import db
from app.core.transaction import transaction
from app.sensors.models import Lease
from app.sensors.roller import Roller
from app.sensors.watchers import Watchers


def roll(app: Flask) -> None:
    """Rolls up what is marked and marks the days; computes none of them."""
    with app.app_context():
        with transaction() as session:
            session.execute(delete(Lease))
        watchers = Watchers(rolled=metering.mark_readings)
        Roller(app, app.config["SETTINGS"], watchers, lambda: None).turn()


def marked(app: Flask) -> set[int]:
    """How many days ago the marked days were."""
    with app.app_context():
        return {(days_ago(0) - day).days for day in db.session.scalars(select(DirtyDay.day))}


def count(app: Flask, model: type[ProductionDay] | type[MeterDay]) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def plant(app: Flask, admin: Caller) -> Plant:
    """A plant with a register that has been read hourly from nine days ago to the end of the day before yesterday."""
    made_plant = new_plant(app, admin, days=9, channels=[{"key": "gas_total_m3"}, {"key": "caudal_gas"}])
    made_plant.read(climbing(local_ms(days_ago(9)), 8 * 24 - 1))
    made_plant.settle()
    return made_plant


def test_todays_reading_marks_its_day_and_those_that_waited_for_it(plant: Plant, app: Flask) -> None:
    plant.read([(local_ms(days_ago(1), 1), 196.5)])
    roll(app)
    assert marked(app) == {1, 2}
    plant.settle()
    plant.read([(local_ms(days_ago(1), 2), 197.0)])
    roll(app)
    assert marked(app) == {1}


def test_a_reading_after_some_silent_days_marks_them_all(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, days=9)
    plant.read(climbing(local_ms(days_ago(9)), 24))
    plant.settle()
    plant.read([(local_ms(days_ago(5), 12), 130.0)])
    roll(app)
    assert marked(app) == {5, 6, 7, 8} | ({9} & marked(app))
    plant.settle()
    daily = plant.actual()["daily_biogas_m3"]
    assert all(volume is not None for volume in daily[:5])
    assert sum(daily[:5]) == pytest.approx(30)


def test_a_dead_channel_does_not_mark_old_days_for_ever(plant: Plant, app: Flask) -> None:
    plant.read([(local_ms(days_ago(9), hour), 0.5) for hour in range(5)], "caudal_gas")
    plant.settle()
    plant.read([(local_ms(days_ago(1), 1), 196.5)])
    roll(app)
    assert marked(app) <= {1, 2}


def test_a_dead_register_does_not_mark_old_days_for_ever(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, days=9, channels=[{"key": "gas_total_m3"}, {"key": "caudal_gas"}])
    plant.read(climbing(local_ms(days_ago(9)), 10))
    for day in range(9, 2, -1):
        plant.read([(local_ms(days_ago(day), hour), 0.5) for hour in range(24)], "caudal_gas")
    plant.settle()
    plant.read([(local_ms(days_ago(2), hour), 0.5) for hour in range(3)], "caudal_gas")
    roll(app)
    assert marked(app) <= {2, 3}


def test_the_temperature_marks_only_its_day(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, days=9, channels=[{"key": "gas_total_m3"}, {"key": "temperatura"}])
    plant.read(climbing(local_ms(days_ago(9)), 8 * 24))
    plant.settle()
    plant.read([(local_ms(days_ago(5), 3), 20.0)], "temperatura")
    roll(app)
    assert marked(app) == {5}
    plant.settle()
    assert plant.actual()["temperature_c"][:6] == [30, 30, 30, 30, 20, 30]


def test_what_measures_no_gas_marks_nothing(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, channels=[{"key": "humedad"}, {"key": "biol_total_m3"}])
    plant.read([(local_ms(days_ago(1), 3), 60.0)], "humedad")
    plant.read([(local_ms(days_ago(1), 3), 60.0)], "biol_total_m3")
    roll(app)
    assert marked(app) == set()


def test_a_device_of_no_digester_marks_nothing(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin)
    made(admin.patch(f"/biogas/digesters/{plant.digester['id']}", json={"devices": []}), 200)
    plant.read(climbing(local_ms(days_ago(2)), 3))
    roll(app)
    assert marked(app) == set()


def test_a_device_that_changes_digesters_takes_its_gas_along(plant: Plant, app: Flask, admin: Caller) -> None:
    other = new_digester(admin, "Dos", devices=[])
    made(admin.patch(f"/biogas/digesters/{plant.digester['id']}", json={"devices": []}), 200)
    plant.settle()
    assert set(plant.actual()["daily_biogas_m3"]) == {None}
    made(admin.patch(f"/biogas/digesters/{other['id']}", json={"devices": ["medidor"]}), 200)
    plant.settle()
    with app.app_context():
        days = db.session.scalars(select(ProductionDay).order_by(ProductionDay.day)).all()
        assert {day.digester_id for day in days} == {other["id"]}
        assert sum(day.volume_m3 for day in days) == pytest.approx((8 * 24 - 1) * 0.5)


def test_a_change_of_zone_cuts_the_days_anew(plant: Plant, app: Flask, admin: Caller) -> None:
    before = count(app, ProductionDay)
    made(admin.patch(f"/biogas/digesters/{plant.digester['id']}", json={"timezone": "Asia/Tokyo"}), 200)
    plant.settle()
    with app.app_context():
        days = list(db.session.scalars(select(ProductionDay).order_by(ProductionDay.day)))
        assert len(days) == before + 1
        assert days[0].volume_m3 == pytest.approx(5.0)  # ten hours of the first day there
        assert sum(day.volume_m3 for day in days) == pytest.approx((8 * 24 - 1) * 0.5)


@pytest.mark.parametrize("late", [0, 1, 2])
def test_the_order_in_which_readings_come_does_not_matter(app: Flask, admin: Caller, late: int) -> None:
    """Three thirds of a series with a reset and a silence, each settled before the next comes."""
    series = [*climbing(local_ms(days_ago(3)), 30), *climbing(local_ms(days_ago(2), 20), 28, first=0.2)]
    thirds = [series[n::3] for n in range(3)]
    order: list[Callable[[], list[tuple[int, float]]]] = [
        lambda n=n: thirds[(late + n) % 3] for n in range(3)
    ]
    plant = new_plant(app, admin, days=3)
    for some in order:
        plant.read(some())
        plant.settle()
    actual = plant.actual()
    with app.app_context(), transaction() as session:
        session.add_all(DirtyDay(digester_id=plant.digester["id"], day=days_ago(n)) for n in range(4))
        session.execute(delete(MeterDay))
        session.execute(delete(ProductionDay))
    plant.settle()
    anew = plant.actual()
    assert anew["daily_biogas_m3"][:3] == pytest.approx(actual["daily_biogas_m3"][:3])
    assert anew["resets"][:3] == actual["resets"][:3] == [0, 1, 0]
    assert sum(actual["daily_biogas_m3"][:3]) == pytest.approx(15 + 0.2 + 14)


def test_an_instant_belongs_to_one_day(plant: Plant, app: Flask) -> None:
    """Midnight itself is the next day's, and no gas is counted twice or lost."""
    with app.app_context():
        total = db.session.scalar(select(func.sum(ProductionDay.volume_m3)))
        samples = db.session.scalar(select(func.sum(ProductionDay.samples)))
    assert total == pytest.approx((8 * 24 - 1) * 0.5)
    assert samples == 8 * 24
