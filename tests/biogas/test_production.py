"""A filling's production through the door: what its meter said, cut into days, beside what was expected."""

from typing import Any

import pytest
from biogas.plant import (
    HOUR_MS,
    MINUTE_MS,
    Plant,
    climbing,
    days_ago,
    local_ms,
    made,
    new_digester,
    new_filling,
    new_plant,
)
from conftest import Caller
from flask import Flask
from queries import queries

# Dry gas at 0 degC and 1013.25 hPa in a saturated m3 at 30 degC and 1013.25 hPa (vapour pressure 42.4 hPa).
NM3_PER_M3 = 273.15 / 303.15 * (1013.25 - 42.4) / 1013.25


@pytest.fixture
def plant(app: Flask, admin: Caller) -> Plant:
    """A plant whose filling began three days ago; half a m3 an hour."""
    return new_plant(app, admin, days=3)


def hours(day: int, first: float, values: list[float]) -> list[tuple[int, float]]:
    """An hourly register from hour `first` of the day that was `day` days ago."""
    start = local_ms(days_ago(day), first)
    return [(start + n * HOUR_MS, value) for n, value in enumerate(values)]


def test_days_are_cut_at_local_midnight(plant: Plant) -> None:
    plant.read(climbing(local_ms(days_ago(3)), 72))
    plant.settle()
    actual = plant.actual()
    assert actual["days"] == [0, 1, 2, 3]
    assert actual["dates"] == [str(days_ago(n)) for n in (3, 2, 1, 0)]
    assert actual["daily_biogas_m3"][:3] == pytest.approx([12, 12, 12])
    assert actual["cumulative_biogas_m3"][:3] == pytest.approx([12, 24, 36])
    assert actual["coverage"][:3] == [1, 1, 1]
    assert actual["quality"][:3] == ["good", "good", "good"]
    assert actual["resets"][:3] == actual["spikes"][:3] == [0, 0, 0]


def test_what_flows_over_midnight_is_shared_by_time(plant: Plant) -> None:
    midnight = local_ms(days_ago(2))
    plant.read([(midnight - 45 * MINUTE_MS, 10.0), (midnight + 15 * MINUTE_MS, 11.0)])
    plant.settle()
    assert plant.actual()["daily_biogas_m3"][:2] == pytest.approx([0.75, 0.25])


def test_a_day_is_as_long_as_the_clocks_say(app: Flask, admin: Caller) -> None:
    """The night the clocks go back has 25 hours."""
    made(admin.post("/sensors", json={"code": "medidor", "channels": [{"key": "gas_total_m3"}]}))
    digester = new_digester(admin, timezone="Europe/Madrid", devices=["medidor"])
    filling = new_filling(admin, digester_id=digester["id"], date="2025-10-25")
    plant = Plant(app, admin, admin.get("/sensors/medidor").json["data"], digester, filling)
    plant.read(climbing(local_ms(plant.first_day, 0, "Europe/Madrid"), 73))
    plant.settle()
    assert plant.actual()["daily_biogas_m3"][:3] == pytest.approx([12, 12.5, 12])


def test_normal_cubic_metres_are_fewer(plant: Plant) -> None:
    plant.read(climbing(local_ms(days_ago(3)), 24))
    plant.settle()
    actual = plant.actual()
    assert actual["daily_biogas_nm3"][0] == pytest.approx(12 * NM3_PER_M3, rel=1e-3)
    assert actual["cumulative_biogas_nm3"][-1] == pytest.approx(12 * NM3_PER_M3, rel=1e-3)
    assert (actual["temperature_c"][0], actual["pressure_hpa"][0]) == (30, 1013.25)


def test_the_meters_own_temperature_and_pressure_count(app: Flask, admin: Caller) -> None:
    keys = [{"key": "gas_total_m3"}, {"key": "temperatura"}, {"key": "presion"}]
    plant = new_plant(app, admin, channels=keys)
    start = local_ms(days_ago(3))
    plant.read(climbing(start, 24))
    plant.read([(start + n * HOUR_MS, 40.0 + n % 2) for n in range(24)], "temperatura")
    plant.read([(start + n * HOUR_MS, 850.0) for n in range(24)], "presion")
    plant.settle()
    actual = plant.actual()
    assert (actual["temperature_c"][0], actual["pressure_hpa"][0]) == (40.5, 850)
    vapour = 75.8  # hPa over water at 40.5 degC
    factor = 273.15 / 313.65 * (850 - vapour) / 1013.25
    assert actual["daily_biogas_nm3"][0] == pytest.approx(12 * factor, rel=2e-3)


@pytest.mark.parametrize(
    ("key", "value"), [("temperatura", 300.0), ("presion", 30.0), ("presion", 101_325.0)]
)
def test_impossible_conditions_are_not_believed(app: Flask, admin: Caller, key: str, value: float) -> None:
    """A channel in kelvin, gauge pressure or pascal must not stop the digester's production."""
    plant = new_plant(app, admin, channels=[{"key": "gas_total_m3"}, {"key": key}])
    plant.read(climbing(local_ms(days_ago(3)), 24))
    plant.read([(local_ms(days_ago(3), 5), value)], key)
    plant.settle()
    actual = plant.actual()
    assert actual["daily_biogas_nm3"][0] == pytest.approx(12 * NM3_PER_M3, rel=1e-3)
    assert (actual["temperature_c"][0], actual["pressure_hpa"][0]) == (30, 1013.25)


def test_a_day_without_readings_is_unknown_and_not_zero(plant: Plant) -> None:
    plant.read(climbing(local_ms(days_ago(1)), 24))
    plant.settle()
    actual = plant.actual()
    assert actual["daily_biogas_m3"][:2] == [None, None]
    assert actual["daily_biogas_nm3"][:2] == [None, None]
    assert actual["quality"][:2] == ["none", "none"]
    assert actual["coverage"][:2] == [0, 0]
    assert actual["cumulative_biogas_m3"][:3] == pytest.approx([0, 0, 12])


def test_half_a_day_is_poor(plant: Plant) -> None:
    plant.read(climbing(local_ms(days_ago(2), 6), 12))
    plant.settle()
    actual = plant.actual()
    assert actual["daily_biogas_m3"][1] == pytest.approx(6)
    assert (actual["coverage"][1], actual["quality"][1]) == (0.5, "poor")


def test_a_meter_set_back_loses_nothing_after_it(plant: Plant) -> None:
    before = [100 + 0.5 * n for n in range(13)]
    after = [0.5 * n for n in range(1, 13)]
    plant.read(hours(2, 0, before + after))
    plant.settle()
    actual = plant.actual()
    assert actual["daily_biogas_m3"][1] == pytest.approx(12)
    assert (actual["resets"][1], actual["quality"][1]) == (1, "partial")
    assert [(event["kind"], event["date"]) for event in actual["events"]] == [
        ("meter_reset", str(days_ago(2)))
    ]


def test_a_spike_is_not_gas(plant: Plant) -> None:
    values = [100 + 0.5 * n for n in range(25)]
    values[12] = 9_000.0
    plant.read(hours(2, 0, values))
    plant.settle()
    actual = plant.actual()
    assert actual["daily_biogas_m3"][1] == pytest.approx(12)
    assert actual["spikes"][1] == 1


def test_a_late_reading_changes_the_days_it_touches(plant: Plant) -> None:
    start = local_ms(days_ago(3))
    whole = climbing(start, 72)
    silent = range(30, 54)  # from six in the morning of the second day to six of the third
    plant.read([sample for n, sample in enumerate(whole) if n not in silent])
    plant.settle()
    before = plant.actual()
    # Half a m3 an hour over the gap, shared by time.
    assert before["daily_biogas_m3"][:3] == pytest.approx([12, 12, 12])
    assert before["coverage"][0] == 1
    assert before["coverage"][1] < 0.3 > before["coverage"][2] - 0.5
    # All of it had come in the first six hours.
    value = whole[29][1]
    rise = whole[54][1] - value
    plant.read([(start + n * HOUR_MS, value + rise * min(n - 29, 6) / 6) for n in silent])
    assert plant.production()["pending"] is False
    plant.settle()
    after = plant.actual()
    assert after["daily_biogas_m3"][:3] == pytest.approx([12, 2.5 + rise, 21.5 - rise])
    assert after["coverage"][:3] == [1, 1, 1]
    assert after["daily_biogas_m3"][0] == before["daily_biogas_m3"][0]
    assert sum(after["daily_biogas_m3"][:3]) == pytest.approx(36)


def test_repeated_work_gives_the_same_figures(plant: Plant, admin: Caller) -> None:
    plant.read(climbing(local_ms(days_ago(3), 1.3), 60, per_hour=0.37))
    plant.settle()
    first = plant.actual()
    plant.settle()
    made(admin.patch(f"/biogas/digesters/{plant.digester['id']}", json={"max_rate_m3h": 6}), 200)
    plant.settle()
    again = plant.actual()
    for name in ("daily_biogas_m3", "daily_biogas_nm3", "coverage", "quality", "events"):
        assert again[name][:3] == first[name][:3], name


def test_work_that_waits_is_told(plant: Plant, admin: Caller) -> None:
    plant.read(climbing(local_ms(days_ago(3)), 24))
    plant.settle()
    assert plant.production()["pending"] is False
    made(admin.patch(f"/biogas/digesters/{plant.digester['id']}", json={"meter_temperature_c": 20}), 200)
    assert plant.production()["pending"] is True
    plant.settle()
    assert plant.production()["pending"] is False
    assert plant.actual()["temperature_c"][0] == 20


def test_the_expected_days_sum_to_their_whole(plant: Plant) -> None:
    expected = plant.production()["expected"]
    count = len(expected["days"])
    assert count >= 60
    for name in ("biogas_nm3", "biogas_m3", "ch4_nm3"):
        daily, cumulative = expected[f"daily_{name}"], expected[f"cumulative_{name}"]
        assert len(daily) == len(cumulative) == count
        assert sum(daily) == pytest.approx(cumulative[-1])
        assert sorted(cumulative) == cumulative
    for low, mean, high in zip(
        expected["cumulative_low_nm3"],
        expected["cumulative_biogas_nm3"],
        expected["cumulative_high_nm3"],
        strict=True,
    ):
        assert low <= mean <= high
    assert expected["vs_kg"] == pytest.approx(1000 * 0.2 * 0.8)
    assert expected["cumulative_biogas_nm3"][-1] >= 0.95 * expected["potential_biogas_nm3"]
    assert expected["dates"][0] == plant.filling["date"]


def test_the_earlier_model_stands_beside_under_its_own_name(plant: Plant) -> None:
    production = plant.production()
    legacy = production["legacy_model"]
    assert legacy["model"] == "biogestor_g1"
    assert legacy["A_biogas_m3"] == pytest.approx(416.667, abs=1e-3)
    assert len(legacy["days"]) == 10
    assert legacy["cumulative_biogas_m3"][1] == pytest.approx(0.34, abs=1e-3)
    assert legacy["cumulative_biogas_m3"][-1] == pytest.approx(399.480, abs=1e-3)
    assert sum(legacy["daily_biogas_m3"]) == pytest.approx(404.326, abs=1e-3)
    assert production["expected"]["potential_biogas_nm3"] < 100
    assert set(production["stage"]) == {
        "id",
        "number",
        "date",
        "material_type",
        "material_amount_kg",
        "temperature_c",
    }


def test_a_total_counts_before_increments_of_the_same_gas(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, channels=[{"key": "gas_total_m3"}, {"key": "caudal_gas"}])
    start = local_ms(days_ago(3))
    plant.read(climbing(start, 24))
    plant.read([(start + n * HOUR_MS, 0.9) for n in range(49)], "caudal_gas")
    plant.settle()
    daily = plant.actual()["daily_biogas_m3"]
    assert daily[0] == pytest.approx(12)
    assert daily[1] == pytest.approx(24 * 0.9)


@pytest.mark.parametrize(
    ("declared", "value", "m3_a_day"),
    [
        ({"key": "caudal_gas"}, 0.5, 12),
        ({"key": "caudal_gas", "kind": "rate", "unit": "m3/h"}, 0.5, 12),
        ({"key": "caudal_gas_lmin"}, 10.0, 14.4),
        ({"key": "otro", "quantity": "gas", "kind": "rate", "unit": "L/h"}, 500.0, 12),
        ({"key": "otro", "quantity": "gas", "kind": "increment", "unit": "L"}, 500.0, 12),
    ],
)
def test_a_channel_is_read_as_declared(
    app: Flask, admin: Caller, declared: dict[str, Any], value: float, m3_a_day: float
) -> None:
    plant = new_plant(app, admin, channels=[declared])
    start = local_ms(days_ago(3))
    plant.read([(start + n * HOUR_MS, value) for n in range(25)], declared["key"])
    plant.settle()
    assert plant.actual()["daily_biogas_m3"][0] == pytest.approx(m3_a_day)


def test_a_channel_declared_anew_is_read_anew(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, channels=[{"key": "caudal_gas"}])
    start = local_ms(days_ago(3))
    plant.read([(start + n * HOUR_MS, 30.0) for n in range(25)], "caudal_gas")
    plant.settle()
    changed = {"channels": [{"key": "caudal_gas", "unit": "L", "kind": "increment"}]}
    made(admin.patch("/sensors/medidor", json=changed), 200)
    plant.settle()
    assert plant.actual()["daily_biogas_m3"][0] == pytest.approx(24 * 0.03)


def test_a_day_of_two_fillings_is_shared_by_the_hour_of_change(plant: Plant, admin: Caller) -> None:
    plant.read(climbing(local_ms(days_ago(3)), 72))
    plant.settle()
    body = {"ended_at": f"{days_ago(2)}T14:30:00Z"}  # half past nine at the farm
    made(admin.post(f"/biogas/fillings/{plant.filling['id']}/close", json=body), 200)
    second = new_filling(admin, digester_id=plant.digester["id"], date=str(days_ago(2)))
    first = plant.actual()
    assert first["daily_biogas_m3"] == pytest.approx([12, 4.75])
    assert first["coverage"] == [1, 1]
    then = made(admin.get(f"/biogas/fillings/{second['id']}/production"), 200)["actual"]
    assert then["daily_biogas_m3"][:2] == pytest.approx([7.25, 12])
    assert then["dates"][0] == str(days_ago(2))


def test_a_closed_filling_does_not_change(plant: Plant, admin: Caller) -> None:
    plant.read(climbing(local_ms(days_ago(3)), 72))
    plant.settle()
    body = {"ended_at": f"{days_ago(2)}T14:30:00Z"}
    made(admin.post(f"/biogas/fillings/{plant.filling['id']}/close", json=body), 200)
    before = plant.production()
    plant.read(climbing(local_ms(days_ago(0), 0.5), 1, first=136.0))
    plant.settle()
    after = plant.production()
    assert after["actual"] == before["actual"]
    assert after["expected"] == before["expected"]


def test_the_current_production_is_of_the_newest_active_filling(
    app: Flask, admin: Caller, plant: Plant
) -> None:
    other = new_digester(admin, "Dos", devices=[])
    newer = new_filling(admin, digester_id=other["id"])
    current = made(admin.get("/biogas/production/current"), 200)
    assert current["filling"]["id"] == newer["id"]
    path = f"/biogas/production/current?digester_id={plant.digester['id']}"
    assert made(admin.get(path), 200)["filling"]["id"] == plant.filling["id"]
    for filling in (newer, plant.filling):
        made(admin.post(f"/biogas/fillings/{filling['id']}/close", json={}), 200)
    for query in ("", f"?digester_id={other['id']}", "?digester_id=999999"):
        answer = admin.get(f"/biogas/production/current{query}")
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "NO_ACTIVE_FILLING")


def test_the_summary_agrees_with_the_days(plant: Plant, admin: Caller) -> None:
    plant.read(climbing(local_ms(days_ago(3)), 66))
    plant.settle()
    summary = made(admin.get(f"/biogas/fillings/{plant.filling['id']}/summary"), 200)
    actual = plant.actual()
    assert summary["day"] == 4
    assert summary["actual_to_date_m3"] == pytest.approx(33)
    assert summary["actual_to_date_nm3"] == pytest.approx(actual["cumulative_biogas_nm3"][-1])
    assert sum(summary["days_by_quality"].values()) == 4
    assert summary["coverage"] == pytest.approx(sum(actual["coverage"]) / 4, abs=2e-3)
    assert summary["expected_low_nm3"] <= summary["expected_to_date_nm3"] <= summary["expected_high_nm3"]
    difference = 100 * (summary["actual_to_date_nm3"] / summary["expected_to_date_nm3"] - 1)
    assert summary["difference_pct"] == pytest.approx(difference)
    assert summary["inference"].endswith(".")


def test_a_long_filling_costs_no_more_queries_than_a_short_one(app: Flask, admin: Caller) -> None:
    plant = new_plant(app, admin, days=40)
    counts = []
    for last in (38, 0):
        start = local_ms(days_ago(40 if last else 38))
        plant.read([(start + n * 6 * HOUR_MS, 100.0 + n) for n in range(4 * (40 - last if last else 38))])
        plant.settle()
        with queries(app) as seen:
            plant.production()
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8
