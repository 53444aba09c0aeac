"""Cursors of live queues: the cluster, and the offset reached in each partition; opaque to clients."""

import base64
from collections.abc import Mapping
from typing import Annotated

import msgspec

from shared.kernel.errors import FieldError, invalid

Offset = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``c``: the cluster's id; ``o``: by partition the offset of the record that comes next."""

    c: str
    o: dict[Offset, Offset]


def written(cluster: str, offsets: Mapping[int, int]) -> str:
    """The text of a cursor, as in ``stream_from`` and in the ``id`` of a server-sent event."""
    return base64.urlsafe_b64encode(msgspec.json.encode({"c": cluster, "o": offsets})).decode()


UNKNOWN = Cursor("", {})
"""Matches no cluster, so that the client is told to read the queue again."""


def read(text: str) -> Cursor:
    """The cursor in ``text``; ``UNKNOWN`` if that is not JSON.

    Raises ``Refusal`` 422 if fields are wrong, or the text is not exactly as ``written`` would write it.
    """
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
        msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return UNKNOWN
    if base64.urlsafe_b64encode(raw).decode() != text:
        raise invalid(FieldError("?from", "is no cursor of ours"))
    try:
        return msgspec.json.decode(raw, type=Cursor)
    except msgspec.ValidationError as wrong:
        raise invalid(FieldError("?from", f"is no cursor of ours: {wrong}")) from wrong
