"""What the farm can feed to a digester: solids, methane potential and speed, each with its range and source.

Only data and their bounds; the curves they lead to are in yields.py, the formulas in kinetics.py,
what differs between regions of the world in regions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

# Theoretical methane of carbohydrate (Buswell: cellulose 0.4137) and of pure fat (1.0101), Nm3 CH4/kg VS.
# No measurement can exceed them: a higher value is a mistake of unit.
B0_LIMIT_CARBOHYDRATE = 0.42
B0_LIMIT_FAT = 1.01

FNR = "FNR 2010, tab. 4.6, with the spread of FNR 2012"
IPCC = "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa"
TRIALS = "published batch trials, lowest to highest"
EDITED = "given by a person"
ENGINEERING = "engineering default, range typical of the literature"
GAS_TABLES = "GTZ/Maramba and raming tables of gas quality, +-5 points"


@dataclass(frozen=True, slots=True)
class Range:
    """A default value between the lowest and the highest plausible one."""

    low: float
    default: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.default <= self.high:
            raise ValueError(f"a range must ascend: {self.low} <= {self.default} <= {self.high}")


@dataclass(frozen=True, slots=True)
class Substrate:
    """One kind of feed. Units: ts_pct % of fresh mass; vs_ts kg VS per kg TS; b0 Nm3 CH4 per kg VS;
    k35_per_d first-order rate at 35 degC, 1/d; lag_d days; ch4_pct % of the dry biogas."""

    key: str
    name: str
    ts_pct: Range
    vs_ts: Range
    b0: Range
    k35_per_d: Range
    lag_d: Range
    ch4_pct: Range
    provenance: Mapping[str, str]
    b0_limit: float = B0_LIMIT_CARBOHYDRATE
    warnings: tuple[str, ...] = ()


def _provenance(b0: str) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "ts_pct": FNR,
            "vs_ts": FNR,
            "b0": b0,
            "k35_per_d": ENGINEERING,
            "lag_d": ENGINEERING,
            "ch4_pct": GAS_TABLES,
        }
    )


_MANURE, _CROP = _provenance(IPCC), _provenance(TRIALS)
_CATTLE_K, _SMALL_STOCK_K = Range(0.05, 0.08, 0.12), Range(0.04, 0.06, 0.10)
_LAG_1_D, _LAG_2_D, _LAG_3_D = Range(0.5, 1.0, 2.0), Range(1.0, 2.0, 4.0), Range(1.5, 3.0, 6.0)

_TABLE = (
    Substrate(
        "bovino",
        "Estiércol bovino (lechería)",
        Range(8, 12, 20),
        Range(0.75, 0.80, 0.85),
        Range(0.13, 0.20, 0.24),
        _CATTLE_K,
        _LAG_2_D,
        Range(55, 60, 65),
        _MANURE,
    ),
    Substrate(
        "bovino_carne",
        "Estiércol bovino (carne)",
        Range(10, 15, 25),
        Range(0.75, 0.80, 0.85),
        Range(0.10, 0.17, 0.19),
        _CATTLE_K,
        _LAG_2_D,
        Range(53, 58, 63),
        _MANURE,
    ),
    Substrate(
        "porcino",
        "Estiércol porcino",
        Range(4, 6, 10),
        Range(0.70, 0.80, 0.90),
        Range(0.29, 0.40, 0.48),
        Range(0.10, 0.14, 0.20),
        Range(0.75, 1.5, 3.0),
        Range(60, 63, 68),
        _MANURE,
        b0_limit=B0_LIMIT_FAT,
    ),
    Substrate(
        "aves_ponedora",
        "Gallinaza (ponedoras)",
        Range(30, 40, 45),
        Range(0.65, 0.75, 0.80),
        Range(0.24, 0.33, 0.39),
        Range(0.10, 0.15, 0.25),
        _LAG_2_D,
        Range(55, 60, 65),
        _MANURE,
        b0_limit=B0_LIMIT_FAT,
        warnings=("ammonia",),
    ),
    Substrate(
        "aves_engorde",
        "Pollinaza (engorde)",
        Range(30, 40, 45),
        Range(0.65, 0.75, 0.85),
        Range(0.24, 0.33, 0.36),
        Range(0.10, 0.15, 0.25),
        _LAG_2_D,
        Range(55, 60, 65),
        _MANURE,
        b0_limit=B0_LIMIT_FAT,
        warnings=("ammonia",),
    ),
    Substrate(
        "ovino",
        "Estiércol ovino",
        Range(25, 30, 35),
        Range(0.75, 0.80, 0.85),
        Range(0.13, 0.17, 0.19),
        _SMALL_STOCK_K,
        _LAG_3_D,
        Range(53, 58, 63),
        _MANURE,
    ),
    Substrate(
        "caprino",
        "Estiércol caprino",
        Range(25, 30, 35),
        Range(0.75, 0.80, 0.85),
        Range(0.13, 0.17, 0.19),
        _SMALL_STOCK_K,
        _LAG_3_D,
        Range(53, 58, 63),
        _MANURE,
    ),
    Substrate(
        "equino",
        "Estiércol equino",
        Range(20, 28, 35),
        Range(0.70, 0.75, 0.80),
        Range(0.16, 0.20, 0.30),
        _SMALL_STOCK_K,
        _LAG_3_D,
        Range(50, 55, 60),
        _MANURE,
    ),
    Substrate(
        "vegetal",
        "Residuos vegetales frescos",
        Range(12, 15, 20),
        Range(0.80, 0.88, 0.92),
        Range(0.20, 0.28, 0.35),
        Range(0.10, 0.20, 0.35),
        _LAG_2_D,
        Range(50, 54, 59),
        _CROP,
    ),
    Substrate(
        "paja",
        "Paja y rastrojo",
        Range(80, 87, 92),
        Range(0.85, 0.90, 0.94),
        Range(0.16, 0.22, 0.28),
        Range(0.03, 0.05, 0.08),
        _LAG_3_D,
        Range(50, 52, 57),
        _CROP,
    ),
    Substrate(
        "residuo_comida",
        "Residuos de comida",
        Range(20, 22, 25),
        Range(0.85, 0.90, 0.95),
        Range(0.35, 0.45, 0.55),
        Range(0.20, 0.30, 0.50),
        _LAG_1_D,
        Range(55, 60, 65),
        _CROP,
        b0_limit=B0_LIMIT_FAT,
    ),
    Substrate(
        "ensilado_maiz",
        "Ensilado de maíz",
        Range(28, 33, 38),
        Range(0.93, 0.95, 0.97),
        Range(0.31, 0.34, 0.37),
        Range(0.15, 0.20, 0.30),
        _LAG_1_D,
        Range(50, 52, 55),
        _CROP,
    ),
)

SUBSTRATES: Mapping[str, Substrate] = MappingProxyType({substrate.key: substrate for substrate in _TABLE})

# What a person may type in: physics, not taste. b0 is bounded by the substrate's own limit.
_BOUNDS = {
    "ts_pct": (0.1, 100.0),
    "vs_ts": (0.01, 1.0),
    "k35_per_d": (0.001, 2.0),
    "lag_d": (0.0, 60.0),
    "ch4_pct": (30.0, 90.0),
}
PARAMETER_FIELDS = ("ts_pct", "vs_ts", "b0", "k35_per_d", "lag_d", "ch4_pct")


def bounds(substrate: Substrate, field: str) -> tuple[float, float]:
    """Return the (lowest, highest) value a person may give to `field`; KeyError for an unknown field."""
    if field == "b0":
        return (0.005, substrate.b0_limit)
    return _BOUNDS[field]


def edited(substrate: Substrate, values: Mapping[str, float]) -> Substrate:
    """Return the substrate with a person's own defaults; each range widens to hold its new value.

    Raises ValueError naming the first field outside `bounds`, KeyError for an unknown field.
    """
    ranges: dict[str, Range] = {}
    for field, value in values.items():
        low, high = bounds(substrate, field)
        if not low <= value <= high:
            raise ValueError(f"{field} must be between {low:g} and {high:g}, not {value!r}")
        known: Range = getattr(substrate, field)
        ranges[field] = Range(min(known.low, value), value, max(known.high, value))
    provenance = {**substrate.provenance, **dict.fromkeys(ranges, EDITED)}
    return replace(substrate, provenance=MappingProxyType(provenance), **ranges)  # type: ignore[arg-type]
