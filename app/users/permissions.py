"""Who may do what, as data: the table role x permission. Single grants are `grants`' part, deciding the guard's."""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """The roles of the farm school."""

    ADMIN = "Administrador"
    INSTRUCTOR = "Instructor"
    APPRENTICE = "Aprendiz"


class Permission(NamedTuple):
    """What a permission allows, in the words people read, and the roles that hold it."""

    meaning: str
    roles: frozenset[Role]


EVERYBODY = frozenset(Role)
TEACHING = frozenset({Role.ADMIN, Role.INSTRUCTOR})
ADMIN_ONLY = frozenset({Role.ADMIN})

TABLE: dict[str, Permission] = {
    "dashboard.view": Permission("Ver el tablero y las cifras generales", EVERYBODY),
    "records.view": Permission("Ver catálogos, animales y registros", EVERYBODY),
    "records.write": Permission("Registrar el trabajo propio (controles, vacunaciones, ...)", EVERYBODY),
    "records.edit": Permission("Corregir los registros de cualquiera", TEACHING),
    "records.delete": Permission("Eliminar registros", ADMIN_ONLY),
    "animals.write": Permission("Crear y editar animales", TEACHING),
    "catalogues.write": Permission("Crear y editar catálogos (especies, razas, materiales, ...)", TEACHING),
    "sensors.view": Permission("Ver sensores y lecturas", EVERYBODY),
    "sensors.manage": Permission("Configurar sensores y canales", TEACHING),
    "calibrations.view": Permission("Ver calibraciones", TEACHING),
    "biogas.view": Permission("Ver biodigestores y producción", EVERYBODY),
    "fillings.write": Permission("Abrir, editar y cerrar etapas de los biodigestores", TEACHING),
    "inventory.view": Permission("Ver el inventario", EVERYBODY),
    "inventory.write": Permission("Modificar el inventario", TEACHING),
    "equipment.write": Permission("Crear y editar equipos y mantenimientos", TEACHING),
    "campaigns.write": Permission("Crear y editar campañas", TEACHING),
    "reports.view": Permission("Ver y descargar informes", EVERYBODY),
    "reports.create": Permission("Generar informes", TEACHING),
    "reports.delete": Permission("Eliminar informes", ADMIN_ONLY),
    "activity.view": Permission("Ver la actividad de los demás", TEACHING),
    "users.view": Permission("Ver los datos de las personas", TEACHING),
    "users.approve": Permission("Aprobar o rechazar registros de personas", ADMIN_ONLY),
    "users.manage": Permission("Crear, editar y eliminar personas y sus permisos", ADMIN_ONLY),
    "system.view": Permission("Ver la carga y las cifras de los servidores", TEACHING),
    "security.view": Permission("Ver las cifras y alertas de seguridad", ADMIN_ONLY),
}

PERMISSIONS = frozenset(TABLE)
GRANTS: dict[Role, frozenset[str]] = {
    role: frozenset(name for name, permission in TABLE.items() if role in permission.roles) for role in Role
}


def granted(role: str) -> frozenset[str]:
    """The permissions of a role; none for a role nobody knows."""
    return GRANTS[Role(role)] if role in set(Role) else frozenset()


def needs_admin(permission: str) -> bool:
    """Whether, of the roles, only the administrator holds the permission."""
    return permission in TABLE and TABLE[permission].roles == ADMIN_ONLY
