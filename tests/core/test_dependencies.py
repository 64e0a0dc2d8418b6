"""What points at a record, counted through every foreign key of the schema, and what that forbids."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from queries import queries
from sqlalchemy import event
from users.folk import bestow, own_id

from app.core.dependencies import batch, refuse_if_needed, remove_with_dependents, verdict, verdict_of
from app.core.errors import Conflict
from app.core.extensions import db
from app.core.plain import PLAIN
from app.core.transaction import transaction
from app.health.models import Medication, Treatment, TreatmentMedication
from app.herd.models import Animal, Breed, Control, Species
from app.sensors.models import Channel, Device, Reading
from app.users.models import User


@pytest.fixture
def channel(app: Flask) -> int:
    """The id of a channel with three readings, beside one that has none."""
    with app.app_context(), transaction() as session:
        device = Device(code="gas-1", name="Gas")
        session.add(device)
        session.flush()
        kept = [
            Channel(device_id=device.id, key=key, name=key, quantity="temperature", kind="gauge", unit="°C")
            for key in "ab"
        ]
        session.add_all(kept)
        session.flush()
        session.add_all(Reading(channel_id=kept[0].id, ts_ms=ts_ms, value=1.0) for ts_ms in range(3))
        return kept[0].id


def counted(record: Any) -> dict[tuple[str, str], int]:
    return {(one.table, one.field): one.count for one in verdict_of(record).found}


def test_what_would_be_left_lame_forbids(app: Flask, channel: int) -> None:
    with app.app_context():
        record = db.session.get_one(Channel, channel)
        assert counted(record) == {("readings", "channel_id"): 3}
        told = verdict(record)
        assert (told["hasDependencies"], told["canDelete"], told["totalDependencies"]) == (True, False, 3)
        with pytest.raises(Conflict) as caught:
            refuse_if_needed(record, "El canal")
    details = caught.value.details
    assert (details["blocking_dependencies"], len(details["messages"])) == (1, 1)
    warning = details["warnings"][0]
    assert (warning["table"], warning["count"], warning["field"]) == ("readings", 3, "channel_id")
    assert warning["cascade_delete"] is False
    assert "3 registros" in warning["message"]


def test_what_is_deleted_together_forbids_nothing(app: Flask, admin: Caller) -> None:
    user_id = own_id(admin)
    bestow(app, user_id, {"users.view": True, "biogas.view": False})
    with app.app_context():
        user = db.session.get_one(User, user_id)
        found = {one.table: (one.count, one.cascade_delete) for one in verdict_of(user).found}
        assert found == {"permission_grants": (2, True), "sessions": (1, True)}
        assert verdict(user)["canDelete"] is True
        refuse_if_needed(user, "La persona")


def test_a_record_nothing_points_at(app: Flask, channel: int) -> None:
    with app.app_context():
        other = db.session.query(Channel).filter(Channel.id != channel).one()
        assert verdict(other) == {
            "id": other.id,
            "hasDependencies": False,
            "canDelete": True,
            "totalDependencies": 0,
            "message": "Se puede eliminar",
            "dependencies": [],
        }


def test_it_costs_one_query_however_many_keys_and_records(app: Flask, channel: int) -> None:
    with app.app_context():
        record = db.session.get_one(Channel, channel)
        with queries(app) as seen:
            verdict_of(record)
        assert len(seen) == 1
        with queries(app) as seen:
            told = batch(Channel, [channel, channel + 1, 0, -1, 2**70, 999])
    assert len(seen) == 2
    assert (told["processed"], told["found"]) == (6, 2)
    results = told["results"]
    assert (results[str(channel)]["totalDependencies"], results[str(channel)]["canDelete"]) == (3, False)
    assert (results[str(channel + 1)]["exists"], results[str(channel + 1)]["canDelete"]) == (True, True)
    assert [results[str(id)]["exists"] for id in (0, -1, 2**70, 999)] == [False] * 4


@pytest.fixture
def animal(app: Flask) -> int:
    """The id of an animal with two controls, and a treatment of two medications."""
    with app.app_context(), transaction() as session:
        species = Species(name="Bovina")
        session.add(species)
        session.flush()
        breed = Breed(name="Gyr", species_id=species.id)
        session.add(breed)
        session.flush()
        born = dt.date(2024, 1, 1)
        found = Animal(record="V-1", sex="Hembra", birth_date=born, weight=300, breeds_id=breed.id)
        session.add(found)
        session.flush()
        treatment = Treatment(animal_id=found.id, treatment_date=born, description="Desparasitar")
        medications = [Medication(name=name) for name in ("Ivermectina", "Calcio")]
        controls = [Control(animal_id=found.id, checkup_date=born, health_status="Sano") for _ in range(2)]
        session.add_all([treatment, *medications, *controls])
        session.flush()
        session.add_all(
            TreatmentMedication(treatment_id=treatment.id, medication_id=one.id) for one in medications
        )
        return found.id


def test_what_goes_with_a_record_goes_through_the_session(app: Flask, animal: int) -> None:
    heard: list[str] = []

    def hear(session: Any, _context: Any) -> None:
        heard.extend(type(row).__tablename__ for row in session.deleted)

    with app.app_context(), transaction() as session:
        event.listen(session, "after_flush", hear)
        counts = remove_with_dependents(session.get_one(Animal, animal))
        assert counts == {"controls": 2, "treatments": 1, "treatment_medications": 2}
        assert Counter(heard) == {**counts, "animals": 1}
        assert heard.index("treatment_medications") < heard.index("treatments") < heard.index("animals")
    with app.app_context():
        assert db.session.query(Medication).count() == 2
        assert db.session.query(Treatment).count() == db.session.query(Animal).count() == 0


def test_a_child_forbids_and_is_not_deleted_with_its_parent(app: Flask, animal: int) -> None:
    with app.app_context(), transaction() as session:
        mother = session.get_one(Animal, animal)
        facts = {
            "sex": "Macho",
            "birth_date": dt.date(2026, 1, 1),
            "weight": 30,
            "breeds_id": mother.breeds_id,
        }
        session.add(Animal(record="V-2", mother_id=animal, **facts))
        session.flush()
        found = {(one.table, one.field): one.cascade_delete for one in verdict_of(mother).found}
        assert found[("animals", "mother_id")] is False
        with pytest.raises(Conflict) as caught:
            refuse_if_needed(mother, "El animal V-1")
        assert caught.value.details["blocking_dependencies"] == 1
        assert [one["count"] for one in caught.value.details["warnings"]] == [1, 2, 1]


def test_people_are_never_told_the_name_of_a_table(app: Flask) -> None:
    pointing = [
        key.parent.table for table in db.metadata.sorted_tables for key in table.foreign_keys
        if key.column.table.name in PLAIN
    ]  # fmt: skip
    assert len(pointing) > 20
    assert not [table.name for table in pointing if table.name not in PLAIN and "label" not in table.info]
