"""The guard at the door: every request is checked before its view runs. What is not declared is refused."""

from typing import Any

from flask import Flask, Response, current_app, g, request

from app.core.access import Access, declared
from app.core.errors import Unauthenticated
from app.users.grants import refusal
from app.users.tokens import Principal, principal_of, signed_principal

# Views of libraries that cannot carry a declaration: the documentation and its assets.
OPEN_ENDPOINTS = {"api.doc", "api.specs", "api.root", "restx_doc.static", "static"}
NOBODY = Access("nobody.at.all")


def init_app(app: Flask) -> None:
    """Stands before every view of the application."""
    app.before_request(admit)


def admit() -> Response | None:
    """Lets the request pass or raises Unauthenticated or Forbidden. Unknown URLs go on to their 404 or 405."""
    g.principal = None
    if request.routing_exception is not None or request.method == "OPTIONS":
        return None
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    access = declared(_handler()) or NOBODY
    if access.permission is None:
        return None
    g.principal = _principal(access)
    require(g.principal, access.permission)
    return None


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
    return principal_of(presented_token())


def presented_token() -> str:
    """The bearer token of the request; a WebSocket, which cannot set headers, may put it in `token`."""
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else scheme
    if not token and request.headers.get("Upgrade", "").lower() == "websocket":
        token = request.args.get("token", "")
    if not token:
        raise Unauthenticated("Inicie sesión para continuar", code="MISSING_TOKEN")
    return token
