"""Which case a report hangs on: ``report → case``, written once and before anything is done about it.

Every report of a category whose cases are grouped has a link. Whoever writes it first has decided, whatever others who
handle the same report see; a count is always a count of links. Beside an attached report's link lies what it said, for
officers to read and for a case of its own, should it be split off. A case that was merged keeps its links: its reports
hang where it points to.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shared.contracts.reports import ReportSubmitted
from shared.kernel.vocabulary import FeedbackKind
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, UpdateOne

INDEXES = (IndexModel([("case", 1), ("received_at", -1), ("_id", 1)], name="case"),)
MAX = 100_000
"""More links than one case has; a count goes no further."""


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``said``: what the report said, where it is not in a case that it opened. ``on``: the version of the case that
    told of it; None while nobody has. ``by_photo``: what it said alone would not have hung it there."""

    report: str
    city: str
    case: str
    received_at: datetime
    rev: int = 1
    says: FeedbackKind | None = None
    said: ReportSubmitted | None = None
    on: int | None = None
    by_photo: bool = False


class Links:
    """The ``links`` of the router."""

    def __init__(self, database: Database) -> None:
        self.links: Collection = database.collection("links")

    async def by_report(self, reports: Sequence[str]) -> dict[str, Link]:
        """Links by report."""
        found = await self.links.find({"_id": {"$in": list(reports)}}, limit=len(reports))
        return {document["_id"]: _link(document) for document in found}

    async def decide(self, links: Sequence[Link]) -> dict[str, Link]:
        """Write links that are not there yet; what holds for each of their reports.

        Raises ``TimeoutError`` when a majority may not have them.
        """
        if not links:
            return {}
        known = await self.links.insert_each([_document(link) for link in links], "links")
        count_duplicates("links", len(known))
        held = {link.report: link for i, link in enumerate(links) if i not in known}
        lost = [links[i].report for i in sorted(known)]
        first = await self.by_report(lost) if lost else {}
        if len(first) < len(set(lost)):
            raise TimeoutError("a link exists but not yet on a majority")
        return held | first

    async def count(self, cases: Sequence[str]) -> int:
        """How many reports hang on ``cases``, without those that report nothing new."""
        return await self.links.count({"case": {"$in": list(cases)}, "says": None}, limit=MAX)

    async def mark_told(self, reports: Sequence[Link], version: int) -> None:
        """Stores that events of the case's ``version`` tell of these reports. Losing it only costs another check."""
        await self.links.write(
            [UpdateOne({"_id": link.report, "rev": link.rev}, {"$set": {"on": version}}) for link in reports], fast=True
        )

    async def move(self, link: Link, case: str) -> bool:
        """The report hangs on another case from here on; False when somebody moved it meanwhile."""
        return bool(
            await self.links.update(
                {"_id": link.report, "rev": link.rev},
                {"$set": {"case": case, "rev": link.rev + 1}, "$unset": {"on": 1, "by_photo": 1}},
            )
        )

    async def page(self, where: Mapping[str, object], limit: int) -> list[Link]:
        """Links, the newest report first."""
        found = await self.links.find(where, sort=[("received_at", -1), ("_id", 1)], limit=limit)
        return [_link(document) for document in found]


def _document(link: Link) -> Document:
    document: Document = msgspec.to_builtins(link, builtin_types=(datetime,))
    document["_id"] = document.pop("report")
    return {**document, "rev": link.rev}


def _link(document: Document) -> Link:
    return msgspec.convert({**document, "report": document["_id"]}, Link)
