"""HTTP door of sessions: logging in and knowing who one is. People and their rights are behind `resource`."""

from typing import Any

from flask import current_app
from flask_limiter.util import get_remote_address
from flask_restx import Namespace, Resource
from werkzeug.exceptions import RequestEntityTooLarge

from app.core import records
from app.core.access import allow, public
from app.core.errors import DomainError
from app.core.extensions import limiter
from app.core.http import gives, json_body, json_response, takes, written
from app.users import guard, service, tokens
from app.users.models import User
from app.users.schemas import LoginIn, MeOut, SessionOut

auth = Namespace("auth", description="Sesión")


def _login_rate() -> str:
    return str(current_app.config["SETTINGS"].login_rate_limit)


def _address_and_name() -> str:
    # An error here would lift the limit, so an unreadable body is counted by its address alone.
    try:
        body = json_body()
    except (DomainError, RequestEntityTooLarge):
        body = {}
    names = [
        str(body.get(name))
        for name in ("identification", "identifier", "email", "username")
        if body.get(name)
    ]
    return f"{get_remote_address()}|{'|'.join(names)[:200].lower()}"


@auth.route("/login")
class Login(Resource):
    """The way in."""

    decorators = (limiter.limit(_login_rate, key_func=_address_and_name, methods=["POST"]),)

    @public
    @takes(LoginIn)
    @gives(SessionOut, "Sesión iniciada")
    @auth.doc(security=[])
    def post(self, body: LoginIn) -> Any:
        """Log in with identification, e-mail or username."""
        user = service.log_in(body.name, body.password)
        session = {
            "user": user,
            "access_token": tokens.access_token(user),
            "expires_in": current_app.config["SETTINGS"].access_token_minutes * 60,
        }
        data = written(SessionOut, session)
        message = "Sesión iniciada"
        return json_response(
            {"success": True, "message": message, "access_token": data["access_token"], "data": data}
        )


@auth.route("/me")
class Me(Resource):
    """Who I am."""

    decorators = (limiter.exempt,)

    @allow("")
    @gives(MeOut)
    def get(self) -> Any:
        """The person the token belongs to."""
        principal = guard.present()
        user = records.get(User, principal.id, "La persona")
        return {"user": user, "permissions": sorted(principal.permissions)}
