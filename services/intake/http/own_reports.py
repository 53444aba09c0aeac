"""``GET /v1/reports?reporter=``: what somebody reported through an app, for the app's own "my reports" page."""

from typing import Annotated

import msgspec

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import APPS
from services.intake.http.report_view import ReportView, report_view
from services.intake.reports.report_store import ReportStore
from services.intake.reports.validation import ReportValidator, app_of
from shared.kernel.clock import Clock
from shared.runtime.http_server.pagination import Cursor, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary


class OwnReportsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``reporter``: the reference under which the app sent the reports."""

    reporter: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20
    cursor: Cursor | None = None


class ReportPage(msgspec.Struct, kw_only=True):
    items: list[ReportView]
    next: str | None = None


class OwnReports:
    """An app lists the reports of one of its own reporters; those of other apps are not there."""

    def __init__(
        self, store: ReportStore, validator: ReportValidator, packs: PackLibrary, answers: AnswerLinks, clock: Clock
    ) -> None:
        self._store = store
        self._validator = validator
        self._packs = packs
        self._answers = answers
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/reports",
                self.page,
                "An app's reporter's own reports, newest first",
                roles=APPS,
                query=OwnReportsQuery,
                answers={200: ReportPage},
            )
        ]

    async def page(self, call: Call) -> Answer:
        """Raises ``Refusal`` 422 for a cursor that no page gave."""
        query, who = call.query_as(OwnReportsQuery), call.principal
        after = beyond(query.cursor, "received_at", -1) if query.cursor is not None else {}
        reporter = self._validator.pseudonym(who, query.reporter)
        found = await self._store.of_reporter(who.city, app_of(who), reporter, after, query.limit + 1)
        shown, pack = found[: query.limit], self._packs.current(who.city)
        last = shown[-1].report if len(found) > query.limit else None
        following = cursor_after(last.received_at, last.id) if last is not None else None
        now = self._clock.now()
        items = [report_view(status, pack, now, self._answers.make(status)) for status in shown]
        return Answer(ReportPage(items=items, next=following))
