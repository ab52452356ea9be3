"""The OpenAPI 3.1 document of the interface, generated from the endpoints themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from p2pmarket import __version__
from p2pmarket.api.endpoint import Endpoint
from p2pmarket.api.schemas import FailureAnswer
from p2pmarket.api.shapes import Json, description, field_types, optional, schema

_FAILURES = {
    "404": "What the path names does not exist",
    "409": "It cannot be done as things stand",
    "422": "The request is malformed",
    "500": "A fault in p2pmarket",
    "503": "Nobody who could answer is reachable now",
}


def document(endpoints: Iterable[Endpoint]) -> Json:
    """Return the document as JSON values."""
    definitions: dict[str, Json] = {}
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, definitions)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    schema(FailureAnswer, definitions)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "p2pmarket local interface",
            "version": __version__,
            "summary": "HTTP over the Unix socket HOME/daemon.sock, for this user only.",
        },
        "servers": [{"url": "http://p2pmarket"}],
        "paths": paths,
        "components": {"schemas": definitions},
    }


def _operation(endpoint: Endpoint, definitions: dict[str, Json]) -> Json:
    failure = schema(FailureAnswer, definitions)
    operation: Json = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "responses": {
            "200": _content(description(endpoint.answer), schema(endpoint.answer, definitions)),
            **{status: _content(text, failure) for status, text in _FAILURES.items()},
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    if endpoint.query is not None:
        parameters.extend(_query_parameters(endpoint.query, definitions))
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        content = {"application/json": {"schema": schema(endpoint.body, definitions)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _query_parameters(shape: type, definitions: dict[str, Json]) -> list[Json]:
    hints = field_types(shape)
    return [
        {
            "name": field.name,
            "in": "query",
            "required": not optional(field),
            "schema": schema(hints[field.name], definitions),
        }
        for field in fields(shape)
    ]


def _content(text: str, body: Any) -> Json:
    return {"description": text, "content": {"application/json": {"schema": body}}}


def _operation_id(endpoint: Endpoint) -> str:
    words = re.sub(r"[{}]", "", endpoint.path.removeprefix("/v1")).strip("/")
    return f"{endpoint.method.lower()}-{words.replace('/', '-')}"
