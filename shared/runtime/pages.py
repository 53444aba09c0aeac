"""Pages: ``?cursor=&limit=`` in, ``{"items": […], "next": …}`` out, ordered by a time and an id."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.kernel.clock import rfc3339
from shared.kernel.errors import FieldError, invalid
from shared.runtime import one_spelling
from shared.runtime.mongo import Document

LIMIT_MAX = 200


def checked_limit(limit: int) -> int:
    """Raises ``Refusal`` 422 outside 1 to 200."""
    if not 1 <= limit <= LIMIT_MAX:
        raise invalid(FieldError("?limit", f"1 to {LIMIT_MAX}"))
    return limit


def cursor_after(at: datetime, id_: str) -> str:
    """Where the next page begins; opaque to callers."""
    return one_spelling.encoded(msgspec.json.encode([rfc3339(at), id_]), padded=True)


def beyond(cursor: str, field: str, direction: Literal[1, -1]) -> Document:
    """The filter of what comes after ``cursor`` by ``field`` (in ``direction``) and then ``_id``, ascending.

    ``field`` is bounded beside the alternatives: from these alone an index is read from its beginning.

    Raises ``Refusal`` 422 for a cursor that no page gave.
    """
    try:
        at, id_ = msgspec.json.decode(one_spelling.decoded(cursor, padded=True), type=tuple[datetime, str])
    except (ValueError, msgspec.MsgspecError) as wrong:
        raise invalid(FieldError("?cursor", "is not one that a page gave")) from wrong
    compare = "$gt" if direction == 1 else "$lt"
    return {field: {f"{compare}e": at}, "$or": [{field: {compare: at}}, {field: at, "_id": {"$gt": id_}}]}


def page(documents: list[Document], limit: int, field: str) -> tuple[list[Document], str | None]:
    """Of up to ``limit`` + 1 documents the page, and the cursor of the next."""
    shown = documents[:limit]
    more = len(documents) > limit
    return shown, cursor_after(shown[-1][field], shown[-1]["_id"]) if more else None
