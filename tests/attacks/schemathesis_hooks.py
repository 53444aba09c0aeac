"""Hooks of schemathesis' runner: each operation has a token of a role that it names, and ids there are."""

import json
import os
from typing import Any

import schemathesis

_GIVEN = json.loads(os.environ.get("WHISTLE_TEST_WORLD", "{}"))
TOKENS: dict[str, str] = _GIVEN.get("tokens", {})
IDS: dict[str, list[str]] = _GIVEN.get("ids", {})
"""Beginning of a path → what its first parameter may be, used for two calls of three."""
_calls = {"number": 0}


@schemathesis.auth(refresh_interval=None)
class ByRole:
    """The bearer token of the first role of ``x-roles`` that there is a token for."""

    def get(self, case: Any, context: Any) -> str:
        roles = case.operation.definition.raw.get("x-roles", ())
        return next((TOKENS[role] for role in TOKENS if role in roles), "")

    def set(self, case: Any, data: str, context: Any) -> None:
        if data:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """An id that exists takes the place of one made up."""
    known = next((ids for start, ids in IDS.items() if case.path.startswith(start)), None)
    _calls["number"] += 1
    if known and case.path_parameters and _calls["number"] % 3:
        first = next(iter(case.path_parameters))
        case.path_parameters = {**case.path_parameters, first: known[_calls["number"] % len(known)]}
