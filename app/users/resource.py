"""HTTP door of people: their records, their permissions, signing up. Sessions are behind `auth_resource`, figures
behind `figures_resource`.
"""

from typing import Any

from flask import current_app
from flask_restx import Namespace, Resource

from app.core import generic
from app.core.access import allow, public
from app.core.cache import conditional
from app.core.crud import item, stored
from app.core.errors import NotFound
from app.core.extensions import limiter
from app.core.http import gives, success, takes, written
from app.core.importing.routes import register_import
from app.core.lists import PARAMETERS, Listing, list_response
from app.core.locking import seen
from app.core.plain import PLAIN, Plain
from app.core.repetition import repeatable
from app.users import grants, people, signup
from app.users.guard import present, require
from app.users.models import User
from app.users.permissions import PERMISSIONS, TABLE, Role
from app.users.schemas import (
    GrantsIn,
    GrantsOut,
    PermissionOut,
    PersonNameOut,
    SignUpIn,
    UserChanges,
    UserIn,
    UserOut,
)

users = Namespace("users", description="Personas, roles y permisos")
EVERYTHING = Listing(User, UserOut, search=("fullname", "email", "username", "phone", "identification"))
NAMES = Listing(User, PersonNameOut, search=("fullname",))


# Proving and hiding a password is slow on purpose.
BULK_ROWS = 50
IMPORT_ROWS = 500


def _register(**values: Any) -> User:
    return people.register(present(), **values)


def _change(user: User, **values: Any) -> User:
    return people.change(present(), user, **values)


def _remove(user: User) -> None:
    people.remove(present(), user)


PEOPLE = Plain(
    slug="users",
    listing=EVERYTHING,
    into=UserIn,
    changes=UserChanges,
    label="Persona",
    read="users.view",
    write="users.manage",
    edit="users.manage",
    create=_register,
    update=_change,
    remove=_remove,
    keys=("identification",),
    bulk_rows=BULK_ROWS,
    import_rows=IMPORT_ROWS,
)
PLAIN[User.__tablename__] = PEOPLE
generic.register_dependencies(users, "", PEOPLE, "users.manage")
generic.register_bulk(users, "", PEOPLE)
generic.register_metadata(users, "", PEOPLE, "dashboard.view")
register_import(users, "", PEOPLE)


def _signup_rate() -> str:
    return str(current_app.config["SETTINGS"].signup_rate_limit)


@users.route("")
class People(Resource):
    """All people."""

    @allow("")
    @conditional("users")
    @users.doc(params=PARAMETERS)
    @gives(UserOut, many=True)
    def get(self) -> Any:
        """List people; without users.view only id, fullname and role, of those who have been let in."""
        if present().may("users.view"):
            return list_response(EVERYTHING)
        return list_response(NAMES, where=[User.approved.is_(True)])

    @allow("users.manage")
    @repeatable
    @takes(UserIn)
    @gives(UserOut, "Persona creada", status=201)
    def post(self, body: UserIn) -> Any:
        """Create a person of any role."""
        return stored(EVERYTHING, _register(**body.model_dump()), "Persona creada", 201)


@users.route("/<int:id>")
class Person(Resource):
    """One person."""

    @allow("")
    @conditional("users")
    @gives(UserOut)
    def get(self, id: int) -> Any:
        """Read one; without users.view everything of oneself, and id, fullname and role of others."""
        if present().may("users.view") or id == present().id:
            return item(EVERYTHING, id, people.LABEL)
        user = people.found(id)
        if not user.approved:
            raise NotFound(f"{people.LABEL} {id} no existe")
        return success(written(PersonNameOut, user))

    @allow("")
    @takes(UserChanges)
    @gives(UserOut, "Persona actualizada")
    def put(self, body: Any, id: int) -> Any:
        """Change the fields that are present: of oneself the contact data, everything with users.manage."""
        if id != present().id:
            # Whoever comes too late is shown the person as they are now.
            require(present(), "users.manage")
        user = people.change(
            present(), seen(EVERYTHING, id, people.LABEL), **body.model_dump(exclude_unset=True)
        )
        return stored(EVERYTHING, user, "Persona actualizada")

    patch = put

    @allow("users.manage")
    @gives(None, "Persona eliminada")
    def delete(self, id: int) -> Any:
        """Delete a person whom no record needs."""
        people.remove(present(), seen(EVERYTHING, id, people.LABEL))
        return {"deleted_id": id}


@users.route("/<int:id>/permissions")
class PersonPermissions(Resource):
    """What one person may do."""

    @allow("")
    @conditional(*grants.TABLES)
    @gives(GrantsOut)
    def get(self, id: int) -> Any:
        """All permissions of a person: one's own, or anybody's with users.manage or users.approve."""
        actor = present()
        if id != actor.id and not actor.may("users.approve") and not actor.may("users.manage"):
            raise grants.refusal("users.manage", actor.role)
        return _permissions(people.found(id))

    @allow("users.manage")
    @takes(GrantsIn)
    @gives(GrantsOut, "Permisos actualizados")
    def put(self, body: GrantsIn, id: int) -> Any:
        """Give (true), take (false) or leave to the role (null) the permissions named."""
        user = people.found(id)
        people.change_permissions(present(), user, body.root)
        return _permissions(user)

    patch = put


@users.route("/permissions")
class Permissions(Resource):
    """What there is to be given."""

    @allow("")
    @gives(PermissionOut, many=True)
    def get(self) -> Any:
        """Every permission, what it allows and the roles that hold it."""
        return [
            {
                "permission": name,
                "meaning": one.meaning,
                "roles": [role for role in Role if role in one.roles],
            }
            for name, one in TABLE.items()
        ]


@users.route("/<int:id>/approve")
class Approval(Resource):
    """Letting somebody in."""

    @allow("users.approve")
    @gives(UserOut, "Persona aprobada")
    def post(self, id: int) -> Any:
        """Approve a person who waits."""
        return signup.approve(present(), people.found(id))


@users.route("/<int:id>/reject")
class Rejection(Resource):
    """Turning somebody away."""

    @allow("users.approve")
    @gives(None, "Solicitud rechazada")
    def post(self, id: int) -> Any:
        """Forget a person who waits, so that their identification and e-mail are free again."""
        signup.reject(present(), people.found(id))
        return {"deleted_id": id}


@users.route("/pending")
class Pending(Resource):
    """Those who wait for approval."""

    @allow("users.approve")
    @conditional("users")
    @users.doc(params=PARAMETERS)
    @gives(UserOut, many=True)
    def get(self) -> Any:
        """List the people who wait."""
        return list_response(EVERYTHING, where=[User.approved.is_(False)])


@users.route("/public")
class SignUp(Resource):
    """Coming in from outside."""

    decorators = (limiter.limit(_signup_rate, methods=["POST"]),)

    @public
    @takes(SignUpIn)
    @gives(UserOut, "Registro recibido", status=201)
    @users.doc(security=[])
    def post(self, body: SignUpIn) -> Any:
        """Sign up as an apprentice."""
        return signup.sign_up(**body.model_dump())


def _permissions(user: User) -> dict[str, Any]:
    singles = grants.single_grants(user.id)
    held = grants.combined(user.role, singles)
    return {
        "user_id": user.id,
        "fullname": user.fullname,
        "role": user.role,
        "permissions": {name: name in held for name in sorted(PERMISSIONS)},
        "grants": singles,
    }
