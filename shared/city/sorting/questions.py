"""Validates answers to a category's questions, which the pack gives as a JSON Schema.

Only the keywords in ``ASKED`` are evaluated (no patterns, references or nested schemas), so that validating is linear
in the answer whatever the pack says. Other keywords are left to apps that show the questions; the pack's check warns of
them. An answer to a question that is not in the schema is an error.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import msgspec
from jsonschema.validators import create

from shared.kernel.errors import FieldError

Answer = str | int | float | bool

MOST = 50
"""Most questions of a category, and most answers of a report."""
ASKED = (
    "type",
    "enum",
    "const",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
)
_WHOLE = ("type", "properties", "required", "additionalProperties")
_Draft = jsonschema.Draft202012Validator
_CHECKS = {name: _Draft.VALIDATORS[name] for name in ASKED}
_Answer = create(_Draft.META_SCHEMA, _CHECKS, type_checker=_Draft.TYPE_CHECKER)


class Questions:
    """The questions of one category."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        plain: Mapping[str, Any] = msgspec.to_builtins(schema)
        asked = plain.get("properties", {})
        self._asked = {name: _Answer(asked[name]) for name in list(asked)[:MOST]}
        self._required = tuple(name for name in plain.get("required", ()) if name in self._asked)

    def errors(self, answers: Mapping[str, Answer]) -> Iterator[FieldError]:
        """The errors in ``answers``, with JSON pointers from ``/answers``."""
        for name, answer in answers.items():
            if name not in self._asked:
                yield _error(name, f"is no question here; asked are: {', '.join(self._asked) or 'none'}"[:300])
            elif (wrong := next(self._asked[name].iter_errors(answer), None)) is not None:
                yield _error(name, wrong.message[:300])
        yield from (_error(name, "is required") for name in self._required if name not in answers)


def not_looked_at(schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(place, message) for the parts of a valid JSON Schema that are not evaluated."""
    asked = schema.get("properties", {})
    if len(asked) > MOST:
        yield ("properties",), f"more than {MOST} questions: the others are not asked"
    for name in schema:
        if name in _Draft.VALIDATORS and name not in _WHOLE:
            yield (name,), f"{name} is not looked at"
    for question, about in asked.items():
        for name in about if isinstance(about, Mapping) else ():
            if name in _Draft.VALIDATORS and name not in (*ASKED, "format"):
                yield ("properties", question, name), f"{name} is not looked at; known: {', '.join(ASKED)}"


def _error(name: str, why: str) -> FieldError:
    return FieldError(f"/answers/{name.replace('~', '~0').replace('/', '~1')}", why)
