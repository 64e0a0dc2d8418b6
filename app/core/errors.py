"""The errors the farm's services raise, and the stable code and status each one answers with.

DomainError
 +-- Malformed          400  the request cannot be read
 +-- Unauthenticated    401  nobody, or nobody we know
 +-- Forbidden          403  somebody, but not allowed
 +-- NotFound           404  no such thing
 +-- Conflict           409  it clashes with what is stored
 +-- PreconditionFailed 412  it is not in the state that the request relies on
 +-- Invalid            422  readable, but a field is wrong
 +-- TooMany            429  slow down
 +-- Unavailable        503  a part we need is down; try again
"""

from typing import Any

# Of what is wrong in many fields, this many sentences are told to people at once; programs read them all.
MOST_TOLD = 3

# What is said where no domain error was raised: code and message by status.
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


class DomainError(Exception):
    """A failure with a message for people (Spanish) and a code for programs."""

    status = 500
    code = "INTERNAL_ERROR"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details


class Malformed(DomainError):
    status, code = 400, "BAD_REQUEST"


class Unauthenticated(DomainError):
    status, code = 401, "MISSING_TOKEN"


class Forbidden(DomainError):
    status, code = 403, "FORBIDDEN"


class NotFound(DomainError):
    status, code = 404, "NOT_FOUND"


class Conflict(DomainError):
    """`field` names the unique field that clashes, where there is one."""

    status, code = 409, "CONFLICT"

    def __init__(self, message: str, *, field: str | None = None, value: Any = None, **details: Any) -> None:
        if field:
            details["conflict"] = {"field": field, "label": field, "value": value}
        super().__init__(message, **details)


class PreconditionFailed(DomainError):
    status, code = 412, "PRECONDITION_FAILED"


class Invalid(DomainError):
    """`fields` maps each wrong field to what is wrong with it; a rule that says no more is told in those words."""

    status, code = 422, "VALIDATION_ERROR"

    def __init__(self, message: str = "", *, fields: dict[str, str], **details: Any) -> None:
        told = message or ". ".join(dict.fromkeys(list(fields.values())[:MOST_TOLD]))
        super().__init__(told, validation_errors=fields, **details)


class TooMany(DomainError):
    status, code = 429, "RATE_LIMIT_EXCEEDED"


class Unavailable(DomainError):
    status, code = 503, "UNAVAILABLE"
