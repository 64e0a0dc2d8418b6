"""Closed formulas of anaerobic digestion, one function each; yields.py applies them to the farm's feeds.

Times in days, yields in the unit of their potential (Nm3 CH4/kg VS, mL/g, Nm3: whatever goes in comes out).
"""

import math

# Chen & Hashimoto (1978): mu = 0.013 T - 0.129 1/d, fitted between 20 and 60 degC.
_MU_SLOPE, _MU_OFFSET = 0.013, 0.129
_REFERENCE_C = 35.0
# Below, methanogenesis of an unadapted sludge all but stops; above, a mesophilic culture dies.
RATE_VALIDITY_C = (15.0, 42.0)


def first_order_yield(b0: float, k_per_d: float, days: float) -> float:
    """Return the cumulative yield of a batch after `days`: B0 (1 - e^(-k t)), 0 before its start."""
    return -b0 * math.expm1(-k_per_d * max(days, 0.0))


def cstr_yield(b0: float, k_per_d: float, hrt_d: float) -> float:
    """Return the steady yield of a stirred digester with first-order decay: B0 k HRT/(1 + k HRT)."""
    return b0 * k_per_d * hrt_d / (1.0 + k_per_d * hrt_d)


def gompertz_raw(potential: float, rate_per_d: float, lag_d: float, days: float) -> float:
    """Return the modified Gompertz curve A exp(-exp(R e/A (lag - t) + 1)), as published.

    rate_per_d is R, the largest slope, in units of the potential per day (not 1/d). At t = 0 the value is
    small but not zero; see gompertz_yield.
    """
    if potential <= 0.0:
        return 0.0
    exponent = rate_per_d * math.e / potential * (lag_d - days) + 1.0
    return potential * math.exp(-math.exp(min(exponent, 700.0)))


def gompertz_yield(potential: float, rate_per_d: float, lag_d: float, days: float) -> float:
    """Return the Gompertz curve moved and stretched so that it starts at 0 and still ends at A.

    The published form promises gas that was there before the start (Shen & Zhu 2015).
    """
    if potential <= 0.0 or days <= 0.0:
        return 0.0
    at_start = gompertz_raw(potential, rate_per_d, lag_d, 0.0)
    return (gompertz_raw(potential, rate_per_d, lag_d, days) - at_start) / (1.0 - at_start / potential)


def gompertz_peak_day(potential: float, rate_per_d: float, lag_d: float) -> float:
    """Return the day of the largest slope (R) of gompertz_raw, where the curve passes A/e."""
    return lag_d + potential / (rate_per_d * math.e)


def growth_rate_per_d(temperature_c: float) -> float:
    """Return mu (1/d) of Chen & Hashimoto, never below zero (zero up to 9.9 degC)."""
    return max(_MU_SLOPE * temperature_c - _MU_OFFSET, 0.0)


def rate_ratio(temperature_c: float) -> float:
    """Return the speed of digestion at `temperature_c` over that at 35 degC (Chen & Hashimoto ratio).

    Trust it inside RATE_VALIDITY_C only; outside, it is a number, not a prediction.
    """
    return growth_rate_per_d(temperature_c) / growth_rate_per_d(_REFERENCE_C)


def cattle_inhibition(vs_kg_m3: float) -> float:
    """Return Chen & Hashimoto's K (dimensionless) of cattle manure fed at `vs_kg_m3`."""
    return 0.8 + 0.0016 * math.exp(0.06 * vs_kg_m3)


def swine_inhibition(vs_kg_m3: float) -> float:
    """Return Chen & Hashimoto's K (dimensionless) of pig manure fed at `vs_kg_m3`."""
    return 0.6 + 0.0206 * math.exp(0.051 * vs_kg_m3)


def chen_hashimoto_yield(b0: float, hrt_d: float, mu_per_d: float, inhibition: float) -> float:
    """Return the steady yield of a stirred digester: B0 [1 - K/(HRT mu - 1 + K)].

    Zero when HRT <= 1/mu: the bacteria are washed out.
    """
    surplus = hrt_d * mu_per_d - 1.0
    if surplus <= 0.0:
        return 0.0
    return b0 * surplus / (surplus + inhibition)


def chen_hashimoto_rate_per_d(
    b0: float, vs_kg_m3: float, hrt_d: float, mu_per_d: float, inhibition: float
) -> float:
    """Return the Nm3 CH4 per m3 of digester and day of a steady digester fed at `vs_kg_m3`."""
    return chen_hashimoto_yield(b0, hrt_d, mu_per_d, inhibition) * vs_kg_m3 / hrt_d
