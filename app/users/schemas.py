"""Shapes of the users room."""

from typing import Any, Literal

from pydantic import Field, model_validator

from app.core.shapes import Moment, Shape, Text


class LoginIn(Shape):
    """Any one of the four names a person may have, and the password."""

    identification: Text | None = Field(default=None, max_length=120)
    identifier: Text | None = Field(default=None, max_length=120)
    email: Text | None = Field(default=None, max_length=120)
    username: Text | None = Field(default=None, max_length=120)
    password: str = Field(min_length=1, max_length=256)

    @model_validator(mode="before")
    @classmethod
    def _needs_a_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and not any(
            data.get(n) for n in ("identification", "identifier", "email", "username")
        ):
            raise ValueError("indique identificación, correo o usuario")
        return data

    @property
    def name(self) -> str:
        """The name given, whichever field it came in."""
        return next(n for n in (self.identification, self.identifier, self.email, self.username) if n)


class UserOut(Shape):
    """A person, without anything secret."""

    id: int
    identification: int
    fullname: str
    username: str | None
    email: str
    phone: str | None
    address: str | None
    role: Literal["Administrador", "Instructor", "Aprendiz"]
    status: bool
    approved: bool
    last_login_at: Moment | None
    created_at: Moment
    updated_at: Moment


class SessionOut(Shape):
    """What a login gives."""

    user: UserOut
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int


class MeOut(Shape):
    """Who the token belongs to."""

    user: UserOut
    permissions: list[str]
