"""Wright's F of every animal of a pedigree, and of a calf not yet made. Pure; paths and completeness are in kinship.py.

The relationship matrix is A = T D T' (Henderson 1976), T the share of each ancestor in each animal, D the part of an
animal that is its own by Mendelian sampling. Meuwissen & Luo (1992) follow one animal at a time up through T, and keep
nothing but a row. So does this module, with two savings. Full sibs share a row. And what a sire is to *all* his
mates of one generation is one walk up through his ancestors and one walk down through theirs (Colleau 2002;
Sargolzaei, Iwaisaki & Colleau 2005), where a walk for every calf would pass the same ancestors again and again.
Memory grows with the number of animals, never with their pairs.
"""

from collections.abc import Iterable, Mapping
from math import sqrt

# animal -> (sire, dam); None is unknown. An animal named only as a parent is a founder.
Pedigree = Mapping[int, tuple[int | None, int | None]]

_UNKNOWN = (None, None)


class PedigreeLoop(ValueError):
    """Some animal is its own ancestor. `loop` goes from child to parent and ends where it began."""

    def __init__(self, loop: list[int]) -> None:
        super().__init__("an animal is its own ancestor: " + " -> ".join(map(str, loop)))
        self.loop = loop


def inbreeding(pedigree: Pedigree) -> dict[int, float]:
    """Return F of every animal, also of those named only as parents; raises PedigreeLoop."""
    herd = Herd(pedigree)
    return {animal: herd.f[number] for animal, number in herd.numbers.items()}


def expected_inbreeding(pedigree: Pedigree, sire: int, dam: int) -> float:
    """Return F of a calf of these two: half their additive relationship. Reads their ancestors, not the herd."""
    return additive_relationship(pedigree, sire, dam) / 2


def additive_relationship(pedigree: Pedigree, one: int, other: int) -> float:
    """Return a_ij, twice the coancestry; of an animal with itself it is 1 + F."""
    return _of_ancestors(pedigree, one, other).additive(one, other)


def relationship(pedigree: Pedigree, one: int, other: int) -> float:
    """Return Wright's coefficient of relationship, r = a_ij / sqrt(a_ii a_jj)."""
    herd = _of_ancestors(pedigree, one, other)
    own = (1 + herd.inbreeding(one)) * (1 + herd.inbreeding(other))
    return herd.additive(one, other) / sqrt(own)


def ancestors(pedigree: Pedigree, animals: Iterable[int]) -> dict[int, tuple[int | None, int | None]]:
    """Return the part of the pedigree that holds these animals and all their ancestors; loops do no harm."""
    found: dict[int, tuple[int | None, int | None]] = {}
    waiting = list(animals)
    while waiting:
        animal = waiting.pop()
        if animal not in found:
            found[animal] = parents = pedigree.get(animal, _UNKNOWN)
            waiting += [parent for parent in parents if parent is not None]
    return found


def _of_ancestors(pedigree: Pedigree, *animals: int) -> "Herd":
    return Herd(ancestors(pedigree, animals))


class Herd:
    """A pedigree numbered from 1, parents before offspring, with F of all of it; 0 is the unknown parent.

    Arrays are plain lists: element 0 makes the unknown parent an animal like any other, and spares the loops a test.
    """

    def __init__(self, pedigree: Pedigree) -> None:
        generations = _generations(pedigree)
        self.animals = [0, *(animal for generation in generations for animal in generation)]
        self.numbers = {animal: number for number, animal in enumerate(self.animals) if number}
        self.sires, self.dams = self._parents(pedigree)
        size = len(self.animals)
        self.f = [-1.0] + [0.0] * (
            size - 1
        )  # F = -1 of the unknown parent gives each founder its whole variance
        self._d = [0.0] * size
        self._shares = [
            0.0
        ] * size  # of the ancestors in one animal; zero again after every use, but 0's, which nobody reads
        self._row = [0.0] * size  # of A; written before it is read
        self._seen = bytearray(size)
        start = 1
        for generation in generations:
            self._settle(range(start, start + len(generation)))
            start += len(generation)

    def inbreeding(self, animal: int) -> float:
        return self.f[self.numbers[animal]]

    def additive(self, one: int, other: int) -> float:
        """Return a_ij of two animals of the herd."""
        number = self.numbers[other]
        self._fill_row(self.numbers[one], [number])
        return self._row[number]

    def _parents(self, pedigree: Pedigree) -> tuple[list[int], list[int]]:
        numbers = self.numbers
        sires, dams = [0], [0]
        for animal in self.animals[1:]:
            sire, dam = pedigree.get(animal, _UNKNOWN)
            sires.append(0 if sire is None else numbers[sire])
            dams.append(0 if dam is None else numbers[dam])
        return sires, dams

    def _settle(self, generation: range) -> None:
        """F and D of a generation, when those of all earlier ones are known."""
        f, sires, dams = self.f, self.sires, self.dams
        calves_of: dict[int, dict[int, list[int]]] = {}
        for calf in generation:
            sire, dam = sires[calf], dams[calf]
            self._d[calf] = 0.5 - 0.25 * (f[sire] + f[dam])
            if sire and dam:
                calves_of.setdefault(sire, {}).setdefault(dam, []).append(calf)
        for sire, families in calves_of.items():
            self._fill_row(sire, families)
            for dam, calves in families.items():
                for calf in calves:
                    f[calf] = 0.5 * self._row[dam]

    def _fill_row(self, animal: int, others: Iterable[int]) -> None:
        """Write a_ij of `animal` with `others` and all their ancestors into the row."""
        sires, dams, row, shares = self.sires, self.dams, self._row, self._shares
        own = self.lineage([animal])
        self._share(animal, own)
        for number in self.lineage(others):
            row[number] = shares[number] + 0.5 * (row[sires[number]] + row[dams[number]])
        for number in own:
            shares[number] = 0.0

    def _share(self, animal: int, own: list[int]) -> None:
        """Write D T' of `animal`: the share of each ancestor in it, times the ancestor's own variance."""
        sires, dams, d, shares = self.sires, self.dams, self._d, self._shares
        shares[animal] = 1.0
        for number in reversed(own):
            half = 0.5 * shares[number]
            shares[sires[number]] += half
            shares[dams[number]] += half
            shares[number] *= d[number]

    def lineage(self, animals: Iterable[int]) -> list[int]:
        """The animals and all their ancestors by number, the oldest first."""
        sires, dams, seen = self.sires, self.dams, self._seen
        seen[0] = 1
        found: list[int] = []
        waiting = list(animals)
        while waiting:
            number = waiting.pop()
            if not seen[number]:
                seen[number] = 1
                found.append(number)
                waiting.append(sires[number])
                waiting.append(dams[number])
        for number in found:
            seen[number] = 0
        found.sort()
        return found


def _generations(pedigree: Pedigree) -> list[list[int]]:
    """The animals in waves: founders, then those whose parents are all in earlier waves. By id inside a wave, so that
    the order of the input changes nothing, not even the last bit of a sum."""
    children: dict[int, list[int]] = {}
    missing: dict[int, int] = {}
    for animal, parents in pedigree.items():
        missing[animal] = sum(parent is not None for parent in parents)
        for parent in parents:
            if parent is not None:
                children.setdefault(parent, []).append(animal)
    wave = [animal for animal, count in missing.items() if not count]
    wave += [parent for parent in children if parent not in missing]
    waves: list[list[int]] = []
    while wave:
        waves.append(sorted(wave))
        wave = _next_wave(wave, children, missing)
    _refuse_loop(pedigree, missing)
    return waves


def _next_wave(wave: list[int], children: dict[int, list[int]], missing: dict[int, int]) -> list[int]:
    ready = []
    for parent in wave:
        for child in children.get(parent, ()):
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return ready


def _refuse_loop(pedigree: Pedigree, missing: dict[int, int]) -> None:
    """Who still misses a parent has an ancestor in a loop: from parent to parent one must come round."""
    animal = min((animal for animal, count in missing.items() if count), default=None)
    if animal is None:
        return
    path: dict[int, None] = {}
    while animal not in path:
        path[animal] = None
        animal = next(parent for parent in pedigree[animal] if parent is not None and missing.get(parent))
    walked = list(path)
    raise PedigreeLoop([*walked[walked.index(animal) :], animal])
