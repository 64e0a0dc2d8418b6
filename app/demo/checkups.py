"""The check-ups of the demonstration: every two months the whole herd goes over the scale."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

from app.demo.episodes import Episode
from app.demo.growth import height_cm, weight_kg
from app.demo.pedigree import Beast
from app.demo.stock import Herd, together
from app.herd import controls

ROUNDS, DAYS_APART, NEWEST_DAYS = 13, 60, 5
# Somebody wrote a digit too many: the screen of growth is to show it.
MISTAKE_ROUND, MISTAKE = 6, 10
HEALTHY = ("Excelente", "Bueno", "Bueno", "Bueno", "Sano", "Sano")
REMARKS = (
    None,
    None,
    None,
    "Sin novedad",
    "Condición corporal 3,5",
    "Condición corporal 3,0",
    "Se aplicó baño contra garrapatas",
    "Revisión de pezuñas y recorte",
)
ILL, WEAK = range(12), range(12, 35)


def days(today: dt.date) -> list[dt.date]:
    """The days on which the herd was weighed, oldest first: about two years of them."""
    newest = today - dt.timedelta(days=NEWEST_DAYS)
    return [newest - dt.timedelta(days=DAYS_APART * back) for back in reversed(range(ROUNDS))]


def weigh(herd: Herd, rounds: Sequence[dt.date], illnesses: Iterable[Episode], chance: Random) -> None:
    """A check-up of everybody who was there, round by round, so that each finds the one before it stored."""
    ill: dict[Beast, list[Episode]] = defaultdict(list)
    for episode in illnesses:
        ill[episode.beast].append(episode)
    mistaken = next(one for one in herd if one.left is None and one.age(rounds[0]) > one.line.kind.adult)
    for place, day in enumerate(rounds):
        with together():
            for beast, animal in herd.items():
                if not beast.is_present(day) or (chance.random() < 0.03 and beast is not mistaken):
                    continue
                wrong = place == MISTAKE_ROUND and beast is mistaken
                state, remark, share = _state(beast, day, ill.get(beast, ()), chance)
                weight = weight_kg(beast, day) * share * chance.gauss(1, 0.015) * (MISTAKE if wrong else 1)
                controls.create(
                    animal_id=animal.id,
                    checkup_date=day,
                    health_status=state,
                    weight=round(weight, 1),
                    height=round(height_cm(beast, day), 0),
                    description=remark,
                )


def _state(
    beast: Beast, day: dt.date, illnesses: Iterable[Episode], chance: Random
) -> tuple[str, str | None, float]:
    """Health, remark and the share of the usual weight that an illness has left."""
    for episode in illnesses:
        since = (day - episode.day).days
        name = episode.illness.disease.lower()
        if since in ILL:
            return "Malo", f"En tratamiento por {name}", 0.95
        if since in WEAK:
            return "Regular", f"Se recupera de {name}", 0.97
    if chance.random() < 0.05:
        return "Regular", "Condición corporal 2,5; mejorar la suplementación", 0.96
    return chance.choice(HEALTHY), chance.choice(REMARKS), 1.0
