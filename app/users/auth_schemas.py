"""Shapes of sessions: logging in, refreshing, listing them, and the two ways to a new password."""

from typing import Any, Literal

from pydantic import AliasChoices, Field, model_validator

from app.core.shapes import Moment, Shape, Text
from app.users.schemas import UserOut

NAMES = ("identification", "identifier", "email", "username")
LONGEST_TOKEN = 4096


class Named(Shape):
    """Any one of the names a person may have."""

    identification: Text | None = Field(default=None, max_length=120)
    identifier: Text | None = Field(default=None, max_length=120)
    email: Text | None = Field(default=None, max_length=120)
    username: Text | None = Field(default=None, max_length=120)

    @model_validator(mode="before")
    @classmethod
    def _needs_a_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and not any(data.get(name) for name in NAMES):
            raise ValueError("indique identificación, correo o usuario")
        return data

    @property
    def name(self) -> str:
        """The name given, whichever field it came in."""
        return next(n for n in (self.identification, self.identifier, self.email, self.username) if n)


class LoginIn(Named):
    """A name and the password. A `mobile` client keeps no cookies: its refresh token comes in the answer."""

    password: str = Field(min_length=1, max_length=256)
    client: Literal["web", "mobile"] = "web"


class RecoverIn(Named):
    """Who has forgotten the password."""


class RefreshIn(Shape):
    """The refresh token of a client that keeps no cookies; others send nothing."""

    refresh_token: str | None = Field(
        default=None,
        max_length=LONGEST_TOKEN,
        validation_alias=AliasChoices("refresh_token", "refreshToken", "refresh"),
    )


class ChangePasswordIn(Shape):
    """The password that is, and the one that shall be."""

    current_password: str = Field(min_length=1, max_length=256)
    new_password: str = Field(min_length=1, max_length=256)


class ResetPasswordIn(Shape):
    """The token of the mail, and the password that shall be."""

    reset_token: str = Field(
        min_length=1, max_length=LONGEST_TOKEN, validation_alias=AliasChoices("reset_token", "token")
    )
    new_password: str = Field(min_length=1, max_length=256)


class TokensOut(Shape):
    """What a refresh gives; `refresh_token` only to a client that sent its own in the body."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int
    refresh_token: str | None = None


class SessionOut(TokensOut):
    """What a login gives."""

    user: UserOut


class MeOut(Shape):
    """Who the token belongs to."""

    user: UserOut
    permissions: list[str]


class OpenSessionOut(Shape):
    """A device that is logged in. `current`: the one that asks."""

    id: int
    device: str
    address: str
    created_at: Moment
    last_used_at: Moment
    expires_at: Moment
    current: bool = False


class EndedOut(Shape):
    """The client must forget its tokens."""

    should_clear_auth: bool = True


class RecoverOut(Shape):
    """The same for everybody; `email_hint` is made from what was asked, never from what is stored."""

    expires_in: int
    email_hint: str | None
    email_sent: bool = True
