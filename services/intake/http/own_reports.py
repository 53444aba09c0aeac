"""``GET /v1/reports``: by ``reporter`` what somebody reported through an app, for the app's own "my reports" page; by
``outside_number`` the reports of a ticket elsewhere, for officers too: also what began here and got its number there.

Two reports with one outside number are both listed: a hotline sends a ticket again when the caller calls again."""

from datetime import datetime
from typing import Annotated

import msgspec

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import APPS
from services.intake.http.outcome_photos import OutcomePhotos
from services.intake.http.report_access import reads_words
from services.intake.http.report_view import ReportView, report_view
from services.intake.http.ticket_search import TicketSearch
from services.intake.reports.bodies import OutsideNumber
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from services.intake.reports.validation import ReportValidator, app_of
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid
from shared.kernel.spelling import stored_spelling
from shared.runtime.http_server.pagination import Cursor, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary

READERS = APPS | {"officer", "rider"}


class OwnReportsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """One of both. ``reporter``: the reference under which the app sent the reports; officers have none.
    ``outside_number``: all its reports that the caller may see, at most ``limit``, on one page."""

    reporter: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    outside_number: OutsideNumber | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20
    cursor: Cursor | None = None


class ReportPage(msgspec.Struct, kw_only=True):
    items: list[ReportView]
    next: str | None = None


class OwnReports:
    """An app lists its own reports, of one of its reporters or of a ticket elsewhere. An officer lists those of a
    ticket that he sees."""

    def __init__(
        self,
        store: ReportStore,
        tickets: TicketSearch,
        validator: ReportValidator,
        packs: PackLibrary,
        answers: AnswerLinks,
        outcomes: OutcomePhotos,
        clock: Clock,
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._validator = validator
        self._packs = packs
        self._answers = answers
        self._outcomes = outcomes
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/reports",
                self.page,
                "An app's reporter's own reports, or those with a number elsewhere; newest first",
                roles=READERS,
                query=OwnReportsQuery,
                answers={200: ReportPage},
            )
        ]

    async def page(self, call: Call) -> Answer:
        """Raises ``Refusal`` 422 for a cursor that no page gave, and unless it is asked for one of both."""
        query, who = call.query_as(OwnReportsQuery), call.principal
        if who.reporter is not None:
            return await self._of_rider(query, who, who.reporter)
        if query.outside_number is not None:
            return await self._of_ticket(query, query.outside_number, who)
        if query.reporter is None or who.kind == "officer":
            wanted = "reporter" if who.kind != "officer" else "outside_number"
            raise invalid(FieldError(f"?{wanted}", "says whose reports are asked for"))
        return await self._of_reporter(query, who, self._validator.pseudonym(who, query.reporter))

    async def _of_rider(self, query: OwnReportsQuery, who: Principal, reporter: str) -> Answer:
        """A rider's session lists its own, and need not say so."""
        for name in ("reporter", "outside_number"):
            if getattr(query, name) is not None:
                raise invalid(FieldError(f"?{name}", "is not for a rider's session, which lists its own"))
        return await self._of_reporter(query, who, reporter)

    async def _of_reporter(self, query: OwnReportsQuery, who: Principal, reporter: str) -> Answer:
        after = beyond(query.cursor, "received_at", -1) if query.cursor is not None else {}
        found = await self._store.of_reporter(who.city, app_of(who), reporter, after, query.limit + 1)
        shown, pack = found[: query.limit], self._packs.current(who.city)
        last = shown[-1].report if len(found) > query.limit else None
        following = cursor_after(last.received_at, last.id) if last is not None else None
        now = self._clock.now()
        return Answer(ReportPage(items=[self._shown(one, who, pack, now) for one in shown], next=following))

    async def _of_ticket(self, query: OwnReportsQuery, number: str, who: Principal) -> Answer:
        for name in ("reporter", "cursor"):
            if getattr(query, name) is not None:
                raise invalid(FieldError(f"?{name}", "does not go with outside_number"))
        pack, now = self._packs.current(who.city), self._clock.now()
        seen = await self._tickets.seen(who, stored_spelling(number), query.limit, pack)
        return Answer(ReportPage(items=[self._shown(one, who, pack, now) for one in seen]))

    def _shown(self, status: ReportStatus, who: Principal, pack: Pack, now: datetime) -> ReportView:
        """With the links that speak for the reporter, where it is his own app that asks."""
        if who.app != status.report.app:
            return report_view(status, pack, now, words=reads_words(who, status))
        asked = self._answers.words(status) if who.reporter is not None else None
        return report_view(status, pack, now, self._answers.make(status), self._outcomes.make(status), asked=asked)
