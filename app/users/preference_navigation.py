"""What a person may reach, from the plain records and the person's permissions; the addresses are the door's part."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.plain import PLAIN, Plain
from app.users.tokens import Principal

REMOVE = "records.delete"
GROUPS = {
    "herd": "Hato",
    "animals": "Hato",
    "land": "Potreros y alimento",
    "health": "Sanidad",
    "biogas": "Biogás",
    "sensors": "Sensores",
    "equipment": "Equipos",
    "campaigns": "Campañas",
}
# What no plain record stands for: group, title, path below the API, the permission to see it, that to add to it.
OTHERS = (
    ("general", "Tablero", "/analytics/dashboard/complete", "dashboard.view", ""),
    ("general", "Mi actividad", "/activity/me", "", ""),
    ("general", "Actividad de todos", "/activity", "activity.view", ""),
    ("sensors", "Sensores", "/sensors", "sensors.view", "sensors.manage"),
    ("biogas", "Informes", "/biogas/reports", "reports.view", "reports.create"),
    ("people", "Personas", "/users", "users.view", "users.manage"),
    ("people", "Registros por aprobar", "/users/pending", "users.approve", ""),
    ("people", "Seguridad", "/security/metrics", "security.view", ""),
)
TITLES = {"general": "General", "people": "Personas", **GROUPS}
# One group may have several doors.
SAME = {"animals": "herd", "animal-tags": "herd", "animal-images": "herd"}
AT_ONCE = {"/analytics/dashboard/complete", "/activity/me"}


@dataclass(frozen=True)
class Addresses:
    """Every path below the API, and the door and path of each plain record's list, by the record's noun."""

    paths: Collection[str]
    lists: Mapping[str, tuple[str, str]]


def structure(person: Principal, addresses: Addresses) -> list[dict[str, Any]]:
    """What the person may see, in groups."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for group, title, path, see, add in OTHERS:
        if person.may(see) and path in addresses.paths:
            item = _item(title, path, ["read", *_held(person, create=add)])
            groups.setdefault(group, []).append(item)
    for plain in PLAIN.values():
        if plain.noun in addresses.lists and person.may(plain.read):
            door, path = addresses.lists[plain.noun]
            item = _item(plain.label, path, _actions(person, plain))
            groups.setdefault(SAME.get(door, door), []).append(item)
    return [{"key": key, "title": TITLES.get(key, key), "items": items} for key, items in groups.items()]


def shortcuts(person: Principal, addresses: Addresses) -> list[dict[str, Any]]:
    """Where the person looks first, and what the person may create."""
    items = [item for group in structure(person, addresses) for item in group["items"]]
    looks = [{"title": i["title"], "method": "GET", "path": i["path"]} for i in items if i["path"] in AT_ONCE]
    adds = [i for i in items if "create" in i["actions"]]
    return looks + [{"title": f"Registrar: {i['title']}", "method": "POST", "path": i["path"]} for i in adds]


def _item(title: str, path: str, actions: list[str]) -> dict[str, Any]:
    return {"key": path.strip("/").replace("/", "-"), "title": title, "path": path, "actions": actions}


def _actions(person: Principal, plain: Plain) -> list[str]:
    return ["read", *_held(person, create=plain.write, update=plain.edit, delete=REMOVE)]


def _held(person: Principal, **needed: str) -> list[str]:
    return [action for action, permission in needed.items() if permission and person.may(permission)]
