"""How a change is told: the entity's name for programs, title and description for people, how serious it is."""

import re
from collections.abc import Mapping
from typing import Any

from app.activity.journal import Change
from app.core.extensions import Base
from app.core.plain import PLAIN

ACTIONS = ("create", "update", "delete", "alert", "system")
SEVERITIES = ("info", "low", "medium", "high")
# The web client's word where it is not the record's own.
ENTITIES = {"genetic_improvement": "improvement"}
# Where the web client finds what no plain record stands for.
SLUGS = {
    "animals": "animals",
    "users": "users",
    "permission_grants": "users",
    "devices": "sensors",
    "channels": "sensors",
    "digester_devices": "digesters",
    "animal_images": "animal-images",
    "reports": "reports",
}
# Of these the clients know only the record they belong to.
OWNERS = {"permission_grants": "user_id", "channels": "device_id", "digester_devices": "digester_id"}
LABELS = {
    "users": "Persona",
    "permission_grants": "Permiso",
    "devices": "Sensor",
    "channels": "Canal",
    "digester_devices": "Sensor de biodigestor",
    "animal_images": "Imagen",
    "animal_status_changes": "Cambio de estado",
    "reports": "Informe",
}
VERBS = {"create": "cread", "update": "actualizad", "delete": "eliminad"}
FEMININE = re.compile(r"(?:a|á|ía|ión|dad|tud)$|^(?:Especie|Imagen|Clase|Sede)$")
NAMING = ("record", "name", "fullname", "title", "number", "code", "food_type", "filename", "permission")
WORDS = {
    "active": "activa",
    "address": "dirección",
    "approved": "aprobada",
    "area": "área",
    "assignment_date": "entrada",
    "availability": "disponible",
    "birth_date": "nacimiento",
    "breeds_id": "raza",
    "capacity": "capacidad",
    "checkup_date": "fecha",
    "cost": "costo",
    "date": "fecha",
    "description": "descripción",
    "details": "detalles",
    "diagnosis_date": "diagnóstico",
    "disease_id": "enfermedad",
    "dose": "dosis",
    "email": "correo",
    "end_date": "fin",
    "father_id": "padre",
    "field_id": "potrero",
    "food_type": "alimento",
    "food_type_id": "alimento",
    "frequency": "frecuencia",
    "fullname": "nombre",
    "granted": "concedido",
    "handlings": "manejos",
    "gauges": "medidas",
    "harvest_date": "cosecha",
    "health_status": "estado de salud",
    "height": "altura",
    "identification": "identificación",
    "mother_id": "madre",
    "name": "nombre",
    "notes": "notas",
    "observations": "observaciones",
    "password_hash": "contraseña",
    "phone": "teléfono",
    "place": "lugar",
    "record": "registro",
    "removal_date": "salida",
    "results": "resultados",
    "role": "rol",
    "sex": "sexo",
    "sowing_date": "siembra",
    "species_id": "especie",
    "state": "estado",
    "status": "estado",
    "status_date": "fecha del estado",
    "status_reason": "motivo",
    "symptoms": "síntomas",
    "token_version": "sesiones cerradas",
    "treatment_date": "fecha",
    "ubication": "ubicación",
    "vaccination_date": "fecha",
    "vaccine_id": "vacuna",
    "weight": "peso",
}
TOLD_FIELDS = 8
TOLD_TEXT = 60
LONGEST_TITLE = 255
RIGHTS = {"role", "status", "approved", "password_hash"}


def entity_of(model: type[Any]) -> str:
    """The record's singular name, in snake case."""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", model.__name__).lower()
    return ENTITIES.get(snake, snake)


def tables() -> dict[str, str]:
    """The table of each entity."""
    return {entity_of(mapper.class_): mapper.class_.__tablename__ for mapper in Base.registry.mappers}


def slug_of(table: str) -> str | None:
    """The resource under which the clients know the table, or None when they do not."""
    return (table in PLAIN and PLAIN[table].slug) or SLUGS.get(table)


def word_of(change: Change) -> tuple[str | None, str, int | None]:
    """What the screens are told: the resource, what happened to it and its id."""
    if owner := OWNERS.get(change.table):
        return slug_of(change.table), "update", change.facts.get(owner)
    return slug_of(change.table), change.action, change.entity_id


def title_of(change: Change, animals: Mapping[int, str]) -> str:
    """«Animal A-12 actualizado», «Control #7 de A-12 eliminado»."""
    label = PLAIN[change.table].label if change.table in PLAIN else LABELS.get(change.table)
    label = label or entity_of(change.model).replace("_", " ").capitalize()
    animal = change.facts.get("animal_id")
    owner = f" de {animals[animal]}" if animal is not None and animal in animals else ""
    ending = "a" if FEMININE.search(label.split()[0]) else "o"
    title = f"{label} {_name(change)}{owner} {VERBS[change.action]}{ending}"
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def description_of(change: Change, title: str) -> str:
    """The title, and of an update what became what."""
    if change.action != "update":
        return title
    fields = list(change.fields.items())
    told = [_told(change, name, values) for name, values in fields[:TOLD_FIELDS]]
    if len(fields) > TOLD_FIELDS:
        told.append(f"y {len(fields) - TOLD_FIELDS} más")
    return f"{title}: {', '.join(told)}"


def severity_of(change: Change) -> str:
    """How much attention a change deserves; docs/activity.md has the table."""
    fields = set(change.fields)
    if change.table == "permission_grants" or (change.table == "users" and _touches_rights(change, fields)):
        return "high"
    if change.action == "delete":
        return "high" if change.table == "animals" else "medium"
    if change.table == "users" or (
        change.table == "animals" and "status" in fields and change.action == "update"
    ):
        return "medium"  # fmt: skip
    return "info" if change.action == "create" else "low"


def _touches_rights(change: Change, fields: set[str]) -> bool:
    return change.action == "delete" or (change.action == "update" and bool(fields & RIGHTS))


def _name(change: Change) -> str:
    found = next((change.facts[name] for name in NAMING if change.facts.get(name) not in (None, "")), None)
    return str(found) if found is not None else f"#{'-'.join(map(str, change.key))}"


def _told(change: Change, name: str, values: dict[str, Any]) -> str:
    word = WORDS.get(name, name.removesuffix("_id").replace("_", " "))
    if "after" not in values:
        return word if name == "token_version" else f"{word} (cambiada)"
    mark = "#" if name.endswith("_id") else ""
    return f"{word} {_value(values['before'], mark)} → {_value(values['after'], mark)}"


def _value(value: Any, mark: str) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, dict | list):
        return "…"
    if isinstance(value, float):
        value = f"{value:.10g}".replace(".", ",")
    text = " ".join(f"{mark}{value}".split())
    return text if len(text) <= TOLD_TEXT else text[: TOLD_TEXT - 1] + "…"
