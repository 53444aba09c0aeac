"""What a rider's session reads and erases of himself: his reports with all that is kept of him, and "forget me"."""

from datetime import datetime
from typing import Annotated

import msgspec

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.outcome_photos import OutcomePhotos
from services.intake.http.report_view import ReportView, report_view
from services.intake.privacy.identities import Identities
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.pagination import Cursor, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Directory
from shared.runtime.pack_library import PackLibrary

RIDER = frozenset({"rider"})


class MyDataQuery(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 50
    cursor: Cursor | None = None


class MyPerson(msgspec.Struct, frozen=True, kw_only=True):
    """``ref``: as the app named him, where that is kept."""

    name: str | None
    phone: str | None
    ref: str | None


class MyData(msgspec.Struct, frozen=True, kw_only=True):
    """A page of everything: his reports, newest first, and on each page what is kept of his person."""

    app: str
    reporter: str
    person: MyPerson
    items: list[ReportView]
    next: str | None


class ErasedMe(msgspec.Struct, frozen=True):
    """``erased``: whether there was something to erase. Reports and cases stay, without him; all his sessions in
    this app are over."""

    erased: bool


class MyDataRoutes:
    """The routes."""

    def __init__(
        self,
        store: ReportStore,
        identities: Identities,
        packs: PackLibrary,
        answers: AnswerLinks,
        outcomes: OutcomePhotos,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._identities = identities
        self._packs = packs
        self._answers = answers
        self._outcomes = outcomes
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/my-data",
                self.export,
                "Everything that is kept of the reporter, by pages",
                roles=RIDER,
                query=MyDataQuery,
                answers={200: MyData},
            ),
            post(
                "/v1/my-data:erase",
                self.erase,
                "Erase the reporter: identity and key; reports and cases stay",
                roles=RIDER,
                body=NoBody,
                keyed=True,
                idempotent_as="own_erasures",
                answers={200: ErasedMe},
                logged="personal_data",
            ),
        ]

    async def export(self, call: Call) -> Answer:
        query, who = call.query_as(MyDataQuery), call.principal
        if who.reporter is None or who.app is None:
            raise not_found("reporter")
        after = beyond(query.cursor, "received_at", -1) if query.cursor is not None else {}
        found = await self._store.of_reporter(who.city, who.app, who.reporter, after, query.limit + 1)
        known = (await self._identities.known([who.reporter])).get(who.reporter, {})
        pack, now, page = self._packs.current(who.city), self._clock.now(), found[: query.limit]
        last = page[-1].report if len(found) > query.limit else None
        return Answer(
            MyData(
                app=who.app,
                reporter=who.reporter,
                person=MyPerson(name=known.get("name"), phone=known.get("phone"), ref=known.get("ref")),
                items=[self._shown(one, pack, now) for one in page],
                next=cursor_after(last.received_at, last.id) if last is not None else None,
            )
        )

    def _shown(self, status: ReportStatus, pack: Pack, now: datetime) -> ReportView:
        link, photos = self._answers.make(status), self._outcomes.make(status)
        return report_view(status, pack, now, link, photos, asked=self._answers.words(status))

    async def erase(self, call: Call) -> Answer:
        reporter = call.principal.reporter
        if reporter is None:
            raise not_found("reporter")
        call.on = reporter
        erased = await self._identities.erase(reporter, "asked for by himself")
        await self._directory.riders.end_all(reporter, self._clock.now())
        return Answer(ErasedMe(erased))
