"""A herd for the tests of lists, put straight into the tables: two breeds, a pair of parents, their children."""

import datetime as dt
from typing import Any

from flask import Flask
from sqlalchemy import insert

from app.core.transaction import transaction
from app.herd.models import Animal, Breed, Control, Species
from app.land.models import Field

NOON = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)


def put(app: Flask, model: type[Any], rows: list[dict[str, Any]]) -> None:
    with app.app_context(), transaction() as session:
        session.execute(insert(model), rows)


def stamps(n: int) -> dict[str, dt.datetime]:
    """One day later for each n."""
    return {"created_at": NOON + dt.timedelta(days=n), "updated_at": NOON + dt.timedelta(days=n)}


def herd(app: Flask, children: int = 6) -> None:
    """Animals 1 (father), 2 (mother) and from 3 on their children, born a month apart from January 2024 on."""
    put(app, Species, [{"id": 1, "name": "Bovino"}, {"id": 2, "name": "Ovino"}])
    breeds = [{"id": 1, "name": "Cebú", "species_id": 1}, {"id": 2, "name": "Katahdin", "species_id": 2}]
    put(app, Breed, breeds)
    both = {"birth_date": dt.date(2019, 11, 20), "breeds_id": 1, "father_id": None, "mother_id": None}
    parents = [
        {"id": 1, "record": "TORO-1", "sex": "Macho", "weight": 700.5, **both, **stamps(0)},
        {"id": 2, "record": "VACA-2", "sex": "Hembra", "weight": 450.0, **both, **stamps(1)},
    ]
    put(app, Animal, [*parents, *(child(n) for n in range(3, 3 + children))])


def child(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "record": f"CRIA-{n:04}",
        "sex": ["Macho", "Hembra"][n % 2],
        "weight": 100.0 + n,
        "birth_date": dt.date(2024 + (n - 3) // 12 % 2, (n - 3) % 12 + 1, 15),
        "breeds_id": 1,
        "father_id": 1,
        "mother_id": 2,
        "status": ["Vivo", "Vendido"][n % 5 == 0],
        **stamps(n % 500),
    }


def controls(app: Flask, animal_id: int, count: int, first: int = 1) -> None:
    """Check-ups of one animal, a day apart from 1 January 2026 on; their ids go on from `first`."""
    day = dt.date(2026, 1, 1)
    rows = [
        {
            "id": first + n,
            "animal_id": animal_id,
            "checkup_date": day + dt.timedelta(days=n),
            "health_status": "Bueno",
            "weight": None if n % 3 == 0 else 200.0 + n,
            **stamps(n % 500),
        }
        for n in range(count)
    ]
    put(app, Control, rows)


def paddock(app: Flask) -> None:
    put(app, Field, [{"id": 1, "name": "Alto", "capacity": 30, "area": 12.5, "state": "Activo"}])
