"""What each person may do: the role's permissions, plus single grants, minus single revocations."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from app.core.errors import Forbidden, Invalid
from app.core.extensions import db
from app.core.records import flush
from app.users.models import PermissionGrant, User
from app.users.permissions import PERMISSIONS, Role, granted, needs_admin

# What an answer that depends on somebody's permissions depends on.
TABLES = ("users", "permission_grants")


def permissions_of(user_id: int, role: str) -> frozenset[str]:
    """Everything the person may do now, as the database has it."""
    return combined(role, single_grants(user_id))


def combined(role: str, singles: Mapping[str, bool]) -> frozenset[str]:
    """A role's permissions with single ones given (true) or taken (false)."""
    given = {name for name, held in singles.items() if held}
    taken = {name for name, held in singles.items() if not held}
    return ((granted(role) | given) - taken) & PERMISSIONS


def single_grants(user_id: int) -> dict[str, bool]:
    """The permissions given to (true) or taken from (false) this one person."""
    query = select(PermissionGrant.permission, PermissionGrant.granted)
    rows = db.session.execute(query.where(PermissionGrant.user_id == user_id))
    return dict(rows.all())


def change_grants(user: User, changes: Mapping[str, bool | None]) -> None:
    """Gives (true), takes (false) or leaves to the role again (None); Invalid for permissions nobody knows."""
    unknown = set(changes) - PERMISSIONS
    if unknown:
        raise Invalid(fields=dict.fromkeys(sorted(unknown), "No existe este permiso"))
    for name, held in changes.items():
        _change_one(user.id, name, held)
    flush()


def _change_one(user_id: int, name: str, held: bool | None) -> None:
    grant = db.session.get(PermissionGrant, (user_id, name))
    if held is None:
        if grant is not None:
            db.session.delete(grant)
    elif grant is None:
        db.session.add(PermissionGrant(user_id=user_id, permission=name, granted=held))
    else:
        grant.granted = held


def refusal(permission: str, role: str) -> Forbidden:
    """What somebody of this role is told who lacks the permission.

    Where of the roles only the administrator holds it, the code is ADMIN_ROLE_REQUIRED (the web client's), with
    `required_role` and `current_role`; else FORBIDDEN.
    """
    details = {"required_permission": permission, "current_role": role}
    if needs_admin(permission):
        details["required_role"] = Role.ADMIN
        return Forbidden("Esta acción es del administrador", code="ADMIN_ROLE_REQUIRED", **details)
    return Forbidden("No tiene permiso para esta acción", **details)


def require_not_above(actor: Iterable[str], others: Iterable[str]) -> None:
    """Raises Forbidden when `others` holds what the actor does not: nobody gives, or touches, more than he has."""
    missing = sorted(set(others) - set(actor))
    if missing:
        raise Forbidden(
            "No puede dar permisos que no tiene, ni cambiar a quien tiene más permisos", missing=missing
        )
