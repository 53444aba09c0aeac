"""Pagination: ``?cursor=&limit=`` in, ``{"items": […], "next": …}`` out, ordered by a time and an id."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from shared.kernel.clock import rfc3339
from shared.kernel.errors import FieldError, invalid
from shared.runtime.identity import canonical_base64
from shared.runtime.storage.mongo import Document

LIMIT_MAX = 200
Limit = Annotated[int, msgspec.Meta(ge=1, le=LIMIT_MAX)]
_At = Annotated[datetime, msgspec.Meta(tz=True)]
_Id = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\\x00]*$")]
Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


def cursor_after(at: datetime, id_: str) -> str:
    """The cursor of the page after the document ``id_`` at ``at``; opaque to callers."""
    return canonical_base64.encoded(msgspec.json.encode([rfc3339(at), id_]), padded=True)


def beyond(cursor: str, field: str, direction: Literal[1, -1]) -> Document:
    """The MongoDB filter for what comes after ``cursor``, by ``field`` (in ``direction``) and then ``_id`` ascending.

    ``field`` is bounded outside the ``$or`` too: with the ``$or`` alone, MongoDB scans the index from its start.

    Raises ``Refusal`` 422 for a cursor that was not issued by a page.
    """
    try:
        at, id_ = msgspec.json.decode(canonical_base64.decoded(cursor, padded=True), type=tuple[_At, _Id])
        at = at.astimezone(UTC)
    except (ValueError, OverflowError, msgspec.MsgspecError) as wrong:
        raise invalid(FieldError("?cursor", "is not one that a page gave")) from wrong
    compare = "$gt" if direction == 1 else "$lt"
    return {field: {f"{compare}e": at}, "$or": [{field: {compare: at}}, {field: at, "_id": {"$gt": id_}}]}


def page(documents: list[Document], limit: int, field: str) -> tuple[list[Document], str | None]:
    """The page (at most ``limit`` of up to ``limit`` + 1 documents), and the next page's cursor, None at the end."""
    shown = documents[:limit]
    more = len(documents) > limit
    return shown, cursor_after(shown[-1][field], shown[-1]["_id"]) if more else None
