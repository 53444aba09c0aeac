"""The notifier's routes: alerts, one-press links, webhooks."""

from typing import Annotated, Any, Literal

import msgspec

from services.notifier.alert_deliveries import AlertDeliveries
from services.notifier.alerts import Alerts, view
from services.notifier.links import Links, command_of
from services.notifier.router_client import RouterClient
from services.notifier.webhooks import Secrets, Webhooks, delivery_view
from shared.city.model.entry import Id
from shared.contracts.catalogue import CATALOGUE
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, conflict, forbidden, invalid, key_reused, not_found
from shared.kernel.ids import secret_id
from shared.runtime.addresses import AddressRefusedError, Guard
from shared.runtime.http_server import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Principal
from shared.runtime.mongo import Document
from shared.runtime.pages import Cursor, Limit, beyond, page
from shared.runtime.relay import real_now

APPS = frozenset({"rider_app", "importer"})
WEBHOOKS_MAX = 20


class AlertQuery(msgspec.Struct, forbid_unknown_fields=True):
    recipient: Id | None = None
    state: Literal["sent", "acked", "over", "test", "shadow"] | None = None
    """``shadow``: for ops, what a city in shadow mode would have told."""
    case: Id | None = None
    limit: Limit = 50
    cursor: Cursor | None = None
    city: Id | None = None


class DeliveryQuery(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["pending", "delivered", "failed"] | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class NoBody(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing to say."""


class WebhookBody(msgspec.Struct, forbid_unknown_fields=True):
    """``types``: event types to hear of, all when empty; ``case.closed`` or ``case.closed.v1``."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    types: Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=50)] = []


class NotifierApi:
    """Handlers; each short."""

    def __init__(
        self,
        alerts: Alerts,
        owed: AlertDeliveries,
        webhooks: Webhooks,
        links: Links,
        router: RouterClient,
        guard: Guard,
        secret: str,
        clock: Clock,
    ) -> None:
        self._alerts = alerts
        self._owed = owed
        self._webhooks = webhooks
        self._links = links
        self._router = router
        self._guard = guard
        self._secret = secret.encode()
        self._secrets = Secrets(secret)
        self._clock = clock

    def routes(self) -> list[Route]:
        officers = frozenset({"officer", "ops"})
        return [
            get("/v1/alerts", self.list_alerts, "Alerts, newest first", roles=officers, query=AlertQuery),
            post(
                "/v1/alerts/{id}/ack",
                self.acknowledge,
                "Acknowledge the alert's case",
                roles=frozenset({"officer"}),
                body=NoBody,
                keyed=True,
            ),
            get(
                "/a/{token}",
                self._links.show,
                "A one-press link",
                media=("text/html",),
                answers={200: None, 404: None, 409: None, 410: None, 503: None},
            ),
            post(
                "/a/{token}",
                self._links.press,
                "Press it",
                raw_max=4096,
                media=("application/x-www-form-urlencoded",),
                answers={200: None, 404: None, 409: None, 410: None, 503: None},
            ),
            post(
                "/v1/webhooks",
                self.add_webhook,
                "Hear of the own reports",
                roles=APPS,
                body=WebhookBody,
                keyed=True,
                answers={201: None},
            ),
            get("/v1/webhooks", self.list_webhooks, "The app's webhooks", roles=APPS),
            get(
                "/v1/webhooks/{id}/deliveries",
                self.deliveries,
                "What was sent, newest first",
                roles=APPS | {"ops"},
                query=DeliveryQuery,
            ),
            post(
                "/v1/deliveries/{id}/retry",
                self.retry,
                "Send a delivery again",
                roles=APPS | {"ops"},
                body=NoBody,
                keyed=True,
            ),
        ]

    async def list_alerts(self, call: Call) -> Answer:
        query, who = call.query_as(AlertQuery), call.principal
        limit = query.limit
        where: Document = {} if who.city == "*" else {"city": who.city}
        if who.city != "*" and query.city not in (None, who.city):
            raise invalid(FieldError("?city", "is not yours: leave it out"))
        if who.city == "*" and query.city is not None:
            where["city"] = query.city
        recipient = query.recipient
        if who.kind == "officer":
            if recipient not in (None, who.person):
                raise forbidden("Alerts are read by those who got them.")
            recipient = who.person
        for name, value in (("recipient", recipient), ("state", query.state), ("case", query.case)):
            if value is not None:
                where[name] = value
        if query.cursor is not None:
            where |= beyond(query.cursor, "at", -1)
        shadow = query.state == "shadow" and who.kind == "ops"
        found, following = page(await self._alerts.page(where, limit + 1, shadow=shadow), limit, "at")
        channels = await self._owed.of_alerts(found)
        return Answer({"items": [self._shown(who, a, channels.get(a["_id"], [])) for a in found], "next": following})

    def _shown(self, who: Principal, alert: Document, channels: list[dict[str, Any]]) -> dict[str, Any]:
        """The alert, how far its channels are, and for its recipient the one-press link."""
        link = {"link": self._links.make(alert)} if who.kind == "officer" and alert["state"] == "sent" else {}
        return {**view(alert), "channels": channels, **link}

    async def acknowledge(self, call: Call) -> Answer:
        who = call.principal
        alert = await self._alerts.get(who.city, call.path["id"])
        if alert is None or alert["recipient"] != who.person:
            raise not_found("alert")
        match command_of(alert):
            case None:
                await self._alerts.acknowledge(alert, self._clock.now())
            case command:
                signs = "acknowledge" if command == "claim" else command
                await self._router.command(alert, signs, key=alert["_id"], person=alert["recipient"])
        about = {name: value for name, value in view(alert).items() if name == "case"}
        return Answer({"id": alert["_id"], "status": "recorded", **about})

    async def add_webhook(self, call: Call) -> Answer:
        body, who = call.body_as(WebhookBody), call.principal
        known = {t.removesuffix(".v1") for t in CATALOGUE} | set(CATALOGUE)
        errors = [FieldError(f"/types/{i}", "is no event type") for i, t in enumerate(body.types) if t not in known]
        try:
            await self._guard.checked(body.url)
        except (AddressRefusedError, OSError) as refused:
            errors.append(FieldError("/url", f"may not be called: {refused}"))
        if errors:
            raise invalid(*errors)
        id_ = secret_id("w", self._secret, "webhook", who.city, who.who, call.key)
        document: Document = {
            "_id": id_,
            "city": who.city,
            "app": who.who,
            "url": body.url,
            "types": body.types,
            "state": "active",
            "generation": 1,
            "made_at": real_now(),
        }
        replayed = False
        stored = await self._webhooks.webhooks.find_one({"_id": id_})
        if stored is None:
            if (
                await self._webhooks.webhooks.count({"city": who.city, "app": who.who}, limit=WEBHOOKS_MAX)
                >= WEBHOOKS_MAX
            ):
                raise conflict("too-many", f"An app has at most {WEBHOOKS_MAX} webhooks.")
            fresh = await self._webhooks.webhooks.insert(document)
            stored = document if fresh else await self._webhooks.webhooks.find_one({"_id": id_})
        else:
            replayed = True
        if stored is None or (stored["url"], stored["types"]) != (body.url, body.types):
            raise key_reused()
        headers = {"idempotent-replayed": "true"} if replayed else {}
        return Answer({**_webhook_view(stored), "secret": self._secrets.of(stored)}, 201, headers)

    async def list_webhooks(self, call: Call) -> Answer:
        who = call.principal
        found = await self._webhooks.webhooks.find({"city": who.city, "app": who.who}, limit=WEBHOOKS_MAX)
        return Answer({"items": [_webhook_view(webhook) for webhook in found]})

    async def _own_webhook(self, call: Call, id_: str) -> Document:
        where: Document = {"_id": id_}
        if call.principal.kind != "ops":
            where |= {"city": call.principal.city, "app": call.principal.who}
        elif call.principal.city != "*":
            where["city"] = call.principal.city
        webhook = await self._webhooks.webhooks.find_one(where)
        if webhook is None:
            raise not_found("webhook")
        return webhook

    async def deliveries(self, call: Call) -> Answer:
        query = call.query_as(DeliveryQuery)
        limit = query.limit
        webhook = await self._own_webhook(call, call.path["id"])
        where: Document = {"webhook": webhook["_id"]}
        if query.state is not None:
            where["state"] = query.state
        if query.cursor is not None:
            where |= beyond(query.cursor, "made_at", -1)
        found = await self._webhooks.deliveries.find(where, sort=[("made_at", -1), ("_id", 1)], limit=limit + 1)
        shown, following = page(found, limit, "made_at")
        return Answer({"items": [delivery_view(delivery) for delivery in shown], "next": following})

    async def retry(self, call: Call) -> Answer:
        id_ = call.path["id"]
        delivery = await self._webhooks.deliveries.find_one({"_id": id_})
        if delivery is not None:
            await self._own_webhook(call, delivery["webhook"])
            await self._webhooks.sending.again(delivery)
        else:
            await self._owed.deliveries.again(await self._owed_delivery(call.principal, id_))
        return Answer({"id": id_, "status": "pending"})

    async def _owed_delivery(self, who: Principal, id_: str) -> Document:
        """An alert's delivery, for ops. Raises ``Refusal`` 404."""
        where: Document = {"_id": id_} if who.city == "*" else {"_id": id_, "city": who.city}
        delivery = await self._owed.deliveries.rows.find_one(where) if who.kind == "ops" else None
        if delivery is None:
            raise not_found("delivery")
        return delivery


def _webhook_view(webhook: Document) -> dict[str, object]:
    return {"id": webhook["_id"], "url": webhook["url"], "types": webhook["types"], "state": webhook["state"]}
