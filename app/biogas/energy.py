"""What a volume of biogas is worth: heat, electricity, climate, bottled gas.

Volumes are norm volumes (Nm3, see gas.py); nothing here knows meters or fillings.
"""

LITRES_PER_MOL_CH4 = 22.360588  # molar volume of real methane at 273.15 K, 1013.25 hPa
CH4_DENSITY_KG_NM3 = 16.0425 / LITRES_PER_MOL_CH4  # 0.7174 kg/Nm3

CH4_LHV_KWH_NM3 = 9.97  # lower heating value, 35.9 MJ/Nm3 (bsm2-python; FNR prints 9.97 too)
CH4_HHV_KWH_NM3 = 11.06  # higher heating value, 39.8 MJ/Nm3

# Electrical efficiency: big CHP 0.38-0.43, farm gensets 0.20-0.30. The caller says which engine he has.
ELECTRICAL_EFFICIENCY_DEFAULT = 0.38

# GWP100 of non-fossil methane, IPCC AR6 (2021). AR5: 28; AR6 fossil: 29.8.
GWP100_DEFAULT = 27.0
GWP100_VINTAGE = "IPCC AR6 (2021), GWP100, CH4 no fósil"

# Field rule (GTZ): 1 m3 of biogas of about 60 % methane replaces 0.4 kg of bottled gas in the kitchen.
# By heating value alone it would be 0.45-0.5 kg; stoves burn biogas somewhat worse.
LPG_KG_PER_NM3_CH4 = 0.4 / 0.60


def methane_nm3(biogas_nm3: float, ch4_pct: float) -> float:
    """Return the methane (Nm3) in `biogas_nm3`; raises ValueError outside 0-100 % or below zero."""
    if not 0.0 <= ch4_pct <= 100.0:
        raise ValueError(f"ch4_pct must be between 0 and 100, not {ch4_pct!r}")
    return _volume(biogas_nm3) * ch4_pct / 100.0


def heat_kwh(ch4_nm3: float) -> float:
    """Return the heat (kWh, lower heating value) of burning `ch4_nm3` of methane."""
    return _volume(ch4_nm3) * CH4_LHV_KWH_NM3


def biogas_heat_kwh(biogas_nm3: float, ch4_pct: float) -> float:
    """Return the heat (kWh, lower heating value) of burning `biogas_nm3`."""
    return heat_kwh(methane_nm3(biogas_nm3, ch4_pct))


def electricity_kwh(ch4_nm3: float, efficiency: float = ELECTRICAL_EFFICIENCY_DEFAULT) -> float:
    """Return the kWh of electricity from `ch4_nm3`; `efficiency` is the engine's, a fraction 0-1."""
    if not 0.0 <= efficiency <= 1.0:
        raise ValueError(f"efficiency must be a fraction between 0 and 1, not {efficiency!r}")
    return heat_kwh(ch4_nm3) * efficiency


def methane_kg(ch4_nm3: float) -> float:
    """Return the mass (kg) of `ch4_nm3` of methane."""
    return _volume(ch4_nm3) * CH4_DENSITY_KG_NM3


def co2e_kg(ch4_nm3: float, gwp: float = GWP100_DEFAULT) -> float:
    """Return the kg CO2e that `ch4_nm3` would have caused if it had escaped unburnt."""
    if not 0.0 < gwp <= 200.0:
        raise ValueError(f"gwp must be between 0 and 200, not {gwp!r}")
    return methane_kg(ch4_nm3) * gwp


def lpg_equivalent_kg(ch4_nm3: float) -> float:
    """Return the kg of bottled gas that `ch4_nm3` replaces in a kitchen (field rule of GTZ)."""
    return _volume(ch4_nm3) * LPG_KG_PER_NM3_CH4


def _volume(volume_nm3: float) -> float:
    if not 0.0 <= volume_nm3 < float("inf"):  # also refuses NaN
        raise ValueError(f"a gas volume must be zero or more, not {volume_nm3!r}")
    return volume_nm3
