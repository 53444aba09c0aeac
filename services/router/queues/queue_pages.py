"""Queues: which cases a unit has, time left first."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from services.router.cases.case_answers import QueueRow
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import row, tightest
from services.router.cases.stored.case_document import NO_DUE
from services.router.cases.stored.case_queries import seen_with
from services.router.domain.case import OPEN, State
from services.router.queues.case_search import INDEX, narrowed
from services.router.queues.map_extent import within
from services.router.search_words import asked_words
from shared.city.place.datum import Crs
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import PRIORITIES
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after
from shared.runtime.identity.directory import Principal

CATEGORIES_MAX = 16
Listed = Annotated[str, msgspec.Meta(max_length=2000)]


class QueueQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Filters of a queue. ``state``, ``category`` and ``priority`` take several values, comma separated.

    ``historic``: instead of live cases those imported as dealt with. They are in no queue: ask with ``subtree``.
    ``text``: as of ``GET /v1/cases``. ``assignee``: a person or a unit; ``unassigned``: nobody. What is overdue:
    ``due_before`` now. ``sort``: ``due``, the tightest deadline first, or ``newest``, opened last first.
    ``bbox``: west,south,east,north in ``crs``: what a map shows there; ``placed``: what has a point that a map may
    show, or has none.
    """

    subtree: bool = False
    state: Listed | None = None
    category: Listed | None = None
    priority: Listed | None = None
    historic: bool = False
    patrol: bool | None = None
    """``true``: only what officers found on patrol (巡查发现); ``false``: only what was reported to them."""
    mine: bool = False
    """Only cases that are assigned to whoever asks."""
    assignee: Ident | None = None
    unassigned: bool = False
    due_before: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    bbox: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    crs: Crs = "wgs84"
    placed: bool | None = None
    sort: Literal["due", "newest"] = "due"
    cursor: Cursor | None = None
    limit: Limit = 50


class Queues:
    """Reads queues."""

    def __init__(self, store: CaseStore) -> None:
        self.store = store

    async def page(
        self, city: str, unit: str, query: QueueQuery, reader: Principal | None = None
    ) -> tuple[list[QueueRow], str | None]:
        """A page of rows and the cursor of the next. ``reader``: who asks, whose unit may lie above ``unit``.

        Raises ``Refusal`` 422 for a filter that means nothing.
        """
        where, index = await self.asked(city, unit, query, reader)
        newest = query.sort == "newest"
        shown, index = within(city, query.bbox, query.crs, index, placed=query.placed, open_only=query.state is None)
        asked = {"$and": [where, shown]} if shown else where
        cases = await self.store.queue(asked, query.limit + 1, index, newest=newest)
        page = cases[: query.limit]
        more = len(cases) > query.limit
        if not more:
            return [row(case) for case in page], None
        last = page[-1].opened_at if newest else tightest(page[-1]) or NO_DUE
        return [row(case) for case in page], cursor_after(last, page[-1].id)

    async def asked(
        self, city: str, unit: str, query: QueueQuery, reader: Principal | None = None
    ) -> tuple[dict[str, Any], str]:
        """The filter of what ``reader`` asks for, with his rights inside, and the index. Raises as ``page``."""
        where, index = filtered(city, unit, query)
        if query.mine:
            where["assignee"] = reader.who if reader is not None else ""
        elif query.unassigned or query.assignee is not None:
            where["assignee"] = query.assignee
        if reader is not None and (sight := reader.sight_in(unit)) is not None:
            # What is confidential below is not for those above.
            where["$and"] = [*where.get("$and", ()), seen_with(sight)]
        if query.text is not None:
            found = await narrowed(self.store, city, query.text)
            where["$and"], index = [*where.get("$and", ()), found.where], INDEX
        return where, index


def filtered(city: str, unit: str, query: QueueQuery) -> tuple[dict[str, Any], str]:
    """The filter, and the index that has its rows in order."""
    states = sorted(OPEN) if query.state is None else states_of(query.state)
    where: dict[str, Any] = {"city": city, "seen_by" if query.subtree else "queues": unit, "state": {"$in": states}}
    where["historic"] = True if query.historic else {"$ne": True}
    if query.patrol is not None:
        where["channel"] = "patrol" if query.patrol else {"$ne": "patrol"}
    if query.sort == "newest":
        where |= _newest(unit, query, states)
    if query.category is not None:
        where["category"] = {"$in": _categories(query.category)}
    index = "queue" if not query.subtree else "subtree" if query.category is None else "subtree_category"
    if query.priority is not None:
        where["priority"] = {"$in": _known("priority", query.priority, PRIORITIES)}
    elif index != "subtree_category" and query.sort == "due":
        where["priority"] = {"$in": PRIORITIES}
    conditions: list[dict[str, Any]] = []
    if query.due_before is not None:
        conditions.append({"due_at": {"$lt": query.due_before}})
    if query.text is not None:
        if "\0" in query.text:
            raise invalid(FieldError("?text", "has a null character"))
        asked_words(query.text)
    if query.cursor is not None:
        by_due = query.sort == "due"
        conditions.append(beyond(query.cursor, "due_at", 1) if by_due else beyond(query.cursor, "opened_at", -1))
    if conditions:
        where["$and"] = conditions
    return where, index if query.sort == "due" else "opened"


def _newest(unit: str, query: QueueQuery, states: list[State]) -> dict[str, Any]:
    """What the index ``opened`` needs to be told: whether ended cases are asked for, and history or not."""
    ended = [state for state in states if state not in OPEN]
    live = [state for state in states if state in OPEN]
    return {
        "seen_by": unit,
        "historic": {"$in": [True] if query.historic else [False, None]},
        "open": {"$in": [*([True] if live else []), *([False] if ended else [])]},
    }


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


def states_of(given: str) -> list[State]:
    """The states of a parameter. Raises ``Refusal`` 422 for one that there is not."""
    return [State(state) for state in _known("state", given, [state.value for state in State])]


def _known(parameter: str, given: str, known: Collection[str]) -> list[str]:
    """The values of a parameter, each once. Raises ``Refusal`` 422 for one that is none."""
    values = list(dict.fromkeys(given.split(",")))
    if unknown := [value for value in values if value not in known]:
        says = f"unknown: {', '.join(unknown)[:100]}; known: {', '.join(sorted(known))[:300]}"
        raise invalid(FieldError(f"?{parameter}", says))
    return values
