"""The envelope of every answer, the one error shape, and the decorators that read and document a request."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, current_app, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    StatementError,
)
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.core import swagger
from app.core.errors import DomainError, Invalid, Malformed
from app.core.extensions import limiter
from app.core.integrity import refusal_of
from app.core.observability import trace_id
from app.core.shapes import field_errors

log = logging.getLogger("backfinca.http")
RETRY_AFTER_S = 5
CODES = {
    400: ("BAD_REQUEST", "La petición no se entiende"),
    404: ("NOT_FOUND", "La ruta no existe"),
    405: ("METHOD_NOT_ALLOWED", "La ruta no admite este método"),
    406: ("NOT_ACCEPTABLE", "No hay una respuesta en el formato pedido"),
    413: ("PAYLOAD_TOO_LARGE", "La petición es demasiado grande"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Envíe el cuerpo como application/json"),
    429: ("RATE_LIMIT_EXCEEDED", "Demasiadas peticiones; espere un momento"),
    500: ("INTERNAL_ERROR", "Error interno del servidor"),
    503: ("UNAVAILABLE", "La base de datos no está disponible; intente de nuevo en unos segundos"),
}


def init_app(app: Flask) -> None:
    """One error shape for every status, inside the Api and outside it; no redirects for slashes."""
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.register_error_handler(Exception, answer)
    app.after_request(_not_kept)


def _not_kept(response: Response) -> Response:
    """What people ask may change at any moment: a browser asks again, and keeps no answer to a change at all."""
    safe = request.method in {"GET", "HEAD"}
    response.headers.setdefault("Cache-Control", "private, no-cache" if safe else "no-store")
    response.headers["X-API-Version"] = "v1"
    return response


def success(
    data: Any = None, message: str = "", *, status: int = 200, meta: Mapping[str, Any] | None = None
) -> Response:
    """`{success, message, data, meta}` as JSON."""
    body: dict[str, Any] = {"success": True, "message": message, "data": data}
    if meta:
        body["meta"] = meta
    return json_response(body, status)


def pagination(page: int, limit: int, total: int) -> dict[str, Any]:
    """`meta.pagination` of a page of a list of `total` rows."""
    pages = -(-total // limit)
    return {
        "page": page,
        "limit": limit,
        "total_items": total,
        "total_pages": pages,
        "has_next_page": page < pages,
        "has_previous_page": page > 1,
    }


def paged(data: Any, page: int, limit: int, total: int) -> Response:
    """A page of a list in the envelope, its counts also in the headers."""
    counts = pagination(page, limit, total)
    response = success(data, meta={"pagination": counts})
    response.headers["X-Total-Count"] = str(total)
    response.headers["X-Has-More"] = str(counts["has_next_page"]).lower()
    return response


def json_response(body: Any, status: int = 200) -> Response:
    """Any JSON body; dates as ISO 8601."""
    return Response(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS), status, mimetype="application/json")


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


def json_body() -> dict[str, Any]:
    """The request's JSON object whatever its declared type; Malformed or Invalid when it is not one."""
    body = json_value()
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise Invalid(fields={"body": "El cuerpo debe ser un objeto JSON"})
    return body


def json_value() -> Any:
    """The request's JSON, None when it has none; Malformed when it cannot be read."""
    raw = request.get_data()
    if len(raw) > current_app.config["MAX_JSON_BYTES"]:
        raise RequestEntityTooLarge
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Malformed("El cuerpo no es JSON válido")


def _documented(view: Callable[..., Any], **doc: Any) -> None:
    known = getattr(view, "__apidoc__", {})
    merged = {
        key: {**known.get(key, {}), **value} if isinstance(value, dict) else value
        for key, value in doc.items()
    }
    view.__apidoc__ = {**known, **merged}  # type: ignore[attr-defined]


def takes(shape: type[BaseModel]) -> Callable[..., Any]:
    """The handler receives the JSON body as `shape` in its last argument."""
    name = swagger.declare(shape, "validation")

    def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return view(*args, shape.model_validate(json_body()), **kwargs)

        _documented(wrapper, expect=[name], responses=_errors(400, 422))
        _expect_reference(wrapper, name)
        return wrapper

    return decorator


def _expect_reference(view: Any, name: str) -> None:
    view.__apidoc__.pop("expect")
    payload = {"in": "body", "required": True, "schema": {"$ref": f"#/definitions/{name}"}}
    view.__apidoc__["params"] = {**view.__apidoc__.get("params", {}), "payload": payload}


def asks(shape: type[BaseModel]) -> Callable[..., Any]:
    """The handler receives the query string as `shape` in its last argument; unknown parameters are ignored."""

    def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return view(*args, shape.model_validate(_arguments(shape)), **kwargs)

        _documented(wrapper, params=swagger.query_parameters(shape), responses=_errors(422))
        return wrapper

    return decorator


def _arguments(shape: type[BaseModel]) -> dict[str, Any]:
    several = {name for name, field in shape.model_fields.items() if "list" in str(field.annotation)}
    args = {name: values[-1] for name, values in request.args.lists() if values[-1] != ""}
    return args | {name: request.args.getlist(name) for name in several if name in request.args}


def gives(
    shape: type[BaseModel] | None, message: str = "", *, many: bool = False, status: int = 200
) -> Callable[..., Any]:
    """What the handler returns, written as `shape` inside the envelope. A ready Response passes untouched."""
    name = swagger.envelope(shape, many=many)

    def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = view(*args, **kwargs)
            if isinstance(result, Response):
                return result
            return success(written(shape, result, many), message, status=status)

        _documented(
            wrapper, responses={status: (message or "Correcto", name), **_errors(401, 403, 404, 409, 429)}
        )
        return wrapper

    return decorator


def written(shape: type[BaseModel] | None, result: Any, many: bool = False) -> Any:
    """Plain JSON-ready data of a result in its shape."""
    if shape is None:
        return result
    if many:
        return [written(shape, item) for item in result]
    return shape.model_validate(result).model_dump(mode="json", by_alias=True)


def gives_file(view: Callable[..., Any], *types: str) -> Callable[..., Any]:
    """Documents a handler that answers a file of one of the media types."""
    _documented(view, responses={200: "Archivo", **_errors(401, 403, 404)}, produces=list(types))
    return view


def _errors(*statuses: int) -> dict[int, tuple[str, str]]:
    words = {401: "Sin credenciales válidas", 403: "Sin permiso", 409: "Conflicto", 422: "Datos no válidos"}
    return {s: (words.get(s) or CODES.get(s, ("", HTTPStatus(s).phrase))[1], swagger.ERROR) for s in statuses}


def slug(text: str) -> str:
    """Letters, digits and dashes only: safe in a file name or a header."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "archivo"
