"""Which fields of events hold what somebody wrote or where it is, and events without them, as operators read them."""

from typing import Any, Literal

import msgspec

WORDS = frozenset(
    {"description", "summary", "text", "told", "words", "answers", "address", "place", "lon", "lat", "photos", "sealed"}
)
"""Wherever they are in an event's data; a ``place`` that is an object keeps what is no word."""
_AT_THE_TOP = WORDS | {"reason"}
"""Deeper, ``reason`` is a code of the pack."""
_SHIELDED = ("confidential", "sealed", "sensitive", "recused", "suspected")


def without_words(data: str) -> str:
    """The data of an event, JSON, with nothing in these fields; their types stay."""
    read: dict[str, Any] = msgspec.json.decode(data)
    emptied = {name: _emptied(value, hidden=name in _AT_THE_TOP) for name, value in read.items()}
    return msgspec.json.encode(emptied).decode()


def _emptied(value: Any, *, hidden: bool) -> Any:
    match value:
        case dict() if hidden and not value.keys() & WORDS:
            return {}
        case dict():
            return {name: _emptied(inner, hidden=name in WORDS) for name, inner in value.items()}
        case list():
            return [] if hidden else [_emptied(inner, hidden=False) for inner in value]
        case str() if hidden:
            return ""
        case float() | int() if hidden:
            return None
        case _:
            return value


Withheld = Literal["words", "content"]
"""What is kept from who reads a record: its words, or all but the ids in its headers."""


def readable(value: bytes) -> tuple[str, Withheld]:
    """The data of a record that was parked, as operators read it: without words; nothing of what cannot be read, nor of
    a case or report whose existence is not for everybody (confidential, sensitive, recused)."""
    try:
        read = msgspec.json.decode(value, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", "content"
    case = read.get("case")
    if any(about.get(mark) for about in (read, case) if isinstance(about, dict) for mark in _SHIELDED):
        return "", "content"
    return without_words(value.decode()), "words"
