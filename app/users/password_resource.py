"""HTTP door of new passwords: changing one's own, asking for a link, using it."""

from typing import Any

from flask import current_app, request
from flask_limiter.util import get_remote_address
from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow, public
from app.core.extensions import limiter
from app.core.http import gives, success, takes
from app.core.transaction import transaction
from app.users import cookies, guard, new_passwords
from app.users.auth_schemas import ChangePasswordIn, EndedOut, RecoverIn, RecoverOut, ResetPasswordIn
from app.users.models import User

passwords = Namespace("passwords", description="Contraseñas")


def _recover_rate() -> str:
    return str(current_app.config["SETTINGS"].recover_rate_limit)


def _password_rate() -> str:
    return str(current_app.config["SETTINGS"].password_rate_limit)


@passwords.route("/change-password")
class ChangePassword(Resource):
    """One's own password."""

    decorators = (limiter.limit(_password_rate),)

    @allow("")
    @takes(ChangePasswordIn)
    @gives(EndedOut, "Contraseña cambiada; inicie sesión de nuevo")
    def post(self, body: ChangePasswordIn) -> Any:
        """Change my password; every session of mine ends, this one too."""
        with transaction():
            user = records.get(User, guard.present().id, "La persona")
            address = request.remote_addr or ""
            refusal = new_passwords.change(user, body.current_password, body.new_password, address)
        if refusal is not None:
            raise refusal
        response = success({"should_clear_auth": True}, "Contraseña cambiada; inicie sesión de nuevo")
        cookies.take_back(response)
        return response


@passwords.route("/recover")
class Recover(Resource):
    """For who has forgotten the password."""

    decorators = (limiter.limit(_recover_rate, key_func=get_remote_address),)

    @public
    @takes(RecoverIn)
    @gives(RecoverOut, "Si la cuenta existe, enviamos un enlace a su correo")
    @passwords.doc(security=[])
    def post(self, body: RecoverIn) -> Any:
        """Mail a link to a new password; the answer is the same whether the account exists."""
        new_passwords.request_reset(body.name)
        return {
            "expires_in": current_app.config["SETTINGS"].reset_token_minutes * 60,
            "email_hint": new_passwords.email_hint(body.name),
        }


@passwords.route("/reset-password")
class ResetPassword(Resource):
    """For who holds the link."""

    decorators = (limiter.limit(_password_rate, key_func=get_remote_address),)

    @public
    @takes(ResetPasswordIn)
    @gives(EndedOut, "Contraseña nueva guardada; inicie sesión")
    @passwords.doc(security=[])
    def post(self, body: ResetPasswordIn) -> Any:
        """Set a new password with the token of the mail; it works once."""
        new_passwords.reset(body.reset_token, body.new_password)
        response = success({"should_clear_auth": True}, "Contraseña nueva guardada; inicie sesión")
        cookies.take_back(response)
        return response
