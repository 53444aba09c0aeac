"""Reports' routes: what rider apps call, and officers who enter a report for somebody."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import APPS, BatchRoutes
from services.intake.http.report_access import sees
from services.intake.http.report_view import ReportView, report_view
from services.intake.reports.bodies import Accepted, AdditionBody, RatingBody, ReportBody, WithdrawBody
from services.intake.reports.group_commit import Receipt
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_intake import ReportIntake
from services.intake.reports.report_store import ReportStore
from services.intake.reports.reporter_actions import ActionRequest, RecordedAction, ReporterActions, action_key
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.kernel.vocabulary import AfterPhoto, Priority
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY, Principal
from shared.runtime.pack_library import PackLibrary

SENDERS = APPS | {"officer"}
READERS = SENDERS | {"ops"}
VIEWERS = frozenset({"rider_app", "importer", "officer", "ops"})


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
    emergency: str
    after_photo: AfterPhoto


class CategoryList(msgspec.Struct, frozen=True):
    items: list[CategoryView]
    pack_version: str


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
        clock: Clock,
    ) -> None:
        self._store = store
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
                "A report; 202 means durable. Officers enter what came by window, phone, visit or group chat",
                roles=SENDERS,
                body=ReportBody,
                keyed=True,
                answers={202: Accepted},
            ),
            *self._batch.routes(),
            get("/v1/reports/{id}", self.report, "How a report gets on", roles=READERS, answers={200: ReportView}),
            post(
                "/v1/reports/{id}/rating",
                self.rate,
                "The reporter's judgement",
                roles=APPS,
                body=RatingBody,
                keyed=True,
                answers={200: RecordedView},
            ),
            post(
                "/v1/reports/{id}/additions",
                self.add,
                "More words or photos",
                roles=APPS,
                body=AdditionBody,
                keyed=True,
                answers={200: RecordedView},
            ),
            post(
                "/v1/reports/{id}/withdraw",
                self.withdraw,
                "Take a report back",
                roles=APPS,
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
        receipt = await self._intake.submit(call.body_as(ReportBody), call.principal, call.key, call.trace)
        headers = {"location": f"/v1/reports/{receipt.id}"}
        if receipt.replayed:
            headers["idempotent-replayed"] = "true"
        words = call.body_as(ReportBody).description
        return Answer(self._accepted(receipt, words, call.principal), 202, headers)

    def _accepted(self, receipt: Receipt, words: str, who: Principal) -> Accepted:
        """The receipt. Who gives no category reads the advice of the one that his words mean: 车棚着火了 shows 119."""
        links = {"self": f"/v1/reports/{receipt.id}", "rating": f"/v1/reports/{receipt.id}/rating"}
        pack = self._packs.current(who.city)
        category = pack.categories.get(receipt.category or pack.classify(words).code)
        return Accepted(
            receipt.id,
            "accepted",
            receipt.received_at,
            links,
            category.advice if category else None,
            category.emergency if category else None,
        )

    async def report(self, call: Call) -> Answer:
        who = call.principal
        city = None if who.kind == "ops" and who.city == EVERY_CITY else who.city
        status = await self._store.status(city, who.app, call.path["id"])
        status = self._as_seen(status, who) if status is not None else None
        if status is None:
            raise not_found("report")
        # The link speaks for the reporter: it is shown to the app that he uses, and to nobody else.
        link = self._answers.make(status) if who.app == status.report.app else None
        return Answer(report_view(status, self._packs.current(status.report.city), self._clock.now(), link))

    def _as_seen(self, status: ReportStatus, who: Principal) -> ReportStatus | None:
        """With those of its cases that an officer sees; None where he sees none and did not enter it himself."""
        if who.kind != "officer" or status.report.entered_by == who.person:
            return status
        pack = self._packs.current(status.report.city)
        return status.only(lambda case: sees(who, [case], pack))

    async def rate(self, call: Call) -> Answer:
        return _recorded(await self._actions.rate(_request(call), call.body_as(RatingBody)))

    async def add(self, call: Call) -> Answer:
        return _recorded(await self._actions.add(_request(call), call.body_as(AdditionBody)))

    async def withdraw(self, call: Call) -> Answer:
        return _recorded(await self._actions.withdraw(_request(call), call.body_as(WithdrawBody)))

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
                emergency=category.emergency,
                after_photo=category.after_photo,
            )
            for category in pack.categories.values()
        ]
        return Answer(CategoryList(items, pack.version))


def _request(call: Call) -> ActionRequest:
    report = call.path["id"]
    return ActionRequest(call.principal, report, action_key(report, call.request.url.path, call.key), call.trace)


def _recorded(recorded: RecordedAction) -> Answer:
    headers = {"idempotent-replayed": "true"} if recorded.replayed else {}
    return Answer(RecordedView(recorded.report, "recorded", recorded.at), headers=headers)
