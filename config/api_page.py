"""The human page of the API, drawn from its OpenAPI document: no script, nothing from another host."""

import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

_LINE_MAX: Final = 90


class ApiPage(DocsBase):
    """Lists every call with what it takes, what it answers and an example of both."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        # Through JSON, so that the page is made of what clients read.
        document = json.loads(json.dumps(api.get_openapi_schema(path_params=kwargs)))
        context = {
            "introduction": _prose(document["info"]["description"]),
            "version": document["info"]["version"],
            "groups": _groups(document, f"{request.scheme}://{request.get_host()}"),
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "config/api_page.html", context)


def _groups(document: dict[str, Any], origin: str) -> list[dict[str, Any]]:
    calls = [
        _call(document, method, path, operation, origin)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return [{**tag, "calls": [call for call in calls if call["tag"] == tag["name"]]} for tag in document["tags"]]


def _call(document: dict[str, Any], method: str, path: str, operation: dict[str, Any], origin: str) -> dict[str, Any]:
    body = _body(document, operation)
    statuses = sorted(operation["responses"])
    return {
        "id": operation["operationId"],
        "tag": operation["tags"][0],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": _prose(operation["description"]),
        "identity": bool(operation.get("security")),
        "parameters": [
            {
                "name": parameter["name"],
                "where": parameter["in"],
                "required": parameter["required"],
                "kind": _kind(parameter["schema"]),
                "description": _with_code(parameter.get("description", "")),
            }
            for parameter in operation["parameters"]
        ]
        + (body["fields"] if body else []),
        "curl": _curl(method.upper(), path, operation, body, origin),
        "reply": {"status": statuses[0], "example": _pretty(_examples(operation, statuses[0])["reply"]["value"])},
        "refusals": [
            {
                "status": status,
                "code": code,
                "detail": example["value"]["detail"],
                "example": _pretty(example["value"]),
            }
            for status in statuses[1:]
            for code, example in _examples(operation, status).items()
        ],
    }


def _examples(operation: dict[str, Any], status: str) -> dict[str, Any]:
    examples: dict[str, Any] = operation["responses"][status]["content"]["application/json"]["examples"]
    return examples


def _body(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in operation:
        return None
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    schema = document["components"]["schemas"][name]
    return {
        "example": schema["examples"][0],
        "fields": [
            {
                "name": field,
                "where": "body",
                "required": field in schema["required"],
                "kind": _kind(details),
                "description": _with_code(details.get("description", "")),
            }
            for field, details in schema["properties"].items()
        ],
    }


def _kind(schema: dict[str, Any]) -> str:
    """A type in a word or two."""
    if "anyOf" in schema:
        return " or ".join(_kind(kind) for kind in schema["anyOf"])
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    words = {"integer": "whole number", "string": "text", "boolean": "true or false"}
    return str(schema.get("format") or words.get(schema["type"], schema["type"]))


def _curl(method: str, path: str, operation: dict[str, Any], body: dict[str, Any] | None, origin: str) -> str:
    """The call as a line for a terminal, with the example values."""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    query = "&".join(
        f"{parameter['name']}={parameter['example']}"
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and "example" in parameter
    )
    parts = ["curl"]
    if method != "GET" and not body:
        parts.append(f"-X {method}")
    if operation.get("security"):
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if body:
        parts.append("--json '" + json.dumps(body["example"]) + "'")
    parts.append(f"'{origin}{path}{'?' + query if query else ''}'")
    line = " ".join(parts)
    return line if len(line) <= _LINE_MAX else " \\\n  ".join(parts)


def _prose(text: str) -> SafeString:
    """Paragraphs of a description, its `code` as such."""
    return format_html_join("", "<p>{}</p>", ((_with_code(" ".join(part.split())),) for part in text.split("\n\n")))


def _with_code(text: str) -> SafeString:
    pieces = enumerate(text.split("`"))
    return format_html_join("", "{}", ((format_html("<code>{}</code>", p) if n % 2 else p,) for n, p in pieces))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
