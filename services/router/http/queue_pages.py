"""Queues: which cases a unit has, time left first."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from services.router.cases.case_answers import QueueRow
from services.router.cases.case_store import NO_DUE, CaseStore, seen_with
from services.router.cases.case_views import row, tightest
from services.router.domain.case import OPEN, State
from shared.kernel.errors import FieldError, invalid
from shared.kernel.spelling import stored_spelling
from shared.kernel.vocabulary import PRIORITIES
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after
from shared.runtime.identity.directory import Principal

CATEGORIES_MAX = 16
Listed = Annotated[str, msgspec.Meta(max_length=2000)]


class QueueQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Filters of a queue. ``state``, ``category`` and ``priority`` take several values, comma separated.

    ``historic``: instead of live cases those imported as dealt with. They are in no queue: ask with ``subtree``.
    """

    subtree: bool = False
    state: Listed | None = None
    category: Listed | None = None
    priority: Listed | None = None
    historic: bool = False
    mine: bool = False
    """Only cases that are assigned to whoever asks."""
    due_before: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    sort: Literal["due"] = "due"
    cursor: Cursor | None = None
    limit: Limit = 50


class Queues:
    """Reads queues."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    async def page(
        self, city: str, unit: str, query: QueueQuery, reader: Principal | None = None
    ) -> tuple[list[QueueRow], str | None]:
        """A page of rows and the cursor of the next. ``reader``: who asks, whose unit may lie above ``unit``.

        Raises ``Refusal`` 422 for a filter that means nothing.
        """
        where, index = filtered(city, unit, query)
        if query.mine:
            where["assignee"] = reader.who if reader is not None else ""
        if reader is not None and reader.sight is not None and reader.unit != unit:
            # What is confidential below is not for those above.
            where["$and"] = [*where.get("$and", ()), seen_with(reader.sight)]
        cases = await self._store.queue(where, query.limit + 1, index)
        page = cases[: query.limit]
        more = len(cases) > query.limit
        if not more:
            return [row(case) for case in page], None
        return [row(case) for case in page], cursor_after(tightest(page[-1]) or NO_DUE, page[-1].id)


def filtered(city: str, unit: str, query: QueueQuery) -> tuple[dict[str, Any], str]:
    """The filter, and the index that has its rows in order."""
    states = sorted(OPEN) if query.state is None else _states(query.state)
    where: dict[str, Any] = {"city": city, "seen_by" if query.subtree else "queues": unit, "state": {"$in": states}}
    where["historic"] = True if query.historic else {"$ne": True}
    if query.category is not None:
        where["category"] = {"$in": _categories(query.category)}
    index = "queue" if not query.subtree else "subtree" if query.category is None else "subtree_category"
    if query.priority is not None:
        where["priority"] = {"$in": _known("priority", query.priority, PRIORITIES)}
    elif index != "subtree_category":
        where["priority"] = {"$in": PRIORITIES}
    conditions: list[dict[str, Any]] = []
    if query.due_before is not None:
        conditions.append({"due_at": {"$lt": query.due_before}})
    if query.text is not None:
        if "\0" in query.text:
            raise invalid(FieldError("?text", "has a null character"))
        where["description"] = {"$regex": re.escape(stored_spelling(query.text)[:100]), "$options": "i"}
        where["confidential"] = False  # what it says is not for everybody who sees that there is one
    if query.cursor is not None:
        conditions.append(beyond(query.cursor, "due_at", 1))
    if conditions:
        where["$and"] = conditions
    return where, index


def check_categories(query: QueueQuery, known: Collection[str]) -> None:
    """Raises ``Refusal`` 422 for a category that is not the city's."""
    if query.category is not None:
        _known("category", query.category, known)


def _categories(given: str) -> list[str]:
    """One scan of the index for each state and category: MongoDB merges two hundred at most."""
    categories = list(dict.fromkeys(given.split(",")))
    if len(categories) > CATEGORIES_MAX:
        raise invalid(FieldError("?category", f"at most {CATEGORIES_MAX} at once"))
    return categories


def _states(given: str) -> list[State]:
    return [State(state) for state in _known("state", given, [state.value for state in State])]


def _known(parameter: str, given: str, known: Collection[str]) -> list[str]:
    """The values of a parameter, each once. Raises ``Refusal`` 422 for one that is none."""
    values = list(dict.fromkeys(given.split(",")))
    if unknown := [value for value in values if value not in known]:
        says = f"unknown: {', '.join(unknown)[:100]}; known: {', '.join(sorted(known))[:300]}"
        raise invalid(FieldError(f"?{parameter}", says))
    return values
