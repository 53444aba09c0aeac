"""Signed webhooks to rider apps: Standard Webhooks 1.0.0. One delivery per event and webhook, tried for three days.

Receivers are told nothing about order; the payload carries the case's version. No receiver waits for another: each has
its own worker, its own circuit, and at most ``AT_ONCE`` deliveries in flight.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from prometheus_client import Counter, Gauge, Histogram
from standardwebhooks import Webhook

from services.notifier.delivery.dispatcher import Parcel
from services.notifier.delivery.http_post import Poster, UnreachableError
from services.notifier.delivery.queue import Deliveries, progress
from services.notifier.domain.retry import SCHEDULE_SECONDS, Outcome
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import rfc3339
from shared.kernel.errors import not_found
from shared.kernel.ids import delivery_id
from shared.runtime.http_client.ssrf_guard import AddressRefusedError
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

AT_ONCE = 8
"""To one receiver; with four, the majority writes before and after are waited for."""
INACTIVE = timedelta(minutes=1)
KEYS_SECONDS = 2.0
"""How often it is seen which keys were revoked."""
ACTIVE_MAX = 10_000
_SENT = Counter("whistle_webhook_attempts_total", "Webhook attempts by outcome.", ["outcome"])
_TOOK = Histogram(
    "whistle_webhook_attempt_duration_seconds",
    "Time that a receiver took to answer, or not to.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
OPEN_CIRCUITS = Gauge(
    "whistle_webhook_open_circuits", "Receivers that are left alone for a while because they kept failing."
)

INDEXES = (
    IndexModel([("webhook", 1), ("state", 1), ("next_at", 1)], name="due"),
    IndexModel([("webhook", 1), ("made_at", -1)], name="newest"),
)
WEBHOOK_INDEXES = (
    IndexModel([("city", 1), ("app", 1)], name="app"),
    IndexModel([("state", 1)], name="state"),
)


class Webhooks:
    """``webhooks`` (who wants to hear) and ``deliveries`` (what each is told).

    A webhook is ``active`` until it is ``deleted``, or ``revoked`` with the key that made it; it never comes back.
    """

    def __init__(self, database: Database) -> None:
        self.webhooks: Collection = database.collection("webhooks")
        self.deliveries: Collection = database.collection("deliveries")
        self.sending = Deliveries(self.deliveries, "webhook")
        self.ended: set[str] = set()
        """Those that ended since this process began, or lately: nothing is sent to them any more."""
        self._active: set[str] = set()

    async def own(self, who: Principal, id_: str) -> Document:
        """A webhook of the caller's app; for ops one of their city. Raises ``Refusal`` 404."""
        where: Document = {"_id": id_}
        if who.kind != "ops":
            where |= {"city": who.city, "app": who.who}
        elif who.city != EVERY_CITY:
            where["city"] = who.city
        webhook = await self.webhooks.find_one(where)
        if webhook is None:
            raise not_found("webhook")
        return webhook

    async def end(self, webhook: str, why: str) -> None:
        """``why``: ``deleted`` or ``revoked``. What is owed to it ends as well."""
        self.ended.add(webhook)
        before = ["active", "revoked"] if why == "deleted" else ["active"]
        change = {"state": why, "ended_at": real_now()}
        await self.webhooks.update({"_id": webhook, "state": {"$in": before}}, {"$set": change})
        await self.sending.end(webhook, why)

    async def end_revoked(self, directory: Directory) -> None:
        """Those whose key is revoked; of version 0.1.0, which kept none, those whose app has no key any more."""
        active = await self.webhooks.find({"state": "active"}, {"city": 1, "app": 1, "key": 1}, limit=ACTIVE_MAX)
        now = {webhook["_id"] for webhook in active}
        if len(self.ended) > ACTIVE_MAX:
            self.ended.clear()
        self.ended |= self._active - now
        self._active = now
        alive = await directory.live_keys(sorted({webhook["key"] for webhook in active if "key" in webhook}))
        apps: dict[tuple[str, str], bool] = {}
        for webhook in active:
            if "key" in webhook:
                lives = webhook["key"] in alive
            else:
                app = (webhook["city"], webhook["app"])
                lives = apps[app] if app in apps else await directory.has_key(*app)
                apps[app] = lives
            if not lives:
                log.info("webhook.revoked", webhook=webhook["_id"], app=webhook["app"])
                await self.end(webhook["_id"], "revoked")

    async def watch_keys(self, directory: Directory) -> None:
        """Until it is cancelled; a revoked key's webhooks end within ``KEYS_SECONDS``."""
        await every(KEYS_SECONDS, lambda: self.end_revoked(directory), "webhook-keys")

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch of case events becomes deliveries for the apps whose reports hang on the cases."""
        wanted: dict[tuple[str, str], list[Document]] = {}
        documents: list[Document] = []
        for event in events:
            data = decode(event, CaseEvent)
            if data.case.historic:
                continue
            for app in sorted({*data.case.apps, *(report.app for report in (*data.case.reports, *data.attached))}):
                place = (event.city, app)
                if place not in wanted:
                    wanted[place] = await self.webhooks.find(
                        {"city": event.city, "app": app, "state": "active"}, limit=20
                    )
                if data.attached and all(report.app != app for report in data.attached):
                    continue
                documents += [
                    self._delivery(event, data, webhook) for webhook in wanted[place] if _wants(webhook, event)
                ]
        if documents:
            await self.sending.add(documents, "deliveries")

    def _delivery(self, event: Envelope, data: CaseEvent, webhook: Document) -> Document:
        now = real_now()
        return {
            "_id": delivery_id(event.id, webhook["_id"]),
            "city": event.city,
            "webhook": webhook["_id"],
            "event": event.id,
            "type": event.type,
            "case": data.case.id,
            "body": payload(event, data, webhook["app"]),
            "state": "pending",
            "attempts": 0,
            "next_at": now,
            "made_at": now,
        }


def payload(event: Envelope, data: CaseEvent, app: str) -> str:
    """The JSON that a receiver gets: what happened, the case's state, and the app's own reports."""
    case = data.case
    body = {
        "type": event.type.removesuffix(".v1"),
        "timestamp": rfc3339(event.time),
        "data": {
            "event": event.id,
            "version": case.version,
            "case": {"id": case.id, "state": case.state, "priority": case.priority, "category": case.category},
            "unit": case.unit,
            "clocks": case.clocks,
            "clock": data.clock,
            "due_at": data.due_at,
            "reports": [report.id for report in data.attached or case.reports if report.app == app],
            "report_count": case.report_count,
            "reason": data.reason,
        },
    }
    return msgspec.json.encode(body).decode()


def _wants(webhook: Document, event: Envelope) -> bool:
    types = webhook.get("types") or []
    return not types or event.type in types or event.type.removesuffix(".v1") in types


class WebhookCarrier:
    """Carries deliveries to apps: each in a request of its own, signed."""

    schedule: Sequence[float] = SCHEDULE_SECONDS
    at_once = AT_ONCE

    def __init__(self, webhooks: Webhooks, poster: Poster, secrets: "Secrets") -> None:
        self._webhooks = webhooks
        self._poster = poster
        self._secrets = secrets

    async def parcels(
        self, receiver: str, due: Sequence[Document], now: datetime
    ) -> Sequence[Parcel[Document]] | datetime:
        """The webhook with each delivery; what is owed to one that ended meanwhile ends."""
        webhook = await self._webhooks.webhooks.find_one({"_id": receiver})
        if webhook is None or webhook["state"] != "active":
            await self._webhooks.sending.end(receiver, webhook["state"] if webhook is not None else "deleted")
            return now + INACTIVE
        return [Parcel([delivery], webhook) for delivery in due]

    async def carry(self, receiver: str, parcel: Parcel[Document], now: datetime) -> Outcome:
        """One attempt, always under the same ``webhook-id``."""
        if receiver in self._webhooks.ended:
            return Outcome("ended", ended=True, counts=False)
        with _TOOK.time():
            outcome = await self.attempt(parcel.content, parcel.deliveries[0])
        _SENT.labels(outcome.name).inc()
        return outcome

    async def attempt(self, webhook: Document, delivery: Document) -> Outcome:
        """What the receiver answered."""
        now = real_now()
        headers = {
            **signature(
                self._secrets.of(webhook), delivery["_id"], now, delivery["body"], self._secrets.older(webhook, now)
            ),
            "user-agent": "whistle-webhooks/1",
        }
        try:
            reply = await self._poster.post(webhook["url"], delivery["body"], headers)
        except AddressRefusedError:
            return Outcome("refused_address", final=True)
        except UnreachableError as error:
            log.info("webhook.failed", webhook=webhook["_id"], kind=str(error))
            return Outcome("unreachable")
        if 200 <= reply.status < 300:
            return Outcome("delivered", reply.status)
        return Outcome("refused", reply.status, wait=reply.retry_after, final=reply.status == 410)


class Secrets:
    """A webhook's signing secrets follow from the installation's: nothing to store. While one replaces another, both
    sign for a day; the webhook's ``rotations`` say until when."""

    def __init__(self, installation: str) -> None:
        self._installation = installation.encode()

    def of(self, webhook: Document) -> str:
        """``whsec_…`` (Standard Webhooks): base64 of 32 bytes."""
        return self.secret(webhook["_id"], webhook.get("generation", 1))

    def older(self, webhook: Document, now: datetime) -> list[str]:
        """Secrets that were replaced and still hold."""
        return [self.secret(webhook["_id"], r["replaces"]) for r in still_signing(webhook, now)]

    def secret(self, webhook: str, generation: int) -> str:
        digest = hmac.digest(self._installation, f"webhook:{webhook}:{generation}".encode(), "sha256")
        return "whsec_" + base64.b64encode(digest).decode()


def still_signing(webhook: Document, now: datetime) -> list[Document]:
    """Rotations whose older secret still holds: ``replaces`` (its generation) and ``until``."""
    return [rotation for rotation in webhook.get("rotations", ()) if rotation["until"] > now]


def signature(secret: str, id_: str, at: datetime, body: str, older: Sequence[str] = ()) -> dict[str, str]:
    """The three headers of Standard Webhooks over exactly these bytes, signed with ``older`` secrets as well."""
    signed = " ".join(Webhook(one).sign(id_, at, body) for one in (secret, *older))
    return {"webhook-id": id_, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}


def delivery_view(delivery: Document) -> dict[str, Any]:
    """A delivery as the API shows it."""
    return {"id": delivery["_id"], **{name: delivery[name] for name in ("type", "event", "case")}, **progress(delivery)}
