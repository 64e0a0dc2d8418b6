"""Rules about people's records: who may create, change and remove whom. Signing up is `signup`'s part."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import flag_modified

from app.core import dependencies, records, times
from app.core.errors import Conflict, Forbidden
from app.core.extensions import db
from app.users import sessions
from app.users.grants import (
    change_grants,
    combined,
    permissions_of,
    refusal,
    require_not_above,
    single_grants,
)
from app.users.models import User
from app.users.passwords import hashed, require_strong
from app.users.permissions import Role, granted
from app.users.tokens import Principal

LABEL = "La persona"
OWN_FIELDS = frozenset({"fullname", "email", "phone", "address", "username"})
# What a password must not contain.
OWN_NAMES = ("fullname", "identification", "username")
RIGHTS = frozenset({"role", "status", "approved"})
UNIQUE = {
    "identification": ("identificación", "Revise el número; si ya tiene cuenta, recupere su contraseña"),
    "email": ("correo", "Use otro correo; si ya tiene cuenta, recupere su contraseña"),
    "phone": ("teléfono", "Use otro teléfono o déjelo vacío"),
    "username": ("usuario", "Elija otro nombre de usuario"),
}


def found(user_id: int) -> User:
    """The person with this id; NotFound when there is none."""
    return records.get(User, user_id, LABEL)


def register(actor: Principal, *, password: str, **values: Any) -> User:
    """A new person, of a role that may do no more than the actor."""
    require_not_above(actor.permissions, granted(values["role"]))
    return store(password, **values)


def store(password: str, **values: Any) -> User:
    """A new person whose password is good enough; Conflict, saying what to do, for a name somebody has."""
    require_strong(password, own=[values.get(name) for name in OWN_NAMES])
    # Hashing is slow on purpose: before the first query, so that no transaction waits for it.
    password_hash = hashed(password)
    refuse_taken_username(values.get("username"))
    try:
        return records.create(User, password_hash=password_hash, **values)
    except Conflict as clash:
        raise named(clash, values) from clash


def change(actor: Principal, user: User, **values: Any) -> User:
    """The person with what differs in `values` changed; Forbidden for what the actor may not change."""
    password = values.pop("password", None)
    changes = {name: value for name, value in values.items() if getattr(user, name) != value}
    require_may_change(actor, user, {*changes, *(["password"] if password else [])})
    if "role" in changes:
        require_not_above(actor.permissions, combined(changes["role"], single_grants(user.id)))
    if RIGHTS & changes.keys():
        keep_an_administrator(user)
    _apply(user, changes)
    if password:
        set_password(user, password)
    elif RIGHTS & changes.keys():
        sessions.end_all(user, "rights_changed")
    return user


def require_may_change(actor: Principal, user: User, fields: Iterable[str]) -> None:
    """Raises Forbidden unless the actor may change these fields of the person; nobody changes his own rights."""
    own = user.id == actor.id
    if own and OWN_FIELDS.issuperset(fields):
        return
    if not actor.may("users.manage"):
        raise refusal("users.manage", actor.role)
    if own and RIGHTS.intersection(fields):
        raise Forbidden("Nadie cambia su propio rol, estado o aprobación", code="OWN_RIGHTS")
    if not own:
        require_not_above(actor.permissions, permissions_of(user.id, user.role))


def _apply(user: User, changes: Mapping[str, Any]) -> None:
    if "username" in changes:
        refuse_taken_username(changes["username"], user.id)
    try:
        records.update(user, **changes)
    except Conflict as clash:
        raise named(clash, changes) from clash


def set_password(
    user: User, password: str, field: str = "password", reason: str = "password_changed"
) -> None:
    """Gives the person a good password and ends every session opened with the earlier one."""
    require_strong(password, field, own=[getattr(user, name) for name in OWN_NAMES])
    user.password_hash = hashed(password)
    sessions.end_all(user, reason)


def change_permissions(actor: Principal, user: User, changes: Mapping[str, bool | None]) -> None:
    """Gives and takes single permissions; Forbidden for one's own and for those the actor does not hold."""
    if user.id == actor.id:
        raise Forbidden("Nadie cambia sus propios permisos", code="OWN_RIGHTS")
    require_not_above(actor.permissions, permissions_of(user.id, user.role))
    change_grants(user, changes)
    require_not_above(actor.permissions, permissions_of(user.id, user.role))


def note_login(user: User) -> None:
    """Notes that the person has just come in; that changes nothing of theirs, so `updated_at` stays."""
    user.last_login_at = times.now()
    flag_modified(user, "updated_at")


def remove(actor: Principal, user: User) -> None:
    """Deletes a person whom no record needs; Conflict for oneself and for the last administrator."""
    if user.id == actor.id:
        raise Conflict("No puede eliminar su propia cuenta", code="OWN_ACCOUNT")
    require_not_above(actor.permissions, permissions_of(user.id, user.role))
    keep_an_administrator(user)
    dependencies.refuse_if_needed(user, f"{user.fullname}")
    records.remove(user)


def keep_an_administrator(leaving: User) -> None:
    """Raises Conflict when without this person nobody would administer the farm. Locks the administrators' rows."""
    if leaving.role != Role.ADMIN or not (leaving.status and leaving.approved):
        return
    active = select(User.id).where(User.role == Role.ADMIN, User.status, User.approved)
    others = set(db.session.scalars(active.order_by(User.id).with_for_update())) - {leaving.id}
    if not others:
        raise Conflict("Debe quedar al menos un administrador activo", code="LAST_ADMIN")


def refuse_taken_username(username: str | None, user_id: int = 0) -> None:
    """Raises Conflict when another person has the username in any case: the login tells no cases apart."""
    if username is None:
        return
    query = select(User.id).where(func.lower(User.username) == username.lower(), User.id != user_id)
    if db.session.scalar(query.limit(1)) is not None:
        raise named(Conflict("", field="username"), {"username": username})


def named(clash: Conflict, values: Mapping[str, Any]) -> Conflict:
    """The conflict in words a person understands: which value is taken and what to do about it."""
    field = clash.details.get("conflict", {}).get("field")
    if field not in UNIQUE:
        return clash
    label, suggestion = UNIQUE[field]
    conflict = {"field": field, "label": label, "value": values.get(field), "suggestion": suggestion}
    return Conflict(f"Ya existe una persona con este valor de {label}", conflict=conflict)
