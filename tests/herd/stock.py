"""What the tests of the herd, the land and health stand on: species, breeds and animals made through the door."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from conftest import Caller

from app.core import times

FARM = "America/Bogota"
_numbers = count(1)


def today() -> dt.date:
    return times.local_day(times.now(), FARM)


def days_ago(days: int) -> str:
    return str(today() - dt.timedelta(days=days))


def made(answer: Any, status: int = 201) -> Any:
    """The data of an answer that must have gone well."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json["data"]


def wrong(answer: Any) -> dict[str, str]:
    """What a refused body was told, by field."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    found: dict[str, str] = answer.json["error"]["details"]["validation_errors"]
    return found


def new_species(caller: Caller, name: str = "Bovino") -> Any:
    found = caller.get(f"/species?name={name}").json["data"]
    return found[0] if found else made(caller.post("/species", json={"name": name}))


def new_breed(caller: Caller, name: str = "Gyr", species: str = "Bovino") -> Any:
    species_id = new_species(caller, species)["id"]
    found = caller.get(f"/breeds?name={name}&species_id={species_id}").json["data"]
    return found[0] if found else made(caller.post("/breeds", json={"name": name, "species_id": species_id}))


def body(caller: Caller, **values: Any) -> dict[str, Any]:
    """The body of a new animal: a living heifer of three years, of the breed Gyr unless one is given."""
    facts = {
        "record": f"REC-{next(_numbers):04}",
        "sex": "Hembra",
        "birth_date": days_ago(1100),
        "weight": 350,
    }
    if "breeds_id" not in values:
        values["breeds_id"] = new_breed(caller)["id"]
    return facts | values


def new_animal(caller: Caller, **values: Any) -> Any:
    return made(caller.post("/animals", json=body(caller, **values)))


def family(caller: Caller) -> tuple[Any, Any, Any]:
    """A bull, a cow and their calf."""
    bull = new_animal(caller, sex="Macho", birth_date=days_ago(3000))
    cow = new_animal(caller, sex="Hembra", birth_date=days_ago(2500))
    calf = new_animal(caller, birth_date=days_ago(200), idFather=bull["id"], idMother=cow["id"])
    return bull, cow, calf
