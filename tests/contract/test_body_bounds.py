"""No body and no query of any route may be larger inside than it says: every list, map and text has a maximum."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import pytest

from shared.runtime.http_server.field_errors import alternatives
from shared.runtime.http_server.route import Route
from tests.contract.documents import services

ROUTES = [(name, route) for name, service in services().items() for route in service.all_routes()]
_ENDLESS = re.compile(r"(?<!\\)[*+]|\{\d+,\}")
BY_BYTES = {"/v1/reports:batch": "", "/v1/cities": "/files/*"}
"""A batch's items and a pack's files: their handlers refuse them with 413 by number and size."""


def unbounded(shape: Any, path: str) -> Iterator[str]:
    """Places in ``shape`` that have no maximum."""
    for meant, limits in alternatives(shape):
        sized = any(limit.max_length is not None for limit in limits)
        origin = get_origin(meant)
        if isinstance(meant, type) and issubclass(meant, msgspec.Struct):
            for field in msgspec.structs.fields(meant):
                yield from unbounded(field.type, f"{path}/{field.encode_name}")
        elif origin in (list, dict, tuple, set, frozenset):
            if not sized and (origin is not tuple or Ellipsis in get_args(meant)):
                yield path
            for part in get_args(meant):
                if part is not Ellipsis:
                    yield from unbounded(part, f"{path}/*")
        elif meant is str:
            patterns = [limit.pattern for limit in limits if limit.pattern is not None]
            if not sized and (not patterns or any(_ENDLESS.search(re.sub(r"\[[^]]*\]", "x", one)) for one in patterns)):
                yield path
        elif meant is int:
            if not any(limit.ge is not None or limit.gt is not None for limit in limits):
                yield f"{path} (int)"
        elif origin is Literal or meant in (bool, float, datetime, date, type(None), msgspec.Raw):
            continue
        elif not (isinstance(meant, type) and issubclass(meant, Enum)):
            yield f"{path} ({meant})"


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=lambda part: getattr(part, "path", part))
def test_whatever_a_route_takes_has_a_maximum(service: str, route: Route) -> None:
    """B50."""
    found = [place for shape in (route.body, route.query) if shape is not None for place in unbounded(shape, "")]
    assert found in ([], [BY_BYTES.get(route.path)]), f"{service}: {route.method} {route.path}"


class Inner(msgspec.Struct):
    text: str | None = None


class Loose(msgspec.Struct):
    words: str
    names: list[str]
    more: dict[str, bool]
    number: int
    spelt: Annotated[str, msgspec.Meta(pattern="^[a+]{1,3}b*$")]
    deep: Annotated[list[Inner], msgspec.Meta(max_length=3)] | None = None


def test_the_search_for_what_has_no_maximum_finds_each_kind() -> None:
    places = ["/words", "/names", "/names/*", "/more", "/more/*", "/number (int)", "/spelt", "/deep/*/text"]
    assert list(unbounded(Loose, "")) == places
