"""A small farm made through the API, and for each of the eighteen resources a body that creates one more of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from biogas.plant import made
from conftest import Caller

SLUGS = [
    *("users", "species", "breeds", "animals", "fields", "food_types", "diseases", "medications", "vaccines"),
    *("route-administrations", "controls", "vaccinations", "treatments", "treatment-medications"),
    *("treatment-vaccines", "animal-fields", "animal-diseases", "genetic-improvements"),
]
Body = dict[str, Any]


@dataclass
class Pasture:
    """Ids of what the bodies below refer to; `more` makes another of something."""

    caller: Caller
    ids: dict[str, int] = field(default_factory=dict)
    made: int = 0

    def more(self, slug: str) -> Body:
        """Another record of a resource, as it was answered."""
        self.made += 1
        row: Body = made(self.caller.post(f"/{slug}", json=self.body(slug)))
        return row

    def body(self, slug: str) -> Body:
        """What creates a record unlike those before."""
        self.made += 1
        return BODIES[slug](self, self.made)

    def id(self, slug: str) -> int:
        """A record of the resource, made once."""
        if slug not in self.ids:
            self.ids[slug] = self.more(slug)["id"]
        return self.ids[slug]

    def fresh(self, slug: str) -> int:
        """A record that nothing refers to yet."""
        return int(self.more(slug)["id"])

    def person(self, role: str) -> int:
        """Somebody of that role."""
        if role not in self.ids:
            body = self.body("users") | {"role": role}
            self.ids[role] = made(self.caller.post("/users", json=body))["id"]
        return self.ids[role]


def _user(farm: Pasture, n: int) -> Body:
    return {
        "identification": str(50_000_000 + n), "fullname": f"Persona Ñ {n}", "email": f"p{n}@finca.test",
        "phone": f"300{n:07}", "address": "Vereda", "role": "Aprendiz", "password": f"Clave-Segura-{n}",
        "status": True,
    }  # fmt: skip


def _vaccine(farm: Pasture, n: int) -> Body:
    return {
        "name": f"Vacuna {n}", "dosis": "2 ml", "type": "Inactivada", "vaccination_interval": 180,
        "national_plan": True, "route_administration_id": farm.id("route-administrations"),
        "target_disease_id": str(farm.id("diseases")),
    }  # fmt: skip


def _medication(farm: Pasture, n: int) -> Body:
    return {
        "name": f"Medicamento {n}", "description": "Antibiótico", "dosis": "5 ml", "availability": True,
        "indications": "Fiebre", "contraindications": "Preñez",
        "route_administration_id": farm.id("route-administrations"),
    }  # fmt: skip


BODIES: dict[str, Callable[[Pasture, int], Body]] = {
    "users": _user,
    "species": lambda farm, n: {"name": f"Especie {n}"},
    "breeds": lambda farm, n: {"name": f"Raza {n}", "species_id": farm.id("species")},
    "animals": lambda farm, n: {
        "record": f"REC-{n:03}", "birth_date": "2022-05-01", "weight": "350.5", "sex": "Hembra",
        "breeds_id": str(farm.id("breeds")), "status": "Vivo", "notes": "Mansa",
    },
    "fields": lambda farm, n: {
        "name": f"Potrero {n}", "area": "12.5", "state": "Disponible", "capacity": "30",
        "ubication": "Norte", "handlings": "Rotación", "gauges": "Buenas",
        "food_type_id": farm.id("food_types"),
    },
    "food_types": lambda farm, n: {
        "food_type": f"Pasto {n}", "handlings": "Riego", "gauges": "Altas", "sowing_date": "2025-01-10",
        "harvest_date": "2025-06-10", "area": 20,
    },
    "diseases": lambda farm, n: {"name": f"Enfermedad {n}", "symptoms": "Fiebre", "details": "Viral"},
    "medications": _medication,
    "vaccines": _vaccine,
    "route-administrations": lambda farm, n: {"name": f"Vía {n}", "description": "Bajo piel", "status": True},
    "controls": lambda farm, n: {
        "animal_id": farm.id("animals"), "checkup_date": f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}",
        "weight": 340, "height": 130, "description": f"Control {n}", "health_status": "Bueno",
    },
    "vaccinations": lambda farm, n: {
        "animal_id": farm.id("animals"), "vaccine_id": farm.id("vaccines"), "vaccination_date": "2024-07-01",
        "apprentice_id": farm.person("Aprendiz"), "instructor_id": farm.person("Instructor"),
    },
    "treatments": lambda farm, n: {
        "animal_id": farm.id("animals"), "treatment_date": "2024-08-01", "description": f"Tratamiento {n}",
        "dosis": "3 ml", "frequency": "Cada día", "observations": "Ninguna",
    },
    "treatment-medications": lambda farm, n: {
        "treatment_id": farm.id("treatments"), "medication_id": farm.fresh("medications"),
    },
    "treatment-vaccines": lambda farm, n: {
        "treatment_id": farm.id("treatments"), "vaccine_id": farm.fresh("vaccines"), "dose": "1 ml",
    },
    "animal-fields": lambda farm, n: {
        "animal_id": farm.fresh("animals"), "field_id": farm.id("fields"), "assignment_date": "2024-01-10",
        "notes": "Entra",
    },
    "animal-diseases": lambda farm, n: {
        "animal_id": farm.id("animals"), "disease_id": farm.fresh("diseases"),
        "instructor_id": farm.person("Instructor"), "diagnosis_date": "2024-03-01", "status": "Activo",
        "notes": "Leve",
    },
    "genetic-improvements": lambda farm, n: {
        "animal_id": farm.id("animals"), "date": "2024-02-01", "genetic_event_technique": f"Inseminación {n}",
        "details": "Pajilla", "results": "Preñada",
    },
}  # fmt: skip

# Columns of contract 1.4 by which each list could be filtered and sorted; ours adds the rest.
CREATED = ["created_at"]
FILTERS: dict[str, list[str]] = {
    "users": ["role", "status", *CREATED],
    "species": CREATED,
    "breeds": ["species_id", *CREATED],
    "animals": ["sex", "status", "breeds_id", "birth_date", "weight", *CREATED],
    "fields": ["state", "food_type_id", "capacity", "area", *CREATED],
    "food_types": ["sowing_date", "harvest_date", "area", *CREATED],
    "diseases": CREATED,
    "medications": ["route_administration_id", "availability", *CREATED],
    "vaccines": ["target_disease_id", "type", "route_administration_id", *CREATED],
    "route-administrations": ["status", *CREATED],
    "controls": ["animal_id", "health_status", "checkup_date", *CREATED],
    "vaccinations": [
        "animal_id",
        "vaccine_id",
        "instructor_id",
        "apprentice_id",
        "vaccination_date",
        *CREATED,
    ],
    "treatments": ["animal_id", "treatment_date", *CREATED],
    "treatment-medications": ["treatment_id", "medication_id"],
    "treatment-vaccines": ["treatment_id", "vaccine_id"],
    "animal-fields": ["animal_id", "field_id", "assignment_date"],
    "animal-diseases": ["animal_id", "disease_id", "instructor_id", "status", "diagnosis_date"],
    "genetic-improvements": ["date", "animal_id"],
}
# What a search by word finds, and where that word stands.
SEARCHES = {
    "users": "fullname", "species": "name", "breeds": "name", "animals": "record", "fields": "name",
    "food_types": "food_type", "diseases": "name", "medications": "name", "vaccines": "name",
    "route-administrations": "name", "controls": "description", "treatments": "description",
    "genetic-improvements": "genetic_event_technique",
}  # fmt: skip
# Records whose search finds the related animal by its tag number.
OF_ANIMALS = [
    *("controls", "vaccinations", "treatments", "animal-fields", "animal-diseases", "genetic-improvements"),
]
# Fields that two records cannot share.
UNIQUE: dict[str, list[str]] = {
    "users": ["identification", "email", "phone"],
    "species": ["name"],
    "breeds": ["name", "species_id"],
    "animals": ["record"],
    "fields": ["name"],
    "food_types": ["food_type"],
    "diseases": ["name"],
    "medications": ["name"],
    "vaccines": ["name"],
    "route-administrations": ["name"],
    "treatment-medications": ["treatment_id", "medication_id"],
    "treatment-vaccines": ["treatment_id", "vaccine_id"],
    "animal-fields": ["animal_id", "field_id", "assignment_date"],
    "animal-diseases": ["animal_id", "disease_id", "diagnosis_date"],
}
# What makes a record impossible to delete: the resource that depends on it, and by which field.
BLOCKED_BY: dict[str, tuple[str, str]] = {
    "users": ("animal-diseases", "instructor_id"),
    "species": ("breeds", "species_id"),
    "breeds": ("animals", "breeds_id"),
    "animals": ("animals", "idMother"),
    "fields": ("animal-fields", "field_id"),
    "food_types": ("fields", "food_type_id"),
    "diseases": ("vaccines", "target_disease_id"),
    "medications": ("treatment-medications", "medication_id"),
    "vaccines": ("treatment-vaccines", "vaccine_id"),
    "route-administrations": ("medications", "route_administration_id"),
    "treatments": ("treatment-medications", "treatment_id"),
}
# Fields of contract 1.2 that no table stores.
DERIVED: dict[str, list[str]] = {
    "animals": ["age_in_days", "age_in_months", "is_adult"],
    "fields": ["animal_count"],
    "animal-fields": ["animal_record", "field_name", "is_active"],
    "animal-diseases": ["animal_record", "disease_name", "instructor_name", "instructor_fullname"],
    "vaccinations": ["animal_record", "vaccine_name", "apprentice_name", "instructor_name"],
    "treatment-medications": ["treatment_diagnosis", "medication_name"],
    "treatment-vaccines": ["treatment_diagnosis", "vaccine_name", "animal_record"],
    "vaccines": ["route_administration_name", "target_disease_name"],
    "treatments": ["diagnosis"],
}
# Keys of contract 1.3 that include_relations adds.
RELATIONS: dict[str, list[str]] = {
    "animals": [
        *("breed", "father", "mother", "treatments", "vaccinations", "diseases", "controls", "images"),
    ],
    "breeds": ["species", "animals"],
    "species": ["breeds"],
    "fields": ["food_types", "animal_fields"],
    "animal-fields": ["animal", "field"],
    "animal-diseases": ["animal", "disease", "instructor"],
    "controls": ["animals"],
    "treatments": ["animals", "vaccines_treatments", "medication_treatments"],
    "genetic-improvements": ["animals"],
    "vaccinations": ["animals", "vaccines", "apprentice", "instructor"],
    "medications": ["route_administration_rel", "treatments"],
    "vaccines": ["diseases", "route_administration_rel"],
    "treatment-medications": ["treatments", "medications"],
    "treatment-vaccines": ["treatments", "vaccines"],
    "food_types": ["fields"],
}
