"""What the animals were given: campaigns of vaccination, diagnoses, treatments, and the improvement of the herd."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import NamedTuple

from app.demo.catalogues import Shelf
from app.demo.episodes import Episode
from app.demo.pedigree import NO_FATHER, Beast
from app.demo.people import Staff
from app.demo.stock import Herd, together
from app.health import diagnoses, treatments, vaccinations
from app.health.models import Treatment
from app.herd import improvements
from app.herd.pedigree import FEMALE, MALE

# Of a campaign some animals are always missed: they are the ones overdue.
MISSED = 0.04
HEIFER_DAYS = 165


class Campaign(NamedTuple):
    """A vaccine, the days ago on which the herd got it, and who gets it."""

    vaccine: str
    days_ago: tuple[int, ...]
    right: Callable[[Beast, dt.date], bool]


def _is(*species: str, older: int = 90) -> Callable[[Beast, dt.date], bool]:
    return lambda beast, day: beast.line.kind.name in species and beast.age(day) >= older


def _is_cow(beast: Beast, day: dt.date) -> bool:
    return beast.sex == FEMALE and beast.line.kind.name == "Bovino" and beast.age(day) >= 600


CAMPAIGNS = (
    Campaign("Aftosa bivalente A24-O1", (696, 515, 332, 152), _is("Bovino", "Bufalino")),
    Campaign("Carbón sintomático y septicemia", (655, 291), _is("Bovino", "Bufalino", older=120)),
    Campaign("Rabia silvestre", (560, 197), _is("Bovino", "Bufalino", older=120)),
    Campaign("Clostridial polivalente", (640, 461, 280, 103), _is("Ovino", older=60)),
    Campaign("Leptospira pentavalente", (600, 236), _is_cow),
    Campaign("Respiratoria IBR-DVB", (430, 70), _is_cow),
)


def vaccinate(herd: Herd, shelf: Shelf, staff: Staff, since: dt.date, today: dt.date, chance: Random) -> None:
    """Every campaign, and each heifer's dose against brucellosis when she was of age."""
    with together():
        for vaccine, beast, day in _doses(herd, since, today, chance):
            vaccinations.vaccinate(
                animal_id=herd[beast].id,
                vaccine_id=shelf.vaccines[vaccine].id,
                vaccination_date=day,
                apprentice_id=chance.choice(staff.learners).id,
                instructor_id=chance.choice(staff.teachers).id,
            )


def _doses(
    beasts: Iterable[Beast], since: dt.date, today: dt.date, chance: Random
) -> Iterator[tuple[str, Beast, dt.date]]:
    for campaign in CAMPAIGNS:
        for day in (today - dt.timedelta(days=days) for days in campaign.days_ago):
            there = [one for one in beasts if one.is_present(day) and campaign.right(one, day)]
            yield from ((campaign.vaccine, one, day) for one in there if chance.random() >= MISSED)
    for beast in beasts:
        day = beast.born + dt.timedelta(days=HEIFER_DAYS)
        heifer = beast.sex == FEMALE and beast.line.kind.name != "Ovino"
        if heifer and since <= day <= today and beast.is_present(day):
            yield "Brucella abortus RB51", beast, day


def heal(
    herd: Herd, episodes: Iterable[Episode], shelf: Shelf, staff: Staff, today: dt.date, chance: Random
) -> None:
    """A diagnosis and a treatment for each illness, and what the treatment used."""
    given: list[tuple[Episode, Treatment]] = []
    with together():
        for episode in episodes:
            teacher = chance.choice(staff.teachers)
            diagnoses.diagnose(
                animal_id=herd[episode.beast].id,
                disease_id=shelf.diseases[episode.illness.disease].id,
                instructor_id=teacher.id,
                diagnosis_date=episode.day,
                status=_standing(episode, today),
                notes=episode.illness.plan,
            )
            given.append((episode, _treat(herd, episode, shelf, teacher.fullname, today)))
    with together():
        for episode, treatment in given:
            _use(episode, treatment, shelf)


def _standing(episode: Episode, today: dt.date) -> str:
    if not episode.is_over(today):
        return ("En tratamiento", "Activo", "Observación")[episode.place % 3]
    return (
        "Crónico" if episode.place % 17 == 0 else ("Recuperado", "Recuperado", "Tratado")[episode.place % 3]
    )


def _treat(herd: Herd, episode: Episode, shelf: Shelf, veterinarian: str, today: dt.date) -> Treatment:
    illness, over = episode.illness, episode.is_over(today)
    end = episode.day + dt.timedelta(days=illness.days)
    return treatments.treat(
        animal_id=herd[episode.beast].id,
        treatment_date=episode.day,
        end_date=end if over else None,
        follow_up_date=end + dt.timedelta(days=15),
        description=f"Tratamiento de {illness.disease.lower()}",
        frequency=illness.frequency,
        dosis=shelf.medications[illness.medications[0]].dosis,
        observations="Evolución favorable" if over else "En seguimiento por los aprendices",
        treatment_type="Curativo",
        veterinarian=veterinarian,
        symptoms=shelf.diseases[illness.disease].symptoms,
        treatment_plan=illness.plan,
        cost=float(illness.cost + episode.place % 9 * 1_500),
        status="Finalizado" if over else "En curso",
    )


def _use(episode: Episode, treatment: Treatment, shelf: Shelf) -> None:
    for name in episode.illness.medications:
        treatments.add_medication(treatment_id=treatment.id, medication_id=shelf.medications[name].id)
    if vaccine := episode.illness.vaccine:
        stored = shelf.vaccines[vaccine]
        treatments.add_vaccine(treatment_id=treatment.id, vaccine_id=stored.id, dose=stored.dosis)


def improve(herd: Herd, since: dt.date, today: dt.date) -> None:
    """Inseminations that gave a calf, the evaluation of bulls, and services that nobody knows the end of yet."""
    with together():
        for beast, technique, day, details, results in _improvements(herd, since, today):
            improvements.create(
                animal_id=herd[beast].id,
                date=day,
                genetic_event_technique=technique,
                details=details,
                results=results,
            )


def _improvements(
    beasts: Iterable[Beast], since: dt.date, today: dt.date
) -> Iterator[tuple[Beast, str, dt.date, str, str]]:
    for calf in beasts:
        day = calf.born - dt.timedelta(days=calf.line.kind.gestation)
        if calf.mother and calf.notes == NO_FATHER and day >= since:
            semen = f"Semen convencional de toro {calf.line.breed} de otra finca"
            yield (
                calf.mother,
                "Inseminación artificial",
                day,
                semen,
                f"Preñez confirmada; nació {calf.record}",
            )
    for place, beast in enumerate(beasts):
        day = today - dt.timedelta(days=15 + place % 60)
        if beast.left is None and beast.sex == MALE and beast.age(day) > beast.line.kind.adult and place % 2:
            how = "Muestra de pelo, panel de 50 mil marcadores"
            yield (
                beast,
                "Evaluación genómica",
                day,
                how,
                f"Valor genético en el {60 + place % 35} % superior de la raza",
            )
        elif beast.left is None and _is_cow(beast, day) and place % 6 == 0:
            how = "Protocolo de nueve días con dispositivo de progesterona"
            yield (
                beast,
                "Sincronización e inseminación a tiempo fijo",
                day,
                how,
                "Pendiente de diagnóstico de preñez",
            )
