"""HTTP door of sessions: log in, refresh, log out, who one is. New passwords are behind `password_resource`."""

from typing import Any

from flask import Response, current_app, request
from flask_limiter.util import get_remote_address
from flask_restx import Namespace, Resource
from werkzeug.exceptions import RequestEntityTooLarge

from app.core import records
from app.core.access import allow, public
from app.core.errors import DomainError
from app.core.extensions import limiter
from app.core.http import gives, json_body, json_response, success, takes, written
from app.users import cookies, entrance, guard, sessions, tokens
from app.users.auth_schemas import (
    NAMES,
    EndedOut,
    LoginIn,
    MeOut,
    OpenSessionOut,
    RefreshIn,
    SessionOut,
    TokensOut,
)
from app.users.models import User
from app.users.sessions import Opened

auth = Namespace("auth", description="Sesión")


def _rate(name: str) -> Any:
    """The limit of that setting, read when it is needed."""
    return lambda: str(getattr(current_app.config["SETTINGS"], name))


def _address_and_name() -> str:
    # An error here would lift the limit, so an unreadable body is counted by its address alone.
    try:
        body = json_body()
    except (DomainError, RequestEntityTooLarge):
        body = {}
    names = [str(body.get(name)) for name in NAMES if body.get(name)]
    return f"{get_remote_address()}|{'|'.join(names)[:200].lower()}"


def _caller() -> dict[str, str]:
    """What the list of sessions tells of a device."""
    return {"device": request.user_agent.string, "address": request.remote_addr or ""}


@auth.route("/login")
class Login(Resource):
    """The way in."""

    decorators = (
        limiter.limit(_rate("login_rate_limit"), key_func=_address_and_name, methods=["POST"]),
        limiter.limit(_rate("login_address_rate_limit"), key_func=get_remote_address, methods=["POST"]),
    )

    @public
    @takes(LoginIn)
    @gives(SessionOut, "Sesión iniciada")
    @auth.doc(security=[])
    def post(self, body: LoginIn) -> Any:
        """Log in with identification, e-mail or username."""
        held = request.cookies.get(cookies.REFRESH)
        opened = entrance.enter(body.name, body.password, replaces=held, **_caller())
        return _with_tokens(SessionOut, opened, "Sesión iniciada", in_body=body.client == "mobile")


@auth.route("/refresh")
class Refresh(Resource):
    """A new access token without the password."""

    decorators = (limiter.limit(_rate("refresh_rate_limit"), key_func=get_remote_address),)

    @public
    @takes(RefreshIn)
    @gives(TokensOut, "Sesión renovada")
    @auth.doc(security=[])
    def post(self, body: RefreshIn) -> Any:
        """Renew the session: by its cookie, or by the token in the body."""
        return _refreshed(body.refresh_token)

    @public
    @gives(TokensOut, "Sesión renovada")
    @auth.doc(security=[])
    def get(self) -> Any:
        """Renew the session of the cookie."""
        return _refreshed(None)


@auth.route("/logout")
class Logout(Resource):
    """The way out, open whatever state the tokens are in."""

    @public
    @takes(RefreshIn)
    @gives(EndedOut, "Sesión cerrada")
    @auth.doc(security=[])
    def post(self, body: RefreshIn) -> Any:
        """End the session of every token that is presented, in the header, the cookies or the body."""
        for token in (guard.presented_token(), request.cookies.get(cookies.ACCESS)):
            if (session_id := _session_of(token)) is not None:
                sessions.end(session_id, "logout")
        for token in (body.refresh_token, request.cookies.get(cookies.REFRESH)):
            if token:
                sessions.end_by_refresh_token(token, "logout")
        return _ended("Sesión cerrada")


@auth.route("/logout-all")
class LogoutAll(Resource):
    """The way out of every device."""

    @allow("")
    @gives(EndedOut, "Se cerraron todas las sesiones")
    def post(self) -> Any:
        """End all my sessions."""
        sessions.end_all(_me(), "logout_all")
        return _ended("Se cerraron todas las sesiones")


@auth.route("/me")
class Me(Resource):
    """Who I am."""

    decorators = (limiter.exempt,)

    @allow("")
    @gives(MeOut)
    def get(self) -> Any:
        """The person the token belongs to."""
        return {"user": _me(), "permissions": sorted(guard.present().permissions)}


@auth.route("/sessions")
class Sessions(Resource):
    """Where I am logged in."""

    @allow("")
    @gives(OpenSessionOut, many=True)
    def get(self) -> Any:
        """My open sessions, the last used first."""
        current = guard.present().session_id
        found = sessions.open_sessions(guard.present().id)
        return [
            OpenSessionOut.model_validate(s).model_copy(update={"current": s.id == current}) for s in found
        ]


@auth.route("/sessions/<int:session_id>")
class OneSession(Resource):
    """One device."""

    @allow("")
    @gives(None, "Sesión cerrada")
    def delete(self, session_id: int) -> Any:
        """End one of my sessions."""
        sessions.end_own(guard.present().id, session_id)
        return {"deleted_id": session_id}


def _me() -> User:
    return records.get(User, guard.present().id, "La persona")


def _refreshed(token: str | None) -> Response:
    """By the body's token, or by the cookie, which needs its CSRF proof because any page can have it sent."""
    held = token or request.cookies.get(cookies.REFRESH, "")
    if not held:
        raise tokens.revoked("No hay sesión que renovar", code="MISSING_TOKEN")
    if not token:
        cookies.require_csrf(sessions.csrf_of(held))
    return _with_tokens(TokensOut, entrance.renew(held, **_caller()), "Sesión renovada", in_body=bool(token))


def _with_tokens(shape: type[TokensOut], opened: Opened, message: str, *, in_body: bool) -> Response:
    """The tokens in the answer and in cookies; the refresh token where a page's scripts see it only when asked."""
    access = tokens.access_token(opened.user, opened.session)
    facts = {
        "user": opened.user,
        "access_token": access.text,
        "expires_in": current_app.config["SETTINGS"].access_token_minutes * 60,
        "refresh_token": opened.refresh_token,
    }
    data = written(shape, facts)
    if not in_body:
        del data["refresh_token"]
    body = {"success": True, "message": message, "access_token": access.text, "data": data}
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    if not in_body:
        cookies.hand_out(response, opened, access)
    return response


def _ended(message: str) -> Response:
    response = success({"should_clear_auth": True}, message)
    cookies.take_back(response)
    return response


def _session_of(token: str | None) -> int | None:
    """The session a token of ours names, even an expired token."""
    try:
        return records.id_in(str(tokens.claims_of(token, even_expired=True).get("sid"))) if token else None
    except DomainError:
        return None
