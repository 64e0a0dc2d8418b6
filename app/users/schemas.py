"""Shapes of people and their permissions; those of sessions are `auth_schemas`."""

from typing import Any, Literal

from pydantic import Field, RootModel, model_validator

from app.core.shapes import Moment, Shape, partial
from app.users.names import Address, Email, Fullname, Identification, Phone, Username

RoleName = Literal["Administrador", "Instructor", "Aprendiz"]


class UserOut(Shape):
    """A person, without anything secret."""

    id: int
    identification: int
    fullname: str
    username: str | None
    email: str
    phone: str | None
    address: str | None
    role: RoleName
    status: bool
    approved: bool
    last_login_at: Moment | None
    created_at: Moment
    updated_at: Moment


class PersonNameOut(Shape):
    """What everybody may know of a person: enough to choose one from a list."""

    id: int
    fullname: str
    role: RoleName


class PersonIn(Shape):
    """What a person says of themself."""

    identification: Identification
    fullname: Fullname
    email: Email
    phone: Phone = None
    address: Address = None
    username: Username = None


class SignUpIn(PersonIn):
    """A public sign-up. A role or a date of creation that comes along is ignored."""

    password: str = Field(max_length=256)
    password_confirmation: str | None = Field(default=None, max_length=256)


class UserIn(PersonIn):
    """A person as an administrator creates one."""

    password: str = Field(max_length=256)
    role: RoleName = "Aprendiz"
    status: bool = True
    approved: bool = True


class _UserPatch(UserIn):
    @model_validator(mode="before")
    @classmethod
    def _no_password_is_no_change(cls, data: Any) -> Any:
        if isinstance(data, dict) and not str(data.get("password") or "").strip():
            return {name: value for name, value in data.items() if name != "password"}
        return data


UserChanges = partial(_UserPatch, "UserChanges")


class PermissionOut(Shape):
    """A permission, what it allows, and the roles that hold it."""

    permission: str
    meaning: str
    roles: list[RoleName]


class GrantsIn(RootModel[dict[str, bool | None]]):
    """Permissions by name: true gives, false takes, null leaves to the role."""


class GrantsOut(Shape):
    """What one person may do: every permission, and the single ones that differ from the role on purpose."""

    user_id: int
    fullname: str
    role: RoleName
    permissions: dict[str, bool]
    grants: dict[str, bool]


class ShareOut(Shape):
    """Some people, and what percentage of all they are."""

    count: int
    percentage: float


class ActivityShareOut(Shape):
    """People by whether they may log in."""

    active: int
    inactive: int
    active_percentage: float


class PeopleStatisticsOut(Shape):
    """People by role and by status."""

    total_users: int
    role_distribution: dict[str, ShareOut]
    status_distribution: ActivityShareOut


class PeopleStatusOut(Shape):
    """How many people are active."""

    active_users: int
    inactive_users: int
    total_users: int
    active_percentage: float


class PeopleRolesOut(Shape):
    """How many people hold each role."""

    roles: dict[str, ShareOut]
    total_users: int
