"""What stands beside an F: through which common ancestors it comes, how much of the pedigree is known, how bad it is.

Pure, like inbreeding.py, which computes F itself.
"""

from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from math import fsum
from typing import NamedTuple

from app.herd.inbreeding import Herd, Pedigree, ancestors

MAX_PATHS = 100
# Pairs of animals looked at while paths are searched. The paths of a pedigree are exponential in its depth; this many
# pairs find all paths of up to 15 steps whatever the pedigree, so what stays unlisted is below (1/2)^16 a path.
MAX_STEPS = 100_000

WARN_FROM = 0.0625
BLOCK_FROM = 0.125
_ROUNDING = 1e-12

GENERATIONS = 3


class Path(NamedTuple):
    """A pair of lines that meet in the ancestor and nowhere before: from the sire up to it, from the dam up to it."""

    sire_line: tuple[int, ...]
    dam_line: tuple[int, ...]
    contribution: float

    @property
    def n1(self) -> int:
        """Generations from the sire up to the ancestor."""
        return len(self.sire_line) - 1

    @property
    def n2(self) -> int:
        """Generations from the dam up to the ancestor."""
        return len(self.dam_line) - 1


class CommonAncestor(NamedTuple):
    animal: int
    inbreeding: float  # F_A, its own
    contribution: float  # of the paths listed
    paths: tuple[Path, ...]


class CommonAncestors(NamedTuple):
    """`inbreeding` is the sum of all contributions and of `unlisted`, which is 0.0 unless `truncated`."""

    inbreeding: float
    ancestors: tuple[CommonAncestor, ...]  # those who contribute most first
    unlisted: float
    truncated: bool


class Completeness(NamedTuple):
    """How many of the 2 parents, 4 grandparents and 8 great-grandparents are known; who is there twice counts twice."""

    by_generation: tuple[int, ...]

    @property
    def known(self) -> int:
        return sum(self.by_generation)

    @property
    def possible(self) -> int:
        return sum(2**generation for generation in range(1, GENERATIONS + 1))

    @property
    def fraction(self) -> float:
        return self.known / self.possible


class Level(StrEnum):
    """What to say of an F. UNKNOWN: nothing was found, but with these gaps in the pedigree that proves nothing."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    BLOCK = "block"


def level(
    f: float, completeness: Completeness, *, warn: float = WARN_FROM, block: float = BLOCK_FROM
) -> Level:
    """Reaching a level is enough: cousins (exactly 6.25 %) warn."""
    if f >= block - _ROUNDING:
        return Level.BLOCK
    if f >= warn - _ROUNDING:
        return Level.WARN
    if f <= _ROUNDING and completeness.known < completeness.possible:
        return Level.UNKNOWN
    return Level.OK


def completeness(pedigree: Pedigree, animal: int) -> Completeness:
    """Return what is known of three generations above the animal."""
    return expected_completeness(pedigree, *pedigree.get(animal, (None, None)))


def expected_completeness(pedigree: Pedigree, sire: int | None, dam: int | None) -> Completeness:
    """Return the same of a calf of these two."""
    generation = [parent for parent in (sire, dam) if parent is not None]
    counts = []
    for _ in range(GENERATIONS):
        counts.append(len(generation))
        generation = [
            parent for animal in generation for parent in pedigree.get(animal, ()) if parent is not None
        ]
    return Completeness(tuple(counts))


def common_ancestors(
    pedigree: Pedigree, sire: int, dam: int, *, max_paths: int = MAX_PATHS, max_steps: int = MAX_STEPS
) -> CommonAncestors:
    """Return F of a calf of these two in Wright's form, the sum over paths of (1/2)^(n1 + n2 + 1) (1 + F_A).

    Shortest paths first, `max_paths` at most, within `max_steps`; raises PedigreeLoop.
    """
    herd = Herd(ancestors(pedigree, (sire, dam)))
    expected = herd.additive(sire, dam) / 2
    search = _Search(herd, sire, dam, max_steps)
    paths: list[Path] = []
    for path in search.paths():
        if len(paths) == max_paths:
            search.complete = False
            break
        paths.append(path)
    unlisted = 0.0 if search.complete else expected - fsum(path.contribution for path in paths)
    return CommonAncestors(expected, _by_ancestor(herd, paths), max(unlisted, 0.0), not search.complete)


def _by_ancestor(herd: Herd, paths: list[Path]) -> tuple[CommonAncestor, ...]:
    groups: dict[int, list[Path]] = {}
    for path in paths:
        groups.setdefault(path.sire_line[-1], []).append(path)
    found = [
        CommonAncestor(animal, herd.inbreeding(animal), fsum(path.contribution for path in own), tuple(own))
        for animal, own in groups.items()
    ]
    return tuple(sorted(found, key=lambda ancestor: (-ancestor.contribution, ancestor.animal)))


class _Line(NamedTuple):
    """A line upwards, by its latest animal (its number in the herd) and what came before."""

    number: int
    below: "_Line | None" = None

    def animals(self, herd: Herd) -> tuple[int, ...]:
        line: _Line | None = self
        upwards = []
        while line:
            upwards.append(herd.animals[line.number])
            line = line.below
        return tuple(reversed(upwards))


class _Search:
    """Climbs from both parents at once, always with the younger of the two, so that lines that share an animal are on
    it at the same time: the first meeting is the ancestor of the pair. Pairs that can never meet are not followed."""

    def __init__(self, herd: Herd, sire: int, dam: int, max_steps: int) -> None:
        self.complete = True
        self._herd = herd
        self._steps_left = max_steps
        self._start = herd.numbers[sire], herd.numbers[dam]
        self._founders = _shared_founders(herd, *self._start)

    def paths(self) -> Iterator[Path]:
        waiting = deque([(_Line(self._start[0]), _Line(self._start[1]))])
        while waiting:
            self._steps_left -= 1
            if self._steps_left < 0:
                self.complete = False
                return
            sire_line, dam_line = waiting.popleft()
            if sire_line.number == dam_line.number:
                yield self._path(sire_line, dam_line)
            elif self._founders[sire_line.number] & self._founders[dam_line.number]:
                waiting.extend(self._climb(sire_line, dam_line))

    def _climb(self, sire_line: _Line, dam_line: _Line) -> Iterator[tuple[_Line, _Line]]:
        if sire_line.number > dam_line.number:
            return ((line, dam_line) for line in self._parents(sire_line))
        return ((sire_line, line) for line in self._parents(dam_line))

    def _parents(self, line: _Line) -> Iterator[_Line]:
        herd = self._herd
        return (_Line(parent, line) for parent in (herd.sires[line.number], herd.dams[line.number]) if parent)

    def _path(self, sire_line: _Line, dam_line: _Line) -> Path:
        up, down = sire_line.animals(self._herd), dam_line.animals(self._herd)
        share = 0.5 ** (len(up) + len(down) - 1)  # n1 + n2 + 1
        return Path(up, down, share * (1 + self._herd.f[sire_line.number]))


def _shared_founders(herd: Herd, one: int, other: int) -> list[int]:
    """By number, which founders of both an animal descends from, as bits. Two ancestors are related when they share
    one, for whoever is their common ancestor has founders of his own. The half-known are no founders: they descend."""
    shared = set(herd.lineage([one])) & set(herd.lineage([other]))
    bits = [0]
    founder = 1
    for number in range(1, len(herd.animals)):
        sire, dam = herd.sires[number], herd.dams[number]
        if not sire and not dam and number in shared:
            bits.append(founder)
            founder <<= 1
        else:
            bits.append(bits[sire] | bits[dam])
    return bits
