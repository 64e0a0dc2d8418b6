"""What every answer tells the browser not to do. Sizes are `http`'s part, and who may ask for what the guard's."""

from http import HTTPStatus

from flask import Flask, Response, request

YEAR_S = 31_536_000
# Everything from ourselves; 'self' covers WebSockets to us too. Scripts and styles in files only, never in the page.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Pictures are shown by web clients of other origins, without login.
SHARED = ("/public/", "/static/uploads/")


def init_app(app: Flask) -> None:
    """Arms every answer, whoever makes it."""
    app.after_request(arm)


def arm(response: Response) -> Response:
    """Adds the headers; one that the answer carries already stays.

    A 304 goes without: the browser has the answer it means, and that one's headers with it.
    """
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        return response
    carried = {name.lower() for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in carried:
            response.headers.add(name, value)
    if request.path.startswith(SHARED):
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_S}; includeSubDomains")
    return response
