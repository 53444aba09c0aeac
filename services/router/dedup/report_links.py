"""Which case a report is attached to: ``report → case``, inserted once and before anything else is done.

Every report of a category with a ``same`` rule has a link. The first process that inserts the link decides, whatever
other processes that handle the same report find; a case's report count is the number of its links. The link of an
attached report also stores the report's content, for officers to read and to open a case from if it is split off. A
merged case keeps its links: its reports belong to the case that it points to.
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
    """``said``: content of a report attached to an existing case. ``on``: version of the case whose event announced it,
    None until then. ``by_photo``: without its photo it would have opened its own case."""

    report: str
    city: str
    case: str
    received_at: datetime
    rev: int = 1
    says: FeedbackKind | None = None
    said: ReportSubmitted | None = None
    on: int | None = None
    by_photo: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is one of the reports that ``Links.count`` counts."""
        return self.says is None and (self.said is None or self.said.channel != "patrol")


class Links:
    """The ``links`` of the router."""

    def __init__(self, database: Database) -> None:
        self.links: Collection = database.collection("links")

    async def by_report(self, reports: Sequence[str]) -> dict[str, Link]:
        """Links by report."""
        found = await self.links.find({"_id": {"$in": list(reports)}}, limit=len(reports))
        return {document["_id"]: _link(document) for document in found}

    async def decide(self, links: Sequence[Link]) -> dict[str, Link]:
        """Inserts the links that do not exist yet. Returns by report the stored link, perhaps another process's.

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
        """How many reports of citizens are attached to ``cases``: without those with ``says`` (fixed, thanks), and
        without what officers found on patrol."""
        where = {"case": {"$in": list(cases)}, "says": None, "said.channel": {"$ne": "patrol"}}
        return await self.links.count(where, limit=MAX)

    async def mark_told(self, reports: Sequence[Link], version: int) -> None:
        """Stores that events of the case's ``version`` tell of these reports. Losing it only costs another check."""
        await self.links.write(
            [UpdateOne({"_id": link.report, "rev": link.rev}, {"$set": {"on": version}}) for link in reports], fast=True
        )

    async def move(self, link: Link, case: str) -> bool:
        """Attaches the report to another case; False when another process moved it meanwhile."""
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
