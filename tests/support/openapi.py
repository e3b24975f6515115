"""The API's OpenAPI document as a judge: of itself, and of every reply that a test sees.

`structural_faults` says where a document is not OpenAPI 3.1 (the parts that ours uses);
`assert_matches_openapi` holds a real reply to what the document promises.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_TEXT = {"type": "string", "minLength": 1}
_EXAMPLES = {"type": "object", "additionalProperties": {"type": "object", "required": ["value"]}}
_CONTENT = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-z]+/[a-z0-9.+-]+$"},
    "additionalProperties": {
        "type": "object",
        "required": ["schema"],
        "properties": {"schema": {"type": ["object", "boolean"]}, "example": True, "examples": _EXAMPLES},
        "additionalProperties": False,
    },
}
_PARAMETER = {
    "type": "object",
    "required": ["name", "in", "schema"],
    "properties": {
        "name": _TEXT,
        "in": {"enum": ["path", "query", "header", "cookie"]},
        "required": {"type": "boolean"},
        "schema": {"type": "object"},
        "description": _TEXT,
        "deprecated": {"type": "boolean"},
        "example": True,
        "examples": _EXAMPLES,
    },
    "additionalProperties": False,
    "if": {"properties": {"in": {"const": "path"}}},
    "then": {"properties": {"required": {"const": True}}, "required": ["required"]},
    "not": {"required": ["example", "examples"]},
}
_OPERATION = {
    "type": "object",
    "required": ["operationId", "summary", "description", "responses", "tags"],
    "properties": {
        "operationId": _TEXT,
        "summary": _TEXT,
        "description": _TEXT,
        "tags": {"type": "array", "items": _TEXT, "minItems": 1},
        "deprecated": {"type": "boolean"},
        "parameters": {"type": "array", "items": _PARAMETER},
        "requestBody": {
            "type": "object",
            "required": ["content"],
            "properties": {"description": _TEXT, "required": {"type": "boolean"}, "content": _CONTENT},
            "additionalProperties": False,
        },
        "responses": {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {
                "^([1-5][0-9]{2}|default)$": {
                    "type": "object",
                    "required": ["description"],
                    "properties": {"description": _TEXT, "headers": {"type": "object"}, "content": _CONTENT},
                    "additionalProperties": False,
                }
            },
            "additionalProperties": False,
        },
        "security": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
        },
    },
    "additionalProperties": False,
}
_SECURITY_SCHEME = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"enum": ["apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"]}},
    "allOf": [
        {
            "if": {"properties": {"type": {"const": "apiKey"}}},
            "then": {"required": ["name", "in"], "properties": {"in": {"enum": ["query", "header", "cookie"]}}},
        },
        {"if": {"properties": {"type": {"const": "http"}}}, "then": {"required": ["scheme"]}},
    ],
}
_DOCUMENT = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {
        "openapi": {"type": "string", "pattern": r"^3\.1\.[0-9]+$"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "properties": {"title": _TEXT, "version": _TEXT, "description": _TEXT, "summary": _TEXT},
            "additionalProperties": False,
        },
        "paths": {
            "type": "object",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                "type": "object",
                "propertyNames": {"enum": ["get", "put", "post", "delete", "patch", "head", "options", "trace"]},
                "additionalProperties": _OPERATION,
            },
        },
        "components": {
            "type": "object",
            "properties": {
                "schemas": {"type": "object", "propertyNames": {"pattern": "^[a-zA-Z0-9._-]+$"}},
                "securitySchemes": {"type": "object", "additionalProperties": _SECURITY_SCHEME},
            },
            "additionalProperties": False,
        },
        "servers": {"type": "array", "items": {"type": "object", "required": ["url"]}},
        "tags": {"type": "array", "items": {"type": "object", "required": ["name"]}, "uniqueItems": True},
    },
    "additionalProperties": False,
}


@cache
def openapi_document() -> dict[str, Any]:
    """The document of this code, as clients get it."""
    from config.api import api

    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation as (method, path, operation)."""
    for path, of_path in document["paths"].items():
        for method, operation in of_path.items():
            yield method, path, operation


def structural_faults(document: dict[str, Any]) -> list[str]:
    """Where a document is not OpenAPI 3.1; empty when it is."""
    faults = [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(_DOCUMENT).iter_errors(document)
    ]
    if faults:
        return faults
    faults += [f"{reference} leads nowhere" for reference in _references(document) if not _leads(document, reference)]
    for name, schema in document["components"]["schemas"].items():
        faults += [f"schema {name}: {e.message}" for e in _META.iter_errors(schema)]
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    faults += [f"operationId {name} is there twice" for name in ids if ids.count(name) > 1]
    tags = {tag["name"] for tag in document.get("tags", [])}
    schemes = document["components"].get("securitySchemes", {})
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        if declared != set(re.findall(r"{([^}]+)}", path)):
            faults.append(f"{where}: path parameters are {sorted(declared)}")
        for parameter in operation.get("parameters", []):
            faults += [f"{where} {parameter['name']}: {e.message}" for e in _META.iter_errors(parameter["schema"])]
        faults += [f"{where}: tag {tag} is not described" for tag in operation["tags"] if tag not in tags]
        faults += [
            f"{where}: no scheme {n}" for need in operation.get("security", []) for n in need if n not in schemes
        ]
    return faults


def example_faults(document: dict[str, Any]) -> list[str]:
    """Every documented example that its own schema refuses; empty when all are true."""
    faults = []
    for method, path, operation in operations(document):
        contents = [(f"{method} {path} {status}", r) for status, r in operation["responses"].items()]
        if "requestBody" in operation:
            contents.append((f"{method} {path} body", operation["requestBody"]))
        for where, holder in contents:
            for media in holder["content"].values():
                for name, example in media.get("examples", {}).items():
                    faults += [
                        f"{where} {name}: {f}" for f in _faults_of(document, media["schema"], example["value"])
                    ]
        for parameter in operation.get("parameters", []):
            if "example" in parameter:
                found = _faults_of(document, parameter["schema"], parameter["example"])
                faults += [f"{method} {path} {parameter['name']}: {fault}" for fault in found]
    for name, schema in document["components"]["schemas"].items():
        reference = {"$ref": f"#/components/schemas/{name}"}
        for example in schema.get("examples", []):
            faults += [f"schema {name}: {fault}" for fault in _faults_of(document, reference, example)]
    return faults


def assert_matches_openapi(method: str, path: str, status: int, body: Any) -> None:
    """A reply is one that the document promises. `path` is the address asked, `body` the decoded JSON."""
    document = openapi_document()
    operation = _operation_at(document, method.lower(), path.split("?")[0])
    assert str(status) in operation["responses"], f"{method} {path} never said that it answers {status}: {body}"
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    assert not (faults := _faults_of(document, schema, body)), f"{method} {path} {status}: {faults}"
    if status >= 400:
        return
    # What is sent and not described is as wrong as what is described and not sent.
    name = schema["$ref"].rsplit("/", 1)[-1]
    described = document["components"]["schemas"][name]["properties"]
    assert set(body) <= set(described), f"{method} {path} answers more than it says: {set(body) - set(described)}"


def _operation_at(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    # Concrete steps before parameters: /holds/best is not a seat named "best".
    for template in sorted(document["paths"], key=lambda template: template.count("{")):
        pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method in document["paths"][template]:
            found: dict[str, Any] = document["paths"][template][method]
            return found
    raise AssertionError(f"{method} {path} is not documented")


def _faults_of(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    # References are "#/components/…": they resolve in a schema that carries the components along.
    whole = {**schema, "components": document["components"]}
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _leads(document: dict[str, Any], reference: str) -> bool:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node.get(step) if isinstance(node, dict) else None
    return node is not None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for below in node.values():
            yield from _references(below)
    elif isinstance(node, list):
        for below in node:
            yield from _references(below)


_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)
