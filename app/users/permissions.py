"""Who may do what, as data: the table role x permission. Deciding on a request is the guard's part."""

from enum import StrEnum


class Role(StrEnum):
    """The roles of the farm school."""

    ADMIN = "Administrador"
    INSTRUCTOR = "Instructor"
    APPRENTICE = "Aprendiz"


EVERYBODY = frozenset({"dashboard.view", "sensors.view", "biogas.view", "reports.view"})
INSTRUCTORS = EVERYBODY | {"reports.create", "fillings.write", "sensors.manage", "catalogues.write"}
ADMINISTRATORS = INSTRUCTORS | {
    "records.delete",
    "reports.delete",
    "users.manage",
    "users.approve",
    "security.view",
}

GRANTS: dict[Role, frozenset[str]] = {
    Role.ADMIN: ADMINISTRATORS,
    Role.INSTRUCTOR: INSTRUCTORS,
    Role.APPRENTICE: EVERYBODY,
}
PERMISSIONS = frozenset().union(*GRANTS.values())


def granted(role: str) -> frozenset[str]:
    """The permissions of a role; none for a role nobody knows."""
    return GRANTS[Role(role)] if role in set(Role) else frozenset()
