"""The table of substrates against its sources and against physics."""

import pytest

from app.biogas.substrates import PARAMETER_FIELDS, SUBSTRATES, Range, bounds, edited

KEYS = {
    "bovino",
    "bovino_carne",
    "porcino",
    "aves_ponedora",
    "aves_engorde",
    "ovino",
    "caprino",
    "equino",
    "vegetal",
    "paja",
    "residuo_comida",
    "ensilado_maiz",
}


def test_every_substrate_is_there_under_its_own_key():
    assert set(SUBSTRATES) == KEYS
    assert all(substrate.key == key for key, substrate in SUBSTRATES.items())


@pytest.mark.parametrize(
    ("key", "vs_ts", "b0", "k35_per_d", "lag_d", "ch4_pct"),
    [
        ("bovino", 0.80, (0.13, 0.20, 0.24), (0.05, 0.08, 0.12), 2, 60),
        ("bovino_carne", 0.80, (0.10, 0.17, 0.19), (0.05, 0.08, 0.12), 2, 58),
        ("porcino", 0.80, (0.29, 0.40, 0.48), (0.10, 0.14, 0.20), 1.5, 63),
        ("aves_ponedora", 0.75, (0.24, 0.33, 0.39), (0.10, 0.15, 0.25), 2, 60),
        ("ovino", 0.80, (0.13, 0.17, 0.19), (0.04, 0.06, 0.10), 3, 58),
        ("caprino", 0.80, (0.13, 0.17, 0.19), (0.04, 0.06, 0.10), 3, 58),
        ("equino", 0.75, (0.16, 0.20, 0.30), (0.04, 0.06, 0.10), 3, 55),
        ("vegetal", 0.88, (0.20, 0.28, 0.35), (0.10, 0.20, 0.35), 2, 54),
        ("paja", 0.90, (0.16, 0.22, 0.28), (0.03, 0.05, 0.08), 3, 52),
        ("residuo_comida", 0.90, (0.35, 0.45, 0.55), (0.20, 0.30, 0.50), 1, 60),
        ("ensilado_maiz", 0.95, (0.31, 0.34, 0.37), (0.15, 0.20, 0.30), 1, 52),
    ],
)
def test_the_published_values(key, vs_ts, b0, k35_per_d, lag_d, ch4_pct):
    substrate = SUBSTRATES[key]
    assert substrate.vs_ts.default == vs_ts
    assert substrate.b0 == Range(*b0)
    assert substrate.k35_per_d == Range(*k35_per_d)
    assert (substrate.lag_d.default, substrate.ch4_pct.default) == (lag_d, ch4_pct)


def test_broilers_end_below_layers():
    assert SUBSTRATES["aves_engorde"].b0.high == 0.36


@pytest.mark.parametrize("key", sorted(KEYS))
def test_ranges_lie_inside_what_a_person_may_type(key):
    substrate = SUBSTRATES[key]
    for field in PARAMETER_FIELDS:
        low, high = bounds(substrate, field)
        span = getattr(substrate, field)
        assert low <= span.low < span.high <= high, field


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_value_says_where_it_comes_from(key):
    provenance = SUBSTRATES[key].provenance
    assert set(provenance) == set(PARAMETER_FIELDS)
    assert "engineering default" in provenance["k35_per_d"]
    assert "engineering default" in provenance["lag_d"]


def test_only_poultry_warns_of_ammonia():
    assert {key for key, s in SUBSTRATES.items() if "ammonia" in s.warnings} == {
        "aves_ponedora",
        "aves_engorde",
    }


def test_theoretical_limits():
    assert bounds(SUBSTRATES["bovino"], "b0")[1] == 0.42
    assert bounds(SUBSTRATES["residuo_comida"], "b0")[1] == 1.01
    with pytest.raises(KeyError):
        bounds(SUBSTRATES["bovino"], "colour")


@pytest.mark.parametrize(("low", "default", "high"), [(2, 1, 3), (1, 4, 3), (1, float("nan"), 3)])
def test_a_range_must_ascend(low, default, high):
    with pytest.raises(ValueError, match="ascend"):
        Range(low, default, high)


def test_a_persons_value_replaces_the_default_and_is_marked():
    mine = edited(SUBSTRATES["bovino"], {"b0": 0.30, "ts_pct": 18})
    assert mine.b0 == Range(0.13, 0.30, 0.30)
    assert mine.ts_pct == Range(8, 18, 20)
    assert mine.provenance["b0"] == "given by a person"
    assert mine.provenance["vs_ts"] == SUBSTRATES["bovino"].provenance["vs_ts"]


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("bovino", "b0", 0.43),  # above pure carbohydrate
        ("residuo_comida", "b0", 1.02),  # above pure fat
        ("bovino", "b0", 240),  # litres instead of m3
        ("bovino", "vs_ts", 80),  # per cent instead of a fraction
        ("bovino", "ch4_pct", 0.6),  # fraction instead of per cent
        ("bovino", "k35_per_d", 0),
        ("bovino", "lag_d", -1),
        ("bovino", "ts_pct", float("nan")),
    ],
)
def test_refuses_impossible_values(key, field, value):
    with pytest.raises(ValueError, match=f"{field} must be between"):
        edited(SUBSTRATES[key], {field: value})
