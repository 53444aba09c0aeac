"""Search of cases: by words and numbers, and by the last four digits of a reporter's telephone.

Whoever searches finds what he may see, as the filter of the query has it. A telephone is searched for on a desk alone,
some times a minute, and each search is in the security log, without the digits. No confidential case is found.
"""

import math
import time
from typing import Annotated, Any

import msgspec

from services.router.cases.case_answers import QueueRow
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import row
from services.router.cases.stored.case_queries import seen_with
from services.router.city_scope import pack_for
from services.router.command_handling.intake_client import IntakePersons
from services.router.dedup.report_links import Links
from services.router.queues.case_search import narrowed
from services.router.queues.queue_pages import Listed, states_of
from shared.kernel.errors import FieldError, forbidden, invalid, too_many
from shared.kernel.ids import case_id
from shared.kernel.quota import Quota
from shared.kernel.vocabulary import DESK_ROLES
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

A_MINUTE = 10
"""Searches for a telephone, of one officer."""


class SearchQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``text``: words of address, place or description, or the number of a case, a report or a ticket elsewhere; all of
    its words count. ``state``: several, comma separated; absent: all, also those that ended."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    state: Listed | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
    city: Ident | None = None


class FindCasesBody(msgspec.Struct, forbid_unknown_fields=True):
    phone_last: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]


class FoundCases(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that were searched for. ``cut``: more cases have these words than were looked at, the newest of them were;
    more words find older ones."""

    items: list[QueueRow]
    next: str | None
    cut: bool


class SearchRoutes:
    """``GET /v1/cases`` and ``POST /v1/cases:find``."""

    def __init__(self, store: CaseStore, links: Links, persons: IntakePersons, packs: PackLibrary) -> None:
        self._store = store
        self._links = links
        self._persons = persons
        self._packs = packs
        self._quota = Quota()

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/cases",
                self.search,
                "Cases by words of address, place and description, or by a number; opened last first",
                roles=frozenset({"officer", "ops"}),
                query=SearchQuery,
                answers={200: FoundCases},
            ),
            post(
                "/v1/cases:find",
                self.find,
                "Cases by the last four digits of a reporter's telephone, opened last first",
                roles=frozenset({"officer"}),
                body=FindCasesBody,
                answers={200: FoundCases},
                logged="personal_data",
            ),
        ]

    async def search(self, call: Call) -> Answer:
        query, who = call.query_as(SearchQuery), call.principal
        if "\0" in query.text:
            raise invalid(FieldError("?text", "has a null character"))
        pack = pack_for(who, self._packs, query.city)
        found = await narrowed(self._store, pack.city.id, query.text)
        conditions = [found.where, _seen(who)]
        if query.state is not None:
            conditions.append({"state": {"$in": states_of(query.state)}})
        if query.cursor is not None:
            conditions.append(beyond(query.cursor, "opened_at", -1))
        cases = await self._store.found({"$and": conditions}, query.limit + 1)
        page = cases[: query.limit]
        following = cursor_after(page[-1].opened_at, page[-1].id) if len(cases) > query.limit else None
        return Answer(FoundCases(items=[row(case) for case in page], next=following, cut=found.cut))

    async def find(self, call: Call) -> Answer:
        who = call.principal
        if who.role not in DESK_ROLES:
            raise forbidden("A telephone is searched for on a desk.", reason="role")
        self._charge(who)
        reports = await self._persons.with_phone(who.city, call.body_as(FindCasesBody).phone_last)
        links = await self._links.by_report(reports)
        ids = list(dict.fromkeys(links[id_].case if id_ in links else case_id(id_) for id_ in reports))
        where = {"$and": [{"city": who.city, "confidential": False}, _seen(who)]}
        cases = await self._store.among(ids, where) if ids else []
        rows: list[QueueRow] = [row(case) for case in cases]
        return Answer(FoundCases(items=rows, next=None, cut=False))

    def _charge(self, who: Principal) -> None:
        wait = self._quota.take(f"{who.city}/{who.who}", time.monotonic(), A_MINUTE / 60, A_MINUTE)
        if wait:
            raise too_many(f"At most {A_MINUTE} such searches a minute.", math.ceil(wait))


def _seen(who: Principal) -> Document:
    """The filter of what he may see; ops see all of a city."""
    everything: dict[str, Any] = {}
    return seen_with(who.sight) if who.sight is not None else everything
