"""Table 1.1 of the contract, a line for each column: resource, column, kind, whether it must be said, more rules.

`-` is a column that may be left out: nullable in the contract, optional in the client's forms or with a default.
Kinds: text up to so many characters, digits (a number as text), int, number, date, bool, a key to a resource, or the
values of an enum.
"""

from dataclasses import dataclass

TABLE = """
users             identification     digits15    must unique
users             fullname           text120     must
users             email              text120     must unique
users             phone              text40      -    unique
users             address            text255     -
users             role               "Aprendiz|Instructor|Administrador" -
users             status             bool        -
species           name               text255     must unique
breeds            name               text255     must
breeds            species_id         >species    must
animals           record             text255     must unique
animals           sex                "Hembra|Macho" must
animals           birth_date         date        must past
animals           weight             number      must positive
animals           status             "Vivo|Vendido|Muerto" -
animals           breeds_id          >breeds     must alias=breed_id
animals           idFather           >animals    -    alias=father_id
animals           idMother           >animals    -    alias=mother_id
animals           notes              text5000    -
food_types        food_type          text255     must unique alias=name
food_types        sowing_date        date        -
food_types        harvest_date       date        -
food_types        area               number      -    positive
food_types        handlings          text255     -    alias=description
food_types        gauges             text255     -
fields            name               text255     must unique
fields            ubication          text255     -
fields            capacity           digits      -
fields            state              "Disponible|Ocupado|Mantenimiento|Restringido|Dañado|Activo" -
fields            handlings          text255     -
fields            gauges             text255     -
fields            area               digits      -
fields            food_type_id       >food_types -
animal-fields     animal_id          >animals    must
animal-fields     field_id           >fields     must
animal-fields     assignment_date    date        must
animal-fields     removal_date       date        -
animal-fields     notes              text5000    -
diseases          name               text100     must unique least3
diseases          symptoms           text255     -
diseases          details            text255     -
animal-diseases   animal_id          >animals    must
animal-diseases   disease_id         >diseases   must
animal-diseases   instructor_id      >users      must
animal-diseases   diagnosis_date     date        must
animal-diseases   status             "Activo|En tratamiento|Recuperado|Tratado|Observación|Crónico" -
animal-diseases   notes              text5000    -
route-administrations name           text50      must unique
route-administrations description    text255     -
route-administrations status         bool        -
medications       name               text100     must unique
medications       description        text255     -
medications       indications        text255     -
medications       contraindications  text255     -
medications       dosis              text50      -
medications       route_administration_id >route-administrations -
medications       availability       bool        -
vaccines          name               text100     must unique
vaccines          dosis              text255     -
vaccines          route_administration_id >route-administrations -
vaccines          vaccination_interval int       -
vaccines          type               "Atenuada|Inactivada|Toxoide|Subunidad|Conjugada|Recombinante|Adn|Arn" -
vaccines          national_plan      bool        -
vaccines          target_disease_id  >diseases   -
vaccinations      animal_id          >animals    must
vaccinations      vaccine_id         >vaccines   must
vaccinations      vaccination_date   date        must
vaccinations      apprentice_id      >users      -
vaccinations      instructor_id      >users      -
treatments        treatment_date     date        must
treatments        description        text255     must alias=diagnosis
treatments        frequency          text255     -
treatments        dosis              text255     -
treatments        observations       text255     -
treatments        animal_id          >animals    must
treatment-medications treatment_id   >treatments must
treatment-medications medication_id  >medications must
treatment-vaccines treatment_id      >treatments must
treatment-vaccines vaccine_id        >vaccines   must
treatment-vaccines dose              text255     -
controls          checkup_date       date        must past
controls          health_status      "Excelente|Bueno|Regular|Malo|Sano" must
controls          weight             number      -    positive
controls          height             number      -    positive
controls          description        text255     -
controls          animal_id          >animals    must
genetic-improvements date            date        must
genetic-improvements details         text255     must
genetic-improvements results         text255     must
genetic-improvements genetic_event_technique text255 must
genetic-improvements animal_id       >animals    must
"""


@dataclass(frozen=True)
class Column:
    """One line."""

    slug: str
    name: str
    kind: str
    must: bool
    rules: frozenset[str]

    def __str__(self) -> str:
        return f"{self.slug}.{self.name}"

    @property
    def values(self) -> list[str]:
        """Of an enum."""
        return self.kind.split("|") if "|" in self.kind else []

    @property
    def most(self) -> int:
        """How many characters of text, 0 for other kinds."""
        return int(self.kind.removeprefix("text")) if self.kind.startswith("text") else 0

    @property
    def target(self) -> str:
        """The resource a key points at, '' for other kinds."""
        return self.kind[1:] if self.kind.startswith(">") else ""

    @property
    def alias(self) -> str:
        return next((rule.removeprefix("alias=") for rule in self.rules if rule.startswith("alias=")), "")


def _read(line: str) -> Column:
    slug, name, rest = line.split(maxsplit=2)
    # The values of an enum hold spaces: "En tratamiento".
    words = rest.split()
    place = max(n for n, word in enumerate(words) if word in {"must", "-"})
    kind = " ".join(words[:place]).strip('"')
    return Column(slug, name, kind, words[place] == "must", frozenset(words[place + 1 :]))


COLUMNS = [_read(line) for line in TABLE.strip().splitlines()]
# Together unique, as the contract has it; breeds by species are ours.
PAIRS = {
    "breeds": ("species_id", "name"),
    "animal-fields": ("animal_id", "field_id", "assignment_date"),
    "animal-diseases": ("animal_id", "disease_id", "diagnosis_date"),
    "treatment-medications": ("treatment_id", "medication_id"),
    "treatment-vaccines": ("treatment_id", "vaccine_id"),
}
