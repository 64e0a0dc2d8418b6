"""How people come in by themselves: public sign-up, and the queue of those who wait for approval."""

from typing import Any

from app.core import records
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.extensions import current_settings
from app.users import people
from app.users.grants import permissions_of, require_not_above
from app.users.models import User
from app.users.permissions import Role
from app.users.tokens import Principal


def sign_up(*, password: str, password_confirmation: str | None = None, **values: Any) -> User:
    """A new apprentice, whoever asks; waiting for approval where the settings want it. Forbidden where closed."""
    settings = current_settings()
    if not settings.public_user_creation_enabled:
        raise Forbidden("El registro público está cerrado", code="PUBLIC_SIGNUP_DISABLED")
    if password_confirmation is not None and password_confirmation != password:
        raise Invalid(fields={"password_confirmation": "Las contraseñas no coinciden"})
    approved = not settings.require_approval
    return people.store(password, **values, role=Role.APPRENTICE, status=True, approved=approved)


def approve(actor: Principal, user: User) -> User:
    """Lets a waiting person in; nothing changes for one who is in already."""
    require_not_above(actor.permissions, permissions_of(user.id, user.role))
    return records.update(user, approved=True)


def reject(actor: Principal, user: User) -> None:
    """Forgets a person who asked to come in; Conflict for one who is, or has ever been, in."""
    if user.approved or user.last_login_at is not None:
        raise Conflict("Esta persona ya fue aprobada; desactívela o elimínela", code="ALREADY_APPROVED")
    people.remove(actor, user)
