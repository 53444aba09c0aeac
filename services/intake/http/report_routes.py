"""Reports' routes: what rider apps call, and officers who enter a report for somebody."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec

from services.intake.domain.submission import Submission
from services.intake.http.answer_page import AnswerLinks
from services.intake.http.report_access import sees
from services.intake.photos.photo_store import PhotoStore
from services.intake.reports.accept import Acceptance
from services.intake.reports.bodies import Accepted, AdditionBody, BatchItem, RatingBody, ReportBody, WithdrawBody
from services.intake.reports.group_commit import REPEATED, REPORTS, GroupCommit, Receipt, unknown
from services.intake.reports.progress import report_view
from services.intake.reports.report_store import ReportStore
from services.intake.reports.reporter_actions import Reporters
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, invalid, key_reused, not_found
from shared.runtime.http_server.decoding import Body
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.server import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document, MongoError

BATCH_BYTES_MAX = 4 * 1024 * 1024
BATCH_MAX = 1000
ITEM_BYTES_MAX = 128 * 1024
"""Of one report of a batch: the longest words, each character written as an escape, fit in."""
ITEM_ERRORS = 20
AT_ONCE = 8
"""Reports of a batch that are read before others have their turn of the event loop."""
IN_FLIGHT_MAX = 256
LOOKING_MAX = 16
"""Refused reports that are looked for at once: perhaps their key was taken before. The others wait for their turn."""
_item_body = Body(BatchItem, most=ITEM_ERRORS)
APPS = frozenset({"rider_app", "importer"})
SENDERS = APPS | {"officer"}
READERS = SENDERS | {"ops"}
VIEWERS = frozenset({"rider_app", "importer", "officer", "ops"})
_OUTCOMES = {422: REPORTS.labels("refused"), 429: REPORTS.labels("limited"), 503: REPORTS.labels("unavailable")}


class ReportApi:
    """Handlers; each short, what they do is elsewhere."""

    def __init__(
        self,
        store: ReportStore,
        photos: PhotoStore,
        commit: GroupCommit,
        acceptance: Acceptance,
        reporters: Reporters,
        packs: PackLibrary,
        quotas: Quotas,
        clock: Clock,
        answers: AnswerLinks,
    ) -> None:
        self._answers = answers
        self._store = store
        self._photos = photos
        self._commit = commit
        self._acceptance = acceptance
        self._reporters = reporters
        self._packs = packs
        self._quotas = quotas
        self._clock = clock
        self._looking = asyncio.Semaphore(LOOKING_MAX)

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
            post(
                "/v1/reports:batch",
                self.submit_batch,
                "At most 1,000 reports, each with its own key",
                roles=APPS,
                body=list[msgspec.Raw],
                json_max=BATCH_BYTES_MAX,
            ),
            get("/v1/reports/{id}", self.report, "How a report gets on", roles=READERS),
            post(
                "/v1/reports/{id}/rating",
                self._reporters.rate,
                "The reporter's judgement",
                roles=APPS,
                body=RatingBody,
                keyed=True,
            ),
            post(
                "/v1/reports/{id}/additions",
                self._reporters.add,
                "More words or photos",
                roles=APPS,
                body=AdditionBody,
                keyed=True,
            ),
            post(
                "/v1/reports/{id}/withdraw",
                self._reporters.withdraw,
                "Take a report back",
                roles=APPS,
                body=WithdrawBody,
                keyed=True,
            ),
            get("/v1/categories", self.categories, "Names, questions, advice and emergency stop", roles=VIEWERS),
        ]

    async def submit(self, call: Call) -> Answer:
        body = call.body_as(ReportBody)
        receipt = await self._accepted(body, call.principal, call.key, call.trace)
        headers = {"location": f"/v1/reports/{receipt.stored['_id']}"}
        if receipt.replayed:
            headers["idempotent-replayed"] = "true"
        return Answer(self._receipt(receipt.stored, call.principal), 202, headers)

    async def _accepted(self, body: ReportBody, who: Principal, key: str, trace: str) -> Receipt:
        """Durable, or a ``Refusal``; counted either way."""
        try:
            return await self._taken_in(body, who, key, trace)
        except Refusal as refusal:
            _OUTCOMES.get(refusal.status, _OUTCOMES[422]).inc()
            raise

    async def _taken_in(self, body: ReportBody, who: Principal, key: str, trace: str) -> Receipt:
        """The photos are the report's before it is written."""
        if body.reporter is not None:
            self._quotas.charge_reporter(who, body.reporter.ref)
        pack = self._packs.current(who.city)
        try:
            report = await self._submission(body, who, key, pack)
        except Refusal:
            replayed = await self._replayed(body, who, key)
            if replayed is None:
                raise
            return replayed
        if body.photos:
            replayed = await self._replayed(body, who, key)
            if replayed is not None:
                return replayed
            looks = await self._photos.claim_for_report(who, body.photos, report.id)
            if looks and not report.confidential:
                report = replace(report, looks=looks)
        return await self._commit.commit(report, trace, self._acceptance.person(body, who))

    async def _submission(self, body: ReportBody, who: Principal, key: str, pack: Pack) -> Submission:
        """What a confidential one says is sorted here, by the pack's words, and so beside the event loop."""
        asked = (body, who, key, pack, self._clock.now())
        if body.reporter is None or not body.reporter.confidential:
            return self._acceptance.submission(*asked)
        return await asyncio.to_thread(self._acceptance.submission, *asked)

    async def _replayed(self, body: ReportBody, who: Principal, key: str) -> Receipt | None:
        """What this key stored before. A pack that changed since must not turn a repeat into a refusal."""
        id_ = self._acceptance.id_of(who, key)
        async with self._looking:
            stored = (await self._store.first_answers([id_])).get(id_)
        if stored is None:
            return None
        if stored["fingerprint"] not in self._acceptance.fingerprints(body):
            raise key_reused()
        REPEATED.inc()
        return Receipt(stored, replayed=True)

    def _receipt(self, stored: Document, who: Principal) -> Accepted:
        links = {"self": f"/v1/reports/{stored['_id']}", "rating": f"/v1/reports/{stored['_id']}/rating"}
        category = self._packs.current(who.city).categories.get(stored.get("category") or "")
        return Accepted(
            stored["_id"],
            "accepted",
            stored["received_at"],
            links,
            category.advice if category else None,
            category.emergency if category else None,
        )

    async def submit_batch(self, call: Call) -> Answer:
        raw: list[msgspec.Raw] = call.body
        if len(raw) > BATCH_MAX:
            raise Refusal(413, "too-large", f"At most {BATCH_MAX} reports.")
        gate = asyncio.Semaphore(IN_FLIGHT_MAX)

        async def one(index: int, item: msgspec.Raw) -> dict[str, Any]:
            async with gate:
                return {"index": index, **await self._batch_item(item, call)}

        begun: list[asyncio.Task[dict[str, Any]]] = []
        for index, item in enumerate(raw):
            begun.append(asyncio.create_task(one(index, item)))
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return Answer({"items": await asyncio.gather(*begun)})

    async def _batch_item(self, raw: msgspec.Raw, call: Call) -> dict[str, Any]:
        try:
            self._quotas.charge_key(call.principal)
            body = _item(raw)
            receipt = await self._accepted(body, call.principal, body.idempotency_key, call.trace)
        except MongoError:
            return _not_taken(unknown())
        except Refusal as refusal:
            return _not_taken(refusal)
        item: dict[str, Any] = {"status": 202, "id": receipt.stored["_id"]}
        if receipt.replayed:
            item["replayed"] = True
        return item

    async def report(self, call: Call) -> Answer:
        who = call.principal
        city = None if who.kind == "ops" and who.city == "*" else who.city
        found = await self._store.get(city, who.app, call.path["id"])
        if found is None or not self._may_see(found, who):
            raise not_found("report")
        view = report_view(found, self._packs.current(found["city"]))
        if who.app == found["app"] and (link := self._answers.make(found)) is not None:
            view["question"]["link"] = link  # it speaks for the reporter: for the app that he uses, and for nobody else
        return Answer(view)

    def _may_see(self, report: Document, who: Principal) -> bool:
        """Officers: who entered it, and who sees the case."""
        if who.kind != "officer" or report.get("entered_by") == who.person:
            return True
        return sees(who, report, self._packs.current(report["city"]))

    async def categories(self, call: Call) -> Answer:
        who = call.principal
        cities = [who.city] if who.city != "*" else sorted(self._packs.cities)
        if not cities:
            raise not_found("city")
        pack = self._packs.current(cities[0])
        items = [
            {
                "code": c.code,
                "name": c.name,
                "name_en": c.name_en,
                "priority": c.priority,
                "questions": c.questions,
                "advice": c.advice,
                "emergency": c.emergency,
            }
            for c in pack.categories.values()
        ]
        return Answer({"items": items, "pack_version": pack.version})


def _not_taken(refusal: Refusal) -> dict[str, Any]:
    """What a batch says of a report that it did not take."""
    problem: dict[str, Any] = {"status": refusal.status, "type": refusal.kind, "detail": refusal.detail}
    if refusal.errors:
        problem["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in refusal.errors]
    if refusal.retry_after is not None:
        problem["retry_after"] = refusal.retry_after
    return {"status": refusal.status if refusal.status in (422, 429, 503) else 422, "problem": problem}


def _item(raw: msgspec.Raw) -> BatchItem:
    """One report of a batch. Raises ``Refusal`` 422, also where one alone would be 400 or 413."""
    content = memoryview(raw)
    if len(content) > ITEM_BYTES_MAX:
        raise invalid(FieldError("", f"is larger than {ITEM_BYTES_MAX} bytes"))
    try:
        item = _item_body.read(bytes(content))
    except Refusal as refusal:
        raise refusal if refusal.status == 422 else invalid(FieldError("", refusal.detail)) from refusal
    assert isinstance(item, BatchItem)  # noqa: S101 - the body's own shape
    return item
