"""Every wrong field of a body at once, each by its RFC 6901 JSON pointer.

msgspec is fast because it stops at the first error; only a body that it refuses is looked at again by ``jsonschema``,
with the schema that the OpenAPI page shows.
"""

import functools
import json
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema
import msgspec
from jsonschema.exceptions import ValidationError

from shared.kernel.errors import FieldError, bad_request

_MANY = 50


@functools.cache
def _validator(shape: Any) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(msgspec.json.schema(shape))


def field_errors(raw: bytes, shape: Any, first: str) -> tuple[FieldError, ...]:
    """What is wrong with ``raw`` as ``shape``; ``first`` is msgspec's own words, used where a schema sees nothing.

    Raises ``Refusal`` 400 when ``raw`` is no JSON further on: msgspec stopped before it saw that.
    """
    try:
        content = json.loads(raw, parse_constant=_refused)
    except (ValueError, RecursionError) as wrong:
        raise bad_request("not-json", f"The body is not JSON: {wrong}") from wrong
    found: list[FieldError] = []
    for error in _validator(shape).iter_errors(content):
        found.extend(_named(error))
        if len(found) >= _MANY:
            break
    return tuple(dict.fromkeys(found)) or (_from_msgspec(first),)


def _refused(constant: str) -> object:
    """``NaN`` and ``Infinity``, which Python's reader takes and JSON does not have."""
    raise ValueError(f"{constant} is no JSON value")


def _named(error: ValidationError) -> Iterator[FieldError]:
    path = list(error.absolute_path)
    if error.validator == "anyOf" and error.context:
        branches = [e for e in error.context if e.validator != "type" or e.absolute_path != error.absolute_path]
        for nested in branches or error.context[:1]:
            yield from _named(nested)
    elif error.validator == "required" and isinstance(error.instance, dict) and isinstance(error.validator_value, list):
        for name in error.validator_value:
            if name not in error.instance:
                yield FieldError(pointer([*path, name]), "is required")
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for name in error.instance:
            if name not in known:
                yield FieldError(pointer([*path, name]), "is not a field here")
    else:
        yield FieldError(pointer(path), error.message[:300])


def pointer(path: Iterable[str | int]) -> str:
    """An RFC 6901 pointer; the whole body is the empty string."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _from_msgspec(message: str) -> FieldError:
    detail, _, place = message.partition(" - at `$")
    path = place.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
    return FieldError(path, detail)
