"""The species and breeds of the demonstration farm, with the round figures their animals are invented from. Data."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A species: its calendar in days of age, and how fast it grows (the rate of Brody's curve, a day).

    `founders` is how long ago the first generation was born.
    """

    name: str
    founders: int
    first_birth: int
    birth_interval: int
    gestation: int
    sire_from: int
    weaned: int
    adult: int
    sold_from: int
    retired: int
    rate: float


class Line(NamedTuple):
    """A breed: mature weights (kg) and heights (cm) of females and males, and how many animals of it there are.

    `sires` and `dams` are the breeds that its calves come from, when it is a cross.
    """

    breed: str
    prefix: str
    kind: Kind
    colour: str
    birth_kg: float
    mature_kg: tuple[float, float]
    mature_cm: tuple[float, float]
    bulls: int
    cows: int
    calves: tuple[int, int, int]
    sires: tuple[str, ...] = ()
    dams: tuple[str, ...] = ()


CATTLE = Kind("Bovino", 4700, 930, 395, 283, 700, 300, 850, 600, 4200, 0.0016)
BUFFALO = Kind("Bufalino", 5200, 1080, 420, 310, 800, 330, 950, 700, 4700, 0.0014)
SHEEP = Kind("Ovino", 2400, 420, 240, 150, 330, 90, 300, 240, 2150, 0.0045)

LINES = (
    Line("Holstein", "HOL", CATTLE, "#f4f1ea", 40, (600, 950), (143, 158), 3, 7, (12, 16, 17)),
    Line("Jersey", "JER", CATTLE, "#b5814f", 26, (420, 650), (125, 138), 2, 4, (6, 8, 10)),
    Line("Normando", "NOR", CATTLE, "#8a5a3c", 42, (650, 1000), (140, 152), 2, 4, (5, 8, 9)),
    Line("Gyr", "GYR", CATTLE, "#9c4a2f", 28, (430, 700), (132, 145), 2, 4, (6, 8, 8)),
    Line(
        "Girolando", "GIR", CATTLE, "#6b4630", 34, (520, 820), (138, 150), 0, 0, (4, 8, 10),
        ("Gyr",), ("Holstein", "Girolando"),
    ),
    Line("Brahman", "BRA", CATTLE, "#d8d5cf", 32, (500, 850), (140, 155), 2, 4, (6, 7, 8)),
    Line("Simmental", "SIM", CATTLE, "#c98a4b", 42, (650, 1050), (142, 155), 2, 3, (4, 5, 6)),
    Line("Murrah", "MUR", BUFFALO, "#3a3634", 36, (580, 780), (135, 145), 2, 5, (6, 8, 8)),
    Line("Mediterránea", "MED", BUFFALO, "#4a443f", 38, (600, 800), (136, 146), 2, 3, (4, 4, 5)),
    Line("Katahdin", "KAT", SHEEP, "#efe6d6", 3.6, (62, 95), (66, 76), 2, 4, (5, 5, 6)),
    Line("Dorper", "DOR", SHEEP, "#e9e2d2", 3.8, (68, 105), (64, 72), 1, 2, (3, 3, 3)),
    Line("Santa Inés", "SIN", SHEEP, "#7d5236", 3.4, (55, 85), (70, 80), 1, 2, (2, 2, 2)),
)  # fmt: skip
