"""Which animals were sold or died, when and why; never before their last calf. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping
from random import Random

from app.demo.pedigree import Beast
from app.herd.pedigree import MALE
from app.herd.statuses import DEAD, SOLD

# The newest departure is some days ago, so that nobody takes it for a mistake of today's.
LAST_DAYS = 6
AFTER_BIRTH = 75
SALES = (
    "Venta en la subasta ganadera",
    "Venta para ceba a un productor de la región",
    "Venta al frigorífico",
)
BREEDING_SALES = ("Venta como pie de cría", "Venta a un productor de la región")
CALF_DEATHS = ("Diarrea neonatal", "Neumonía", "Onfalitis complicada")
DEATHS = (
    "Timpanismo",
    "Mordedura de serpiente",
    "Rayo durante una tormenta",
    "Anaplasmosis aguda",
    "Caída en un caño",
    "Intoxicación por plantas",
)


def part(beasts: Iterable[Beast], today: dt.date, chance: Random) -> None:
    """Gives those who left their day, status and reason."""
    beasts = list(beasts)
    needed = _needed_until(beasts)
    newest = today - dt.timedelta(days=LAST_DAYS)
    for beast in beasts:
        status, age, reason = _fate(beast, beast in needed, today, chance)
        day = max(beast.born + dt.timedelta(days=age), needed.get(beast, beast.born))
        if status and day <= newest:
            beast.status, beast.left, beast.reason = status, day, reason


def _needed_until(beasts: Iterable[Beast]) -> Mapping[Beast, dt.date]:
    """The last day on which somebody must still have been there for its calves."""
    found: dict[Beast, dt.date] = {}
    for calf in beasts:
        if calf.mother:
            day = calf.born + dt.timedelta(days=AFTER_BIRTH)
            found[calf.mother] = max(day, found.get(calf.mother, day))
        if calf.father:
            day = calf.born - dt.timedelta(days=calf.line.kind.gestation)
            found[calf.father] = max(day, found.get(calf.father, day))
    return found


def _fate(beast: Beast, has_calves: bool, today: dt.date, chance: Random) -> tuple[str, int, str]:
    """Status, age in days and reason of leaving; no status for those who stay."""
    kind, luck = beast.line.kind, chance.random()
    if luck < 0.06:
        age = chance.randrange(3, max(beast.age(today), 4))
        return DEAD, age, chance.choice(CALF_DEATHS if age < 120 else DEATHS)
    if beast.sex == MALE and not has_calves and luck < 0.7:
        return SOLD, kind.sold_from + chance.randrange(kind.sold_from // 3), chance.choice(SALES)
    if beast.sex == MALE and has_calves and luck < 0.7:
        return SOLD, kind.adult + chance.randrange(kind.adult), "Reemplazo de reproductor"
    if beast.age(today) > kind.retired and luck < 0.9:
        return SOLD, kind.retired + chance.randrange(300), "Descarte por edad"
    if not has_calves and luck < 0.12:
        return SOLD, kind.adult + chance.randrange(100), chance.choice(BREEDING_SALES)
    return "", 0, ""
