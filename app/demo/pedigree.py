"""Who is born of whom: animals of four generations, the same ones every time, dated back from today. Pure."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from app.demo.breeds import CATTLE, LINES, Line
from app.herd.inbreeding import expected_inbreeding
from app.herd.pedigree import FEMALE, MALE
from app.herd.statuses import ALIVE

GENERATIONS = 4
MOST_BIRTHS = 6
# Of so many calves one is its mother's father's: what happens on farms, and what the inbreeding screen is for.
ACCIDENT_EVERY = 31
# A founder bull of the breed is born so many days after the one before.
BULLS_APART = 1000
NO_FATHER = "Inseminada con semen de otra finca, sin registro del padre."
ACCIDENT = "Monta no controlada de la madre con su propio padre."


@dataclass(eq=False)
class Beast:
    """An animal before it is stored; `vigour` is its weight beside the breed's."""

    number: int
    record: str
    line: Line
    generation: int
    sex: str
    born: dt.date
    father: "Beast | None"
    mother: "Beast | None"
    vigour: float
    notes: str | None = None
    status: str = ALIVE
    left: dt.date | None = None
    reason: str | None = None

    def age(self, day: dt.date) -> int:
        """Days of life."""
        return (day - self.born).days

    def is_present(self, day: dt.date) -> bool:
        """Whether it was born by that day, and neither sold nor dead yet on it."""
        return self.born <= day and (self.left is None or day < self.left)


class Herdbook:
    """The animals so far, parents before their calves."""

    def __init__(self, today: dt.date, chance: Random) -> None:
        self._today, self._chance = today, chance
        self.beasts: list[Beast] = []
        self._parents: dict[int, tuple[int | None, int | None]] = {}
        self._births: dict[int, list[dt.date]] = {}
        self._numbers = {line.breed: count(1) for line in LINES}

    def found(self, line: Line) -> None:
        """The first generation of a breed; its bulls come one after another, so that daughters meet strangers."""
        start = self._today - dt.timedelta(days=line.kind.founders)
        for place in range(line.bulls):
            later = place * BULLS_APART * line.kind.founders // CATTLE.founders
            self._enter(line, 0, MALE, start + dt.timedelta(days=later - 200 + self._chance.randrange(60)))
        for _ in range(line.cows):
            self._enter(line, 0, FEMALE, start + dt.timedelta(days=self._chance.randrange(500)))

    def breed(self, line: Line, generation: int) -> None:
        """The calves of a breed's dams of the generation before."""
        wanted = line.calves[generation - 1]
        # Early births for those who must have calves themselves, late ones for the youngest.
        births = sorted(self._possible(line, generation), key=lambda one: (one[1], one[0].number))
        some = wanted + 1 + wanted // 4
        births = births[-some:] if generation == GENERATIONS - 1 else births[:some]
        chosen = self._chance.sample(births, min(wanted, len(births)))
        for place, (dam, born) in enumerate(sorted(chosen, key=lambda one: (one[1], one[0].number))):
            self._births[dam.number].remove(born)
            sex = MALE if place % 7 in (1, 4, 6) else FEMALE
            father, notes = self._father(line, dam, born)
            self._enter(line, generation, sex, born, father, dam, notes)

    def _enter(
        self,
        line: Line,
        generation: int,
        sex: str,
        born: dt.date,
        father: Beast | None = None,
        mother: Beast | None = None,
        notes: str | None = None,
    ) -> None:
        number = len(self.beasts) + 1
        record = f"{line.prefix}-{born.year % 100:02}{next(self._numbers[line.breed]):03}"
        vigour = min(max(self._chance.gauss(1, 0.05), 0.88), 1.12)
        self.beasts.append(Beast(number, record, line, generation, sex, born, father, mother, vigour, notes))
        self._parents[number] = (
            father.number if father else None,
            mother.number if mother else None,
        )

    def _possible(self, line: Line, generation: int) -> Iterator[tuple[Beast, dt.date]]:
        for dam in self.beasts:
            right = dam.sex == FEMALE and dam.generation == generation - 1
            if right and dam.line.breed in (line.dams or (line.breed,)):
                yield from ((dam, born) for born in self._births_of(dam))

    def _births_of(self, dam: Beast) -> list[dt.date]:
        """When a cow could calve: first when grown, then at her species' interval; each birth is taken once."""
        if dam.number not in self._births:
            kind, days = dam.line.kind, dam.line.kind.first_birth + self._chance.randrange(120)
            dates = []
            for _ in range(MOST_BIRTHS):
                dates.append(dam.born + dt.timedelta(days=days))
                days += kind.birth_interval + self._chance.randrange(60)
            newest = self._today - dt.timedelta(days=4)
            self._births[dam.number] = [day for day in dates if day <= newest]
        return self._births[dam.number]

    def _father(self, line: Line, dam: Beast, born: dt.date) -> tuple[Beast | None, str | None]:
        conceived = born - dt.timedelta(days=line.kind.gestation)
        breeds = line.sires or (line.breed,)
        fit = [
            one
            for one in self.beasts
            if one.sex == MALE and one.line.breed in breeds and one.age(conceived) >= line.kind.sire_from
        ]
        if (len(self.beasts) + 1) % ACCIDENT_EVERY == 0 and dam.father in fit:
            return dam.father, ACCIDENT
        kin = {one: expected_inbreeding(self._parents, one.number, dam.number) for one in fit}
        strangers = [one for one in fit if not kin[one]]
        if strangers:
            # The proven bull before the others.
            return (strangers[0] if self._chance.random() < 0.6 else self._chance.choice(strangers)), None
        if not fit or self._chance.random() < 0.7:
            return None, NO_FATHER
        return min(fit, key=lambda one: (kin[one], one.number)), None


def herdbook(today: dt.date, chance: Random) -> list[Beast]:
    """Every animal that was ever on the farm, parents before their calves."""
    book = Herdbook(today, chance)
    for line in LINES:
        book.found(line)
    for generation in range(1, GENERATIONS):
        for line in LINES:
            book.breed(line, generation)
    return book.beasts
