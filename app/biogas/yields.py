"""The gas that a digester is expected to give, day by day, from what was put into it.

Pure numbers: formulas from kinetics.py, tables from substrates.py. What the meter really saw is in meter.py.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from app.biogas.gas import normal_factor
from app.biogas.kinetics import RATE_VALIDITY_C, first_order_yield, rate_ratio
from app.biogas.substrates import Range, Substrate

DIGESTER_LIMITS_C = (-10.0, 80.0)
# Total solids of what goes in, water included: above, wet digestion slows down; below, it heats mostly water.
WET_DIGESTION_TS_PCT = (2.0, 20.0)
LONGEST_SERIES_D = 3660


@dataclass(frozen=True, slots=True)
class Feed:
    """One filling. humidity_pct is % of the fresh mass (None: the table's solids); start_day counts from
    the first day of the series and may be a fraction. Raises ValueError for impossible values."""

    mass_kg: float
    humidity_pct: float | None
    temperature_c: float
    added_water_m3: float = 0.0
    start_day: float = 0.0

    def __post_init__(self) -> None:
        _require("mass_kg", self.mass_kg, 0.0, 1e9)
        _require("temperature_c", self.temperature_c, *DIGESTER_LIMITS_C)
        _require("added_water_m3", self.added_water_m3, 0.0, 1e6)
        _require("start_day", self.start_day, -LONGEST_SERIES_D, LONGEST_SERIES_D)
        if self.humidity_pct is not None:
            _require("humidity_pct", self.humidity_pct, 0.0, 100.0)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a series was computed with; the fields and units are those of Substrate."""

    ts_pct: Range
    vs_ts: Range
    b0: Range
    k35_per_d: Range
    lag_d: Range
    ch4_pct: Range
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_substrate(cls, substrate: Substrate) -> "Parameters":
        """Take over a substrate's ranges and warnings."""
        return cls(
            ts_pct=substrate.ts_pct,
            vs_ts=substrate.vs_ts,
            b0=substrate.b0,
            k35_per_d=substrate.k35_per_d,
            lag_d=substrate.lag_d,
            ch4_pct=substrate.ch4_pct,
            warnings=substrate.warnings,
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader of a series should know: a stable code and a sentence in Spanish."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Potential:
    """What the feeds would give after endless time; low and high follow the range of B0."""

    vs_kg: float
    ch4_nm3: float
    biogas_nm3: float
    low_biogas_nm3: float
    high_biogas_nm3: float


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected gas by day: entry d is the volume made in [d, d+1), a cumulative entry the sum up to d+1.

    nm3 is dry norm gas, m3 what a meter would show (wet, at its temperature and pressure). The daily band
    holds every curve with B0 and k inside their ranges; its edges belong to different curves on different
    days, so that the cumulative band is narrower than the sum of the daily one.
    """

    ch4_nm3: tuple[float, ...]
    biogas_nm3: tuple[float, ...]
    biogas_m3: tuple[float, ...]
    low_biogas_nm3: tuple[float, ...]
    high_biogas_nm3: tuple[float, ...]
    cumulative_ch4_nm3: tuple[float, ...]
    cumulative_biogas_nm3: tuple[float, ...]
    cumulative_biogas_m3: tuple[float, ...]
    cumulative_low_biogas_nm3: tuple[float, ...]
    cumulative_high_biogas_nm3: tuple[float, ...]
    potential: Potential
    parameters: Parameters
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Dose:
    """A feed reduced to what the curve needs: volatile solids, when they begin to give gas, how fast."""

    vs_kg: float
    start_d: float
    speed: float


def expected_series(
    feeds: Sequence[Feed],
    parameters: Parameters,
    days: int,
    meter_temperature_c: float,
    meter_pressure_hpa: float,
) -> Expected:
    """Return the gas expected of `feeds` (superposed first-order batches) in each of the next `days`.

    The meter's temperature (degC) and absolute pressure (hPa) only serve the m3 figures.
    Raises ValueError for a horizon outside 1 to 3660 days or impossible conditions at the meter.
    """
    if not 1 <= days <= LONGEST_SERIES_D:
        raise ValueError(f"days must be between 1 and {LONGEST_SERIES_D}, not {days!r}")
    doses = [_dose(feed, parameters) for feed in feeds]
    ch4_part = parameters.ch4_pct.default / 100.0
    meter_m3 = 1.0 / normal_factor(meter_temperature_c, meter_pressure_hpa)
    b0, k35 = parameters.b0, parameters.k35_per_d

    ch4 = _by_day(doses, days, _interval(b0.default, k35.default))
    biogas = tuple(volume / ch4_part for volume in ch4)
    biogas_m3 = tuple(volume * meter_m3 for volume in biogas)
    slowest = _by_day(doses, days, _interval(b0.low, k35.low))
    fastest = _by_day(doses, days, _interval(b0.high, k35.high))
    return Expected(
        ch4_nm3=ch4,
        biogas_nm3=biogas,
        biogas_m3=biogas_m3,
        low_biogas_nm3=_by_day(doses, days, _least(b0.low / ch4_part, k35)),
        high_biogas_nm3=_by_day(doses, days, _most(b0.high / ch4_part, k35)),
        cumulative_ch4_nm3=tuple(accumulate(ch4)),
        cumulative_biogas_nm3=tuple(accumulate(biogas)),
        cumulative_biogas_m3=tuple(accumulate(biogas_m3)),
        cumulative_low_biogas_nm3=tuple(volume / ch4_part for volume in accumulate(slowest)),
        cumulative_high_biogas_nm3=tuple(volume / ch4_part for volume in accumulate(fastest)),
        potential=potential(feeds, parameters),
        parameters=parameters,
        warnings=tuple(_notices(feeds, parameters)),
    )


def potential(feeds: Iterable[Feed], parameters: Parameters) -> Potential:
    """Return volatile solids (kg) and final gas (Nm3) of `feeds`: VS x B0, biogas = CH4/CH4 %."""
    vs_kg = math.fsum(volatile_solids_kg(feed, parameters) for feed in feeds)
    ch4_part = parameters.ch4_pct.default / 100.0
    low, default, high = (vs_kg * b0 for b0 in (parameters.b0.low, parameters.b0.default, parameters.b0.high))
    return Potential(vs_kg, default, default / ch4_part, low / ch4_part, high / ch4_part)


def volatile_solids_kg(feed: Feed, parameters: Parameters) -> float:
    """Return the kg of volatile solids in a feed; added water changes the concentration, never the solids."""
    return _total_solids_kg(feed, parameters) * parameters.vs_ts.default


def _total_solids_kg(feed: Feed, parameters: Parameters) -> float:
    ts_pct = parameters.ts_pct.default if feed.humidity_pct is None else 100.0 - feed.humidity_pct
    return feed.mass_kg * ts_pct / 100.0


def _dose(feed: Feed, parameters: Parameters) -> _Dose:
    return _Dose(
        volatile_solids_kg(feed, parameters),
        feed.start_day + parameters.lag_d.default,
        rate_ratio(feed.temperature_c),
    )


def _by_day(
    doses: Sequence[_Dose], days: int, volume: Callable[[_Dose, float, float], float]
) -> tuple[float, ...]:
    """Sum over the doses `volume(dose, from, to)`, in days since the dose began to work, for each day."""
    return tuple(
        math.fsum(
            volume(dose, max(start - dose.start_d, 0.0), end - dose.start_d)
            for dose in doses
            if end > dose.start_d
        )
        for start, end in pairwise(range(days + 1))
    )


def _interval(b0: float, k35: float) -> Callable[[_Dose, float, float], float]:
    def volume(dose: _Dose, start: float, end: float) -> float:
        k = k35 * dose.speed
        return dose.vs_kg * (first_order_yield(b0, k, end) - first_order_yield(b0, k, start))

    return volume


def _least(b0: float, k35: Range) -> Callable[[_Dose, float, float], float]:
    # Gas of an interval first rises, then falls with k: the least is at one end of the range.
    slow, fast = _interval(b0, k35.low), _interval(b0, k35.high)
    return lambda dose, start, end: min(slow(dose, start, end), fast(dose, start, end))


def _most(b0: float, k35: Range) -> Callable[[_Dose, float, float], float]:
    def volume(dose: _Dose, start: float, end: float) -> float:
        if dose.speed <= 0.0:
            return 0.0
        # d/dk (e^(-k a) - e^(-k b)) = 0 at k = ln(b/a)/(b - a)
        steepest = math.log(end / start) / (end - start) / dose.speed if start > 0.0 else math.inf
        return _interval(b0, min(max(steepest, k35.low), k35.high))(dose, start, end)

    return volume


def _notices(feeds: Sequence[Feed], parameters: Parameters) -> Iterable[Notice]:
    coldest, hottest = RATE_VALIDITY_C
    if any(not coldest <= feed.temperature_c <= hottest for feed in feeds):
        yield Notice(
            "temperature_outside_validity",
            f"La temperatura está fuera de {coldest:g} a {hottest:g} °C: la curva esperada no es fiable.",
        )
    wettest, driest = WET_DIGESTION_TS_PCT
    solids_pct = [_solids_pct(feed, parameters) for feed in feeds if feed.mass_kg > 0.0]
    if any(ts_pct > driest for ts_pct in solids_pct):
        yield Notice(
            "too_dry",
            f"La mezcla tiene más de {driest:g} % de sólidos totales: sin más agua la digestión se frena.",
        )
    if any(ts_pct < wettest for ts_pct in solids_pct):
        yield Notice(
            "too_wet",
            f"La mezcla tiene menos de {wettest:g} % de sólidos totales: casi todo es agua y dará poco gas.",
        )
    if "ammonia" in parameters.warnings:
        yield Notice(
            "ammonia",
            "Las excretas de aves solas liberan amoníaco e inhiben la digestión: mézclelas con material rico"
            " en carbono (paja, residuos vegetales); sin mezcla el gas puede ser casi nulo.",
        )
    if parameters.lag_d.default > 0.0:
        yield Notice(
            "lag_phase",
            f"Los primeros {parameters.lag_d.default:g} días de cada llenado son de arranque:"
            " se espera poco o ningún gas.",
        )


def _solids_pct(feed: Feed, parameters: Parameters) -> float:
    return 100.0 * _total_solids_kg(feed, parameters) / (feed.mass_kg + 1000.0 * feed.added_water_m3)


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value!r}")
