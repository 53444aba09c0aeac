"""Reads of many cases: queues, searches, lists. Each names the index that it uses."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.router.cases.stored.case_document import CASE_FIELDS, from_doc
from services.router.cases.stored.case_indexes import ANY_TEXT, EVER
from services.router.domain.case import Case
from services.router.domain.case_parts.call_back import Verdict
from shared.contracts.sight import Sight
from shared.runtime.storage.mongo import Collection, Document

PAGE = 500


class CaseQueries:
    """Reads of the ``cases`` collection, by filters that name city and who sees a case."""

    def __init__(self, cases: Collection) -> None:
        self.cases = cases

    async def queue(self, where: Document, limit: int, index: str, *, newest: bool = False) -> list[Case]:
        """Rows of a queue, the tightest deadline first, or ``newest`` first."""
        order = ("opened_at", -1) if newest else ("due_at", 1)
        documents = await self.cases.find(where, CASE_FIELDS, sort=[order, ("_id", 1)], limit=limit, hint=index)
        return [from_doc(document) for document in documents]

    async def found(self, where: Document, limit: int) -> list[Case]:
        """Cases of a search (``case_search.narrowed``), opened last first."""
        documents = await self.cases.find(
            where, CASE_FIELDS, sort=[("opened_at", -1), ("_id", 1)], limit=limit, hint="words"
        )
        return [from_doc(document) for document in documents]

    async def open_cities(self, ids: Sequence[str]) -> dict[str, str]:
        """Of these cases those that are open and neither confidential nor history, with their cities."""
        where: Document = {"_id": {"$in": list(ids)}, "open": True, "confidential": False, "historic": {"$ne": True}}
        found = await self.cases.find(where, {"city": 1}, limit=len(ids))
        return {document["_id"]: document["city"] for document in found}

    async def open_in(self, cells: Sequence[str], where: Document) -> dict[str, tuple[float, float]]:
        """Open cases in these cells that match ``where``, with longitude and latitude; of very many those that were
        opened last."""
        documents = await self.cases.find(
            {"location.cell": {"$in": list(cells)}, "open": True, "location.lon": {"$gt": -181}, **where},
            {"location.lon": 1, "location.lat": 1},
            sort=[("opened_at", -1)],
            limit=PAGE,
            hint="cell",
        )
        return {one["_id"]: (one["location"]["lon"], one["location"]["lat"]) for one in documents}

    async def among(self, ids: Sequence[str], where: Document) -> list[Case]:
        """Those of these cases that match ``where``, opened last first."""
        documents = await self.cases.find({**where, "_id": {"$in": list(ids)}}, CASE_FIELDS, limit=len(ids))
        return sorted(map(from_doc, documents), key=lambda case: case.opened_at, reverse=True)

    async def opened_since(self, city: str, word: Document, newest: int) -> datetime:
        """When the oldest of the ``newest`` cases with that word was opened; read from the index alone."""
        times = await self.cases.find(
            {"city": city, **word}, {"_id": 0, "opened_at": 1}, sort=[("opened_at", -1)], limit=newest, hint="words"
        )
        opened: datetime = times[-1]["opened_at"] if times else EVER
        return opened

    async def oldest(self, city: str, unit: str, sight: Sight | None, limit: int) -> list[Case]:
        """The open cases of a unit and below that were opened first, of those that ``sight`` sees."""
        where: Document = {"city": city, "seen_by": unit, "historic": {"$in": [False, None]}, "open": True}
        if sight is not None:
            where["$and"] = [seen_with(sight)]
        documents = await self.cases.find(
            where, CASE_FIELDS, sort=[("opened_at", 1), ("_id", -1)], limit=limit, hint="opened"
        )
        return [from_doc(document) for document in documents]

    async def placeless(self, where: Document, limit: int) -> tuple[int, bool]:
        """How many of the first ``limit`` matches have no place that may be shown, and whether there are more."""
        shown: Document = {
            "$and": [{"$gt": ["$location.lon", None]}, {"$eq": [{"$ifNull": ["$sensitive", None]}, None]}]
        }
        groups = await self.cases.grouped(where, {"shown": shown}, limit=limit + 1)
        return sum(n for by, n in groups if not by["shown"]), sum(n for _, n in groups) > limit

    async def calls(self, where: Document, limit: int) -> list[Case]:
        """Cases whose reporters are to be called (回访), who waits longest first."""
        known: Document = {"calls.since": {"$gt": EVER}}
        documents = await self.cases.find(
            {**known, **where}, CASE_FIELDS, sort=[("calls.since", 1), ("_id", 1)], limit=limit, hint="calls"
        )
        return [from_doc(document) for document in documents]

    async def awaiting(self, city: str, units: Sequence[str], sight: Sight | None, limit: int) -> list[Case]:
        """Cases that wait for a decision of these units' desks, of those that ``sight`` sees, the tightest first."""
        where: Document = {"city": city, "awaits": {"$in": list(units), **ANY_TEXT}}
        if sight is not None:
            where["$and"] = [seen_with(sight)]
        documents = await self.cases.find(
            where, CASE_FIELDS, sort=[("due_at", 1), ("_id", 1)], limit=limit, hint="awaits"
        )
        return [from_doc(document) for document in documents]

    async def heard(self, city: str, units: Sequence[str], since: datetime, limit: int) -> list[list[Verdict]]:
        """For each of ``limit`` cases of which something was heard since then, and which one of these units handled:
        all that was heard of it. Nothing of confidential cases."""
        where = {"city": city, "heard.units": {"$in": list(units)}, "heard.at": {"$gte": since}, "confidential": False}
        found = await self.cases.find(where, {"verdict": 1, "verdicts_before": 1}, limit=limit, hint="heard")
        return [_verdicts(document) for document in found]

    async def opened_between(self, where: Document, since: datetime, until: datetime, limit: int) -> list[Case]:
        """Cases of ``where``, which names city and ``seen_by``, that were reported in this time, oldest first; open or
        ended, without history."""
        known: Document = {"historic": {"$in": [False, None]}, "open": {"$in": [True, False, None]}}
        documents = await self.cases.find(
            {**known, **where, "opened_at": {"$gte": since, "$lt": until}},
            CASE_FIELDS,
            sort=[("opened_at", 1), ("_id", -1)],
            limit=limit,
            hint="opened",
        )
        return [from_doc(document) for document in documents]


def _verdicts(document: Document) -> list[Verdict]:
    last = document.get("verdict")
    plain = [*document.get("verdicts_before", ()), *([last] if last is not None else ())]
    return msgspec.convert(plain, list[Verdict])


def seen_with(sight: Sight) -> Document:
    """The filter of what ``Sight.sees``."""
    own: Document = {"seen_by": {"$in": sorted(sight.names)}}
    if not sight.others:
        return own
    others = {"seen_by": {"$in": sorted(sight.others)}, "confidential": False, "recused": {"$in": [None, []]}}
    return {"$or": [own, others]}
