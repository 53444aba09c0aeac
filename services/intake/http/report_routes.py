"""Reports' routes: what rider apps call, and officers who enter a report for somebody."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import APPS, BatchRoutes
from services.intake.http.on_behalf import check_judged, check_on_behalf
from services.intake.http.outcome_photos import OutcomePhotos
from services.intake.http.report_access import as_seen, reads_words, sees
from services.intake.http.report_view import ReportView, report_view
from services.intake.reports.bodies import (
    Accepted,
    AdditionBody,
    ObjectionBody,
    RatingBody,
    ReportBody,
    TurnedElsewhere,
    WhereToGo,
    WithdrawBody,
    where_to_go,
)
from services.intake.reports.group_commit import Receipt
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_intake import ReportIntake
from services.intake.reports.report_store import ReportStore
from services.intake.reports.reporter_actions import ActionRequest, RecordedAction, ReporterActions, action_key
from shared.city.model.sorting import Elsewhere
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid, not_found
from shared.kernel.ids import opening_report
from shared.kernel.vocabulary import AfterPhoto, Priority
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY, Principal
from shared.runtime.pack_library import PackLibrary

SENDERS = APPS | {"officer", "rider"}
READERS = SENDERS | {"ops"}
VIEWERS = frozenset({"rider_app", "rider", "importer", "officer", "ops"})


class RecordedView(msgspec.Struct, frozen=True):
    """A rating, an addition or a withdrawal is durable."""

    id: str
    status: Literal["recorded"]
    at: datetime


class CategoryView(msgspec.Struct, frozen=True, kw_only=True):
    """``questions``: a JSON Schema of the ``answers`` of a report. ``advice``: what to do until help comes;
    ``emergency``: whom to call first, to be shown before anything is sent. Both empty where there is nothing to say."""

    code: str
    name: str
    name_en: str
    priority: Priority
    questions: dict[str, Any]
    advice: str
    advice_en: str
    emergency: str
    emergency_en: str
    after_photo: AfterPhoto
    elsewhere: str | None
    """Reports of it are not dealt with here: the id of where to go, in ``elsewhere`` of the list."""


class CityView(msgspec.Struct, frozen=True, kw_only=True):
    """What a reporter may know before he sends anything: who keeps it, how long (ISO 8601, by what is kept), and whom
    to ask, in the city's words; empty: nobody is named. ``now``: the installation's time."""

    name: str
    name_en: str
    unit: str
    unit_en: str
    contact: str
    retention: dict[str, str]
    timezone: str
    now: datetime


class CategoryList(msgspec.Struct, frozen=True):
    """``elsewhere``: where to go with what is not dealt with here. ``notice``: of a demonstration, that no report
    reaches anybody; to be shown before anything is sent."""

    items: list[CategoryView]
    pack_version: str
    city: CityView
    elsewhere: list[WhereToGo] = []
    notice: str | None = None


class ReportRoutes:
    """Handlers; each short, what they do is elsewhere."""

    def __init__(
        self,
        store: ReportStore,
        intake: ReportIntake,
        batch: BatchRoutes,
        actions: ReporterActions,
        packs: PackLibrary,
        answers: AnswerLinks,
        outcomes: OutcomePhotos,
        clock: Clock,
    ) -> None:
        self._store = store
        self._outcomes = outcomes
        self._intake = intake
        self._batch = batch
        self._actions = actions
        self._packs = packs
        self._answers = answers
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/reports",
                self.submit,
                "A report; 202 means durable. Officers enter what they were told (window, phone, chat) or found",
                roles=SENDERS,
                body=ReportBody,
                keyed=True,
                answers={202: Accepted, 200: TurnedElsewhere},
            ),
            *self._batch.routes(),
            get("/v1/reports/{id}", self.report, "How a report gets on", roles=READERS, answers={200: ReportView}),
            post(
                "/v1/reports/{id}/rating",
                self.rate,
                "The reporter's judgement. Officers enter it for one who has no app, but not of their own work",
                roles=SENDERS,
                body=RatingBody,
                keyed=True,
                answers={200: RecordedView},
            ),
            post(
                "/v1/reports/{id}/objection",
                self.object,
                "The reporter objects, once, to its not being taken on; a higher level rules",
                roles=SENDERS,
                body=ObjectionBody,
                keyed=True,
                answers={200: RecordedView},
            ),
            post(
                "/v1/reports/{id}/additions",
                self.add,
                "More words or photos. Officers enter them for a reporter who has no app",
                roles=SENDERS,
                body=AdditionBody,
                keyed=True,
                answers={200: RecordedView},
            ),
            post(
                "/v1/reports/{id}/withdraw",
                self.withdraw,
                "Take a report back. Officers do so for a reporter who has no app",
                roles=SENDERS,
                body=WithdrawBody,
                keyed=True,
                answers={200: RecordedView},
            ),
            get(
                "/v1/categories",
                self.categories,
                "Names, questions, advice and emergency stop",
                roles=VIEWERS,
                answers={200: CategoryList},
            ),
        ]

    async def submit(self, call: Call) -> Answer:
        who = call.principal

        async def check_same(case: str) -> None:
            await self._check_same(case, who)

        receipt = await self._intake.submit(call.body_as(ReportBody), who, call.key, call.trace, check_same)
        if isinstance(receipt, Elsewhere):
            return Answer(TurnedElsewhere("elsewhere", where_to_go(receipt)), 200)
        headers = {"location": f"/v1/reports/{receipt.id}"}
        if receipt.replayed:
            headers["idempotent-replayed"] = "true"
        return Answer(self._accepted(receipt, call.body_as(ReportBody), call.principal), 202, headers)

    async def _check_same(self, case: str, who: Principal) -> None:
        """Raises ``Refusal`` 422 unless it is an open case that the officer sees, and none that is confidential."""
        status = await self._store.status(who.city, None, opening_report(case))
        found = next((one for one in status.cases if one.id == case), None) if status is not None else None
        pack = self._packs.current(who.city)
        if found is None or not found.open or found.confidential or not sees(who, [found], pack):
            raise invalid(FieldError("/same_as", "is no open case that you see"))

    def _accepted(self, receipt: Receipt, body: ReportBody, who: Principal) -> Accepted:
        """The receipt, in the city's first language. Who gives no category reads the advice of the one that his words
        mean; whatever he gives, 车棚着火了 shows 119. Nobody rates what officers found on patrol."""
        links = {"self": f"/v1/reports/{receipt.id}"}
        if body.channel != "patrol":
            links["rating"] = f"/v1/reports/{receipt.id}/rating"
        words = body.description
        pack = self._packs.current(who.city)
        found = receipt.category or pack.classify(words).code
        category = pack.categories.get(found)
        suggested = pack.elsewhere.suggested(words, found) if not pack.danger(receipt.category, words) else None
        return Accepted(
            receipt.id,
            "accepted",
            receipt.received_at,
            links,
            pack.said(category.advice, category.advice_en) if category else None,
            pack.first_call(found, words),
            where_to_go(suggested) if suggested is not None else UNSET,
            notice=pack.notice(),
        )

    async def report(self, call: Call) -> Answer:
        who = call.principal
        city = None if who.kind == "ops" and who.city == EVERY_CITY else who.city
        status = await self._store.status(city, who.app, call.path["id"], who.reporter)
        pack = self._packs.current(status.report.city) if status is not None else None
        status = as_seen(status, who, pack) if status is not None and pack is not None else None
        if status is None or pack is None:
            raise not_found("report")
        # The links speak for the reporter: they are shown to the app that he uses, and to nobody else.
        own = who.app == status.report.app
        link, photos = (self._answers.make(status), self._outcomes.make(status)) if own else (None, [])
        words = reads_words(who, status)
        asked = self._answers.words(status) if own and who.reporter is not None else None
        return Answer(report_view(status, pack, self._clock.now(), link, photos, words=words, asked=asked))

    async def rate(self, call: Call) -> Answer:
        return _recorded(await self._actions.rate(self._request(call), call.body_as(RatingBody)))

    async def object(self, call: Call) -> Answer:
        return _recorded(await self._actions.object(self._request(call), call.body_as(ObjectionBody)))

    async def add(self, call: Call) -> Answer:
        return _recorded(await self._actions.add(self._request(call), call.body_as(AdditionBody)))

    async def withdraw(self, call: Call) -> Answer:
        return _recorded(await self._actions.withdraw(self._request(call), call.body_as(WithdrawBody)))

    def _request(self, call: Call) -> ActionRequest:
        who, report = call.principal, call.path["id"]
        key = action_key(report, call.request.url.path, call.key)

        def check(status: ReportStatus) -> None:
            if who.kind == "officer":
                check_on_behalf(who, key.action, status, self._packs.current(who.city))
            else:
                check_judged(key.action, status)

        return ActionRequest(who, report, key, call.trace, check)

    async def categories(self, call: Call) -> Answer:
        who = call.principal
        cities = [who.city] if who.city != EVERY_CITY else sorted(self._packs.cities)
        if not cities:
            raise not_found("city")
        pack = self._packs.current(cities[0])
        items = [
            CategoryView(
                code=category.code,
                name=category.name,
                name_en=category.name_en,
                priority=category.priority,
                questions=category.questions,
                advice=category.advice,
                advice_en=category.advice_en,
                emergency=category.emergency,
                emergency_en=category.emergency_en,
                after_photo=category.after_photo,
                elsewhere=category.elsewhere,
            )
            for category in pack.categories.values()
        ]
        where = [where_to_go(one) for one in pack.elsewhere.entries]
        return Answer(CategoryList(items, pack.version, _city(pack, self._clock.now()), where, pack.notice()))


def _city(pack: Pack, now: datetime) -> CityView:
    city, root = pack.city, pack.units[pack.city.root]
    return CityView(
        name=city.name,
        name_en=city.name_en,
        unit=root.name,
        unit_en=root.name_en,
        contact=city.contact,
        retention=city.retention,
        timezone=city.timezone,
        now=now,
    )


def _recorded(recorded: RecordedAction) -> Answer:
    headers = {"idempotent-replayed": "true"} if recorded.replayed else {}
    return Answer(RecordedView(recorded.report, "recorded", recorded.at), headers=headers)
