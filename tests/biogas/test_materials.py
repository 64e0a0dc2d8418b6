"""What digesters are fed with: the table's materials and the farm's own, through the door."""

from typing import Any

import pytest
from biogas.plant import made, new_digester, new_filling
from conftest import Caller

MATERIALS = "/biogas/materials"
FIGURES = {"ts_pct": 20, "vs_ts": 0.8, "b0": 0.3, "k35_per_d": 0.15, "lag_d": 2, "ch4_pct": 58}


@pytest.fixture
def own(admin: Caller) -> Any:
    """A material of the farm's own, gone when the test ends: the table is kept between tests."""
    row = made(
        admin.post(MATERIALS, json={"key": "pasto_elefante", "name": "Pasto elefante", "parameters": FIGURES})
    )
    yield row
    for filling in admin.get("/biogas/fillings").json["data"]:
        admin.delete(f"/biogas/fillings/{filling['id']}")
    assert admin.delete(f"{MATERIALS}/{row['id']}").status_code == 200


def wrong_fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return set(answer.json["error"]["details"]["validation_errors"])


def test_the_table_is_there_with_the_source_of_each_figure(admin: Caller) -> None:
    rows = {row["key"]: row for row in made(admin.get(f"{MATERIALS}?limit=1000"), 200)}
    assert {"bovino", "porcino", "vegetal"} <= set(rows)
    for row in rows.values():
        assert set(row["parameters"]) == set(FIGURES)
        for figure in row["parameters"].values():
            assert figure["low"] <= figure["default"] <= figure["high"]
            assert figure["provenance"]


def test_a_material_of_the_farms_own_is_computed_with(admin: Caller, own: Any) -> None:
    assert own["parameters"]["b0"]["default"] == 0.3
    filling = new_filling(admin, digester_id=new_digester(admin)["id"], material_type="Pasto elefante")
    assert (filling["material_type"], filling["material_id"]) == ("pasto_elefante", own["id"])
    production = made(admin.get(f"/biogas/fillings/{filling['id']}/production"), 200)
    # 1000 kg at 80 % water: 200 kg of solids, 80 % of them volatile, 0.3 Nm3 of methane each.
    assert production["expected"]["vs_kg"] == pytest.approx(160)
    assert production["expected"]["potential_ch4_nm3"] == pytest.approx(48)


def test_every_figure_of_a_new_material_must_be_given(admin: Caller) -> None:
    body = {"key": "nuevo", "name": "Nuevo", "parameters": {"b0": 0.3}}
    assert wrong_fields(admin.post(MATERIALS, json=body)) == {f"parameters.{n}" for n in FIGURES if n != "b0"}


@pytest.mark.parametrize("key", ["", "a", "Con Espacio", "ñandú", "x" * 41, "a/b", None, 5])
def test_a_key_is_a_plain_word(admin: Caller, key: Any) -> None:
    body = {"key": key, "name": "Nuevo", "parameters": FIGURES}
    assert wrong_fields(admin.post(MATERIALS, json=body)) == {"key"}


def test_keys_and_names_are_taken_once(admin: Caller, own: Any) -> None:
    for field, other in (("key", {"name": "Otro"}), ("name", {"key": "otro"})):
        body = {"key": own["key"], "name": own["name"], "parameters": FIGURES, **other}
        answer = admin.post(MATERIALS, json=body)
        assert answer.status_code == 409
        assert answer.json["error"]["details"]["conflict"]["field"] == field


def test_a_fillings_figures_outlive_a_change_of_its_material(admin: Caller, own: Any) -> None:
    filling = new_filling(admin, digester_id=new_digester(admin)["id"], material_type="pasto_elefante")
    after = made(admin.patch(f"{MATERIALS}/{own['id']}", json={"parameters": {"b0": 0.4}}), 200)
    assert after["parameters"]["b0"]["default"] == 0.4
    assert after["parameters"]["ts_pct"] == own["parameters"]["ts_pct"]
    kept = made(admin.get(f"/biogas/fillings/{filling['id']}"), 200)
    assert kept["parameters"]["b0"]["default"] == 0.3


@pytest.mark.parametrize(
    "parameters", [{"b0": 9}, {"vs_ts": 1.2}, {"ts_pct": 0}, {"lag_d": -1}, {"k35_per_d": 0}]
)
def test_figures_stay_within_physics(admin: Caller, own: Any, parameters: Any) -> None:
    answer = admin.patch(f"{MATERIALS}/{own['id']}", json={"parameters": parameters})
    assert wrong_fields(answer) == {f"parameters.{name}" for name in parameters}


@pytest.mark.parametrize("field", ["key", "name", "parameters"])
@pytest.mark.parametrize("value", [None, ""])
def test_no_required_field_becomes_empty(admin: Caller, own: Any, field: str, value: Any) -> None:
    assert wrong_fields(admin.patch(f"{MATERIALS}/{own['id']}", json={field: value})) == {field}


def test_the_key_of_a_material_stays(admin: Caller, own: Any) -> None:
    answer = admin.patch(f"{MATERIALS}/{own['id']}", json={"key": "otra"})
    assert answer.status_code == 409
    assert answer.json["error"]["details"]["conflict"]["field"] == "key"
    after = made(admin.put(f"{MATERIALS}/{own['id']}", json={"key": own["key"], "notes": "De la loma"}), 200)
    assert (after["key"], after["notes"]) == (own["key"], "De la loma")


def test_no_figures_is_no_change(admin: Caller, own: Any) -> None:
    after = made(admin.patch(f"{MATERIALS}/{own['id']}", json={"parameters": {}}), 200)
    assert after["parameters"] == own["parameters"]
