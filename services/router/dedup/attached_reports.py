"""The reports that are attached to a case, as officers read them: newest first, in pages, each with what it said."""

from typing import Any

import msgspec

from services.router.cases.case_answers import CaseReport
from services.router.cases.case_views import report_view
from services.router.dedup.attacher import Attachments
from services.router.dedup.report_links import Link, Links
from services.router.domain.case import Case
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after


class AttachedReportsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: only ops must say which."""

    city: Ident | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class AttachedReports:
    """Reads the attached reports of a case, page by page."""

    def __init__(self, links: Links, attachments: Attachments) -> None:
        self._links = links
        self._attachments = attachments

    async def page(self, case: Case, query: AttachedReportsQuery) -> tuple[list[CaseReport], str | None]:
        """Items, and the cursor of the next page. A case of a category without grouping has only its own report."""
        after = [beyond(query.cursor, "received_at", -1)] if query.cursor is not None else []
        where: dict[str, Any] = {"case": {"$in": await self._attachments.family(case)}}
        links = await self._links.page({"$and": [where, *after]}, query.limit + 1)
        if not links and query.cursor is None:
            return [report_view(report, confidential=case.confidential) for report in reversed(case.reports)], None
        shown = links[: query.limit]
        more = cursor_after(shown[-1].received_at, shown[-1].report) if len(links) > query.limit else None
        return [_view(link, case) for link in shown], more


def _view(link: Link, case: Case) -> CaseReport:
    """A report's words are stored with its link; those of the case's first report are the case's description."""
    if link.said is None:
        known = next((report for report in case.reports if report.id == link.report), None)
        if known is not None:
            return report_view(known, confidential=case.confidential)
        return CaseReport(id=link.report, received_at=link.received_at)
    said = link.said
    return CaseReport(
        id=link.report,
        received_at=link.received_at,
        app=said.app,
        description=said.description,
        photos=list(said.photos),
        entered_by=said.entered_by,
        channel=said.channel,
        outside_number=said.outside_number,
        says=link.says,
        by_photo=link.by_photo,
        answers=said.answers or {},
    )
