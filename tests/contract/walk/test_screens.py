"""The records half of section 5 on the demonstration farm: the web client's requests as it sends them, as each role."""

import re
from typing import Any

import pytest
from biogas.plant import made
from contract.pastures import OF_ANIMALS, SLUGS
from contract.walk.demo import Farm, Row, asked, on_sqlite
from contract.walk.screens import CHECKS, READS, lines

from app.users.permissions import Role

pytestmark = on_sqlite

# What the screen of diagnoses is given besides.
RELATED = {"animal", "disease", "instructor"}
roles = pytest.mark.parametrize("role", list(Role))


def filled(demo: Farm, slug: str, query: str) -> tuple[str, list[Row]]:
    """The query with the values it asks for, and the rows that it chooses."""
    rows = demo.stored(slug)
    for name in set(re.findall(r"\{(\w+)\}", query)):
        value = rows[-1][name]
        rows = [row for row in rows if row[name] == value]
        query = query.replace("{" + name + "}", asked(value))
    return "" if query == "-" else query, rows


@roles
@pytest.mark.parametrize(("slug", "query", "reads"), lines(READS), ids=lambda one: str(one)[:40])
def test_a_screen_finds_what_it_reads(demo: Farm, role: Role, slug: str, query: str, reads: str) -> None:
    query, rows = filled(demo, slug, query)
    answer = demo.callers[role].get(f"/{slug}?{query}")
    assert answer.status_code == 200
    assert answer.json["success"] is True
    pagination = answer.json["meta"]["pagination"]
    assert pagination["total_items"] == len(rows)
    second = pagination["page"] == 2
    assert bool(answer.json["data"]) is not second
    # Apprentices are told nothing else of people.
    modest = slug == "users" and role == Role.APPRENTICE
    names = {"id", "fullname", "role"} if modest else set(reads.split(","))
    exact = modest or "fields=" in query
    for row in answer.json["data"]:
        told = row.keys() - RELATED if "include_relations" in query else row.keys()
        assert told == names if exact else told >= names


@roles
@pytest.mark.parametrize("slug", SLUGS)
def test_a_link_opens_its_record(demo: Farm, role: Role, slug: str) -> None:
    caller, row = demo.callers[role], demo.first(slug)
    whole = made(caller.get(f"/{slug}/{row['id']}"), 200)
    some = {"id": row["id"]} if slug == "users" and role == Role.APPRENTICE else row
    assert some.items() <= whole.items()
    part = made(caller.get(f"/{slug}/{row['id']}?fields=id,created_at,nothing&cache_bust=1764300000000"), 200)
    assert part.keys() >= {"id"}
    # The sparse answer is not what the next full request is given.
    assert made(caller.get(f"/{slug}/{row['id']}"), 200) == whole


@pytest.mark.parametrize("slug", OF_ANIMALS)
def test_the_pages_search_leaks_into_its_tables(demo: Farm, slug: str) -> None:
    animals = demo.by_id("animals")
    for id in sorted({row["animal_id"] for row in demo.stored(slug)})[:2]:
        record = animals[id]["record"]
        own = {row["id"] for row in demo.stored(slug) if record in animals[row["animal_id"]]["record"]}
        found, total = demo.page(slug, f"animal_id={id}", search=record)
        assert {row["id"] for row in found} <= own
        assert total == sum(row["animal_id"] == id for row in demo.stored(slug))
        assert demo.page(slug, search=record, q=record)[1] >= len(own)


@pytest.mark.parametrize("line", lines(CHECKS), ids=lambda line: line[0])
def test_what_is_counted_before_a_delete_is_true(demo: Farm, line: list[str]) -> None:
    slug, *checks = line
    for id in list(demo.by_id(slug))[:4]:
        for check in checks:
            other, name = check.split(".")
            name, _, column = name.partition(":")
            rows = demo.stored(other)
            column = column or name
            expected = sum(row.get(column) == id for row in rows)
            answer = demo.admin.get(f"/{other}?{name}={id}&limit=3&fields=id,record,name,animal_record")
            assert answer.json["meta"]["pagination"]["total_items"] == expected, check
            assert len(answer.json["data"]) == min(3, expected)


def form(demo: Farm, slug: str) -> dict[str, Any]:
    """A form as it is sent: what selects gave as text, what was left empty not at all."""
    n, first = demo.pasture.made, demo.first
    demo.pasture.made += 1
    cow = demo.pasture.id("animals")
    sire, dam = first("animals", sex="Macho"), first("animals", sex="Hembra")
    person = {role: first("users", role=role)["id"] for role in ("Instructor", "Aprendiz")}
    treatment, route = demo.pasture.id("treatments"), first("route-administrations")["id"]
    forms: dict[str, dict[str, Any]] = {
        "users": {"identification": f"7100{n:06}", "fullname": f"Ana {n}", "email": f"ANA{n}@finca.test ",
                  "role": "Aprendiz", "password": f"Segura-{n}x", "status": True, "phone": f"310{n:07}",
                  "address": "Vereda El Roble"},
        "species": {"name": f"Equino {n}"},
        "breeds": {"name": f"Criolla {n}", "species_id": str(first("species")["id"])},
        "animals": {"record": f"S-{n}", "birth_date": "2024-02-29", "weight": 210.5, "sex": "Hembra",
                    "breeds_id": sire["breeds_id"], "status": "Vivo", "idFather": sire["id"],
                    "idMother": str(dam["id"]), "notes": "Mansa"},
        "fields": {"name": f"Lote {n}", "area": "12.5", "state": "Disponible", "capacity": "30",
                   "food_type_id": str(first("food_types")["id"])},
        "food_types": {"food_type": f"Pasto S {n}", "handlings": "Riego", "gauges": "Alta",
                       "sowing_date": "2025-01-10", "harvest_date": "2025-06-10", "area": 20},
        "diseases": {"name": f"Fiebre {n}", "symptoms": "Fiebre", "details": "Viral"},
        "medications": {"name": f"Gel {n}", "description": "Tópico", "dosis": "2 g", "availability": False,
                        "indications": "Heridas", "contraindications": "Ninguna", "route_administration_id": route},
        "vaccines": {"name": f"Triple {n}", "type": "Toxoide", "dosis": "2 ml", "vaccination_interval": 365,
                     "route_administration_id": route, "target_disease_id": first("diseases")["id"],
                     "national_plan": False},
        "route-administrations": {"name": f"Nasal {n}", "description": "Por la nariz", "status": True},
        "controls": {"animal_id": str(cow), "checkup_date": "2025-03-01", "weight": "312.5", "height": 1.2,
                     "description": "Bien", "health_status": "Excelente"},
        "vaccinations": {"animal_id": cow, "vaccine_id": str(first("vaccines")["id"]),
                         "vaccination_date": "2025-03-02", "apprentice_id": person["Aprendiz"],
                         "instructor_id": person["Instructor"]},
        "treatments": {"animal_id": cow, "treatment_date": "2025-03-03", "description": "Cojera", "dosis": "5 ml",
                       "frequency": "Cada 8 h", "observations": "Ninguna", "veterinarian": "Ana", "cost": 1000},
        "treatment-medications": {"treatment_id": treatment, "medication_id": demo.pasture.fresh("medications")},
        "treatment-vaccines": {"treatment_id": treatment, "vaccine_id": demo.pasture.fresh("vaccines"),
                               "dose": "2 ml"},
        "animal-diseases": {"animal_id": cow, "disease_id": demo.pasture.fresh("diseases"),
                            "instructor_id": person["Instructor"], "diagnosis_date": "2025-03-04",
                            "status": "Observación", "notes": "Leve"},
        "animal-fields": {"animal_id": demo.pasture.fresh("animals"), "field_id": demo.pasture.id("fields"),
                          "assignment_date": "2025-03-05", "notes": "Entra"},
        "genetic-improvements": {"animal_id": cow, "date": "2025-03-06", "genetic_event_technique": "IATF",
                                 "details": "Pajilla", "results": "Preñada"},
    }  # fmt: skip
    return forms[slug]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_form_is_sent_edited_and_deleted(demo: Farm, slug: str) -> None:
    body = form(demo, slug)
    row = made(demo.admin.post(f"/{slug}", json=body))
    for name, value in body.items():
        if name != "password":
            assert str(row[name]).removesuffix(".0") == str(value).strip().lower() or str(row[name]) == str(
                value
            )
            assert isinstance(row[name], bool) == isinstance(value, bool), name
    path = f"/{slug}/{row['id']}"
    # An edit sends the whole form again, an empty password meaning the one there is.
    again = body | ({"password": ""} if "password" in body else {})
    assert made(demo.admin.put(path, json=again), 200) | {"updated_at": ""} == row | {"updated_at": ""}
    made(demo.admin.delete(path), 200)
    assert demo.admin.get(path).status_code == 404


@roles
def test_everybody_changes_their_own_profile(demo: Farm, role: Role) -> None:
    caller = demo.callers[role]
    own = made(caller.get("/auth/me"), 200)["user"]
    sent = {
        "fullname": f"Otro Nombre {role}",
        "email": own["email"],
        "phone": f"30155500{len(role):02}",
        "address": "X",
    }
    row = made(caller.patch(f"/users/{own['id']}", json=sent), 200)
    assert sent.items() <= row.items()
    higher = caller.patch(f"/users/{own['id']}", json={"role": "Administrador", "status": True})
    assert higher.status_code == (200 if role == Role.ADMIN else 403)
    assert made(caller.get("/auth/me"), 200)["user"]["role"] == role
    made(caller.patch(f"/users/{own['id']}", json={"fullname": own["fullname"]}), 200)


@pytest.mark.parametrize(
    ("slug", "links"),
    [("treatments", ["treatment-medications", "treatment-vaccines"]), ("medications", ["treatment-medications"]),
     ("vaccines", ["treatment-vaccines"])],
)  # fmt: skip
def test_dependencies_are_deleted_too_and_then_the_record(demo: Farm, slug: str, links: list[str]) -> None:
    id = demo.pasture.fresh(slug)
    key = f"{slug[:-1]}_id"
    for link in links:
        made(demo.admin.post(f"/{link}", json=demo.pasture.body(link) | {key: id}))
    assert demo.admin.delete(f"/{slug}/{id}").status_code == 409
    for link in links:
        rows, total = demo.page(link, **{key: id})
        assert total == 1
        made(demo.admin.delete(f"/{link}/{rows[0]['id']}"), 200)
    made(demo.admin.delete(f"/{slug}/{id}"), 200)


@roles
def test_counters_and_feeds(demo: Farm, role: Role) -> None:
    caller, people = demo.callers[role], demo.stored("users")
    by_role = {one: sum(row["role"] == one for row in people) for one in Role}
    statistics = made(caller.get("/users/statistics"), 200)
    assert {name: one["count"] for name, one in statistics["role_distribution"].items()} == by_role
    assert statistics["total_users"] == len(people)
    counted = made(caller.get("/users/status"), 200)
    assert counted["active_users"] == sum(row["status"] for row in people)
    assert counted["active_users"] + counted["inactive_users"] == counted["total_users"] == len(people)
    assert {k: v["count"] for k, v in made(caller.get("/users/roles"), 200)["roles"].items()} == by_role
    for path in ("/activity/me", "/activity/me/stats", "/activity/me/summary", "/activity/filters?scope=me"):
        assert caller.get(path).status_code == 200, path
