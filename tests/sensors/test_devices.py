"""Devices and channels through the door: registering, declaring, approving, deleting."""

from typing import Any

import pytest
from biogas.plant import climbing, days_ago, local_ms, made, new_device, new_plant
from conftest import Caller
from flask import Flask

from app.core.transaction import transaction
from app.sensors.models import Device


def wrong_fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return set(answer.json["error"]["details"]["validation_errors"])


def pending(app: Flask, code: str = "nuevo") -> None:
    """A device as quarantine leaves it."""
    with app.app_context(), transaction() as session:
        session.add(Device(code=code, name=code, status="pending"))


def test_a_device_with_what_its_keys_mean(admin: Caller) -> None:
    keys = ["gas_total_m3", "caudal_gas", "presion", "algo"]
    device = new_device(admin, "Nodo-1.a:b_c", [{"key": key} for key in keys])
    assert (device["code"], device["name"], device["kind"]) == ("Nodo-1.a:b_c", "Nodo-1.a:b_c", "sensor")
    assert (device["status"], device["online"], device["last_seen_ms"]) == ("active", False, None)
    channels = {c["key"]: (c["quantity"], c["kind"], c["unit"]) for c in device["channels"]}
    assert channels == {
        "gas_total_m3": ("gas", "total", "m3"),
        "caudal_gas": ("gas", "increment", "m3"),
        "presion": ("pressure", "gauge", "hPa"),
        "algo": ("algo", "gauge", ""),
    }
    assert made(admin.get("/sensors/Nodo-1.a:b_c"), 200) == device
    assert made(admin.get(f"/sensors/{device['id']}"), 200) == device
    assert made(admin.get(f"/sensors/{device['id']}/"), 200) == device


@pytest.mark.parametrize("code", ["", "con espacio", "ñ", "a/b", "x" * 65, None, "a\nb", "#", "+"])
def test_a_code_fits_in_a_topic(admin: Caller, code: Any) -> None:
    assert wrong_fields(admin.post("/sensors", json={"code": code})) == {"code"}


def test_codes_are_compared_to_the_letter(admin: Caller) -> None:
    first, second = new_device(admin, "a1"), new_device(admin, "A1")
    assert first["id"] != second["id"]
    assert made(admin.get("/sensors/A1"), 200)["id"] == second["id"]


def test_a_code_goes_before_an_id(admin: Caller) -> None:
    first = new_device(admin, "uno")
    digits = new_device(admin, str(first["id"]))
    assert made(admin.get(f"/sensors/{first['id']}"), 200)["code"] == digits["code"]
    assert made(admin.get("/sensors/uno"), 200)["id"] == first["id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expected_interval_s", 0),
        ("expected_interval_s", -1),
        ("expected_interval_s", 1e9),
        ("status", "pending"),
        ("status", "roto"),
        ("kind", ""),
        ("name", "x" * 121),
        ("channels", "gas"),
        ("channels", [{"key": str(n)} for n in range(65)]),
        ("channels", [{}]),
        ("channels", [{"key": "k", "kind": "raro"}]),
        ("channels", [{"key": "k", "capacity": 0}]),
        ("channels", [{"key": "k", "max_rate_m3h": -1}]),
        ("channels", [{"key": "k", "min_value": "NaN"}]),
        ("channels", [{"key": "k", "min_value": 5, "max_value": 5}]),
        ("channels", [{"key": "\u200b"}]),
        ("channels", [{"key": "k", "name": ""}]),
        ("channels", [{"key": "k", "quantity": None}]),
    ],
)
def test_what_cannot_be_declared_names_its_field(admin: Caller, field: str, value: Any) -> None:
    found = wrong_fields(admin.post("/sensors", json={"code": "uno", field: value}))
    assert {name.split(".")[0] for name in found} == {field}
    assert admin.get("/sensors").json["data"] == []


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_only_the_keys_present_change(admin: Caller, verb: str) -> None:
    before = new_device(admin, "uno", [{"key": "gas", "unit": "L", "capacity": 1000}, {"key": "presion"}])
    change = {"place": "Vega", "channels": [{"key": "gas", "kind": "total"}]}
    after = made(getattr(admin, verb)("/sensors/uno", json=change), 200)
    assert (after["place"], after["name"], after["expected_interval_s"]) == ("Vega", "uno", 3600)
    channels = {channel["key"]: channel for channel in after["channels"]}
    assert set(channels) == {"gas", "presion"}
    kept = {name: channels["gas"][name] for name in ("kind", "unit", "capacity")}
    assert kept == {"kind": "total", "unit": "L", "capacity": 1000}
    assert channels["presion"] == next(c for c in before["channels"] if c["key"] == "presion")
    assert len(made(admin.patch("/sensors/uno", json={"channels": [{"key": "nuevo"}]}), 200)["channels"]) == 3
    assert made(admin.patch("/sensors/uno", json={}), 200)["place"] == "Vega"


@pytest.mark.parametrize("field", ["name", "kind", "status", "expected_interval_s"])
def test_no_required_field_becomes_empty(admin: Caller, field: str) -> None:
    new_device(admin, "uno")
    assert wrong_fields(admin.patch("/sensors/uno", json={field: None})) == {field}


def test_a_quarantined_device_is_approved_by_activating_it(app: Flask, admin: Caller) -> None:
    pending(app)
    assert [row["code"] for row in admin.get("/sensors?status=pending").json["data"]] == ["nuevo"]
    assert made(admin.patch("/sensors/nuevo", json={"status": "active"}), 200)["status"] == "active"
    assert wrong_fields(admin.patch("/sensors/nuevo", json={"status": "pending"})) == {"status"}


def test_the_code_of_a_device_stays(admin: Caller) -> None:
    new_device(admin, "uno")
    assert made(admin.patch("/sensors/uno", json={"code": "dos", "id": 7}), 200)["code"] == "uno"


def test_a_device_that_stored_nothing_may_go(admin: Caller) -> None:
    device = new_device(admin, "uno")
    assert made(admin.delete("/sensors/uno"), 200) == {"deleted_id": device["id"]}
    assert admin.get("/sensors/uno").status_code == 404
    new_device(admin, "uno")


def test_a_device_with_readings_stays(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin)
    plant.read(climbing(local_ms(days_ago(1)), 2))
    answer = admin.delete("/sensors/medidor")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "CONFLICT")
    assert made(admin.get("/sensors/medidor"), 200)["channels"]
    assert made(admin.patch("/sensors/medidor", json={"status": "disabled"}), 200)["status"] == "disabled"


def test_a_device_that_measured_a_digester_without_readings_may_go(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin)
    made(admin.delete("/sensors/medidor"), 200)
    detail = made(admin.get(f"/biogas/digesters/{plant.digester['id']}/devices"), 200)
    assert detail["devices"] == []


def test_what_does_not_exist(admin: Caller) -> None:
    for answer in (
        admin.get("/sensors/nadie"),
        admin.put("/sensors/nadie", json={}),
        admin.delete("/sensors/nadie"),
        admin.get("/sensors/nadie/readings"),
        admin.get("/sensors/latest?device=nadie"),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "NOT_FOUND")


def test_an_apprentice_sees_and_does_not_change(admin: Caller, apprentice: Caller) -> None:
    new_device(admin, "uno")
    assert apprentice.get("/sensors/uno").status_code == 200
    assert apprentice.post("/sensors", json={"code": "dos"}).status_code == 403
    assert apprentice.patch("/sensors/uno", json={"place": "x"}).status_code == 403
    assert apprentice.delete("/sensors/uno").status_code == 403
