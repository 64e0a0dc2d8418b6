"""Digesters and which devices measure them, through the door."""

from typing import Any

import pytest
from biogas.plant import climbing, days_ago, local_ms, made, new_device, new_digester, new_plant
from conftest import Caller
from flask import Flask


def devices_of(caller: Caller, digester: Any) -> list[str]:
    return list(made(caller.get(f"/biogas/digesters/{digester['id']}/devices"), 200)["devices"])


def test_the_first_digester_takes_the_devices_that_are_there(admin: Caller) -> None:
    new_device(admin, "b")
    new_device(admin, "a")
    first = new_digester(admin, "Uno")
    second = new_digester(admin, "Dos")
    assert devices_of(admin, first) == ["a", "b"]
    assert devices_of(admin, second) == []


def test_no_devices_means_none(admin: Caller) -> None:
    new_device(admin, "a")
    assert devices_of(admin, new_digester(admin, "Uno", devices=[])) == []


def test_devices_named_are_all_it_has(admin: Caller) -> None:
    for code in ("a", "b", "c"):
        new_device(admin, code)
    digester = new_digester(admin, "Uno", devices=["c", "a", "a"])
    assert devices_of(admin, digester) == ["a", "c"]
    path = f"/biogas/digesters/{digester['id']}"
    made(admin.patch(path, json={"devices": ["b"]}), 200)
    assert devices_of(admin, digester) == ["b"]
    made(admin.patch(path, json={"place": "Vega"}), 200)
    assert devices_of(admin, digester) == ["b"]
    made(admin.patch(path, json={"devices": []}), 200)
    assert devices_of(admin, digester) == []


def test_a_device_measures_one_digester(admin: Caller) -> None:
    new_device(admin, "a")
    new_digester(admin, "Uno", devices=["a"])
    second = new_digester(admin, "Dos")
    for answer in (
        admin.post("/biogas/digesters", json={"name": "Tres", "volume_m3": 1, "devices": ["a"]}),
        admin.patch(f"/biogas/digesters/{second['id']}", json={"devices": ["a"]}),
    ):
        assert answer.status_code == 409
        assert answer.json["error"]["details"]["conflict"]["field"] == "devices"
    assert len(made(admin.get("/biogas/digesters"), 200)) == 2


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("volume_m3", [0.1, 1_000_000], [0, -1, 1_000_001]),
        ("meter_temperature_c", [-10, 80], [-10.1, 80.1]),
        ("meter_pressure_hpa", [500, 1500], [499, 1501, 0]),
        ("max_rate_m3h", [0.01, 100_000], [0, 100_001]),
        (
            "timezone",
            ["UTC", "Europe/Madrid", "America/Managua"],
            ["", "Bogota/", "/etc", "..", "posix/../UTC", 5],
        ),
        ("name", ["x" * 120], ["x" * 121, ""]),
        ("place", ["x" * 120, None], ["x" * 121]),
    ],
)
def test_bounds(admin: Caller, field: str, good: list[Any], bad: list[Any]) -> None:
    body = {"name": "Uno", "volume_m3": 50}
    for value in bad:
        answer = admin.post("/biogas/digesters", json={**body, field: value})
        assert answer.status_code == 422, value
        assert set(answer.json["error"]["details"]["validation_errors"]) == {field}
    for value in good:
        digester = made(admin.post("/biogas/digesters", json={**body, field: value}))
        made(admin.delete(f"/biogas/digesters/{digester['id']}"), 200)


def test_a_digester_without_fillings_takes_its_days_along(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin)
    plant.read(climbing(local_ms(days_ago(2)), 24))
    plant.settle()
    made(admin.delete(f"/biogas/fillings/{plant.filling['id']}"), 200)
    made(admin.delete(f"/biogas/digesters/{plant.digester['id']}"), 200)
    assert made(admin.get("/sensors/medidor"), 200)["code"] == "medidor"


def test_a_new_device_measures_another_zone_by_its_days(app: Flask, admin: Caller) -> None:
    """Days are cut where the digester is: the same readings, another midnight."""
    plant = new_plant(app, admin, days=2, timezone="Asia/Tokyo")
    zone = plant.digester["timezone"]
    plant.read(climbing(local_ms(plant.first_day, 0, zone), 24))
    plant.settle()
    assert plant.actual()["daily_biogas_m3"][0] == pytest.approx(12.0)
