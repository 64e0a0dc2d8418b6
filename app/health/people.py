"""Who gives and who answers for: which people a record of health may name."""

from typing import Any

from app.core import records
from app.core.actor import acting
from app.core.errors import Invalid
from app.core.extensions import db
from app.users.models import User
from app.users.permissions import Role

TEACHING = {Role.ADMIN, Role.INSTRUCTOR}
ABSENT = "La persona {0} no está activa"
NO_TEACHER = "Debe ser un instructor o un administrador; {0} es {1}"


def require_instructor(user_id: int | None) -> None:
    """Raises Invalid unless the person, where one is named, is active and teaches."""
    if user_id is None:
        return
    person = _active(user_id, "instructor_id")
    if person.role not in TEACHING:
        raise Invalid(fields={"instructor_id": NO_TEACHER.format(person.fullname, person.role)})


def require_apprentice(user_id: int | None) -> None:
    """Raises Invalid unless the person, where one is named, is active; whoever learns or teaches may give a dose."""
    if user_id is not None:
        _active(user_id, "apprentice_id")


def require_changed(record: Any, changes: dict[str, Any]) -> None:
    """Asks the same of people who are newly named; those who were may have left since."""
    if changes.get("instructor_id") != record.instructor_id:
        require_instructor(changes.get("instructor_id"))
    if changes.get("apprentice_id") != getattr(record, "apprentice_id", None):
        require_apprentice(changes.get("apprentice_id"))


def acting_apprentice() -> int | None:
    """The id of who acts, if that is an apprentice."""
    actor = acting.get().id
    person = db.session.get(User, actor) if actor else None
    return person.id if person and person.role == Role.APPRENTICE else None


def _active(user_id: int, field: str) -> User:
    person = records.referred(User, user_id, field, "La persona")
    if not (person.status and person.approved):
        raise Invalid(fields={field: ABSENT.format(person.fullname)})
    return person
