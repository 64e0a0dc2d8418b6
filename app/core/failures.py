"""What an exception means to who asked: its status, its code and the one error shape. Raises nothing itself."""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from pydantic import ValidationError
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    StatementError,
)
from werkzeug.exceptions import HTTPException

from app.core.errors import CODES, DomainError, Invalid
from app.core.extensions import limiter
from app.core.http import json_response
from app.core.integrity import refusal_of
from app.core.observability import trace_id
from app.core.shapes import field_errors

log = logging.getLogger("backfinca.http")
RETRY_AFTER_S = 5


def init_app(app: Flask) -> None:
    """One error shape for every status, inside the Api and outside it."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """The response an exception means. Nothing of an unexpected one leaves the server but its trace id."""
    if isinstance(error, DomainError):
        wait = error.details.get("retry_after_seconds")
        headers = {"Retry-After": str(wait)} if wait else None
        return failure(error.status, error.code, error.message, error.details, headers)
    if isinstance(error, ValidationError):
        # Of a value that cannot be read the sentence says little without its field.
        return answer(Invalid("Datos no válidos", fields=field_errors(error.errors(include_url=False))))
    if isinstance(error, IntegrityError):
        return answer(refusal_of(error))
    if isinstance(error, DataError | OverflowError) or isinstance(
        getattr(error, "orig", None), OverflowError
    ):
        return answer(Invalid(fields={"body": "Un valor está fuera del rango que se puede guardar"}))
    if isinstance(error, HTTPException):
        return _of_status(error.code or 500, dict(error.get_headers()), error)
    # gunicorn reads a body while it is asked for, and has its own errors for one that is not sent as announced.
    if type(error).__module__ == "gunicorn.http.errors":
        return _of_status(400, {})
    # The last one says that a statement before it failed so, and was not heeded.
    if isinstance(error, OperationalError | InterfaceError | PendingRollbackError):
        log.warning("database unavailable", exc_info=error)
        return _of_status(503, {"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, StatementError) and isinstance(error.orig, ValueError):
        return answer(Invalid(fields={"body": "Un valor no se puede guardar"}))
    log.error("unexpected error", exc_info=error)
    return _of_status(500, {})


def failure(
    status: int, code: str, message: str, details: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """The one error shape."""
    error = {"code": code, "message": message, "details": details, "trace_id": trace_id.get()}
    response = json_response({"success": False, "message": message, "error": error}, status)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _of_status(status: int, headers: dict[str, str], error: HTTPException | None = None) -> Response:
    if isinstance(error, HTTPException) and error.response is not None:
        status = error.response.status_code
    code, message = CODES.get(status, (f"HTTP_{status}", HTTPStatus(status).phrase))
    kept = {name: value for name, value in headers.items() if name in {"Allow", "Retry-After"}}
    details: dict[str, Any] = {}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        limit = limiter.current_limit
        details["retry_after_seconds"] = max(int(limit.reset_at - time.time()), 1) if limit else 60
        kept["Retry-After"] = str(details["retry_after_seconds"])
    return failure(status, code, message, details, kept)
