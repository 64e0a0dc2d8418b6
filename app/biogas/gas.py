"""Gas volumes between the meter's conditions and the norm state (dry, 273.15 K, 1013.25 hPa).

Pure arithmetic of an ideal gas saturated with water; the energy of a volume is in energy.py.
"""

import math

NORM_TEMPERATURE_K = 273.15
NORM_PRESSURE_HPA = 1013.25

# A meter outside these limits is a unit mistake (gauge instead of absolute pressure, kelvin, fahrenheit).
PRESSURE_LIMITS_HPA = (300.0, 2000.0)
TEMPERATURE_LIMITS_C = (-20.0, 100.0)


def saturation_vapour_pressure_hpa(
    temperature_c: float, pressure_hpa: float | None = None, enhancement: bool = False
) -> float:
    """Return the saturation pressure of water vapour in hPa (Alduchov & Eskridge 1996, eq. 21).

    With `enhancement` the value is that of moist air at `pressure_hpa` (absolute) instead of pure vapour.
    Raises ValueError outside -20..100 degC, or when the enhancement has no pressure.
    """
    _require_within("temperature_c", temperature_c, *TEMPERATURE_LIMITS_C)
    vapour_hpa = 6.1094 * math.exp(17.625 * temperature_c / (243.04 + temperature_c))
    if not enhancement:
        return vapour_hpa
    if pressure_hpa is None:
        raise ValueError("the enhancement factor needs pressure_hpa")
    return vapour_hpa * 1.00071 * math.exp(4.5e-8 * pressure_hpa * 100.0)


def normal_factor(
    temperature_c: float, pressure_hpa: float, relative_humidity: float = 1.0, enhancement: bool = False
) -> float:
    """Return the Nm3 of dry gas in one m3 at the meter.

    temperature_c, pressure_hpa (absolute) and relative_humidity (0-1) are those of the gas at the meter:
    (p - rh*p_w(T))/1013.25 * 273.15/(273.15 + T), the rule of DIN 1343 and VDI 4630.
    Raises ValueError when a value is out of range or the vapour alone exceeds the pressure.
    """
    _require_within("pressure_hpa", pressure_hpa, *PRESSURE_LIMITS_HPA)
    _require_within("relative_humidity", relative_humidity, 0.0, 1.0)
    vapour_hpa = saturation_vapour_pressure_hpa(temperature_c, pressure_hpa, enhancement)
    dry_hpa = pressure_hpa - relative_humidity * vapour_hpa
    if dry_hpa <= 0:
        raise ValueError(f"at {temperature_c} degC water boils below {pressure_hpa} hPa: no dry gas is left")
    return dry_hpa / NORM_PRESSURE_HPA * NORM_TEMPERATURE_K / (NORM_TEMPERATURE_K + temperature_c)


def to_normal_nm3(
    volume_m3: float,
    temperature_c: float,
    pressure_hpa: float,
    relative_humidity: float = 1.0,
    enhancement: bool = False,
) -> float:
    """Return the dry norm volume (Nm3) of `volume_m3` read at the meter; errors as normal_factor."""
    return volume_m3 * normal_factor(temperature_c, pressure_hpa, relative_humidity, enhancement)


def from_normal_m3(
    volume_nm3: float,
    temperature_c: float,
    pressure_hpa: float,
    relative_humidity: float = 1.0,
    enhancement: bool = False,
) -> float:
    """Return the m3 that a meter at these conditions shows for `volume_nm3` of dry gas."""
    return volume_nm3 / normal_factor(temperature_c, pressure_hpa, relative_humidity, enhancement)


def _require_within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value!r}")
