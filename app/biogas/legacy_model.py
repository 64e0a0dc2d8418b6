"""The expected curve of the earlier system (Biogestor), kept for comparison only: never plan by it.

It takes the fresh mass for volatile solids (six times too much gas), forgets humidity and water, lets 20 degC
cost 10 % of the speed, is over in ten days, and publishes a slope as if it were a day's volume, so that its
days do not sum to its own total. yields.py is the model of this farm.
"""

import math
from dataclasses import dataclass

_REFERENCE_C = 35.0
_Q10 = 1.07
_HALF_SATURATION_KG_M3 = 2.0
_HRT_DEFAULT_D = 30.0


@dataclass(frozen=True, slots=True)
class _Material:
    yield_m3_kg: float
    ch4_fraction: float
    lag_d: float
    mu_per_d: float


_MATERIALS = {
    "bovino": _Material(0.25, 0.60, 2.5, 0.25),
    "porcino": _Material(0.28, 0.62, 2.0, 0.30),
    "vegetal": _Material(0.20, 0.55, 3.0, 0.20),
}
_UNKNOWN_MATERIAL = _Material(0.35, 0.60, 2.0, 0.35)


@dataclass(frozen=True, slots=True)
class LegacySeries:
    """The earlier system's answer: days 0..n, slope (m3/d) and total (m3) on each, and its figures."""

    days: tuple[float, ...]
    daily_biogas_m3: tuple[float, ...]
    cumulative_biogas_m3: tuple[float, ...]
    potential_m3: float
    substrate_kg_m3: float
    mu_per_d: float
    rate_m3_d: float
    lag_d: float


def legacy_series(
    material_type: str,
    vs_kg_per_day: float,
    temperature_c: float,
    reactor_volume_m3: float | None = None,
    hrt_d: float | None = None,
    target_fraction: float = 0.95,
    max_days: int = 120,
) -> LegacySeries:
    """Return the curve as Biogestor computed it; its callers gave the fresh mass (kg) as vs_kg_per_day.

    Stops after the first whole day at target_fraction of the potential, or after max_days. An unknown
    material gets figures of its own without a word, as there. Raises ValueError for a negative mass.
    """
    if not vs_kg_per_day >= 0.0:
        raise ValueError(f"vs_kg_per_day must be zero or more, not {vs_kg_per_day!r}")
    material = _MATERIALS.get(material_type, _UNKNOWN_MATERIAL)
    potential = material.yield_m3_kg * vs_kg_per_day / material.ch4_fraction
    volume = reactor_volume_m3 or (hrt_d or _HRT_DEFAULT_D) * vs_kg_per_day / 1000.0 or 1.0
    substrate = vs_kg_per_day / volume
    mu_at_temperature = material.mu_per_d * _Q10 ** ((temperature_c - _REFERENCE_C) / 10.0)
    mu = mu_at_temperature * substrate / (_HALF_SATURATION_KG_M3 + substrate)

    days, slopes, totals = [], [], []
    for day in range(max_days + 2):
        slope, total = _gompertz(potential, mu, material.lag_d, day)
        days.append(float(day))
        slopes.append(slope)
        totals.append(total)
        if total >= target_fraction * potential:
            break
    return LegacySeries(
        tuple(days), tuple(slopes), tuple(totals), potential, substrate, mu, mu * potential, material.lag_d
    )


def _gompertz(potential: float, mu: float, lag_d: float, day: int) -> tuple[float, float]:
    """Return slope and value of A exp(-exp(R e/A (lag - t) + 1)); R/A is mu, so that A = 0 is safe."""
    steepness = mu * math.e
    inner = math.exp(steepness * (lag_d - day) + 1.0)
    total = potential * math.exp(-inner)
    return total * inner * steepness, total
