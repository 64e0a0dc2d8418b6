"""Which animal fell ill of what and when, in the two years of the demonstration. Pure."""

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from app.demo.pedigree import Beast
from app.herd.pedigree import FEMALE

EPISODES = 110
# Who fell ill this long ago is well again.
OVER_DAYS = 40


class Illness(NamedTuple):
    """A disease: whom it strikes (species, ages in days, sex), what is done, and what that costs in pesos."""

    disease: str
    species: tuple[str, ...]
    ages: range
    females_only: bool
    medications: tuple[str, ...]
    frequency: str
    days: int
    cost: int
    plan: str
    vaccine: str | None = None


EVERYBODY = ("Bovino", "Bufalino", "Ovino")
LARGE = ("Bovino", "Bufalino")
ILLNESSES = (
    Illness("Mastitis clínica", LARGE, range(900, 9000), True,
        ("Cefapirina intramamaria", "Meloxicam 2 %"), "Cada 12 horas", 4, 86_000,
        "Ordeño aparte, prueba de California al terminar y retiro de la leche"),
    Illness("Anaplasmosis", ("Bovino",), range(120, 9000), False,
        ("Oxitetraciclina LA 20 %", "Imidocarb 12 %"), "Cada 48 horas", 5, 118_000,
        "Reposo a la sombra, control de garrapatas en todo el lote"),
    Illness("Neumonía", EVERYBODY, range(10, 500), False,
        ("Enrofloxacina 10 %", "Flunixin meglumine"), "Cada 24 horas", 5, 64_000,
        "Aislar en cama seca y sin corrientes de aire"),
    Illness("Diarrea neonatal", EVERYBODY, range(3, 60), False,
        ("Suero oral rehidratante", "Enrofloxacina 10 %"), "Cada 12 horas", 3, 38_000,
        "Hidratar, revisar la toma de calostro"),
    Illness("Cojera por pododermatitis", EVERYBODY, range(400, 9000), False,
        ("Ceftiofur 50 mg/ml", "Sulfato de cobre 5 %"), "Cada 24 horas", 5, 95_000,
        "Recorte funcional y pediluvio", "Antitetánica"),
    Illness("Metritis", LARGE, range(950, 9000), True,
        ("Ceftiofur 50 mg/ml", "Flunixin meglumine"), "Cada 24 horas", 5, 132_000,
        "Revisión ginecológica a los 15 días"),
    Illness("Parasitismo gastrointestinal", EVERYBODY, range(90, 2000), False,
        ("Fenbendazol 10 %",), "Dosis única", 1, 21_000,
        "Repetir coprológico a los 21 días"),
    Illness("Queratoconjuntivitis", EVERYBODY, range(60, 9000), False,
        ("Cloxacilina oftálmica",), "Cada 48 horas", 6, 33_000,
        "Sombra y control de moscas"),
    Illness("Hipocalcemia puerperal", ("Bovino",), range(1500, 9000), True,
        ("Borogluconato de calcio",), "Dosis única", 1, 74_000,
        "Sal mineralizada de transición antes del próximo parto"),
    Illness("Timpanismo", EVERYBODY, range(200, 9000), False,
        ("Silicona antiespumante",), "Dosis única", 1, 27_000,
        "Sonda, caminar al animal, pastoreo sin rocío"),
    Illness("Fotosensibilización", ("Bovino", "Ovino"), range(100, 3000), False,
        ("Meloxicam 2 %",), "Cada 24 horas", 4, 46_000,
        "Cambiar de potrero y mantener a la sombra"),
    Illness("Babesiosis", LARGE, range(120, 9000), False,
        ("Imidocarb 12 %", "Flunixin meglumine"), "Dosis única", 2, 102_000,
        "Control de garrapatas en todo el lote"),
)  # fmt: skip


class Episode(NamedTuple):
    """An animal fell ill on a day."""

    beast: Beast
    illness: Illness
    day: dt.date
    place: int

    def is_over(self, today: dt.date) -> bool:
        """Whether it was so long ago that it has ended."""
        return (today - self.day).days > OVER_DAYS


def episodes(beasts: Sequence[Beast], since: dt.date, today: dt.date, chance: Random) -> list[Episode]:
    """Illnesses of animals that were there, at most one of a kind each, in the order of their days."""
    found: dict[tuple[int, str], Episode] = {}
    while len(found) < EPISODES:
        # More of them lately, as in every book that is kept better and better.
        age = min(chance.randrange(1, 725), chance.randrange(1, 725))
        day = today - dt.timedelta(days=age)
        illness = chance.choice(ILLNESSES)
        able = [one for one in beasts if _may_catch(one, illness, day)]
        if day < since or not able:
            continue
        beast = chance.choice(able)
        found.setdefault((beast.number, illness.disease), Episode(beast, illness, day, len(found)))
    return sorted(found.values(), key=lambda one: (one.day, one.place))


def _may_catch(beast: Beast, illness: Illness, day: dt.date) -> bool:
    return (
        beast.is_present(day)
        and beast.line.kind.name in illness.species
        and beast.age(day) in illness.ages
        and (beast.sex == FEMALE or not illness.females_only)
    )
