"""The calculator: what a feed would give, without anything stored."""

from typing import Any

import pytest
from biogas.plant import made, new_digester, new_filling
from conftest import Caller
from flask import Flask
from queries import queries

ESTIMATE = "/biogas/estimate"


def estimate(caller: Caller, **body: Any) -> Any:
    return made(caller.post(ESTIMATE, json={"material_amount_kg": 1000, **body}), 200)


def wrong_fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return set(answer.json["error"]["details"]["validation_errors"])


def test_a_batch_gives_what_its_solids_hold(admin: Caller) -> None:
    found = estimate(admin, material_humidity_pct=80, days=365)
    expected = found["expected"]
    # 160 kg of volatile solids, 0.20 Nm3 of methane each, 60 % of the gas.
    assert expected["vs_kg"] == pytest.approx(160)
    assert expected["potential_ch4_nm3"] == pytest.approx(32)
    assert expected["potential_biogas_nm3"] == pytest.approx(32 / 0.6)
    assert found["A_biogas_m3"] == expected["potential_biogas_nm3"]
    assert expected["cumulative_ch4_nm3"][-1] == pytest.approx(32, rel=0.02)
    assert found["days"] == list(range(365))
    assert found["cumulative_biogas_m3"][-1] == pytest.approx(sum(found["daily_biogas_m3"]))
    assert expected["dates"] is None


def test_the_earlier_calculator_stands_beside_a_batch(admin: Caller) -> None:
    found = estimate(admin, material_type="porcino")
    assert found["legacy_model"]["A_biogas_m3"] == pytest.approx(451.613, abs=1e-3)
    assert found["A_biogas_m3"] < found["legacy_model"]["A_biogas_m3"] / 3
    assert estimate(admin, feeding="daily")["legacy_model"] is None


def test_feeding_every_day_adds_up_batches(admin: Caller) -> None:
    batch = estimate(admin, days=40)["daily_biogas_m3"]
    daily = estimate(admin, days=40, feeding="daily")["daily_biogas_m3"]
    summed = [sum(batch[: n + 1]) for n in range(40)]
    assert daily == pytest.approx(summed)


def test_a_filling_expects_what_the_calculator_says(admin: Caller) -> None:
    body = {
        "material_type": "porcino",
        "material_humidity_pct": 94,
        "temperature_c": 28,
        "added_water_m3": 1.5,
    }
    filling = new_filling(admin, digester_id=new_digester(admin)["id"], **body)
    production = made(admin.get(f"/biogas/fillings/{filling['id']}/production"), 200)["expected"]
    expected = estimate(admin, days=len(production["days"]), **body)["expected"]
    for name in ("daily_biogas_nm3", "cumulative_low_nm3", "daily_biogas_m3"):
        assert production[name] == pytest.approx(expected[name])


def test_a_persons_figures_go_before_the_tables(admin: Caller) -> None:
    more = estimate(admin, material_humidity_pct=80, parameters={"b0": 0.24, "vs_ts": "0.85"})
    assert more["expected"]["potential_ch4_nm3"] == pytest.approx(200 * 0.85 * 0.24)
    assert more["expected"]["params"]["b0"]["default"] == 0.24
    assert wrong_fields(admin.post(ESTIMATE, json={"material_amount_kg": 1, "parameters": {"b0": 7}})) == {
        "parameters.b0"
    }


def test_the_cold_is_slower(admin: Caller) -> None:
    warm, cold = (estimate(admin, temperature_c=t)["expected"] for t in (35, 15))
    assert cold["cumulative_biogas_nm3"][20] < 0.5 * warm["cumulative_biogas_nm3"][20]
    assert cold["potential_biogas_nm3"] == warm["potential_biogas_nm3"]


@pytest.mark.parametrize("temperature", [-5, 0, 70])
@pytest.mark.parametrize("humidity", [0, 50, 100])
def test_every_corner_is_computed(admin: Caller, temperature: float, humidity: float) -> None:
    found = estimate(admin, temperature_c=temperature, material_humidity_pct=humidity, days=730)
    daily = found["expected"]["daily_biogas_nm3"]
    assert len(daily) == 730
    assert all(volume >= 0 for volume in daily)
    assert sum(daily) <= found["expected"]["potential_biogas_nm3"] * 1.000001


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("material_amount_kg", None),
        ("material_amount_kg", 0),
        ("material_amount_kg", 1e8),
        ("material_amount_kg", "NaN"),
        ("material_humidity_pct", 101),
        ("temperature_c", 71),
        ("temperature_c", None),
        ("days", 0),
        ("days", 731),
        ("days", 1.5),
        ("feeding", "semanal"),
        ("material_type", "piedras"),
        ("meter_pressure_hpa", 100),
        ("parameters", []),
    ],
)
def test_what_cannot_be_computed_names_its_field(admin: Caller, field: str, value: Any) -> None:
    assert wrong_fields(admin.post(ESTIMATE, json={"material_amount_kg": 10, field: value})) == {field}


def test_nothing_is_stored(app: Flask, admin: Caller) -> None:
    estimate(admin)
    with queries(app) as seen:
        estimate(admin)
    assert seen
    assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen)
