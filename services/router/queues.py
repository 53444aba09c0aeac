"""Queues: which cases a unit has, time left first."""

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec

from services.router.domain.case import ENDED, State
from services.router.public import row, tightest
from services.router.store import NO_DUE, CaseStore
from shared.kernel.errors import FieldError, invalid
from shared.runtime.pages import beyond, checked_limit, cursor_after


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

    async def page(self, city: str, unit: str, query: QueueQuery) -> tuple[list[dict[str, Any]], str | None]:
        """A page of rows and the cursor of the next. Raises ``Refusal`` 422 for a filter that means nothing."""
        where = _where(city, unit, query)
        cases = await self._store.queue(where, query.limit + 1)
        page = cases[: query.limit]
        more = len(cases) > query.limit
        if not more:
            return [row(case) for case in page], None
        return [row(case) for case in page], cursor_after(tightest(page[-1]) or NO_DUE, page[-1].id)


def _where(city: str, unit: str, query: QueueQuery) -> dict[str, Any]:
    if query.sort != "due":
        raise invalid(FieldError("?sort", "only `due` is known"))
    checked_limit(query.limit)
    where: dict[str, Any] = {"city": city}
    conditions: list[dict[str, Any]] = []
    if query.subtree:
        where["seen_by"] = unit
    else:
        conditions.append({"$or": [{"unit": unit}, {"offered_to": unit}, {"called": unit}]})
    if query.state is None:
        where["open"] = True
    else:
        states = _states(query.state)
        where["open"] = {"$in": sorted({state not in ENDED for state in states})}  # the index is ordered within each
        where["state"] = {"$in": states}
    for name, given in (("category", query.category), ("priority", query.priority)):
        if given is not None:
            where[name] = {"$in": given.split(",")[:50]}
    if query.due_before is not None:
        where["due_at"] = {"$lt": query.due_before}
    if query.text is not None:
        if "\0" in query.text:
            raise invalid(FieldError("?text", "has a null character"))
        where["description"] = {"$regex": re.escape(query.text[:100]), "$options": "i"}
    if query.cursor is not None:
        conditions.append(beyond(query.cursor, "due_at", 1))
    if conditions:
        where["$and"] = conditions
    return where


def _states(given: str) -> list[State]:
    known = {state.value for state in State}
    states = given.split(",")
    if unknown := [s for s in states if s not in known]:
        raise invalid(FieldError("?state", f"unknown: {', '.join(unknown)[:100]}; known: {', '.join(sorted(known))}"))
    return [State(state) for state in states]
