"""Generates the OpenAPI 3.1 document from the declared routes and msgspec's JSON Schemas."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.runtime.http_server.route import Route

_REF = "#/components/schemas/{name}"
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}


def document(service: str, version: str, routes: Sequence[Route]) -> dict[str, Any]:
    """The service's OpenAPI document."""
    shapes = [shape for r in routes for shape in (r.body, r.query, *r.answers.values()) if shape is not None]
    found, schemas = msgspec.json.schema_components(shapes, ref_template=_REF)
    by_shape = {id(shape): schema for shape, schema in zip(shapes, found, strict=True)}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_shape, schemas)
        _link(paths[route.path][route.method.lower()], route, routes)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Whistle {service}", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, by_shape: dict[int, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "parameters": _parameters(route, by_shape, schemas),
        "responses": _responses(route, by_shape),
    }
    if route.roles:
        operation["security"] = [{"bearer": []}]
        operation["x-roles"] = sorted(route.roles)
    if route.body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": by_shape[id(route.body)]}}}
    elif route.media and route.raw_max:
        operation["requestBody"] = {"required": True, "content": {media: {} for media in route.media}}
    return operation


def _operation_id(route: Route) -> str:
    return re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")


def _link(operation: dict[str, Any], route: Route, routes: Sequence[Route]) -> None:
    """OpenAPI links: routes below ``{path}/{id}`` take the ``id`` of the created object's answer."""
    links = {
        _operation_id(other): {"operationId": _operation_id(other), "parameters": {"id": "$response.body#/id"}}
        for other in routes
        if other.path.startswith(f"{route.path}/{{id}}")
    }
    for status in ("201", "202"):
        if links and status in operation["responses"]:
            operation["responses"][status]["links"] = links


def _parameters(route: Route, by_shape: dict[int, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)(?::\w+)?}", route.path)
    ]
    if route.keyed:
        parameters.append(_KEY_PARAMETER)
    if route.query is not None:
        shape = schemas[by_shape[id(route.query)]["$ref"].rsplit("/", 1)[1]]
        parameters += [
            {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    return parameters


def _responses(route: Route, by_shape: dict[int, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, shape in sorted(route.answers.items()):
        content = {} if shape is None else {"application/json": {"schema": by_shape[id(shape)]}}
        if shape is None and route.media and not route.raw_max:
            content = {media: {} for media in route.media}
        responses[str(status)] = {"description": "done", **({"content": content} if content else {})}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in _refusals(route):
        responses.setdefault(str(status), {"description": "refused", "content": problem})
    return responses


def _refusals(route: Route) -> list[int]:
    statuses = [500, 503]
    if route.roles:
        statuses += [401, 403, 429]
    if "{" in route.path or route.query is not None or route.body is not None:
        statuses.append(404)  # what is named in any of them may be nothing that the caller sees
    if route.roles or route.query is not None or route.body is not None or route.raw_max:
        statuses.append(422)  # at the least a parameter that it does not know
    if route.method != "GET":
        statuses += [400, 413]
    if route.keyed and "{" in route.path:
        statuses += [409, 412]
    if route.raw_max:
        statuses.append(415)
    return sorted(statuses)
