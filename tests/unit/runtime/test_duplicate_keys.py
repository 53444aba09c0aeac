"""Names said twice in one object, in whatever spelling, and only those."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.http_server.duplicate_keys import repeats_a_name

NAMES = st.sampled_from(["a", "b", "a b", "é", '"', "\\", ":", ":a", "a:", "", "\n", '","a":'])
VALUES = st.recursive(
    st.one_of(st.none(), NAMES, st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.lists(st.tuples(NAMES, inner), max_size=4).map(tuple)),
    max_leaves=12,
)


def written(value: object, ascii_only: bool) -> str:
    """JSON of a value whose objects are tuples of pairs, so that a name may come twice."""
    if isinstance(value, tuple):
        pairs = (f"{json.dumps(name, ensure_ascii=ascii_only)} : {written(part, ascii_only)}" for name, part in value)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(part, ascii_only) for part in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def says_twice(value: object) -> bool:
    if isinstance(value, tuple):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(says_twice(part) for _, part in value)
    return isinstance(value, list) and any(says_twice(part) for part in value)


@given(VALUES, st.booleans())
def test_a_name_said_twice_is_found_and_nothing_else_is(value: object, ascii_only: bool) -> None:
    assert repeats_a_name(written(value, ascii_only).encode()) == says_twice(value)


@pytest.mark.parametrize(
    ("raw", "twice"),
    [
        (b'{"a b":1,"a b":2}', True),
        (b'{"a":1,"\\u0061":2}', True),
        (b'{"a":1,"a"\t:2}', True),
        (b'{"x-y":1,"x-y":2}', True),
        (b'{"\xe4\xba\x95":1,"\xe4\xba\x95":2}', True),
        (b'{"\\/":1,"/":2}', True),
        (b'{"k":"v",":a":1,":a":2}', True),
        (b'{"a":{"b":1},"b":2}', False),
        (b'{"a":"\\"b\\":1,\\"b\\":2","b":1}', False),
        (b'[{"a":1},{"a":2}]', False),
    ],
)
def test_every_spelling_of_a_name_is_that_name(raw: bytes, twice: bool) -> None:
    """B53: ``"a b"`` twice was taken, and the second one counted."""
    assert repeats_a_name(raw) is twice
