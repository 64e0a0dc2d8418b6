"""Whether a parent can be the parent: sex, age, and no animal its own ancestor. Pure; the facts are handed in.

Nothing is raised here: every problem is found, and the service decides what becomes of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from app.herd.inbreeding import Pedigree

MALE = "Macho"
FEMALE = "Hembra"

FATHER = "idFather"
MOTHER = "idMother"

_NAMED_AT_MOST = 5


class Facts(NamedTuple):
    """What the checks must know of an animal. One that is not stored yet has no id."""

    id: int | None
    record: str
    sex: str | None
    birth_date: date | None


class Problem(NamedTuple):
    field: str
    sentence: str


class _Role(NamedTuple):
    field: str
    noun: str
    sex: str
    wrong_sex: str


_FATHER = _Role(FATHER, "padre", MALE, "hembra")
_MOTHER = _Role(MOTHER, "madre", FEMALE, "macho")


def parent_problems(
    child: Facts,
    father: Facts | None,
    mother: Facts | None,
    parents: Pedigree | None = None,
    records: Mapping[int, str] | None = None,
) -> list[Problem]:
    """Return what speaks against these parents, all of it. `parents` is the stored pedigree above both of them;
    `records` gives its animals the names that a loop is told by."""
    problems: list[Problem] = []
    for role, parent in ((_FATHER, father), (_MOTHER, mother)):
        if parent is not None:
            problems += _against(role, child, parent, parents or {}, records or {})
    if father is not None and mother is not None and (father.id, father.record) == (mother.id, mother.record):
        problems.append(Problem(MOTHER, f"El padre y la madre son el mismo animal, {father.record}"))
    return problems


def own_problems(animal: Facts, fathered: Iterable[Facts], borne: Iterable[Facts]) -> list[Problem]:
    """Return what its stored calves say against an animal's new sex or birth date."""
    fathered, borne = list(fathered), list(borne)
    problems = []
    for role, calves in ((_FATHER, fathered), (_MOTHER, borne)):
        if calves and animal.sex is not None and animal.sex != role.sex:
            sentence = f"No puede ser {role.wrong_sex}: figura como {role.noun} de {_named(calves)}"
            problems.append(Problem("sex", sentence))
    older = [calf for calf in fathered + borne if not _born_before(animal, calf)]
    if older:
        problems.append(
            Problem("birth_date", f"Debe ser anterior al nacimiento de sus crías: {_named(older)}")
        )
    return problems


def _against(
    role: _Role, child: Facts, parent: Facts, parents: Pedigree, records: Mapping[int, str]
) -> Iterator[Problem]:
    if parent.sex is not None and parent.sex != role.sex:
        yield Problem(role.field, f"El animal {parent.record} no puede ser {role.noun}: es {role.wrong_sex}")
    if not _born_before(parent, child):
        yield Problem(role.field, _too_young(role, child, parent))
    if child.id is not None and parent.id is not None:
        loop = _way_up(parent.id, child.id, parents)
        if loop:
            yield Problem(role.field, _own_ancestor(role, child, parent, loop, records))


def _born_before(parent: Facts, child: Facts) -> bool:
    if parent.birth_date is None or child.birth_date is None:
        return True
    return parent.birth_date < child.birth_date


def _too_young(role: _Role, child: Facts, parent: Facts) -> str:
    return (
        f"El animal {parent.record} no puede ser {role.noun}: nació el {parent.birth_date}"
        f" y la cría el {child.birth_date}"
    )


def _own_ancestor(
    role: _Role, child: Facts, parent: Facts, loop: list[int], records: Mapping[int, str]
) -> str:
    if len(loop) == 1:
        return f"Un animal no puede ser su {'propio padre' if role is _FATHER else 'propia madre'}"
    names = {**records, loop[0]: parent.record, loop[-1]: child.record}
    way = " → ".join([child.record, *(names.get(animal, f"n.º {animal}") for animal in loop)])
    return f"El animal {parent.record} desciende de {child.record}, que sería su propio antepasado: {way}"


def _way_up(start: int, goal: int, parents: Pedigree) -> list[int]:
    """The shortest line from `start` up to its ancestor `goal`, both included; empty if it is none."""
    below: dict[int, int | None] = {start: None}
    line = [start]
    for animal in line:  # grows while it is read
        if animal == goal:
            return _walked(goal, below)
        for parent in parents.get(animal, ()):
            if parent is not None and parent not in below:
                below[parent] = animal
                line.append(parent)
    return []


def _walked(goal: int, below: Mapping[int, int | None]) -> list[int]:
    line: list[int] = []
    animal: int | None = goal
    while animal is not None:
        line.append(animal)
        animal = below[animal]
    return line[::-1]


def _named(calves: list[Facts]) -> str:
    names = ", ".join(calf.record for calf in calves[:_NAMED_AT_MOST])
    rest = len(calves) - _NAMED_AT_MOST
    return names if rest <= 0 else f"{names} y {rest} más"
