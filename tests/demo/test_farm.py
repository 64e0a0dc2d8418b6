"""The demonstration farm: whether what was invented keeps every rule, counted anew from the stored rows."""

import datetime as dt
import itertools
from collections import Counter, defaultdict
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from sqlalchemy import func, select

from app.core.extensions import db
from app.core.transaction import transaction
from app.demo.farm import create_farm
from app.health.models import (
    AnimalDisease,
    Disease,
    Medication,
    Treatment,
    TreatmentMedication,
    TreatmentVaccine,
    Vaccination,
    Vaccine,
)
from app.herd.controls import warnings
from app.herd.days import today
from app.herd.inbreeding import inbreeding
from app.herd.models import (
    Animal,
    AnimalImage,
    AnimalStatusChange,
    AnimalTag,
    Breed,
    Control,
    GeneticImprovement,
    Species,
)
from app.land.models import AnimalField, Field, FoodType
from app.users.models import User
from app.users.permissions import Role

DATED = {
    Control: "checkup_date",
    Vaccination: "vaccination_date",
    Treatment: "treatment_date",
    AnimalDisease: "diagnosis_date",
    GeneticImprovement: "date",
    AnimalField: "assignment_date",
    AnimalTag: "placed_on",
}
SLUGS = (
    *(
        "species",
        "breeds",
        "animals",
        "controls",
        "genetic-improvements",
        "fields",
        "food_types",
        "animal-fields",
    ),
    *("diseases", "animal-diseases", "vaccines", "vaccinations", "medications", "route-administrations"),
    *("treatments", "treatment-medications", "treatment-vaccines", "users"),
)


def everything(model: type[Any]) -> list[Any]:
    return list(db.session.scalars(select(model).order_by(model.id)))


@pytest.mark.slow
def test_the_farm_is_whole_and_keeps_every_rule(app: Flask, admin: Caller) -> None:
    with app.app_context():
        with transaction():
            assert create_farm()
        animals = {one.id: one for one in everything(Animal)}
        _has_all_that_was_promised(animals)
        _descends_rightly(animals)
        _is_dated_within_lives(animals)
        _is_weighed_as_it_weighs(animals)
        _stays_where_there_is_room(animals)
        _is_cared_for(animals)
        counts = {model: len(everything(model)) for model in DATED}
        seeded = app.test_cli_runner().invoke(args=["seed", "--demo"])
        assert "Ya hay animales; no se creó otra finca" in seeded.output, seeded.output
        assert counts == {model: len(everything(model)) for model in DATED}
        verified = app.test_cli_runner().invoke(args=["activity", "verify"])
        assert verified.exit_code == 0, verified.output
    _is_shown(admin)


def _has_all_that_was_promised(animals: dict[int, Animal]) -> None:
    expected = {Species: 3, Breed: 12, Field: 12, Vaccine: 8, Medication: 15}
    assert {model: len(everything(model)) for model in expected} == expected
    assert len(animals) == 300
    assert len(everything(Disease)) >= 15
    assert len(everything(FoodType)) >= 5
    roles = Counter(one.role for one in everything(User) if one.email.startswith("demo."))
    assert roles == {Role.INSTRUCTOR: 2, Role.APPRENTICE: 6}
    states = Counter(one.status for one in animals.values())
    assert states["Vivo"] > 180
    assert states["Vendido"] > 20
    assert states["Muerto"] > 5
    assert all(one.status_reason for one in animals.values() if one.status != "Vivo")
    assert {one.breeds_id for one in animals.values() if one.status == "Vivo"} == {
        one.id for one in everything(Breed)
    }
    tags = everything(AnimalTag)
    assert {one.kind for one in tags} == {"official", "electronic", "visual"}
    assert all(one.code.startswith("170") and len(one.code) == 15 for one in tags if one.kind == "electronic")
    assert any(one.removed_on for one in tags)
    pictures = everything(AnimalImage)
    assert len(pictures) == 24
    assert all(one.is_primary for one in pictures)


def _descends_rightly(animals: dict[int, Animal]) -> None:
    species = {one.id: one.species_id for one in everything(Breed)}
    births: dict[int, list[dt.date]] = defaultdict(list)
    depth: dict[int, int] = {}
    for animal in sorted(animals.values(), key=lambda one: one.birth_date):
        depth[animal.id] = 1
        for id, sex in ((animal.father_id, "Macho"), (animal.mother_id, "Hembra")):
            if id is None:
                continue
            parent = animals[id]
            assert parent.sex == sex
            assert (animal.birth_date - parent.birth_date).days > 400
            assert species[parent.breeds_id] == species[animal.breeds_id]
            depth[animal.id] = max(depth[animal.id], depth[id] + 1)
        if animal.mother_id:
            births[animal.mother_id].append(animal.birth_date)
            mother = animals[animal.mother_id]
            assert mother.status == "Vivo" or animal.birth_date < mother.status_date
    assert Counter(depth.values()).keys() == {1, 2, 3, 4}
    assert all((b - a).days > 230 for dates in births.values() for a, b in itertools.pairwise(dates))
    calves = Counter(one.father_id for one in animals.values() if one.father_id)
    assert calves.most_common(1)[0][1] >= 15
    found = inbreeding({one.id: (one.father_id, one.mother_id) for one in animals.values()})
    assert 3 <= sum(value == 0.25 for value in found.values()) <= 10
    assert 10 <= sum(value > 0 for value in found.values()) <= 60


def _is_dated_within_lives(animals: dict[int, Animal]) -> None:
    for model, name in DATED.items():
        for record in everything(model):
            animal, day = animals[record.animal_id], getattr(record, name)
            assert animal.birth_date <= day <= today(), (model, record.id)
            assert animal.status == "Vivo" or day <= animal.status_date, (model, record.id)
    newest = {one.animal_id: one for one in sorted(everything(AnimalStatusChange), key=lambda one: one.date)}
    gone = {one.id for one in animals.values() if one.status != "Vivo"}
    assert newest.keys() == gone
    assert all(newest[id].status == animals[id].status for id in gone)


def _is_weighed_as_it_weighs(animals: dict[int, Animal]) -> None:
    controls = sorted(everything(Control), key=lambda one: (one.checkup_date, one.id))
    assert {"Excelente", "Bueno", "Sano", "Regular", "Malo"} == {one.health_status for one in controls}
    days = sorted({one.checkup_date for one in controls})
    assert 700 <= (days[-1] - days[0]).days <= 740
    assert all(50 <= (b - a).days <= 70 for a, b in itertools.pairwise(days))
    newest = {one.animal_id: one.weight for one in controls if one.weight}
    assert all(animals[id].weight == weight for id, weight in newest.items())
    heaviest = max(controls, key=lambda one: one.weight)
    assert len(warnings(heaviest)) == 1
    assert heaviest.weight > 2000
    assert sum(one.weight > 1500 for one in controls) == 1


def _stays_where_there_is_room(animals: dict[int, Animal]) -> None:
    stays, fields = everything(AnimalField), {one.id: one for one in everything(Field)}
    present = {one.id for one in animals.values() if one.status == "Vivo"}
    assert sorted(one.animal_id for one in stays if one.removal_date is None) == sorted(present)
    assert all((one.open_animal_id is None) == (one.removal_date is not None) for one in stays)
    by_animal: dict[int, list[AnimalField]] = defaultdict(list)
    for stay in sorted(stays, key=lambda one: (one.assignment_date, one.id)):
        by_animal[stay.animal_id].append(stay)
    for some in by_animal.values():
        for one, other in itertools.pairwise(some):
            assert one.removal_date is not None
            assert one.removal_date <= other.assignment_date
    head: Counter[tuple[int, dt.date]] = Counter()
    for stay in stays:
        end = stay.removal_date or today() + dt.timedelta(days=1)
        for days in range((end - stay.assignment_date).days):
            head[stay.field_id, stay.assignment_date + dt.timedelta(days=days)] += 1
    assert all(count <= fields[id].capacity for (id, _), count in head.items())
    assert {id for id, _ in head} == {one.id for one in fields.values() if one.state == "Activo"}


def _is_cared_for(animals: dict[int, Animal]) -> None:
    brucellosis = db.session.scalar(select(Vaccine.id).where(Vaccine.name.like("Brucella%")))
    for dose in everything(Vaccination):
        animal = animals[dose.animal_id]
        if dose.vaccine_id == brucellosis:
            assert animal.sex == "Hembra"
            assert 90 <= (dose.vaccination_date - animal.birth_date).days <= 270
    states = Counter(one.status for one in everything(AnimalDisease))
    assert {"Activo", "En tratamiento", "Recuperado"} <= states.keys()
    for model in (TreatmentMedication, TreatmentVaccine):
        assert db.session.scalar(select(func.count()).select_from(model)) >= 5


def _is_shown(admin: Caller) -> None:
    """Every list shows its rows: no value is one that the shapes do not know."""
    for slug in SLUGS:
        page, more = 1, True
        while more:
            answer = admin.get(f"/{slug}?limit=1000&sort_by=id&page={page}")
            assert answer.status_code == 200, (slug, answer.get_data(as_text=True)[:300])
            assert answer.json["data"], slug
            page, more = page + 1, answer.json["meta"]["pagination"]["has_next_page"]
    overdue = [
        one
        for one in admin.get("/vaccinations/due?limit=1000&days=0").json["data"]
        if one["overdue_days"] > 0
    ]
    assert 3 <= len(overdue) <= 60
    newest = admin.get("/activity?limit=5").json["data"]
    assert {one["actor"]["fullname"] for one in newest} == {"Sistema"}
