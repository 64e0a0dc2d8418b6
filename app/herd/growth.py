"""Daily gain from the weights of one animal: first to last, last interval, least squares. Pure.

Every rate carries what was divided by what and between which days; where nothing can be divided it is None with its
reason, never 0. Weights that cannot be true are flagged and left out.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from statistics import fmean
from typing import NamedTuple

TOO_FEW = "Hacen falta al menos dos pesos"
SAME_DAY = "Hay varios pesos del mismo día"
ALL_IMPLAUSIBLE = "Los pesos no concuerdan entre sí: revise los señalados"


class Weighing(NamedTuple):
    day: date
    kg: float


class Limits(NamedTuple):
    """How far two weights of one animal can be apart and both be true.

    `noise` is of the heavier one: gut fill, a calving, another scale. Gains and losses are what cattle can do at most,
    not what they usually do. No animal lives on after losing more than `worst_loss` of its weight.
    """

    noise: float = 0.15
    gain_kg_d: float = 2.5
    loss_kg_d: float = 1.5
    worst_loss: float = 0.5


class Rate(NamedTuple):
    """`value` = numerator / denominator, kg per day, of the weights from `start` to `end`."""

    value: float | None
    reason: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    units: tuple[str, str] = ("kg", "d")
    start: date | None = None
    end: date | None = None
    weights: int = 0


class Growth(NamedTuple):
    first_to_last: Rate
    last_interval: Rate
    least_squares: Rate
    implausible: tuple[Weighing, ...]


CATTLE = Limits()


def growth(weighings: Iterable[Weighing], limits: Limits = CATTLE) -> Growth:
    """Return the daily gains of one animal; the weighings may come in any order."""
    given = sorted(weighings)
    if not all(0 < weighing.kg < math.inf for weighing in given):  # also refuses NaN
        raise ValueError("a body weight must be more than 0 kg")
    flagged = implausible(given, limits)
    kept = sorted({weighing for weighing in given if weighing not in flagged})
    if len(kept) < 2:
        none = Rate(None, _why_none(given))
        return Growth(none, none, none, flagged)
    return Growth(_interval(kept, 0), _interval(kept, -2), _least_squares(kept), flagged)


def implausible(weighings: Iterable[Weighing], limits: Limits = CATTLE) -> tuple[Weighing, ...]:
    """Return the weights that contradict more than half of their four nearest neighbours in time.

    The usual rules (a multiple of the standard deviation, or of the median deviation) need many weights and a level:
    a farm has three or four of an animal that grows, and one of 900 kg among them widens every such band until it
    fits. What a body can gain or lose in the days between is known beforehand, so each neighbour has a vote, and an
    error has only its own. Of two weights that contradict each other nobody can say which is wrong: both are returned.
    """
    series = sorted(set(weighings))
    flagged: list[Weighing] = []
    while worst := _outvoted(series, limits):
        flagged += worst
        series = [one for one in series if one not in worst]
    return tuple(sorted(flagged))


def _outvoted(series: Sequence[Weighing], limits: Limits) -> list[Weighing]:
    """Those with the largest majority against them, and no others: what stands between two errors is outvoted too,
    until they are gone."""
    against = [_against(series, position, limits) for position in range(len(series))]
    most = max(against, default=0.0)
    return [one for one, share in zip(series, against, strict=True) if share == most > 0.5]


def _against(series: Sequence[Weighing], position: int, limits: Limits) -> float:
    """Share of the neighbours that contradict: two on each side; near an end more on the other, but only three for the
    first and the last, as over a longer time a growing animal can become anything."""
    start = max(0, min(position - 2, len(series) - 5))
    near = [other for other in range(start, min(start + 5, len(series))) if 0 < abs(other - position) <= 3]
    pairs = [sorted((series[position], series[other])) for other in near]
    return sum(not _compatible(earlier, later, limits) for earlier, later in pairs) / max(len(near), 1)


def _compatible(earlier: Weighing, later: Weighing, limits: Limits) -> bool:
    days = (later.day - earlier.day).days
    change = later.kg - earlier.kg
    heavier = max(earlier.kg, later.kg)
    noise = limits.noise * heavier
    if change >= 0:
        return change <= noise + limits.gain_kg_d * days
    return -change <= min(noise + limits.loss_kg_d * days, limits.worst_loss * heavier)


def _interval(kept: Sequence[Weighing], start: int) -> Rate:
    """Gain from the weight at `start` to the last one."""
    first, last = kept[start], kept[-1]
    ends = [weighing for weighing in kept if weighing.day in (first.day, last.day)]
    if len(ends) > 2 or first.day == last.day:
        return Rate(None, SAME_DAY, start=first.day, end=last.day, weights=len(ends))
    gain, days = last.kg - first.kg, (last.day - first.day).days
    return Rate(gain / days, None, gain, days, ("kg", "d"), first.day, last.day, 2)


def _least_squares(kept: Sequence[Weighing]) -> Rate:
    """Slope of the line through all weights; two of one day are two points of it."""
    first, last, count = kept[0].day, kept[-1].day, len(kept)
    days = [(weighing.day - first).days for weighing in kept]
    middle_day, middle_kg = fmean(days), fmean(weighing.kg for weighing in kept)
    spread = math.fsum((day - middle_day) ** 2 for day in days)
    if not spread:
        return Rate(None, SAME_DAY, start=first, end=last, weights=count)
    products = math.fsum(
        (day - middle_day) * (weighing.kg - middle_kg) for day, weighing in zip(days, kept, strict=True)
    )
    return Rate(products / spread, None, products, spread, ("kg·d", "d²"), first, last, count)


def _why_none(given: Sequence[Weighing]) -> str:
    if len(given) < 2:
        return TOO_FEW
    return SAME_DAY if given[0].day == given[-1].day else ALL_IMPLAUSIBLE
