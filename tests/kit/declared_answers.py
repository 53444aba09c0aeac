"""Whether an answer is what its route declares: no field that the API's page does not have, none of another type.

The kit's HTTP clients check every JSON answer of a stack in this way.
"""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.routing import compile_path

from shared.runtime.http_server.route import Route
from shared.runtime.service import Service
from shared.runtime.settings import Settings

_SERVICES = Path(__file__).parents[2] / "services"


def assembled(settings: Settings) -> Mapping[str, Service]:
    """Every service that is assembled by an ``app`` module, not started."""
    found = {}
    for path in sorted(_SERVICES.glob("*/app.py")):
        module = importlib.import_module(f"services.{path.parent.name}.app")
        if hasattr(module, "assemble"):
            found[path.parent.name] = module.assemble(settings)
    return found


@cache
def _routes() -> tuple[tuple[re.Pattern[str], Route], ...]:
    services = assembled(Settings(dev_tokens=True, secret="-" * 32))  # type: ignore[arg-type]
    routes = [route for service in services.values() for route in service.all_routes()]
    return tuple((compile_path(route.path)[0], route) for route in routes)


def declared(method: str, path: str, status: int) -> type[msgspec.Struct] | None:
    """The shape of that answer; None where it is no JSON of ours."""
    fixed = [route for _, route in _routes() if (route.method, route.path) == (method, path)]
    found = fixed or [route for pattern, route in _routes() if route.method == method and pattern.match(path)]
    return found[0].answers.get(status) if found else None


def check(response: httpx.Response) -> None:
    """Raises ``AssertionError`` that names what differs."""
    if response.headers.get("content-type", "") != "application/json":
        return
    request = response.request
    shape = declared(request.method, request.url.path, response.status_code)
    if shape is None:
        return
    response.read()
    where = f"{request.method} {request.url.path} {response.status_code}"
    try:
        read = msgspec.json.decode(response.content, type=shape)
    except msgspec.ValidationError as wrong:
        raise AssertionError(f"{where} is no {shape.__name__}: {wrong}") from wrong
    differing = list(differences(json.loads(response.content), json.loads(msgspec.json.encode(read))))
    assert not differing, f"{where} differs from {shape.__name__}: {differing[:5]}"


async def checked(response: httpx.Response) -> None:
    """``check`` for asynchronous clients."""
    await response.aread()
    check(response)


def differences(sent: Any, read: Any, at: str = "") -> Iterator[str]:
    """JSON pointers of what was sent and is not in the shape."""
    if isinstance(sent, dict) and isinstance(read, dict):
        for name in sorted(sent.keys() ^ read.keys()):
            yield f"{at}/{name}"
        for name in sorted(sent.keys() & read.keys()):
            yield from differences(sent[name], read[name], f"{at}/{name}")
    elif isinstance(sent, list) and isinstance(read, list) and len(sent) == len(read):
        for number, (one, other) in enumerate(zip(sent, read, strict=True)):
            yield from differences(one, other, f"{at}/{number}")
    elif sent != read:
        yield at
