"""JSON objects that say a name twice: readers disagree on which one counts, so nobody's request says one."""

import json
import re

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*+:?', re.DOTALL)
"""A text of a JSON document, with the colon that makes it a name. Read from the front, each match is one whole text."""


def repeats_a_name(raw: bytes) -> bool:
    """Whether an object in ``raw``, which is JSON, says a name twice, in whatever spelling.

    Linear in ``raw``, which is read again only where two names are equal, perhaps of two objects, or one is escaped.
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
    """A name came twice."""


def _each_once(pairs: list[tuple[str, object]]) -> object:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _RepeatedError
    return None
