"""The guard at the door: every request is checked before its view runs. What is not declared is refused."""

import logging
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter.util import get_remote_address
from limits import parse_many
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import TooManyRequests

from app.core import cache
from app.core.access import Access, declared
from app.core.actor import NOBODY as STRANGER
from app.core.actor import SYSTEM, Actor, acting
from app.core.errors import Unauthenticated
from app.core.extensions import current_settings, limiter
from app.core.transaction import SAFE, rollback, transaction
from app.users import cookies, incidents
from app.users.grants import refusal
from app.users.links import signed_principal
from app.users.tokens import Principal, principal_of

log = logging.getLogger("backfinca.security")

# Views of libraries that cannot carry a declaration: the documentation and its assets.
OPEN_ENDPOINTS = {"api.doc", "api.specs", "api.root", "restx_doc.static", "static"}
NOBODY = Access("nobody.at.all")
INCIDENTS = {429: "rate_limited", 413: "content_refused", 415: "content_refused"}


def init_app(app: Flask) -> None:
    """Stands before every view of the application, and notes afterwards what was refused."""
    app.before_request(admit)
    app.after_request(_note)
    app.teardown_request(_leave)


def admit() -> Response | None:
    """Lets the request pass or raises Unauthenticated or Forbidden. Unknown URLs go on to their 404 or 405."""
    g.principal = None
    acting.set(STRANGER)
    cache.foresee(())
    if request.routing_exception is not None or request.method == "OPTIONS":
        return None
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    handler = _handler()
    access = declared(handler) or NOBODY
    cache.foresee(cache.named(getattr(handler, "reads", ())))
    if access.permission is None:
        return None
    try:
        g.principal = _principal(access)
    except Unauthenticated:
        _count_refusal()
        raise
    require(g.principal, access.permission)
    acting.set(Actor(g.principal.id, g.principal.fullname))
    return None


def _leave(_error: BaseException | None) -> None:
    acting.set(SYSTEM)


def _count_refusal() -> None:
    """The general limits are counted after the guard, so whom it turns away is counted here, by address.

    Not by a decorator: the limiter would take its limit for that of the view, in place of the general ones.
    """
    try:
        limits = parse_many(current_settings().rate_limit)
        free = all(limiter.limiter.hit(one, "refused", get_remote_address()) for one in limits)
    except (RedisError, OSError):
        return
    if not free:
        raise TooManyRequests


def require(principal: Principal, permission: str) -> None:
    """Raises Forbidden (`grants.refusal` tells its codes) unless the person holds the permission."""
    if not principal.may(permission):
        raise refusal(permission, principal.role)


def present() -> Principal:
    """Who is asking; only inside a request that the guard has admitted as somebody."""
    found: Principal = g.principal
    return found


def _handler() -> Any:
    """The function that will answer: a Resource's method, or the view itself."""
    view = current_app.view_functions.get(request.endpoint or "")
    resource = getattr(view, "view_class", None)
    if resource is None:
        return view
    method = request.method.lower()
    return getattr(resource, method, None) or (getattr(resource, "get", None) if method == "head" else None)


def _principal(access: Access) -> Principal:
    if access.signed and "sig" in request.args:
        found = signed_principal(current_app.config["SETTINGS"], request.path, request.args["sig"])
        if found is None:
            raise Unauthenticated("El enlace no es válido o ya venció", code="LINK_EXPIRED")
        return found
    token = presented_token()
    if token:
        return _believed(token)
    return _of_cookie(request.cookies.get(cookies.ACCESS, ""))


def presented_token() -> str:
    """The bearer token of the request, or ''; a WebSocket, which cannot set headers, may put it in `token`."""
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else scheme
    return token or (request.args.get("token", "") if _is_websocket() else "")


def _of_cookie(token: str) -> Principal:
    """A browser sends its cookies on anybody's behalf, so what changes something must prove that our page asks."""
    if not token:
        raise Unauthenticated("Inicie sesión para continuar", code="MISSING_TOKEN")
    found = _believed(token)
    if _is_websocket():
        cookies.require_own_origin()
    elif request.method not in SAFE:
        cookies.require_csrf(found.csrf)
    return found


def _believed(token: str) -> Principal:
    try:
        return principal_of(token)
    except Unauthenticated as error:
        if error.code == "JWT_ERROR":
            incidents.report("forged_token", address=request.remote_addr)
        raise


def _is_websocket() -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _note(response: Response) -> Response:
    if kind := INCIDENTS.get(response.status_code):
        who = g.get("principal")
        incidents.report(kind, user_id=who.id if who else None, address=request.remote_addr)
    if incidents.is_due():
        store_incidents()
    return response


def store_incidents() -> None:
    """Stores what was noted, in a transaction of its own; whatever the request had read or changed is let go."""
    rollback()
    try:
        with transaction():
            incidents.store()
    except SQLAlchemyError:
        log.exception("incidents not stored")
