"""The common ground of request and response shapes: how values are read, written and refused."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    create_model,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticKnownError, core_schema

from app.core import times

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What is beside the types in a schema.
UNREAD = ("metadata", "serialization", "default", "config", "ref")
NUMBERS: dict[str, Any] = {"int": "int_type", "float": "float_type"}
DAYS: dict[str, Any] = {"date": "date_type", "datetime": "datetime_type"}
BARE_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")


def _guarded(schema: Any, *, own: bool = True) -> Any:
    """A shape's schema with its numbers and days told apart from what only looks like them."""
    if isinstance(schema, list | tuple):
        return type(schema)(_guarded(one, own=own) for one in schema)
    if not isinstance(schema, dict):
        return schema
    # Among fields, "type" is the name of one.
    kind = schema["type"] if isinstance(schema.get("type"), str) else ""
    if kind == "model" and not own:
        # A shape in a field has seen to itself.
        return schema
    beside, inner = UNREAD if kind else (), own and kind != "model"
    made = {name: one if name in beside else _guarded(one, own=inner) for name, one in schema.items()}
    return _told_apart(kind, made) if kind in {*NUMBERS, *DAYS} else made


def _told_apart(kind: Any, schema: Any) -> CoreSchema:
    def refuse_truth(value: Any) -> Any:
        if isinstance(value, bool):
            raise PydanticKnownError(NUMBERS[kind])
        return value

    def refuse_number(value: Any) -> Any:
        value = value.strip() if isinstance(value, str) else value
        if isinstance(value, int | float) or (isinstance(value, str) and BARE_NUMBER.fullmatch(value)):
            raise PydanticKnownError(DAYS[kind])
        return value

    check = refuse_truth if kind in NUMBERS else refuse_number
    return core_schema.no_info_before_validator_function(check, schema)


class Shape(BaseModel):
    """Numbers may come as text, text is trimmed, NaN and Infinity are refused, unknown keys are ignored.

    A truth is no number, and a number is no day: pydantic would read true as 1, and 0 as the first day of 1970.
    """

    model_config = ConfigDict(
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
        from_attributes=True,
        populate_by_name=True,
        protected_namespaces=(),
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        found: CoreSchema = _guarded(handler(source))
        return found


def _printable(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("contiene caracteres de control")
    # A workbook knows one end of a line, and so do pages that show the text.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Text = Annotated[str, AfterValidator(_printable)]
Moment = Annotated[
    datetime, AfterValidator(_utc), PlainSerializer(times.iso, return_type=str, when_used="json")
]


def partial(shape: type[BaseModel], name: str) -> type[BaseModel]:
    """The same shape with every field optional, for updates of only the keys that are present."""
    fields: dict[str, Any] = {
        key: (field.annotation, _optional(field)) for key, field in shape.model_fields.items()
    }
    made: type[BaseModel] = create_model(name, __base__=shape, **fields)
    return made


def _optional(field: Any) -> Any:
    twin = field._copy() if hasattr(field, "_copy") else field
    twin.default = None
    twin.default_factory = None
    twin.validate_default = False
    return twin


SPANISH = {
    "missing": "Este campo es obligatorio",
    "string_too_short": "Debe tener al menos {min_length} caracteres",
    "string_too_long": "Debe tener como máximo {max_length} caracteres",
    "string_type": "Debe ser un texto",
    "string_unicode": "El texto no es Unicode válido",
    "string_pattern_mismatch": "No tiene el formato esperado",
    "int_type": "Debe ser un número entero",
    "int_parsing": "Debe ser un número entero",
    "int_parsing_size": "El número es demasiado grande",
    "int_from_float": "Debe ser un número entero",
    "float_type": "Debe ser un número",
    "float_parsing": "Debe ser un número",
    "finite_number": "Debe ser un número finito",
    "bool_type": "Debe ser verdadero o falso",
    "bool_parsing": "Debe ser verdadero o falso",
    "greater_than": "Debe ser mayor que {gt}",
    "greater_than_equal": "Debe ser mayor o igual que {ge}",
    "less_than": "Debe ser menor que {lt}",
    "less_than_equal": "Debe ser menor o igual que {le}",
    "enum": "Debe ser uno de: {expected}",
    "literal_error": "Debe ser uno de: {expected}",
    "list_type": "Debe ser una lista",
    "dict_type": "Debe ser un objeto",
    "model_type": "Debe ser un objeto",
    "model_attributes_type": "Debe ser un objeto",
    "too_long": "Tiene demasiados elementos (máximo {max_length})",
    "too_short": "Tiene pocos elementos (mínimo {min_length})",
    "date_type": "Debe ser una fecha AAAA-MM-DD",
    "date_parsing": "Debe ser una fecha AAAA-MM-DD",
    "date_from_datetime_parsing": "Debe ser una fecha AAAA-MM-DD",
    "date_from_datetime_inexact": "Debe ser una fecha AAAA-MM-DD",
    "datetime_type": "Debe ser una fecha y hora ISO 8601",
    "datetime_parsing": "Debe ser una fecha y hora ISO 8601",
    "datetime_from_date_parsing": "Debe ser una fecha y hora ISO 8601",
    "extra_forbidden": "Campo desconocido",
}


def field_errors(errors: Sequence[ErrorDetails]) -> dict[str, str]:
    """What pydantic refused, as one Spanish sentence per field (nested fields joined by dots)."""
    return {".".join(map(str, error["loc"])) or "body": _sentence(error) for error in errors}


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        told = str(error["ctx"]["error"])
        return told[:1].upper() + told[1:]
    facts = {name: _fact(value) for name, value in error.get("ctx", {}).items()}
    # A text whose field may also be empty is measured like a list.
    kind = f"string_{error['type']}" if isinstance(error["input"], str) else error["type"]
    return SPANISH.get(kind, SPANISH.get(error["type"], "Valor no válido")).format_map(facts)


def _fact(value: Any) -> str:
    """A bound as people write it: 0, not 0.0."""
    return f"{value:g}" if isinstance(value, float) else str(value).replace(" or ", " o ")
