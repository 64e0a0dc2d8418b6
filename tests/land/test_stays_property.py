"""Whatever is asked, in whatever order: nobody is in two places, no paddock over its room, every day counted true."""

import datetime as dt
from collections import Counter
from typing import Any

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from land.farm import day, herd, paddock
from sqlalchemy import select

from app.core.errors import DomainError
from app.core.extensions import db
from app.herd import animals, statuses
from app.herd.models import Animal, AnimalStatusChange
from app.land import moves, stays
from app.land.models import AnimalField, Field
from app.land.occupation import head_on, location

SPAN = 5
CAPACITIES = (None, 1, 2)
COWS = 2

cows, fields, days = st.integers(0, COWS - 1), st.integers(0, len(CAPACITIES) - 1), st.integers(0, SPAN)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), cows, fields, days, st.none() | days),
        st.tuples(
            st.just("change"),
            st.integers(0, 9),
            st.fixed_dictionaries(
                {},
                optional={
                    "field_id": fields,
                    "assignment_date": days,
                    "removal_date": st.none() | days,
                    "animal_id": cows,
                },
            ),
        ),
        st.tuples(st.just("move"), st.lists(cows, min_size=1, max_size=COWS), fields, days),
        st.tuples(st.just("become"), cows, st.sampled_from(["Muerto", "Vendido", "Vivo"]), days),
        st.tuples(st.just("correct"), cows, st.integers(0, 3), days),
        st.tuples(st.just("withdraw"), cows, st.integers(0, 3)),
    ),
    min_size=5,
    max_size=25,
)


class Farm:
    """Two animals and three paddocks, and who asks for things there."""

    def __init__(self, herd_ids: list[int], field_ids: list[int]) -> None:
        self.herd, self.fields = herd_ids, field_ids

    def ask(self, operation: tuple[Any, ...]) -> None:
        """Does it, or is refused: then nothing may have changed."""
        before = rows()
        try:
            getattr(self, operation[0])(*operation[1:])
        except DomainError:
            assert rows() == before

    def begin(self, cow: int, field: int, start: int, end: int | None) -> None:
        stays.begin(
            animal_id=self.herd[cow],
            field_id=self.fields[field],
            assignment_date=day(start),
            removal_date=None if end is None else day(end),
        )

    def change(self, place: int, wanted: dict[str, Any]) -> None:
        found = db.session.scalars(select(AnimalField).order_by(AnimalField.id)).all()
        if not found:
            return
        read = {
            "animal_id": lambda cow: self.herd[cow],
            "field_id": lambda field: self.fields[field],
            "assignment_date": day,
            "removal_date": lambda end: None if end is None else day(end),
        }
        stays.change(found[place % len(found)], **{name: read[name](value) for name, value in wanted.items()})

    def move(self, group: list[int], field: int, on: int) -> None:
        moves.move([self.herd[cow] for cow in group], self.fields[field], day(on), None)

    def become(self, cow: int, status: str, on: int) -> None:
        animal = db.session.get(Animal, self.herd[cow])
        if animal and status != animal.status:
            animals.revise(animal, status=status, status_date=day(on), status_reason="Prueba")

    def correct(self, cow: int, place: int, on: int) -> None:
        animal, entry = self._entry(cow, place)
        if animal and entry:
            statuses.correct(animal, entry, date=day(on))

    def withdraw(self, cow: int, place: int) -> None:
        animal, entry = self._entry(cow, place)
        if animal and entry:
            statuses.withdraw(animal, entry)

    def _entry(self, cow: int, place: int) -> tuple[Animal | None, AnimalStatusChange | None]:
        own = select(AnimalStatusChange).where(AnimalStatusChange.animal_id == self.herd[cow])
        found = db.session.scalars(own.order_by(AnimalStatusChange.id)).all()
        return db.session.get(Animal, self.herd[cow]), found[place % len(found)] if found else None


def rows() -> list[tuple[Any, ...]]:
    table = AnimalField.__table__
    return [tuple(row) for row in db.session.execute(select(table).order_by(table.c.id))]


def alive_on(animal_id: int, when: dt.date) -> bool:
    changes = db.session.execute(
        select(AnimalStatusChange.date, AnimalStatusChange.id, AnimalStatusChange.status).where(
            AnimalStatusChange.animal_id == animal_id
        )
    )
    past = sorted(tuple(change) for change in changes if change.date <= when)
    return not past or past[-1][2] == "Vivo"


def check(farm: Farm) -> None:
    """The rows themselves, and what the queries say of every day, against counting one by one."""
    found = db.session.scalars(select(AnimalField)).all()
    for stay in found:
        assert stay.removal_date is None or stay.removal_date >= stay.assignment_date
        owner = db.session.get(Animal, stay.animal_id)
        assert stay.removal_date is not None or (owner and owner.status == "Vivo")
        assert stay.open_animal_id == (stay.animal_id if stay.removal_date is None else None)
    for when in (day(ago) for ago in range(SPAN + 1)):
        there: dict[int, list[int]] = {cow: [] for cow in farm.herd}
        for stay in found:
            if stay.assignment_date <= when and (stay.removal_date is None or when < stay.removal_date):
                there[stay.animal_id].append(stay.field_id)
        assert all(len(places) <= 1 for places in there.values())
        living = {cow: places for cow, places in there.items() if alive_on(cow, when)}
        naive = Counter(place for places in living.values() for place in places)
        counted = dict(db.session.execute(select(Field.id, head_on(when))).all())
        assert counted == {field: naive[field] for field in farm.fields}
        for field, capacity in zip(farm.fields, CAPACITIES, strict=True):
            assert capacity is None or counted[field] <= capacity
        for cow in farm.herd:
            animal = db.session.get(Animal, cow)
            assert animal is not None
            assert [location(animal, when).get("field_id")] == (living.get(cow) or [None])


def test_no_order_of_requests_breaks_the_occupation(app: Flask, profile: str) -> None:
    herd_ids = herd(app, COWS, age_days=SPAN)
    field_ids = [paddock(app, f"P{n}", capacity) for n, capacity in enumerate(CAPACITIES)]
    farm = Farm(herd_ids, field_ids)

    # A server of its own answers more slowly; it need only agree.
    @given(operations=OPERATIONS)
    @settings(max_examples=80 if profile == "embedded" else 12, deadline=None, derandomize=True)
    def in_any_order(operations: list[tuple[Any, ...]]) -> None:
        with app.app_context():
            db.session.rollback()
            for operation in operations:
                farm.ask(operation)
            check(farm)
            db.session.rollback()

    in_any_order()
