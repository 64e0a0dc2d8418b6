"""The farm's paddocks and its two years in them, day by day: births, moves of whole groups, departures."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.core import records
from app.demo.breeds import CATTLE
from app.demo.catalogues import named
from app.demo.pedigree import Beast
from app.demo.stock import Herd
from app.herd import animals
from app.herd.pedigree import FEMALE
from app.land import fields, food_types, moves
from app.land.models import Field, FoodType

DAIRY = {"Holstein", "Jersey", "Girolando"}
SIRE_FROM = 900
ROTATION = "Rotación de potreros"


class Paddock(NamedTuple):
    """A paddock of the farm: who grazes it, how many at most, how large, what grows there."""

    name: str
    group: str
    capacity: int
    area_m2: float
    forage: str
    place: str
    state: str = "Activo"
    handling: str | None = None


# Name, days since it was sown, area, handling, measured.
FORAGES = (
    ("Kikuyo", 1900, 62_000, "Fertilizar con compost cada 90 días", "2,1 kg/m2 de forraje verde"),
    ("Estrella africana", 1500, 54_000, "Descanso de 28 días", "1,8 kg/m2 de forraje verde"),
    ("Brachiaria humidicola", 1200, 70_000, "Tolera el encharcamiento; descanso de 35 días", "1,5 kg/m2"),
    ("Brachiaria decumbens", 2100, 38_000, "Vigilar fotosensibilización", "1,4 kg/m2"),
    ("Guinea mombasa", 800, 41_000, "Entrar a 80 cm, salir a 30 cm", "2,6 kg/m2"),
    ("Leucaena con estrella", 600, 26_000, "Sistema silvopastoril; ramoneo controlado", "2,9 kg/m2"),
    ("Maíz forrajero", 95, 18_000, "Para ensilaje", "4,5 kg/m2"),
)
PADDOCKS = (
    Paddock("La Ceiba", "leche", 50, 32_000, "Kikuyo", "Norte, junto al establo"),
    Paddock("El Establo", "leche", 50, 30_000, "Kikuyo", "Norte"),
    Paddock("La Loma", "doble", 50, 36_000, "Estrella africana", "Oriente, ladera"),
    Paddock("El Guamo", "doble", 50, 34_500, "Guinea mombasa", "Oriente"),
    Paddock("El Humedal", "búfalos", 45, 40_000, "Brachiaria humidicola", "Sur, zona baja"),
    Paddock("La Laguna", "búfalos", 45, 37_000, "Brachiaria humidicola", "Sur"),
    Paddock("El Samán", "novillas", 35, 26_000, "Leucaena con estrella", "Occidente"),
    Paddock("La Vega", "ceba", 35, 24_000, "Guinea mombasa", "Ribera de la quebrada"),
    Paddock("Sala cuna", "terneros", 40, 8_000, "Estrella africana", "Junto al establo"),
    Paddock("Corral de toros", "toros", 30, 12_500.5, "Brachiaria decumbens", "Norte, cerca doble"),
    Paddock("El Aprisco", "ovinos", 45, 15_000, "Estrella africana", "Detrás del vivero"),
    Paddock("El Barranco", "", 20, 21_000, "Brachiaria decumbens", "Extremo sur", "Mantenimiento", "Cerca caída"),
)  # fmt: skip


def group_of(beast: Beast, day: dt.date) -> str:
    """With whom the animal grazes on a day, by species, age and sex."""
    kind, age = beast.line.kind, beast.age(day)
    if kind is not CATTLE:
        return "búfalos" if kind.name == "Bufalino" else "ovinos"
    if age < kind.weaned:
        return "terneros"
    if beast.sex == FEMALE:
        grown = "leche" if beast.line.breed in DAIRY else "doble"
        return grown if age >= kind.adult else "novillas"
    return "toros" if age >= SIRE_FROM else "ceba"


def fence(today: dt.date) -> dict[str, list[Field]]:
    """Forages and paddocks; the paddocks of each group."""
    forages = named(FoodType, _forages(today), food_types.sow, by="food_type")
    records.flush()
    found = named(Field, ((_paddock(one, forages[one.forage].id)) for one in PADDOCKS), fields.fence)
    records.flush()
    groups: dict[str, list[Field]] = defaultdict(list)
    for paddock in PADDOCKS:
        groups[paddock.group].append(found[paddock.name])
    return groups


def _forages(today: dt.date) -> Iterable[dict[str, object]]:
    for name, days, area, handling, gauge in FORAGES:
        sown = today - dt.timedelta(days=days)
        harvest = sown + dt.timedelta(days=120) if name == "Maíz forrajero" else None
        yield {
            "food_type": name,
            "sowing_date": sown,
            "harvest_date": harvest,
            "area": float(area),
            "handlings": handling,
            "gauges": gauge,
        }


def _paddock(paddock: Paddock, forage_id: int) -> dict[str, object]:
    return {
        "name": paddock.name,
        "ubication": paddock.place,
        "capacity": paddock.capacity,
        "state": paddock.state,
        "handlings": paddock.handling or "Cerca eléctrica y bebedero automático",
        "area": paddock.area_m2,
        "food_type_id": forage_id,
    }


class Pastures:
    """Where everybody is, as the days go by."""

    def __init__(self, herd: Herd, groups: dict[str, list[Field]], rotations: Sequence[dt.date]) -> None:
        self._herd, self._groups, self._rotations = herd, groups, rotations
        self._place: dict[Beast, int] = {}
        self._round = 0

    def live(self) -> None:
        """Everything that happened, in the order of its days; of one day first who left, then moves, then births."""
        for day in self._days():
            for beast in [one for one in self._herd if one.left == day]:
                self._leave(beast)
            if day in self._rotations:
                self._rotate(day)
            born = [one for one in self._herd if one.born == day and one.is_present(day)]
            if day > self._rotations[0]:
                self._move(born, day, "Nacimiento")

    def _days(self) -> list[dt.date]:
        days = {*self._rotations}
        days |= {beast.left for beast in self._herd if beast.left}
        days |= {beast.born for beast in self._herd if beast.born > self._rotations[0]}
        return sorted(days)

    def _rotate(self, day: dt.date) -> None:
        self._round = self._rotations.index(day)
        self._move([one for one in self._herd if one.is_present(day)], day, ROTATION)

    def _move(self, beasts: Iterable[Beast], day: dt.date, notes: str) -> None:
        going: dict[int, list[Beast]] = defaultdict(list)
        for beast in beasts:
            paddocks = self._groups[group_of(beast, day)]
            target = paddocks[self._round % len(paddocks)].id
            if self._place.get(beast) != target:
                going[target].append(beast)
        for target, some in going.items():
            moves.move([self._herd[beast].id for beast in some], target, day, notes)
            self._place |= dict.fromkeys(some, target)

    def _leave(self, beast: Beast) -> None:
        animals.revise(
            self._herd[beast], status=beast.status, status_date=beast.left, status_reason=beast.reason
        )
        self._place.pop(beast, None)
