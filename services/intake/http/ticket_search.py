"""The reports of a ticket elsewhere: those that came with its number, and what began here and got it there.

Confidential reports are found by no number: theirs are sealed, and one that is kept at the router finds none.
"""

from services.intake.http.kept_numbers import KeptNumbers
from services.intake.http.report_access import as_seen
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from shared.city.pack import Pack
from shared.kernel.errors import Refusal
from shared.runtime.http_server.pagination import beyond, cursor_after
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Document

PAGE, PAGES_MAX = 50, 20
"""Reports of a ticket that are looked at together, and how often: what lies beyond is not found by its number."""


class TicketSearch:
    """Finds reports for an app, among its own, or for an officer, among those that he sees."""

    def __init__(self, store: ReportStore, kept: KeptNumbers) -> None:
        self._store = store
        self._kept = kept

    async def seen(self, who: Principal, number: str, limit: int, pack: Pack) -> list[ReportStatus]:
        """Those that ``who`` sees, newest first, at most ``limit``.

        Raises ``Refusal`` 503 where none came with the number and the router does not say whether one got it.
        """
        found = await self._with_number(who, number, limit, pack)
        if len(found) < limit:
            try:
                found += await self._numbered_there(who, number, pack, {one.report.id for one in found})
            except Refusal:
                if not found:
                    raise
        return sorted(found, key=lambda one: one.report.received_at, reverse=True)[:limit]

    async def _with_number(self, who: Principal, number: str, limit: int, pack: Pack) -> list[ReportStatus]:
        """Others may have sent many with the same number: these hide none."""
        seen: list[ReportStatus] = []
        after: Document = {}
        for _ in range(PAGES_MAX):
            found = await self._store.with_outside_number(who.city, who.app, number, after, PAGE)
            seen += [status for one in found if (status := as_seen(one, who, pack)) is not None]
            if len(found) < PAGE or len(seen) >= limit:
                break
            last = found[-1].report
            after = beyond(cursor_after(last.received_at, last.id), "received_at", -1)
        return seen[:limit]

    async def _numbered_there(self, who: Principal, number: str, pack: Pack, but: set[str]) -> list[ReportStatus]:
        seen: list[ReportStatus] = []
        for id_ in await self._kept.reports(who.city, number):
            status = await self._store.status(who.city, who.app, id_) if id_ not in but else None
            if status is None or status.report.confidential or any(case.confidential for case in status.cases):
                continue
            shown = as_seen(status, who, pack)
            seen += [shown] if shown is not None else []
        return seen
