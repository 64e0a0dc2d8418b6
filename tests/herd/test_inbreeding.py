"""Wright's F on textbook pedigrees, against the tabular method, and its account by paths."""

from itertools import pairwise
from math import fsum, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.herd.inbreeding import (
    PedigreeLoop,
    additive_relationship,
    ancestors,
    expected_inbreeding,
    inbreeding,
    relationship,
)
from app.herd.kinship import Completeness, Level, common_ancestors, completeness, expected_completeness, level


def tabular(pedigree):
    """The whole matrix A, as Henderson wrote it: slow, square, and nothing in it to get wrong."""
    order = []
    while len(order) < len(pedigree):
        order += [
            animal
            for animal, parents in pedigree.items()
            if animal not in order and all(parent is None or parent in order for parent in parents)
        ]
    a = {}
    for position, animal in enumerate(order):
        sire, dam = pedigree[animal]
        for other in order[:position]:
            a[animal, other] = a[other, animal] = 0.5 * (a.get((other, sire), 0) + a.get((other, dam), 0))
        a[animal, animal] = 1 + 0.5 * a.get((sire, dam), 0)
    return a


def wright(pedigree, one, other):
    """F of a calf by all pairs of lines, without any thought of time."""

    def lines(animal):
        yield (animal,)
        for parent in pedigree[animal]:
            if parent is not None:
                yield from ((animal, *line) for line in lines(parent))

    f = inbreeding(pedigree)
    return sorted(
        (up, down, 0.5 ** (len(up) + len(down) - 1) * (1 + f[up[-1]]))
        for up in lines(one)
        for down in lines(other)
        if set(up) & set(down) == {up[-1]} == {down[-1]}
    )


@st.composite
def pedigrees(draw, size=14):
    """Up to `size` animals with parents among the earlier ones, under scattered ids, in any order."""
    count = draw(st.integers(1, size))
    ids = draw(st.lists(st.integers(1, 10**9), min_size=count, max_size=count, unique=True))
    parents = [
        [draw(st.sampled_from([None, *ids[:position]])) for _ in range(2)] for position in range(count)
    ]
    order = draw(st.permutations(range(count)))
    return {ids[position]: tuple(parents[position]) for position in order}


# --- textbook ----------------------------------------------------------------------------------------------

NOBODY = (None, None)
SIBS = {1: NOBODY, 2: NOBODY, 3: (1, 2), 4: (1, 2)}
HALF_SIBS = {1: NOBODY, 2: NOBODY, 3: NOBODY, 4: (1, 2), 5: (1, 3)}
DAUGHTER = {1: NOBODY, 2: NOBODY, 3: (1, 2)}
GRANDDAUGHTER = {**DAUGHTER, 4: NOBODY, 5: (4, 3)}
COUSINS = {**SIBS, 5: NOBODY, 6: NOBODY, 7: (3, 5), 8: (6, 4)}
DOUBLE_COUSINS = {**SIBS, 5: NOBODY, 6: NOBODY, 7: (5, 6), 8: (5, 6), 9: (3, 7), 10: (4, 8)}
TWICE = {**DAUGHTER, 4: (1, 3)}
SIB_MATING = {**SIBS, 5: (3, 4), 6: (3, 4)}
# A sire's line of half sibs: the common ancestor is inbred himself, so 1 + F_A counts.
INBRED_SIRE = {**SIBS, 5: (3, 4), 6: NOBODY, 7: NOBODY, 8: (5, 6), 9: (5, 7)}

TEXTBOOK = [
    ("full sibs", SIBS, 3, 4, 0.25),
    ("half sibs", HALF_SIBS, 4, 5, 0.125),
    ("sire and daughter", DAUGHTER, 1, 3, 0.25),
    ("sire and granddaughter", GRANDDAUGHTER, 1, 5, 0.125),
    ("first cousins", COUSINS, 7, 8, 0.0625),
    ("double first cousins", DOUBLE_COUSINS, 9, 10, 0.125),
    ("sire, his daughter, and her daughter by him", TWICE, 1, 4, 0.375),
    ("full sibs of full sibs", SIB_MATING, 5, 6, 0.375),
    ("half sibs by an inbred sire", INBRED_SIRE, 8, 9, 0.125 * 1.25),
    ("strangers", SIBS, 1, 2, 0.0),
    ("nothing known", {}, 1, 2, 0.0),
]


@pytest.mark.parametrize(("pedigree", "sire", "dam", "f"), [case[1:] for case in TEXTBOOK])
def test_textbook(pedigree, sire, dam, f):
    assert expected_inbreeding(pedigree, sire, dam) == f
    assert inbreeding({**pedigree, 99: (sire, dam)})[99] == f
    assert common_ancestors(pedigree, sire, dam).inbreeding == f


def test_a_sire_used_on_his_daughter_and_on_hers():
    assert inbreeding({**TWICE, 5: (1, 4)}) == {1: 0, 2: 0, 3: 0, 4: 0.25, 5: 0.375}


def test_seven_generations_of_sib_mating():
    """F of Wright's table, 1921: each generation's is (1 + 2 F' + F'') / 4."""
    pedigree = {1: NOBODY, 2: NOBODY}
    for generation in range(1, 8):
        first = 2 * generation + 1
        pedigree |= {first: (first - 2, first - 1), first + 1: (first - 2, first - 1)}
    f = inbreeding(pedigree)
    assert [f[animal] for animal in range(3, 17, 2)] == [
        0, 0.25, 0.375, 0.5, 0.59375, 0.671875, 0.734375,
    ]  # fmt: skip


def test_unknown_parents_add_nothing():
    assert inbreeding({1: NOBODY, 2: (1, None), 3: (None, 1), 4: (2, 3), 5: (4, None)}) == {
        1: 0, 2: 0, 3: 0, 4: 0.125, 5: 0,
    }  # fmt: skip


def test_who_is_named_only_as_a_parent_is_a_founder():
    assert inbreeding({3: (1, 2), 4: (1, 2), 5: (3, 4)}) == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0.25}
    assert inbreeding({}) == {}


def test_relationship():
    assert relationship(SIBS, 3, 4) == 0.5
    assert relationship(SIBS, 3, 3) == 1
    assert relationship(TWICE, 1, 4) == pytest.approx(0.75 / sqrt(1.25))
    assert additive_relationship(TWICE, 4, 4) == 1.25


# --- loops -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pedigree", "members"),
    [
        ({1: (1, None)}, {1}),
        ({1: (2, None), 2: (None, 1)}, {1, 2}),
        ({1: NOBODY, 2: (1, 5), 3: (2, None), 4: (None, 3), 5: (1, 4), 6: (5, 1), 7: (6, 1)}, {2, 3, 4, 5}),
    ],
)
def test_a_loop_is_named(pedigree, members):
    with pytest.raises(PedigreeLoop, match=" -> ") as refused:
        inbreeding(pedigree)
    loop = refused.value.loop
    assert loop[0] == loop[-1]
    assert set(loop) == members
    assert len(loop) == len(members) + 1
    assert all(parent in pedigree[child] for child, parent in pairwise(loop))


def test_a_loop_elsewhere_in_the_herd_does_not_stop_a_mating():
    assert expected_inbreeding({**SIBS, 8: (9, None), 9: (8, None)}, 3, 4) == 0.25
    with pytest.raises(PedigreeLoop):
        expected_inbreeding({**SIBS, 8: (9, None), 9: (8, None)}, 3, 8)


# --- properties --------------------------------------------------------------------------------------------


@given(pedigrees())
def test_it_equals_the_tabular_method(pedigree):
    a = tabular(pedigree)
    f = inbreeding(pedigree)
    assert f == {animal: pytest.approx(a[animal, animal] - 1, abs=1e-14) for animal in pedigree}
    assert all(0 <= value <= 1 for value in f.values())
    for one in list(pedigree)[:3]:
        for other in pedigree:
            assert additive_relationship(pedigree, one, other) == pytest.approx(a[one, other], abs=1e-14)
            r = a[one, other] / sqrt(a[one, one] * a[other, other])
            assert relationship(pedigree, one, other) == pytest.approx(r, abs=1e-14)


@given(pedigrees(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(pedigree, random):
    shuffled = list(pedigree.items())
    random.shuffle(shuffled)
    assert inbreeding(dict(shuffled)) == inbreeding(pedigree)


@given(pedigrees(), st.data())
def test_the_paths_are_wrights_and_add_up(pedigree, data):
    sire, dam = (data.draw(st.sampled_from(sorted(pedigree))) for _ in range(2))
    found = common_ancestors(pedigree, sire, dam, max_paths=10_000)
    assert not found.truncated
    assert found.unlisted == 0
    assert found.inbreeding == pytest.approx(expected_inbreeding(pedigree, sire, dam), abs=1e-14)
    assert fsum(one.contribution for one in found.ancestors) == pytest.approx(found.inbreeding, abs=1e-13)
    listed = [path for one in found.ancestors for path in one.paths]
    assert sorted(map(tuple, listed)) == wright(pedigree, sire, dam)
    for one in found.ancestors:
        assert one.contribution == fsum(path.contribution for path in one.paths)
        assert one.inbreeding == inbreeding(pedigree)[one.animal]
        assert {path.sire_line[-1] for path in one.paths} == {one.animal}


@given(pedigrees(), st.data(), st.integers(0, 3))
def test_what_is_not_listed_is_said(pedigree, data, max_paths):
    sire, dam = (data.draw(st.sampled_from(sorted(pedigree))) for _ in range(2))
    every = wright(pedigree, sire, dam)
    found = common_ancestors(pedigree, sire, dam, max_paths=max_paths)
    assert found.truncated == (len(every) > max_paths)
    assert sum(len(one.paths) for one in found.ancestors) == min(len(every), max_paths)
    listed = fsum(one.contribution for one in found.ancestors)
    assert listed + found.unlisted == pytest.approx(found.inbreeding, abs=1e-13)


# --- paths -------------------------------------------------------------------------------------------------


def test_the_paths_of_cousins():
    found = common_ancestors(COUSINS, 7, 8)
    assert [(one.animal, one.contribution) for one in found.ancestors] == [(1, 0.03125), (2, 0.03125)]
    (path,) = found.ancestors[0].paths
    assert (path.sire_line, path.dam_line, path.n1, path.n2) == ((7, 3, 1), (8, 4, 1), 2, 2)


def test_the_sire_himself_may_be_the_ancestor():
    (one,) = common_ancestors(DAUGHTER, 1, 3).ancestors
    assert (one.animal, one.paths[0].n1, one.paths[0].n2) == (1, 0, 1)


def test_the_ancestors_own_inbreeding_counts():
    (one,) = common_ancestors(INBRED_SIRE, 8, 9).ancestors
    assert (one.animal, one.inbreeding, one.contribution) == (5, 0.25, 0.125 * 1.25)


def closed_herd(generations, width=6):
    """Each generation all of the one before, mixed: more lines upwards than anybody could count."""
    pedigree = dict.fromkeys(range(1, width + 1), NOBODY)
    for generation in range(1, generations):
        before = [width * (generation - 1) + place + 1 for place in range(width)]
        for place in range(width):
            other = before[(place * 5 + 1 + generation) % width]
            pedigree[width * generation + place + 1] = (before[place], other)
    return pedigree


def test_sixty_generations_of_a_closed_herd():
    pedigree = closed_herd(60)
    sire, dam = 359, 360
    found = common_ancestors(pedigree, sire, dam)
    assert found.truncated
    assert sum(len(one.paths) for one in found.ancestors) == 100
    assert 0 < found.unlisted < found.inbreeding < 1
    lengths = sorted(path.n1 + path.n2 for one in found.ancestors for path in one.paths)
    assert lengths[0] < lengths[-1] < 20
    assert found.inbreeding == inbreeding({**pedigree, 361: (sire, dam)})[361]
    searched = common_ancestors(pedigree, sire, dam, max_paths=10**9, max_steps=2_000)
    assert searched.truncated
    assert searched.unlisted > 0


def test_not_even_the_last_bit_depends_on_the_order():
    """After more generations than a float has bits, sums are rounded and their order shows."""
    chance = Random(1)
    pedigree = dict.fromkeys(range(1, 21), NOBODY)
    for animal in range(21, 1_400):
        before = range((animal - 1) // 20 * 20 - 19, (animal - 1) // 20 * 20 + 1)
        pedigree[animal] = tuple(chance.sample(before, 2))
    assert inbreeding(dict(reversed(pedigree.items()))) == inbreeding(pedigree)


def test_lines_that_can_never_meet_are_not_followed():
    pedigree = closed_herd(60)
    strangers = {
        animal + 1000: tuple(parent and parent + 1000 for parent in parents)
        for animal, parents in closed_herd(60).items()
    }
    found = common_ancestors({**pedigree, **strangers}, 359, 1359, max_steps=10)
    assert found == (0, (), 0, False)


def test_a_line_of_ten_thousand_generations():
    """No recursion anywhere."""
    pedigree = {animal: (animal - 1 or None, None) for animal in range(1, 10_001)}
    assert not any(inbreeding(pedigree).values())
    assert expected_inbreeding(pedigree, 10_000, 9_990) == 0.5**11
    (one,) = common_ancestors(pedigree, 10_000, 9_990).ancestors
    assert (one.animal, one.paths[0].n1, one.paths[0].n2) == (9_990, 10, 0)


# --- beside F ----------------------------------------------------------------------------------------------


def test_completeness():
    assert completeness(COUSINS, 1) == Completeness((0, 0, 0))
    assert completeness(COUSINS, 7) == Completeness((2, 2, 0))
    assert expected_completeness(COUSINS, 7, 8) == Completeness((2, 4, 4))
    assert expected_completeness(COUSINS, 7, None) == Completeness((1, 2, 2))
    whole = {1: (2, 3), 2: (4, 5), 3: (6, 7), **dict.fromkeys(range(4, 8), (8, 9))}
    assert completeness(whole, 1) == Completeness((2, 4, 8))
    assert (completeness(whole, 1).known, completeness(whole, 1).fraction) == (14, 1.0)
    assert completeness({}, 1).fraction == 0
    assert completeness({1: (1, None)}, 1) == Completeness((1, 1, 1))


WHOLE = Completeness((2, 4, 8))
GAPS = Completeness((2, 4, 7))


@pytest.mark.parametrize(
    ("f", "known", "expected"),
    [
        (0.0, WHOLE, Level.OK),
        (0.0, GAPS, Level.UNKNOWN),
        (0.03, GAPS, Level.OK),
        (0.0624, WHOLE, Level.OK),
        (0.0625, WHOLE, Level.WARN),
        (0.1249, GAPS, Level.WARN),
        (0.125, GAPS, Level.BLOCK),
        (0.1 + 0.025 - 1e-16, GAPS, Level.BLOCK),
        (1.0, WHOLE, Level.BLOCK),
    ],
)
def test_level(f, known, expected):
    assert level(f, known) is expected


def test_the_levels_are_settings():
    assert level(0.05, WHOLE, warn=0.03, block=0.05) is Level.BLOCK
    assert level(0.04, WHOLE, warn=0.03, block=0.05) is Level.WARN


@given(pedigrees(), st.data())
def test_only_the_ancestors_are_read(pedigree, data):
    sire, dam = (data.draw(st.sampled_from(sorted(pedigree))) for _ in range(2))
    above = ancestors(pedigree, (sire, dam))
    assert expected_inbreeding(above, sire, dam) == expected_inbreeding(pedigree, sire, dam)
    assert common_ancestors(above, sire, dam) == common_ancestors(pedigree, sire, dam)
