"""Bodies with a word of its own in every free text, whatever fields a later version adds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from msgspec import inspect

_numbers = count(1)


def filled(name: str, body: type[msgspec.Struct], codes: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A JSON body and the words in it. ``codes``: what ids and codes are, by field; a field that is not there is left
    out where it may be."""
    words: list[str] = []
    made = _value(inspect.type_info(body), name, codes, words)
    assert isinstance(made, dict)
    return made, words


def _value(shape: inspect.Type, name: str, codes: Mapping[str, Any], words: list[str]) -> Any:
    if name in codes:
        return codes[name]
    match shape:
        case inspect.StrType(pattern=None):
            words.append(f"Word{next(_numbers):04d}of{name}x")
            return words[-1]
        case inspect.StructType(fields=fields):
            return {
                field.encode_name: _value(field.type, field.encode_name, codes, words)
                for field in fields
                if _has_words(field.type) or field.encode_name in codes or field.required
            }
        case inspect.ListType(item_type=item):
            return [_value(item, name, codes, words)]
        case inspect.UnionType(types=types):
            return _value(next(t for t in types if not isinstance(t, inspect.NoneType)), name, codes, words)
        case inspect.DateTimeType():
            return (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.BoolType():
            return True
    raise AssertionError(f"what is {name}, {shape}?")


def _has_words(shape: inspect.Type) -> bool:
    match shape:
        case inspect.StrType(pattern=pattern):
            return pattern is None
        case inspect.StructType(fields=fields):
            return any(_has_words(field.type) for field in fields)
        case inspect.ListType(item_type=item):
            return _has_words(item)
        case inspect.UnionType(types=types):
            return any(_has_words(one) for one in types)
    return False
