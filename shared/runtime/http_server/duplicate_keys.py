"""Finds duplicate keys in JSON objects. Parsers disagree on which one counts, so such requests are refused."""

import json
import re

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*+:?', re.DOTALL)
"""A JSON string, with the colon after it if it is a key. Scanned from the start, each match is one whole string."""


def repeats_a_name(raw: bytes) -> bool:
    """Whether an object in ``raw`` (valid JSON) has a key twice, also if the two are escaped differently.

    Linear in ``raw``. It is parsed fully only when two keys anywhere are equal or a key has an escape.
    """
    names = [text.rstrip(b" \t\r\n:") for text in _TEXT.findall(raw) if text.endswith(b":")]
    if len(set(names)) == len(names) and not any(b"\\" in name for name in names):
        return False
    try:
        json.loads(raw, object_pairs_hook=_each_once, parse_int=str)  # a number may be longer than Python reads
    except _RepeatedError:
        return True
    return False


class _RepeatedError(Exception):
    """An object has a key twice."""


def _each_once(pairs: list[tuple[str, object]]) -> object:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _RepeatedError
    return None
