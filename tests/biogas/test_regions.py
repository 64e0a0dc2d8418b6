"""Regional defaults against the yearly figures they come from."""

import pytest

from app.biogas.regions import REGIONS, in_region
from app.biogas.substrates import SUBSTRATES, Range


def test_region_moves_the_default_of_cattle_and_pigs_only():
    here = REGIONS["latin_america"]
    assert in_region(SUBSTRATES["bovino"], here).b0 == Range(0.13, 0.13, 0.24)
    assert in_region(SUBSTRATES["bovino_carne"], here).b0 == Range(0.10, 0.10, 0.19)
    assert in_region(SUBSTRATES["porcino"], here).b0 == Range(0.29, 0.29, 0.48)
    assert "América Latina" in in_region(SUBSTRATES["bovino"], here).provenance["b0"]
    assert in_region(SUBSTRATES["paja"], here) is SUBSTRATES["paja"]
    assert SUBSTRATES["bovino"].b0.default == 0.20


@pytest.mark.parametrize("key", sorted(REGIONS))
def test_volatile_solids_per_head_agree_with_the_yearly_figures(key):
    yearly = {
        "latin_america": (1059, 913),
        "north_america": (1971, 876),
        "western_europe": (1862, 949),
        "eastern_europe": (1643, 986),
        "oceania": (1278, 1095),
        "east_asia": (1022, 840),
        "south_asia": (949, 511),
        "africa": (694, 548),
    }[key]
    region = REGIONS[key]
    assert (region.dairy_vs_kg_d, region.cattle_vs_kg_d) == pytest.approx(
        [kg / 365 for kg in yearly], rel=0.01
    )
