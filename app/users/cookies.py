"""The four cookies of a session and their CSRF proof. Header tokens need neither."""

import hmac

from flask import Response, current_app, request

from app.core.errors import Unauthenticated
from app.core.settings import Settings
from app.core.times import now
from app.users import incidents
from app.users.sessions import Opened, csrf_of
from app.users.tokens import AccessToken

ACCESS, REFRESH = "access_token_cookie", "refresh_token_cookie"
ACCESS_CSRF, REFRESH_CSRF = "csrf_access_token", "csrf_refresh_token"
CSRF_HEADER = "X-CSRF-Token"


def hand_out(response: Response, opened: Opened, access: AccessToken) -> None:
    """Sets the four cookies. All live as long as the session, so that an expired token is told from a missing one."""
    seconds = max(1, int((opened.session.expires_at - now()).total_seconds()))
    for name, value, readable in (
        (ACCESS, access.text, False),
        (REFRESH, opened.refresh_token, False),
        (ACCESS_CSRF, access.csrf, True),
        (REFRESH_CSRF, csrf_of(opened.refresh_token), True),
    ):
        _set(response, name, value, seconds, readable)


def take_back(response: Response) -> None:
    """Unsets the four cookies."""
    for name in (ACCESS, REFRESH, ACCESS_CSRF, REFRESH_CSRF):
        _set(response, name, "", 0, name in (ACCESS_CSRF, REFRESH_CSRF))


def require_csrf(expected: str) -> None:
    """Raises Unauthenticated unless a header repeats what only our own pages can read."""
    # A proxy may merge the two spellings that the web client sends into "v, v".
    given = request.headers.get(CSRF_HEADER, "").split(",")[0].strip()
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        incidents.report("csrf_failed", address=request.remote_addr)
        raise Unauthenticated(
            "Falta la prueba CSRF de la sesión", code="CSRF_ERROR", client_action="RETRY_WITH_CSRF"
        )


def require_own_origin() -> None:
    """Raises Unauthenticated for a WebSocket that another site's page opens with our cookies."""
    settings: Settings = current_app.config["SETTINGS"]
    origin = request.headers.get("Origin", "")
    if origin.rstrip("/") not in {request.host_url.rstrip("/"), *settings.cors_origins}:
        incidents.report("csrf_failed", address=request.remote_addr)
        raise Unauthenticated("La página no es de este sitio", code="CSRF_ERROR")


def _set(response: Response, name: str, value: str, seconds: int, readable: bool) -> None:
    settings: Settings = current_app.config["SETTINGS"]
    secure = _is_secure(settings)
    # Browsers refuse SameSite=None without Secure, and would keep no session at all.
    same_site = (
        "Lax" if settings.jwt_cookie_samesite == "None" and not secure else settings.jwt_cookie_samesite
    )
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        domain=settings.jwt_cookie_domain,
        secure=secure,
        httponly=not readable,
        samesite=same_site,
    )


def _is_secure(settings: Settings) -> bool:
    if settings.jwt_cookie_secure is not None:
        return settings.jwt_cookie_secure
    return request.is_secure or settings.flask_env == "production"
