"""Inbreeding of a herd of 100 000, beside the recursive definition and beside Meuwissen & Luo animal by animal.

Run: python bench/inbreeding.py [--animals 100000] [--generations 20] [--bulls 50]. One process, no database; the same
herd for all three, and their answers are compared. The recursive method cannot finish such a herd: it is timed on a
sample of each generation, and once a generation takes too long the later ones are extrapolated, which is printed.
"""

import argparse
import heapq
import random
import statistics
import sys
import time
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from app.herd.inbreeding import expected_inbreeding, inbreeding
from app.herd.kinship import common_ancestors

RUNS = 3
BAR_S = 10.0
SAMPLE = 20  # animals of a generation that the slow methods are timed on
PATIENCE_S = 10.0  # a generation whose sample takes longer is the last one measured
MATINGS = 20

Parents = dict[int, tuple[int | None, int | None]]


def main() -> None:
    """Builds the herd, times the three, prints the ratios; exit code 1 above the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--animals", type=int, default=100_000)
    parser.add_argument("--generations", type=int, default=20)
    parser.add_argument("--bulls", type=int, default=50, help="sires a generation")
    asked = parser.parse_args()
    generations = _herd(asked.animals, asked.generations, asked.bulls)
    pedigree = {animal: parents for generation in generations for animal, parents in generation.items()}
    seconds, f = _whole_herd(pedigree)
    print(f"{len(pedigree)} animals, {asked.generations} generations, {asked.bulls} sires each, ", end="")
    print(f"mean F of the last generation {statistics.fmean(f[animal] for animal in generations[-1]):.4f}")
    print(f"  inbreeding():                      {seconds:10.2f} s, median of {RUNS}; {_memory(pedigree)}")
    _one_by_one(pedigree, generations, f, seconds)
    _recursive(pedigree, generations, f, seconds)
    _matings(pedigree, generations[-1])
    print(f"bar: under {BAR_S:g} s for the herd")
    sys.exit(seconds >= BAR_S)


def _herd(animals: int, generations: int, bulls: int) -> list[Parents]:
    """Generations of equal size; a few bulls and every cow of the one before, and some bulls used on."""
    chance = random.Random(1)
    size = animals // generations
    herd: list[Parents] = [dict.fromkeys(range(1, size + 1), (None, None))]
    sires = chance.sample(range(1, size // 2), bulls)
    for number in range(1, generations):
        cows = range(number * size - size // 2, number * size + 1)
        calves = range(number * size + 1, (number + 1) * size + 1)
        herd.append({calf: (chance.choice(sires), chance.choice(cows)) for calf in calves})
        sires = chance.sample(sires, bulls // 5) + chance.sample(calves[: size // 2], bulls - bulls // 5)
    return herd


def _whole_herd(pedigree: Parents) -> tuple[float, dict[int, float]]:
    taken = []
    f: dict[int, float] = {}
    for _ in range(RUNS):
        started = time.perf_counter()
        f = inbreeding(pedigree)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), f


def _memory(pedigree: Parents) -> str:
    tracemalloc.start()
    inbreeding(pedigree)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"peak {peak / 1e6:.0f} MB, {peak / len(pedigree):.0f} bytes an animal"


def _one_by_one(pedigree: Parents, generations: list[Parents], f: dict[int, float], ours: float) -> None:
    """Meuwissen & Luo (1992) as printed: up through the ancestors of one animal, then of the next."""
    started = time.perf_counter()
    total = 0.0
    for generation in generations:
        sample = random.Random(2).sample(sorted(generation), SAMPLE)
        begun = time.perf_counter()
        for animal in sample:
            assert abs(_meuwissen_luo(pedigree, f, animal) - f[animal]) < 1e-12
        total += (time.perf_counter() - begun) / SAMPLE * len(generation)
    spent = time.perf_counter() - started
    print(f"  Meuwissen & Luo, animal by animal: {total:10.1f} s, by {SAMPLE} of each generation", end="")
    print(f" ({spent:.1f} s measured): {total / ours:.0f} times as long")


def _meuwissen_luo(pedigree: Parents, f: dict[int, float], animal: int) -> float:
    shares = {animal: 1.0}
    waiting = [-animal]  # ids rise from generation to generation, so the youngest comes first
    a = 0.0
    while waiting:
        youngest = -heapq.heappop(waiting)
        share = shares.pop(youngest)
        sire, dam = pedigree[youngest]
        for parent in (sire, dam):
            if parent is not None:
                if parent not in shares:
                    heapq.heappush(waiting, -parent)
                    shares[parent] = 0.0
                shares[parent] += share / 2
        a += share**2 * (
            0.5 - 0.25 * ((-1.0 if sire is None else f[sire]) + (-1.0 if dam is None else f[dam]))
        )
    return a - 1


def _recursive(pedigree: Parents, generations: list[Parents], f: dict[int, float], ours: float) -> None:
    """The definition: the coancestry of two is the mean of the older one's with the younger one's parents."""
    print("  recursive coancestry, seconds an animal, by generation:")
    each: list[float] = []
    measured = 0
    for generation in generations:
        sample = random.Random(3).sample(sorted(generation), SAMPLE)
        begun = time.perf_counter()
        for animal in sample:
            sire, dam = pedigree[animal]
            assert abs(_coancestry(pedigree, sire, dam) - f[animal]) < 1e-12
        spent = time.perf_counter() - begun
        each.append(spent / SAMPLE)
        measured += 1
        if spent > PATIENCE_S:
            break
    ratio = each[-1] / each[-2]
    guessed = len(generations) - measured
    each += [each[-1] * ratio ** (number + 1) for number in range(guessed)]
    told = ", ".join(f"{seconds:.1e}" for seconds in each)
    print(f"    {told}")
    print(f"    the first {measured} measured, {SAMPLE} animals of each", end="")
    print(f"; the last {guessed} extrapolated, each {ratio:.1f} times the one before" if guessed else "")
    total = sum(seconds * len(generation) for seconds, generation in zip(each, generations, strict=True))
    whole = sum(seconds * len(generations[number]) for number, seconds in enumerate(each[:measured]))
    print(
        f"    the generations measured: {whole:,.0f} s, {whole / ours:,.0f} times the whole of inbreeding()"
    )
    if guessed:
        print(f"    all, extrapolated:        {total:,.0f} s, {total / ours:,.0f} times")


def _coancestry(pedigree: Parents, one: int | None, other: int | None) -> float:
    if one is None or other is None:
        return 0.0
    if one == other:
        return 0.5 * (1 + _coancestry(pedigree, *pedigree[one]))
    older, younger = sorted((one, other))
    sire, dam = pedigree[younger]
    return 0.5 * (_coancestry(pedigree, older, sire) + _coancestry(pedigree, older, dam))


def _matings(pedigree: Parents, latest: Parents) -> None:
    """What a request asks before a service: F of the calf, and its paths."""
    animals = random.Random(4).sample(sorted(latest), 2 * MATINGS)
    for name, ask in (
        ("expected_inbreeding()", expected_inbreeding),
        ("common_ancestors()", common_ancestors),
    ):
        taken = []
        for sire, dam in zip(animals[::2], animals[1::2], strict=True):
            started = time.perf_counter()
            ask(pedigree, sire, dam)
            taken.append(time.perf_counter() - started)
        print(f"  one mating, {name:<23} {1000 * statistics.median(taken):10.1f} ms, median of {MATINGS}")


if __name__ == "__main__":
    main()
