"""What differs between regions of the world: methane potential and manure of their animals (IPCC 2006).

The substrates themselves, with their ranges, are in substrates.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from app.biogas.substrates import Range, Substrate


@dataclass(frozen=True, slots=True)
class Region:
    """IPCC 2006 methane potential (Nm3 CH4/kg VS) and volatile solids (kg/head/day) of a region's animals."""

    name: str
    dairy_b0: float
    dairy_vs_kg_d: float
    cattle_b0: float
    cattle_vs_kg_d: float
    swine_b0: float
    swine_vs_kg_d: float


REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        "latin_america": Region("América Latina", 0.13, 2.90, 0.10, 2.50, 0.29, 0.30),
        "north_america": Region("América del Norte", 0.24, 5.40, 0.19, 2.40, 0.48, 0.27),
        "western_europe": Region("Europa occidental", 0.24, 5.10, 0.18, 2.60, 0.45, 0.30),
        "eastern_europe": Region("Europa oriental", 0.24, 4.50, 0.17, 2.70, 0.45, 0.30),
        "oceania": Region("Oceanía", 0.24, 3.50, 0.17, 3.00, 0.45, 0.28),
        "east_asia": Region("Asia oriental y sudoriental", 0.13, 2.80, 0.10, 2.30, 0.29, 0.30),
        "south_asia": Region("Asia meridional", 0.13, 2.60, 0.10, 1.40, 0.29, 0.30),
        "africa": Region("África", 0.13, 1.90, 0.10, 1.50, 0.29, 0.30),
    }
)

_REGIONAL_B0 = {"bovino": "dairy_b0", "bovino_carne": "cattle_b0", "porcino": "swine_b0"}


def in_region(substrate: Substrate, region: Region) -> Substrate:
    """Return the substrate with the region's B0 as default, where IPCC 2006 has one; else unchanged."""
    field = _REGIONAL_B0.get(substrate.key)
    if field is None:
        return substrate
    value: float = getattr(region, field)
    b0 = Range(min(substrate.b0.low, value), value, max(substrate.b0.high, value))
    provenance = {**substrate.provenance, "b0": f"IPCC 2006, {region.name}"}
    return replace(substrate, b0=b0, provenance=MappingProxyType(provenance))
