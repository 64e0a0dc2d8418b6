"""Species, breeds, animals and tags of the demonstration, stored through the herd's services."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random

from sqlalchemy import select

from app.core import records
from app.core.extensions import db
from app.demo.breeds import LINES
from app.demo.catalogues import named
from app.demo.growth import weight_kg
from app.demo.pedigree import GENERATIONS, Beast
from app.herd import animals, breeds, tags
from app.herd.models import Animal, Breed, Species

# Older animals are from before the farm put chips into ears.
CHIPPED_DAYS = 2400
FIRST_CHIP = 4_118_000_000
LOST_TAG = "Se perdió en el potrero"

Herd = dict[Beast, Animal]


@contextmanager
def together() -> Iterator[None]:
    """New records inside go to the database together at the end: none of them may ask about another of them."""
    with records.gathered(), db.session.no_autoflush:
        yield
    records.flush()


def enter(beasts: Sequence[Beast], since: dt.date) -> Herd:
    """Stores the animals, parents first, all of them alive: who left says so when that day comes.

    The weight is that of `since`, or of birth for those who were born later, until a check-up says more.
    """
    breed_ids = _breeds()
    herd: Herd = {}
    for generation in range(GENERATIONS):
        with together():
            for beast in beasts:
                if beast.generation == generation:
                    herd[beast] = _register(beast, herd, breed_ids, since)
    return herd


def _register(beast: Beast, herd: Herd, breed_ids: Mapping[str, int], since: dt.date) -> Animal:
    weighed = max(min(since, beast.left or since), beast.born)
    return animals.register(
        record=beast.record,
        sex=beast.sex,
        birth_date=beast.born,
        weight=round(weight_kg(beast, weighed), 1),
        breeds_id=breed_ids[beast.line.breed],
        father_id=herd[beast.father].id if beast.father else None,
        mother_id=herd[beast.mother].id if beast.mother else None,
        notes=beast.notes,
    )


def _breeds() -> Mapping[str, int]:
    species = named(Species, ({"name": name} for name in dict.fromkeys(line.kind.name for line in LINES)))
    records.flush()
    known = {(one.species_id, one.name.casefold()): one for one in db.session.scalars(select(Breed))}
    found = {}
    for line in LINES:
        key = species[line.kind.name].id, line.breed.casefold()
        breed = known.get(key) or breeds.create(name=line.breed, species_id=key[0])
        found[line.breed] = breed.id
    return found


def tag(herd: Herd, today: dt.date, chance: Random) -> None:
    """Puts tags into ears: an official one on cattle and buffaloes, a chip on the younger, a visual one on sheep."""
    with together():
        for beast, animal in herd.items():
            placed = beast.born + dt.timedelta(days=20 + chance.randrange(60))
            if placed >= (beast.left or today):
                continue
            if beast.line.kind.name == "Ovino":
                _place(animal, tags.VISUAL, f"{beast.record[-3:]}-{beast.number}", placed)
                continue
            _place(animal, tags.OFFICIAL, f"CO {17_300_000 + beast.number * 7}", placed)
            if beast.age(today) < CHIPPED_DAYS:
                _chip(beast, animal, placed, today)


def _chip(beast: Beast, animal: Animal, placed: dt.date, today: dt.date) -> None:
    """A chip, of which one in twelve was lost within two months and replaced."""
    code = f"170{FIRST_CHIP + beast.number * 13:012}"
    lost = placed + dt.timedelta(days=60)
    if beast.number % 12 or lost >= (beast.left or today):
        _place(animal, tags.ELECTRONIC, code, placed)
        return
    tags.place(
        animal_id=animal.id,
        kind=tags.ELECTRONIC,
        code=code,
        placed_on=placed,
        removed_on=lost,
        removal_reason=LOST_TAG,
    )
    _place(animal, tags.ELECTRONIC, f"170{FIRST_CHIP + beast.number * 13 + 1:012}", lost)


def _place(animal: Animal, kind: str, code: str, placed: dt.date) -> None:
    tags.place(animal_id=animal.id, kind=kind, code=code, placed_on=placed)
