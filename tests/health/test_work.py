"""What the animals had and were given, through the door: people, days, names, and what comes after a death."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from land.farm import become, data, day, herd, wrong

from app.core.transaction import transaction
from app.herd import animals
from app.herd.models import Animal

VACCINATIONS, TREATMENTS, DIAGNOSES = "/vaccinations", "/treatments", "/animal-diseases"


def own_id(caller: Caller) -> int:
    return int(data(caller.get("/auth/me"))["user"]["id"])


def named(admin: Caller, path: str, name: str = "Aftosa", **more: Any) -> int:
    """A new row of a catalogue: its id."""
    return int(data(admin.post(path, json={"name": name, **more}), 201)["id"])


def bodies(admin: Caller, animal: int, days_ago: int = 3) -> dict[str, dict[str, Any]]:
    """A good record of each kind."""
    when = str(day(days_ago))
    return {
        VACCINATIONS: {
            "animal_id": animal,
            "vaccine_id": named(admin, "/vaccines"),
            "vaccination_date": when,
        },
        TREATMENTS: {"animal_id": animal, "treatment_date": when, "description": "Desparasitar"},
        DIAGNOSES: {
            "animal_id": animal,
            "disease_id": named(admin, "/diseases"),
            "instructor_id": own_id(admin),
            "diagnosis_date": when,
        },
    }


DATES = {
    VACCINATIONS: "vaccination_date",
    TREATMENTS: "treatment_date",
    DIAGNOSES: "diagnosis_date",
    "/controls": "checkup_date",
    "/genetic-improvements": "date",
}


def test_days_must_be_of_the_animals_life(app: Flask, admin: Caller) -> None:
    [cow] = herd(app, age_days=100)
    for path, body in bodies(admin, cow).items():
        field = DATES[path]
        assert wrong(admin.post(path, json={**body, field: str(day(-1))})) == {field}
        assert wrong(admin.post(path, json={**body, field: str(day(101))})) == {field}
        assert wrong(admin.post(path, json={**body, "animal_id": 999})) == {"animal_id"}
        row = data(admin.post(path, json=body), 201)
        assert row["animal_record"] == "REC-001"
        assert wrong(admin.put(f"{path}/{row['id']}", json={field: str(day(101))})) == {field}
        assert data(admin.get(f"{path}?search=REC-001"))[0]["id"] == row["id"]


def test_nothing_new_after_a_death_but_late_entries(app: Flask, admin: Caller) -> None:
    [cow] = herd(app)
    good = bodies(admin, cow)
    become(app, cow, "Muerto", day(10))
    for path, body in good.items():
        assert wrong(admin.post(path, json=body)) == {DATES[path]}
        late = data(admin.post(path, json={**body, DATES[path]: str(day(10))}), 201)
        assert wrong(admin.put(f"{path}/{late['id']}", json={DATES[path]: str(day(9))})) == {DATES[path]}
    become(app, cow, "Vivo", day(5))
    assert admin.post(TREATMENTS, json=good[TREATMENTS]).status_code == 201


def test_what_is_sent_while_the_animal_dies_waits_for_that(app: Flask, admin: Caller) -> None:
    [cow] = herd(app)
    good = {
        **bodies(admin, cow),
        "/controls": {"animal_id": cow, "checkup_date": str(day(3)), "health_status": "Bueno"},
        "/genetic-improvements": {
            "animal_id": cow,
            "date": str(day(3)),
            "details": "Sincronización",
            "results": "Sin novedad",
            "genetic_event_technique": "IATF",
        },
    }
    good["/controls?weighed"] = {**good["/controls"], "weight": 300}
    begun = threading.Semaphore(0)

    def write(path: str) -> Any:
        caller = Caller(app.test_client(), admin.token)
        begun.release()
        return caller.post(path, json=good[path])

    with ThreadPoolExecutor(len(good)) as pool:
        with app.app_context(), transaction() as session:
            animals.revise(session.get(Animal, cow), status="Muerto", status_date=day(10))
            session.flush()
            waiting = [pool.submit(write, path) for path in good]
            for _ in good:
                begun.acquire()
            time.sleep(0.5)
        refused = dict(zip(good, (wrong(each.result(20)) for each in waiting), strict=True))
    assert refused == {path: {DATES[path.partition("?")[0]]} for path in good}


def test_who_may_be_named(app: Flask, admin: Caller, instructor: Caller, apprentice: Caller) -> None:
    [cow] = herd(app)
    good = bodies(admin, cow)
    teacher, learner = own_id(instructor), own_id(apprentice)
    shot = good[VACCINATIONS]
    mine = data(apprentice.post(VACCINATIONS, json=shot), 201)
    assert (mine["apprentice_id"], mine["apprentice_name"]) == (learner, "Persona Aprendiz")
    assert data(instructor.post(VACCINATIONS, json=shot), 201)["apprentice_id"] is None
    both = {**shot, "instructor_id": teacher, "apprentice_id": teacher}
    row = data(instructor.post(VACCINATIONS, json=both), 201)
    assert (row["instructor_name"], row["apprentice_name"]) == ("Persona Instructor", "Persona Instructor")
    for path in (VACCINATIONS, DIAGNOSES):
        body = {**good[path], "instructor_id": learner}
        assert wrong(instructor.post(path, json=body)) == {"instructor_id"}
        assert wrong(instructor.post(path, json={**body, "instructor_id": 999})) == {"instructor_id"}
    assert wrong(instructor.post(VACCINATIONS, json={**shot, "apprentice_id": 999})) == {"apprentice_id"}
    data(admin.put(f"/users/{learner}", json={"status": False}))
    assert wrong(instructor.post(VACCINATIONS, json={**shot, "apprentice_id": learner})) == {"apprentice_id"}
    # Who was named before he left stays named.
    changed = instructor.put(
        f"{VACCINATIONS}/{mine['id']}", json={"apprentice_id": learner, "vaccination_date": str(day(2))}
    )
    assert data(changed)["apprentice_id"] == learner


def test_a_diagnosis_is_named_and_stands_somehow(app: Flask, admin: Caller) -> None:
    [cow] = herd(app)
    body = bodies(admin, cow)[DIAGNOSES]
    row = data(admin.post(DIAGNOSES, json=body), 201)
    assert (row["status"], row["disease_name"]) == ("Activo", "Aftosa")
    assert row["instructor_fullname"] == row["instructor_name"] == "Persona Administrador"
    asked = f"{DIAGNOSES}?include_relations=animals,diseases&fields=animal_record,disease_name"
    [found] = data(admin.get(asked))
    assert found["disease"]["name"] == "Aftosa"
    assert found["instructor"]["role"] == "Administrador"
    assert found["animal"]["record"] == "REC-001"
    again = admin.post(DIAGNOSES, json=body)
    together = "lo mismo en animal, enfermedad y fecha del diagnóstico"
    assert (again.status_code, together in again.json["message"]) == (409, True), again.json["message"]
    for status in ("En tratamiento", "Recuperado", "Tratado", "Observación", "Crónico"):
        assert data(admin.put(f"{DIAGNOSES}/{row['id']}", json={"status": status}))["status"] == status
    assert wrong(admin.put(f"{DIAGNOSES}/{row['id']}", json={"status": "Quizás"})) == {"status"}
    assert wrong(admin.put(f"{DIAGNOSES}/{row['id']}", json={"disease_id": 999})) == {"disease_id"}


def test_a_treatment_keeps_all_that_the_form_has(app: Flask, admin: Caller) -> None:
    [cow] = herd(app)
    body = {
        "animal_id": str(cow),
        "treatment_date": str(day(8)),
        "diagnosis": "Mastitis",
        "frequency": "cada 12 h",
        "dosis": "5 ml",
        "observations": "Responde bien",
        "treatment_type": "Antibiótico",
        "veterinarian": "Dra. Ruiz",
        "symptoms": "Ubre inflamada",
        "treatment_plan": "Cinco días",
        "cost": "125000.5",
        "status": "En curso",
        "notes": "Retiro de leche",
        "end_date": str(day(3)),
        "follow_up_date": str(day(-5)),
    }
    row = data(admin.post(TREATMENTS, json=body), 201)
    expected = {**body, "animal_id": cow, "cost": 125000.5, "description": "Mastitis"}
    assert expected.items() <= row.items()
    early = {"end_date": str(day(9)), "follow_up_date": str(day(9))}
    assert wrong(admin.post(TREATMENTS, json={**body, **early})) == {"end_date", "follow_up_date"}
    path = f"{TREATMENTS}/{row['id']}"
    assert wrong(admin.put(path, json={"treatment_date": str(day(2))})) == {"end_date"}
    moved = data(admin.put(path, json={"treatment_date": str(day(2)), "end_date": None}))
    assert moved["diagnosis"] == "Mastitis"


@pytest.mark.parametrize(
    ("path", "catalogue", "key", "name"),
    [
        ("/treatment-medications", "/medications", "medication_id", "medication_name"),
        ("/treatment-vaccines", "/vaccines", "vaccine_id", "vaccine_name"),
    ],
)
def test_what_a_treatment_uses(
    app: Flask, admin: Caller, path: str, catalogue: str, key: str, name: str
) -> None:
    [cow] = herd(app)
    body = {"animal_id": cow, "treatment_date": str(day(1)), "description": "Desparasitar"}
    treatment = data(admin.post(TREATMENTS, json=body), 201)["id"]
    first, second = named(admin, catalogue, "Uno"), named(admin, catalogue, "Dos")
    link = data(admin.post(path, json={"treatment_id": treatment, key: first}), 201)
    assert {
        "treatment_diagnosis": "Desparasitar",
        name: "Uno",
        "animal_record": "REC-001",
    }.items() <= link.items()
    again = admin.post(path, json={"treatment_id": treatment, key: first})
    assert again.status_code == 409
    assert "lo mismo en tratamiento y " in again.json["message"]
    assert "_id" not in again.json["message"]
    assert wrong(admin.post(path, json={"treatment_id": 999, key: first})) == {"treatment_id"}
    assert wrong(admin.post(path, json={"treatment_id": treatment, key: 999})) == {key}
    assert data(admin.put(f"{path}/{link['id']}", json={key: second}))[name] == "Dos"
    asked = f"{path}?treatment_id={treatment}&treatmentId={treatment}&sort_by=id&include_relations=true"
    [found] = data(admin.get(asked))
    assert found["treatments"] == {"id": treatment, "treatment_date": str(day(1)), "animal_id": cow}
    # The treatment and what it uses are let go one after the other.
    assert admin.delete(f"{TREATMENTS}/{treatment}").status_code == 409
    assert admin.delete(f"{catalogue}/{second}").status_code == 409
    for target in (f"{path}/{link['id']}", f"{TREATMENTS}/{treatment}", f"{catalogue}/{second}"):
        data(admin.delete(target))


def test_apprentices_record_and_teachers_correct(app: Flask, admin: Caller, apprentice: Caller) -> None:
    [cow] = herd(app)
    body = bodies(admin, cow)[TREATMENTS]
    row = data(apprentice.post(TREATMENTS, json=body), 201)
    assert apprentice.put(f"{TREATMENTS}/{row['id']}", json={"notes": "x"}).status_code == 403
    assert apprentice.post("/medications", json={"name": "Nuevo"}).status_code == 403
