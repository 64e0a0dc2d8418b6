"""The whole farm in the order in which it can be stored. The door opens and closes the transaction."""

from random import Random

from sqlalchemy import select

from app.core.extensions import db
from app.demo import care, catalogues, checkups, drawings, pastures, people, stock
from app.demo.departures import part
from app.demo.episodes import episodes
from app.demo.pedigree import herdbook
from app.herd.days import today
from app.herd.models import Animal

# Colombia's number in the tags; any other would make another farm.
SEED = 170


def create_farm() -> bool:
    """Makes the demonstration's animals, land and health unless there is an animal already; whether it did."""
    if db.session.scalar(select(Animal.id).limit(1)) is not None:
        return False
    chance, day = Random(SEED), today()  # noqa: S311  # the same farm every time
    rounds = checkups.days(day)
    beasts = herdbook(day, chance)
    part(beasts, day, chance)
    illnesses = episodes(beasts, rounds[0], day, chance)
    staff, shelf = people.hire(), catalogues.fill()
    herd = stock.enter(beasts, rounds[0])
    stock.tag(herd, day, chance)
    pastures.Pastures(herd, pastures.fence(day), rounds).live()
    checkups.weigh(herd, rounds, illnesses, chance)
    care.vaccinate(herd, shelf, staff, rounds[0], day, chance)
    care.heal(herd, illnesses, shelf, staff, day, chance)
    care.improve(herd, rounds[0], day)
    drawings.hang(herd, chance)
    return True
