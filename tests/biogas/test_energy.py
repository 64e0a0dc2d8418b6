"""The worked example of 10 Nm3 of biogas, and the refusals."""

import math

import pytest

from app.biogas import energy

CH4_NM3 = 6.0  # 10 Nm3 of biogas at 60 %


def test_worked_example():
    assert energy.methane_nm3(10, 60) == pytest.approx(CH4_NM3)
    assert energy.biogas_heat_kwh(10, 60) == pytest.approx(59.82)
    assert energy.electricity_kwh(CH4_NM3, 0.38) == pytest.approx(22.73, abs=0.005)
    assert energy.methane_kg(CH4_NM3) == pytest.approx(4.305, abs=5e-4)
    assert energy.co2e_kg(CH4_NM3) == pytest.approx(116.2, abs=0.05)
    assert energy.lpg_equivalent_kg(CH4_NM3) == pytest.approx(4.0)


def test_constants_agree_with_each_other():
    assert pytest.approx(0.7174, abs=5e-5) == energy.CH4_DENSITY_KG_NM3
    assert pytest.approx(35.88, abs=0.02) == energy.CH4_LHV_KWH_NM3 * 3.6
    assert energy.biogas_heat_kwh(1, 60) == pytest.approx(5.98, abs=0.005)


def test_the_gwp_vintage_can_be_changed():
    assert energy.co2e_kg(1, gwp=28) / energy.co2e_kg(1) == pytest.approx(28 / 27)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: energy.methane_nm3(10, 101),
        lambda: energy.methane_nm3(10, -1),
        lambda: energy.heat_kwh(-1),
        lambda: energy.heat_kwh(math.nan),
        lambda: energy.heat_kwh(math.inf),
        lambda: energy.electricity_kwh(1, 38),
        lambda: energy.co2e_kg(1, gwp=0),
    ],
)
def test_refuses_impossible_values(wrong):
    with pytest.raises(ValueError, match="must be"):
        wrong()
