"""Generates the OpenAPI 3.1 document from the declared routes and msgspec's JSON Schemas."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from shared.runtime.http_server import problem_types
from shared.runtime.http_server.route import Route

_REF = "#/components/schemas/{name}"
_TEXT = {"schema": {"type": "string"}}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_BODILESS = frozenset({204, 303})
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
_TRACE_PARAMETER = {
    "name": "traceparent",
    "in": "header",
    "required": False,
    "description": "W3C trace context: answers, problems and events carry it. One that cannot be read is ignored.",
    "schema": {"type": "string"},
}
"""Every request may have it. Without an optional parameter, openapi-python-client 0.29 generates what cannot be
imported where a body has several media types (openapi-generators/openapi-python-client#1451)."""


_TAGS = {
    "services": "Internal: what the services ask each other. Not for clients.",
    "operations": "Internal: for operators and probes. Not for clients.",
    "development": "Internal: only where development tokens are on.",
    "pages": "Pages and forms that people open from a link.",
}
_PROBES = frozenset({"/livez", "/readyz", "/metrics"})
_INTERNAL = frozenset({"services", "operations", "development"})


class WebhookMessage(NamedTuple):
    """A message that is sent to receivers. ``payload``: its JSON as a ``Struct``."""

    name: str
    summary: str
    payload: type[msgspec.Struct]


def document(
    service: str, version: str, routes: Sequence[Route], webhooks: Sequence[WebhookMessage] = ()
) -> dict[str, Any]:
    """The service's OpenAPI document. ``webhooks``: what it sends."""
    shapes = [shape for r in routes for shape in (r.body, *r.answers.values(), *r.shows) if shape is not None]
    shapes += [message.payload for message in webhooks]
    found, schemas = msgspec.json.schema_components(shapes, ref_template=_REF)
    by_shape = {id(shape): schema for shape, schema in zip(shapes, found, strict=True)}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_shape)
        _link(paths[route.path][route.method.lower()], route, routes)
    tags = sorted({tag_of(route) for route in routes})
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Whistle {service}", "version": version, "license": {"name": "Apache-2.0"}},
        "servers": [
            {"url": "/", "description": "where this page is served; the console's address serves all services"}
        ],
        "tags": [{"name": tag, **({"description": _TAGS[tag]} if tag in _TAGS else {})} for tag in tags],
        "paths": paths,
        **({"webhooks": {message.name: _webhook(message, by_shape) for message in webhooks}} if webhooks else {}),
        "components": {
            "schemas": {**schemas, **problem_types.SCHEMAS},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "x-problem-types": problem_types.listed(),
    }


def tag_of(route: Route) -> str:
    """Under which the route stands: what it is about, or whom it is for where that is no client."""
    first, _, rest = route.path.strip("/").partition("/")
    if first != "v1":
        return "operations" if route.path in _PROBES else "pages"
    if rest.startswith("dev/"):
        return "development"
    if route.roles == {"service"}:
        return "services"
    if route.roles and route.roles <= {"ops", "service"}:
        return "operations"
    return re.split(r"[/:]", rest)[0]


def is_internal(route: Route) -> bool:
    """Whether it is no route for clients."""
    return tag_of(route) in _INTERNAL


def _webhook(message: WebhookMessage, by_shape: dict[int, Any]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": _name(f"webhook_{message.name}"),
            "summary": message.summary,
            "tags": ["webhooks"],
            "parameters": [
                {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
                for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": by_shape[id(message.payload)]}},
            },
            "responses": {"2XX": {"description": "taken; anything else is tried again"}},
        }
    }


def _operation(route: Route, by_shape: dict[int, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [tag_of(route)],
        "parameters": _parameters(route),
        "responses": _responses(route, by_shape),
    }
    if is_internal(route):
        operation["x-internal"] = True
    if route.roles:
        operation["security"] = [{"bearer": []}]
        operation["x-roles"] = sorted(route.roles)
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_shape[id(route.body)]}},
        }
    elif route.media and route.raw_max:
        operation["requestBody"] = {"required": True, "content": _raw_content(route.media)}
    return operation


def _raw_content(media: Sequence[str]) -> dict[str, Any]:
    """Of a body that the edge does not decode: a picture, alone or as the one file of a form, or a page's form."""
    pictures = [one for one in media if one.startswith("image/")]
    file_form = {
        "schema": {"type": "object", "properties": {"file": _BYTES["schema"]}, "required": ["file"]},
        "encoding": {"file": {"contentType": ", ".join(pictures)}},
    }
    page_form = {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
    anything: dict[str, Any] = {"schema": {}}
    return {
        one: (file_form if pictures else page_form)
        if one in _FORMS
        else anything
        if one == "application/json"
        else _BYTES
        for one in media
    }


def _operation_id(route: Route) -> str:
    return _name(f"{route.method.lower()}{route.path}")


def _name(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")


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


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)(?::\w+)?}", route.path)
    ]
    if route.keyed:
        parameters.append(_KEY_PARAMETER)
    if route.query is not None:
        (reference,), schemas = msgspec.json.schema_components([route.query], ref_template=_REF)
        shape = schemas[reference["$ref"].rsplit("/", 1)[1]]
        parameters += [
            {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    parameters.append(_TRACE_PARAMETER)
    return parameters


def _responses(route: Route, by_shape: dict[int, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, shape in sorted(route.answers.items()):
        content: dict[str, Any] = {}
        if shape is not None:
            content = {"application/json": {"schema": by_shape[id(shape)]}}
        elif route.shown_media and status not in _BODILESS:
            content = {media: _TEXT if media.startswith("text/") else _BYTES for media in route.shown_media}
        elif status >= 400:
            content = problem
        said = "refused" if status >= 400 else "done"
        responses[str(status)] = {"description": said, **({"content": content} if content else {})}
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
