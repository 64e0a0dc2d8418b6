"""The listener: what a commit leaves in the trail, in its own transaction, and what it leaves out."""

import datetime as dt
import threading
from collections import Counter
from typing import Any

import pytest
from conftest import person
from flask import Flask
from queries import queries
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from app.activity import chain, recording
from app.activity.models import Activity, ActivityDay
from app.core import actor
from app.core.bus import bus
from app.core.extensions import db
from app.core.transaction import rollback, transaction
from app.herd.models import Animal, Breed, Control, Species
from app.users.models import PermissionGrant, User
from app.users.permissions import Role


@pytest.fixture
def breed(app: Flask) -> int:
    """The id of a breed to make animals of; the trail begins after it."""
    with app.app_context(), transaction() as session:
        species = Species(name="Bovino")
        session.add(species)
        session.flush()
        breed = Breed(name="Cebú", species_id=species.id)
        session.add(breed)
        session.flush()
        return breed.id


def animal(breed: int, record: str = "A-12", weight: float = 380.0) -> Animal:
    return Animal(record=record, sex="Hembra", birth_date=dt.date(2024, 5, 1), weight=weight, breeds_id=breed)


def stored(app: Flask, breed: int, **values: Any) -> int:
    with app.app_context(), transaction() as session:
        made = animal(breed, **values)
        session.add(made)
        session.flush()
        return made.id


def trail(app: Flask, entity: str = "animal") -> list[Activity]:
    with app.app_context():
        query = select(Activity).where(Activity.entity == entity).order_by(Activity.id)
        return list(db.session.scalars(query))


def is_whole(app: Flask) -> bool:
    with app.app_context():
        return chain.verify().broken_id is None


def test_create_update_and_delete_each_leave_one_entry(app: Flask, breed: int) -> None:
    made = stored(app, breed)
    with app.app_context(), transaction() as session:
        token = actor.acting.set(actor.Actor(7, "Ana Pérez"))
        found = session.get(Animal, made)
        assert found
        found.weight, found.status, found.status_reason = 402.5, "Muerto", "Rayo"
        session.add(Control(animal_id=made, checkup_date=dt.date(2026, 1, 2), health_status="Bueno"))
    actor.acting.reset(token)
    with app.app_context(), transaction() as session:
        session.delete(session.scalars(select(Control)).one())
        session.flush()
        session.delete(session.get(Animal, made))
    created, updated, deleted = trail(app)
    assert [entry.action for entry in (created, updated, deleted)] == ["create", "update", "delete"]
    assert {(entry.entity_id, entry.animal_id) for entry in (created, updated, deleted)} == {(made, made)}
    assert created.changes is not None
    assert created.relations == {"breeds_id": breed}
    assert created.changes["birth_date"] == {"before": None, "after": "2024-05-01"}
    assert (created.actor_id, created.actor_name, created.severity) == (None, "Sistema", "info")
    assert (updated.actor_id, updated.actor_name, updated.severity) == (7, "Ana Pérez", "medium")
    assert updated.changes == {
        "weight": {"before": 380.0, "after": 402.5},
        "status": {"before": "Vivo", "after": "Muerto"},
        "status_reason": {"before": None, "after": "Rayo"},
    }
    assert updated.title == "Animal A-12 actualizado"
    told = "Animal A-12 actualizado: peso 380 → 402,5, estado Vivo → Muerto, motivo — → Rayo"
    assert updated.description == told
    assert deleted.changes is not None
    assert deleted.changes["weight"] == {"before": 402.5, "after": None}
    assert deleted.severity == "high"
    controls = trail(app, "control")
    assert [entry.title.split(" ", 2)[2] for entry in controls] == ["de A-12 creado", "de A-12 eliminado"]
    assert [entry.animal_id for entry in controls] == [made, made]
    assert is_whole(app)


def test_flushes_of_one_row_are_one_entry_and_what_comes_to_nothing_is_none(app: Flask, breed: int) -> None:
    made = stored(app, breed)
    with app.app_context(), transaction() as session:
        found = session.get(Animal, made)
        assert found
        for weight in (390.0, 400.0, 410.0):
            found.weight = weight
            session.flush()
        back = animal(breed, "A-13")
        session.add(back)
        session.flush()
        back.weight = 500.0
        session.flush()
        brief = animal(breed, "A-14")
        session.add(brief)
        session.flush()
        session.delete(brief)
        session.flush()
    with app.app_context(), transaction() as session:
        found = session.get(Animal, made)
        assert found
        for weight in (1.0, 410.0):
            found.weight = weight
            session.flush()
    entries = trail(app)
    assert [(e.action, e.title) for e in entries[1:]] == [
        ("update", "Animal A-12 actualizado"),
        ("create", "Animal A-13 creado"),
    ]
    assert entries[1].changes == {"weight": {"before": 380.0, "after": 410.0}}
    assert entries[2].changes is not None
    assert entries[2].changes["weight"]["after"] == 500.0


def test_what_is_rolled_back_leaves_nothing(app: Flask, breed: int) -> None:
    with app.app_context(), transaction() as session:
        with session.begin_nested() as outer:
            session.add(animal(breed, "B-1"))
            with session.begin_nested():
                session.add(animal(breed, "B-2"))
            outer.rollback()
        with session.begin_nested():
            session.add(animal(breed, "B-3"))
        with session.begin_nested() as inner:
            session.add(animal(breed, "B-4"))
            session.flush()
            inner.rollback()
        session.add(animal(breed, "B-5"))
    with app.app_context():
        db.session.add(animal(breed, "B-6"))
        db.session.flush()
        rollback()
        db.session.add(animal(breed, "B-7"))
        db.session.flush()
        db.session.remove()
    with app.app_context(), pytest.raises(ZeroDivisionError):
        _failing(breed)
    assert [entry.title for entry in trail(app)] == ["Animal B-3 creado", "Animal B-5 creado"]
    assert is_whole(app)


def _failing(breed: int) -> None:
    with transaction() as session:
        session.add(animal(breed, "B-8"))
        session.flush()
        raise ZeroDivisionError


def test_a_clash_inside_a_savepoint_leaves_nothing(app: Flask, breed: int) -> None:
    made = stored(app, breed)
    with app.app_context(), transaction() as session:
        found = session.get(Animal, made)
        assert found
        with pytest.raises(IntegrityError):
            _clashing(session, found)
        session.add(animal(breed, "A-15"))
    assert [entry.title for entry in trail(app)[1:]] == ["Animal A-15 creado"]


def _clashing(session: Any, found: Animal) -> None:
    with session.begin_nested():
        found.weight = 1.0
        session.add(animal(found.breeds_id, "A-12"))
        session.flush()


def test_a_field_set_without_being_read_has_its_before(app: Flask, breed: int) -> None:
    made = stored(app, breed)
    with app.app_context(), transaction() as session:
        found = session.get(Animal, made)
        assert found
        session.expire(found)
        found.weight = 381.0
    assert trail(app)[-1].changes == {"weight": {"before": 380.0, "after": 381.0}}


def test_secrets_are_never_written(app: Flask) -> None:
    person(app, Role.APPRENTICE)
    with app.app_context(), transaction() as session:
        found = session.scalars(select(User)).one()
        found.password_hash = "rehashed at a login"
    assert [entry.action for entry in trail(app, "user")] == ["create"]
    with app.app_context(), transaction() as session:
        found = session.scalars(select(User)).one()
        found.password_hash, found.token_version = "very new", User.token_version + 1
        session.add(PermissionGrant(user_id=found.id, permission="activity.view", granted=True))
    changed = trail(app, "user")[-1]
    assert changed.changes == {"password_hash": {"changed": True}, "token_version": {"changed": True}}
    assert (changed.severity, changed.description) == (
        "high",
        "Persona Persona Aprendiz actualizada: contraseña (cambiada), sesiones cerradas",
    )
    grant = trail(app, "permission_grant")[0]
    assert (grant.entity_id, grant.severity) == (None, "high")
    with app.app_context():
        everything = str(db.session.execute(select(Activity.__table__)).all())
    assert "hash': {'before" not in everything
    assert "argon2" not in everything
    assert "very new" not in everything
    assert "rehashed" not in everything


def test_sessions_and_raw_statements_are_not_recorded(app: Flask, breed: int) -> None:
    person(app, Role.ADMIN)
    stored(app, breed)
    with app.app_context():
        before = Counter(db.session.scalars(select(Activity.entity)))
    assert before == {"species": 1, "breed": 1, "user": 1, "animal": 1}
    with app.app_context(), transaction() as session:
        session.execute(update(Animal).values(weight=1.0))
        session.execute(text("UPDATE animals SET weight = 2"))
    with app.app_context():
        assert Counter(db.session.scalars(select(Activity.entity))) == before


def test_the_figures_of_the_day_count_every_entry(app: Flask, breed: int) -> None:
    for number in range(3):
        stored(app, breed, record=f"C-{number}")
    with app.app_context(), transaction() as session:
        for found in session.scalars(select(Animal)):
            found.weight += 1
    with app.app_context(), transaction() as session:
        for found in session.scalars(select(Animal)):
            found.weight += 1
    with app.app_context():
        days = db.session.execute(
            select(ActivityDay.action, ActivityDay.animal_id, ActivityDay.count).where(ActivityDay.entity == "animal")
        ).all()  # fmt: skip
    assert sorted((action, count) for action, _, count in days) == [("create", 1)] * 3 + [("update", 2)] * 3
    assert len({animal_id for _, animal_id, _ in days}) == 3


def test_ten_thousand_rows_are_a_few_statements(app: Flask, breed: int) -> None:
    with queries(app) as seen, app.app_context(), transaction() as session:
        session.add_all([animal(breed, f"D-{n}", 300.0 + n) for n in range(10_000)])
        session.flush()
        before = len(seen)
    assert len(seen) - before < 30
    assert len(trail(app)) == 10_000
    assert is_whole(app)


def test_many_at_once_make_one_chain(app: Flask, breed: int) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(10):
                stored(app, breed, record=f"E-{worker}-{number}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(trail(app)) == 60
    assert is_whole(app)


def test_what_the_screens_are_told_comes_after_the_commit(app: Flask, breed: int) -> None:
    with app.app_context(), bus().subscribe(recording.TOPIC) as heard:
        session = db.session()
        session.add(animal(breed, "F-2"))
        session.flush()
        rollback()
        with transaction() as session:
            session.add(animal(breed, "F-1"))
            session.flush()
            # What the fixture did may still be on its way.
            assert not [word for word in list(heard.queue) if word["endpoint"] == "animals"]
        with transaction() as session:
            session.add_all([animal(breed, f"G-{n}") for n in range(21)])
            session.add(Species(name="Ovino"))
        words: list[dict[str, Any]] = []
        while not {"bulk", "Ovino"} <= {word["action"] for word in words} | _named(words):
            words.append(heard.get(timeout=20))
    about_animals = [word for word in words if word["endpoint"] == "animals"]
    assert [(word["action"], word["id"] is None) for word in about_animals] == [
        ("create", False),
        ("bulk", True),
    ]


def _named(words: list[dict[str, Any]]) -> set[str]:
    """«Ovino», once its word has come."""
    names = {species.id: species.name for species in db.session.scalars(select(Species))}
    return {names[word["id"]] for word in words if word["endpoint"] == "species"}
