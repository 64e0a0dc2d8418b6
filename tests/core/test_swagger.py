"""The description of the API: valid Swagger 2.0, whole, and shown without leaving the house."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from jsonschema import Draft4Validator
from pydantic import BaseModel, Field

from app.core import swagger

METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}
TYPES = {"string", "number", "integer", "boolean", "array", "object", "file"}


@pytest.fixture
def description(nobody: Caller) -> Any:
    answer = nobody.get("/swagger.json")
    assert answer.status_code == 200
    return answer.json


def nodes(node: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document, with the path to it."""
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            yield from nodes(value, f"{where}/{key}")
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from nodes(value, f"{where}/{n}")


def operations(description: Any) -> Iterator[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """(path, method, operation, its parameters with those of its path)."""
    for path, item in description["paths"].items():
        for method in METHODS & item.keys():
            operation = item[method]
            yield path, method, operation, [*item.get("parameters", []), *operation.get("parameters", [])]


def test_it_is_swagger_2(description: Any) -> None:
    assert description["swagger"] == "2.0"
    assert {"info", "paths", "definitions", "basePath"} <= set(description)
    assert description["basePath"] == "/api/v1"
    assert {"title", "version"} <= set(description["info"])
    allowed = {
        "swagger",
        "info",
        "host",
        "basePath",
        "schemes",
        "consumes",
        "produces",
        "paths",
        "definitions",
    }
    allowed |= {"parameters", "responses", "securityDefinitions", "security", "tags", "externalDocs"}
    assert set(description) - allowed == set()


def test_every_reference_leads_somewhere(description: Any) -> None:
    for where, node in nodes(description):
        if "$ref" in node and isinstance(node["$ref"], str):
            section, name = re.fullmatch(r"#/(definitions|responses|parameters)/(.+)", node["$ref"]).groups()
            assert name in description[section], where


def test_every_operation_has_a_name_of_its_own(description: Any) -> None:
    names = Counter(operation["operationId"] for _, _, operation, _ in operations(description))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_operation_says_what_it_answers(description: Any) -> None:
    for path, method, operation, _ in operations(description):
        assert operation["responses"], (path, method)
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|default", status), (path, method)
            assert response["description"], (path, method, status)
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert good, (path, method)
        assert operation.get("summary"), (path, method)


def test_path_parameters_are_those_of_the_path(description: Any) -> None:
    for path, method, _, parameters in operations(description):
        declared = {p["name"] for p in parameters if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), (path, method)
        assert all(p["required"] is True for p in parameters if p["in"] == "path")


def test_parameters_are_what_swagger_2_allows(description: Any) -> None:
    for path, method, _, parameters in operations(description):
        where = (path, method)
        assert len({(p["name"], p["in"]) for p in parameters}) == len(parameters), where
        assert sum(p["in"] == "body" for p in parameters) <= 1, where
        for parameter in parameters:
            assert parameter["in"] in {"query", "header", "path", "formData", "body"}, where
            if parameter["in"] == "body":
                assert "schema" in parameter, where
                assert method in {"post", "put", "patch"}, where
            else:
                assert parameter["type"] in TYPES - {"object"}, where
                assert "schema" not in parameter, where
                assert parameter["type"] != "array" or "items" in parameter, where


def test_definitions_are_valid_schemas_of_their_dialect(description: Any) -> None:
    foreign = {"anyOf", "oneOf", "const", "$defs", "prefixItems", "not", "nullable", "examples", "if"}
    Draft4Validator.check_schema({"definitions": description["definitions"]})
    for name, schema in description["definitions"].items():
        for where, node in nodes(schema, name):
            if not where.endswith(("/properties", "/example", "/default")):
                assert foreign & node.keys() == set(), where
                assert node.get("type", "object") in TYPES or isinstance(node["type"], dict), where
                assert node.get("type") != "array" or "items" in node, where


def test_every_route_of_the_api_is_described(app: Flask, description: Any) -> None:
    described = {(path, method) for path, method, _, _ in operations(description)}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint not in {"api.doc", "api.root", "api.specs"}:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1"))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert (path, method.lower()) in described, rule


def test_bodies_show_their_shape(description: Any) -> None:
    """Whoever reads the page sees each field, its type and its bounds."""
    filling = description["definitions"]["FillingIn"]
    assert set(filling["required"]) == {"material_type", "material_amount_kg"}
    amount = filling["properties"]["material_amount_kg"]
    assert (amount["type"], amount["minimum"], amount["exclusiveMinimum"]) == ("number", 0, True)
    humidity = filling["properties"]["material_humidity_pct"]
    assert (humidity["type"], humidity["x-nullable"], humidity["maximum"]) == ("number", True, 100)
    changes = description["definitions"]["FillingChanges"]
    assert changes.get("required", []) == []
    answer = description["definitions"]["FillingOutListAnswer"]
    assert answer["properties"]["data"] == {"type": "array", "items": {"$ref": "#/definitions/FillingOut"}}


def test_what_needs_a_token_says_so(description: Any) -> None:
    schemes = description["securityDefinitions"]
    assert {"type": "apiKey", "in": "header", "name": "Authorization"} in [
        {key: scheme[key] for key in ("type", "in", "name")} for scheme in schemes.values()
    ]
    assert description["security"]
    login = description["paths"]["/auth/login"]["post"]
    assert login["security"] == []


def test_real_answers_fit_their_description(admin: Caller, description: Any) -> None:
    made = admin.post("/biogas/digesters", json={"name": "Uno", "volume_m3": 50})
    item = f"/biogas/digesters/{made.json['data']['id']}"
    body = {"material_type": "bovino", "material_amount_kg": 5}
    answers = {
        ("/biogas/digesters", "post"): made,
        ("/biogas/digesters", "get"): admin.get("/biogas/digesters"),
        ("/biogas/digesters/{id}", "get"): admin.get(item),
        ("/biogas/fillings", "post"): admin.post("/biogas/fillings", json=body),
        ("/biogas/production/current", "get"): admin.get("/biogas/production/current"),
        ("/biogas/materials", "get"): admin.get("/biogas/materials"),
        ("/sensors/stats", "get"): admin.get("/sensors/stats"),
        ("/auth/me", "get"): admin.get("/auth/me"),
        ("/users", "get"): admin.get("/users"),
    }
    for (path, method), answer in answers.items():
        assert answer.status_code < 300
        response = description["paths"][path][method]["responses"][str(answer.status_code)]
        schema = _nullable({**response["schema"], "definitions": description["definitions"]})
        found = [(list(e.absolute_path), e.message) for e in Draft4Validator(schema).iter_errors(answer.json)]
        assert found == [], (path, method)


def _nullable(node: Any) -> Any:
    """The schema with `x-nullable` in words that a validator of JSON Schema knows."""
    if isinstance(node, list):
        return [_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _nullable(value) for key, value in node.items()}
    return {"anyOf": [{"type": "null"}, made]} if node.get("x-nullable") is True else made


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1"])
def test_the_page_and_all_it_needs_are_ours(nobody: Caller, path: str) -> None:
    page = nobody.client.get(path, buffered=True)
    assert page.status_code == 200
    assert page.content_type.startswith("text/html")
    needed = re.findall(r'(?:src|href|data-specs)="([^"]+)"', page.text)
    assert len(needed) >= 4
    for url in needed:
        assert url.startswith("/"), "nothing comes from another house"
        assert nobody.client.get(url, buffered=True).status_code == 200, url


def test_two_shapes_of_one_name_are_refused() -> None:
    class Twin(BaseModel):
        """One."""

        a: int

    first = Twin

    class Twin(BaseModel):  # type: ignore[no-redef]
        """Another."""

        b: int

    try:
        assert swagger.declare(first, "validation") == "Twin"
        assert swagger.declare(first, "validation") == "Twin"
        with pytest.raises(TypeError, match="Twin"):
            swagger.declare(Twin, "validation")
    finally:
        swagger.SHAPES.pop(("Twin", "validation"), None)


def test_no_two_shapes_share_a_definition() -> None:
    """Nested shapes and shapes of both directions end up in one list of names."""
    found: dict[str, set[str]] = {}
    for (_, mode), shape in swagger.SHAPES.items():
        schema = shape.model_json_schema(mode=mode, ref_template="#/definitions/{model}")  # type: ignore[arg-type]
        for name, nested in {**schema.pop("$defs", {}), shape.__name__: schema}.items():
            found.setdefault(name, set()).add(str(swagger.swagger2(nested)))
    assert {name: len(texts) for name, texts in found.items() if len(texts) > 1} == {}


@pytest.mark.parametrize(
    ("schema", "translated"),
    [
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "integer", "x-nullable": True}),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}], "title": "X"}, {}),
        ({"const": "bearer", "title": "T"}, {"enum": ["bearer"]}),
        (
            {"exclusiveMinimum": 0, "type": "number"},
            {"minimum": 0, "exclusiveMinimum": True, "type": "number"},
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, {"type": "array", "items": {}}),
        ({"default": None, "type": "string"}, {"type": "string"}),
        ({"type": "null"}, {"type": "object", "x-nullable": True}),
        (
            {"anyOf": [{"$ref": "#/definitions/A"}, {"type": "null"}]},
            {"allOf": [{"$ref": "#/definitions/A"}], "x-nullable": True},
        ),
    ],
)
def test_the_translation_of_schemas(schema: Any, translated: Any) -> None:
    assert swagger.swagger2(schema) == translated


def test_a_field_may_be_called_like_a_word_of_the_schema() -> None:
    class Odd(BaseModel):
        """Fields named title, const and default."""

        title: str
        const: int = Field(default=1)

    properties = swagger.swagger2(Odd.model_json_schema())["properties"]
    assert set(properties) == {"title", "const"}
