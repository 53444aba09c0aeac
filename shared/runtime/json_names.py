"""JSON objects that say a name twice: readers disagree on which one counts, so nobody's request says one."""

import json
import re

_NAME = re.compile(rb'"(\w+)"\s*:')
"""Within words a quote is escaped, so this finds names alone; and no name of ours has other characters."""


def repeats_a_name(raw: bytes) -> bool:
    """Whether an object in ``raw``, which is JSON, says a name twice. Only what looks like it is read again."""
    names = _NAME.findall(raw)
    if len(set(names)) == len(names) and b"\\u" not in raw:
        return False
    try:
        json.loads(raw, object_pairs_hook=_each_once)
    except _RepeatedError:
        return True
    return False


class _RepeatedError(Exception):
    """A name came twice."""


def _each_once(pairs: list[tuple[str, object]]) -> object:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _RepeatedError
    return None
