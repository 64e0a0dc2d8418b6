"""Pydantic's JSON schema turned into Swagger 2.0 definitions. Documents shapes; validates nothing."""

from typing import Any

from flask_restx import Api, SchemaModel
from pydantic import BaseModel

SHAPES: dict[tuple[str, str], type[BaseModel]] = {}
ENVELOPES: dict[str, dict[str, Any]] = {}
DROPPED = {"const", "prefixItems", "propertyNames", "discriminator", "examples", "$defs", "title"}
ERROR = "Error"
ERROR_SCHEMA = {
    "type": "object",
    "required": ["success", "message", "error"],
    "properties": {
        "success": {"type": "boolean"},
        "message": {"type": "string"},
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "object"},
                "trace_id": {"type": "string"},
            },
        },
    },
}


def declare(shape: type[BaseModel], mode: str) -> str:
    """Remembers a shape for swagger.json and answers its definition's name; `mode` as in pydantic."""
    name = shape.__name__
    known = SHAPES.setdefault((name, mode), shape)
    if known is not shape:
        raise TypeError(f"two shapes are called {name}: {known.__module__} and {shape.__module__}")
    return name


def envelope(shape: type[BaseModel] | None, *, many: bool = False) -> str:
    """The definition of `{success, message, data, meta}` around a shape, a list of it, or nothing."""
    inner: dict[str, Any] = {"x-nullable": True, "type": "object"}
    if shape is not None:
        inner = {"$ref": f"#/definitions/{declare(shape, 'serialization')}"}
        inner = {"type": "array", "items": inner} if many else inner
    name = (shape.__name__ if shape else "Nothing") + ("List" if many else "") + "Answer"
    ENVELOPES[name] = {
        "type": "object",
        "required": ["success", "message", "data"],
        "properties": {
            "success": {"type": "boolean"},
            "message": {"type": "string"},
            "data": inner,
            "meta": {"type": "object"},
        },
    }
    return name


def register(api: Api) -> None:
    """Hands every declared shape to the Api, nested ones hoisted. Call once all namespaces are imported."""
    for (_name, mode), shape in SHAPES.items():
        schema = shape.model_json_schema(mode=mode, ref_template="#/definitions/{model}")  # type: ignore[arg-type]
        for nested_name, nested in schema.get("$defs", {}).items():
            _add(api, nested_name, nested)
        _add(api, shape.__name__, schema)
    for name, schema in ENVELOPES.items():
        _add(api, name, schema)
    _add(api, ERROR, ERROR_SCHEMA)


def query_parameters(shape: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """The shape's fields as Swagger query parameters."""
    schema: dict[str, Any] = swagger2(shape.model_json_schema(mode="validation"))
    required = set(schema.get("required", []))
    return {
        name: _parameter(field) | {"in": "query", "required": name in required}
        for name, field in schema.get("properties", {}).items()
    }


def _parameter(field: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in field.items() if key not in {"x-nullable", "$ref"}}
    if "$ref" in field or kept.get("type") not in {"string", "number", "integer", "boolean"}:
        kept = {"type": "string"} | {k: v for k, v in kept.items() if k == "description"}
    return kept


def _add(api: Api, name: str, schema: dict[str, Any]) -> None:
    api.models[name] = SchemaModel(name, swagger2(schema))


def swagger2(node: Any) -> Any:
    """JSON Schema 2020-12, as pydantic writes it, in the dialect of Swagger 2.0."""
    if isinstance(node, list):
        return [swagger2(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "anyOf" in node:
        return swagger2(_single(node))
    made = {key: _translate(key, value) for key, value in node.items() if key not in DROPPED}
    if "const" in node:
        made["enum"] = [node["const"]]
    for bound, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(bound), int | float):
            made[plain], made[bound] = node[bound], True
    if made.get("default", 0) is None:
        del made["default"]
    if made.get("type") == "null":
        made = {"type": "object", "x-nullable": True}
    if made.get("type") == "array":
        made.setdefault("items", {})
    return made


def _translate(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: swagger2(field) for name, field in value.items()}
    return value if key in {"default", "enum", "required", "example"} else swagger2(value)


def _single(node: dict[str, Any]) -> dict[str, Any]:
    """Swagger 2.0 has no anyOf: `X or null` is a nullable X, any other choice is left open."""
    choices: list[dict[str, Any]] = [choice for choice in node["anyOf"] if choice.get("type") != "null"]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    nullable = {"x-nullable": True} if len(choices) < len(node["anyOf"]) else {}
    if len(choices) != 1:
        return rest | nullable
    if "$ref" in choices[0]:
        return {"allOf": [choices[0]]} | rest | nullable
    return choices[0] | rest | nullable
