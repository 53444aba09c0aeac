"""Queues: which cases a unit has, time left first."""

import re
from datetime import datetime
from typing import Annotated, Any, get_args

import msgspec

from services.router.domain.case import OPEN, Priority, State
from services.router.public import row, tightest
from services.router.store import NO_DUE, CaseStore
from shared.kernel.errors import FieldError, invalid
from shared.runtime.pages import beyond, checked_limit, cursor_after

PRIORITIES = get_args(Priority)
CATEGORIES_MAX = 16


class QueueQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Filters of a queue. ``state``, ``category`` and ``priority`` take several values, comma separated."""

    subtree: bool = False
    state: str | None = None
    category: str | None = None
    priority: str | None = None
    due_before: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    text: str | None = None
    sort: str = "due"
    cursor: str | None = None
    limit: int = 50


class Queues:
    """Reads queues."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    async def page(
        self, city: str, unit: str, query: QueueQuery, reader: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page of rows and the cursor of the next. ``reader``: the officer's unit, which may lie above ``unit``.

        Raises ``Refusal`` 422 for a filter that means nothing.
        """
        where, index = filtered(city, unit, query)
        if reader not in (None, unit):  # what is confidential below is not for those above
            where["$and"] = [*where.get("$and", ()), {"seen_by": reader}]
        cases = await self._store.queue(where, query.limit + 1, index)
        page = cases[: query.limit]
        more = len(cases) > query.limit
        if not more:
            return [row(case) for case in page], None
        return [row(case) for case in page], cursor_after(tightest(page[-1]) or NO_DUE, page[-1].id)


def filtered(city: str, unit: str, query: QueueQuery) -> tuple[dict[str, Any], str]:
    """The filter, and the index that has its rows in order."""
    if query.sort != "due":
        raise invalid(FieldError("?sort", "only `due` is known"))
    checked_limit(query.limit)
    states = sorted(OPEN) if query.state is None else _states(query.state)
    where: dict[str, Any] = {"city": city, "seen_by" if query.subtree else "queues": unit, "state": {"$in": states}}
    if query.category is not None:
        where["category"] = {"$in": _categories(query.category)}
    index = "queue" if not query.subtree else "subtree" if query.category is None else "subtree_category"
    if query.priority is not None:
        where["priority"] = {"$in": query.priority.split(",")[: len(PRIORITIES)]}
    elif index != "subtree_category":
        where["priority"] = {"$in": PRIORITIES}
    conditions: list[dict[str, Any]] = []
    if query.due_before is not None:
        conditions.append({"due_at": {"$lt": query.due_before}})
    if query.text is not None:
        if "\0" in query.text:
            raise invalid(FieldError("?text", "has a null character"))
        where["description"] = {"$regex": re.escape(query.text[:100]), "$options": "i"}
        where["confidential"] = False  # what it says is not for everybody who sees that there is one
    if query.cursor is not None:
        conditions.append(beyond(query.cursor, "due_at", 1))
    if conditions:
        where["$and"] = conditions
    return where, index


def _categories(given: str) -> list[str]:
    """One scan of the index for each state and category: MongoDB merges two hundred at most."""
    categories = given.split(",")
    if len(categories) > CATEGORIES_MAX:
        raise invalid(FieldError("?category", f"at most {CATEGORIES_MAX} at once"))
    return categories


def _states(given: str) -> list[State]:
    known = {state.value for state in State}
    states = given.split(",")
    if unknown := [s for s in states if s not in known]:
        raise invalid(FieldError("?state", f"unknown: {', '.join(unknown)[:100]}; known: {', '.join(sorted(known))}"))
    return [State(state) for state in states]
