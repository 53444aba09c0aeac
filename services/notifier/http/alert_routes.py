"""Routes of alerts, and of retrying a delivery."""

from typing import Literal

import msgspec

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery, ChannelDelivery
from services.notifier.http.alert_views import (
    AcknowledgedAlert,
    AlertPage,
    AlertView,
    RetriedDelivery,
    command_of,
    view,
)
from services.notifier.http.one_press_links import OnePressLinks
from services.notifier.http.router_client import RouterClient
from shared.city.model.entry import Id
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, conflict, forbidden, invalid, not_found
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Document

APPS = frozenset({"rider_app", "importer"})


class AlertQuery(msgspec.Struct, forbid_unknown_fields=True):
    recipient: Id | None = None
    state: Literal["sent", "acked", "over", "test", "shadow"] | None = None
    """``shadow``: for ops, what a city in shadow mode would have told."""
    case: Id | None = None
    limit: Limit = 50
    cursor: Cursor | None = None
    city: Id | None = None


class AlertRoutes:
    """Handlers of alerts."""

    def __init__(
        self,
        alerts: AlertStore,
        deliveries: AlertDeliveries,
        webhooks: Webhooks,
        links: OnePressLinks,
        router: RouterClient,
        clock: Clock,
    ) -> None:
        self._alerts = alerts
        self._deliveries = deliveries
        self._webhooks = webhooks
        self._links = links
        self._router = router
        self._clock = clock

    def routes(self) -> list[Route]:
        officers = frozenset({"officer", "ops"})
        return [
            get(
                "/v1/alerts",
                self.list_alerts,
                "Alerts, newest first",
                roles=officers,
                query=AlertQuery,
                answers={200: AlertPage},
            ),
            post(
                "/v1/alerts/{id}/ack",
                self.acknowledge,
                "Acknowledge the alert's case",
                roles=frozenset({"officer"}),
                body=NoBody,
                keyed=True,
                idempotent_as="acknowledgements",
                answers={200: AcknowledgedAlert},
            ),
            post(
                "/v1/deliveries/{id}/retry",
                self.retry,
                "Send a delivery again",
                roles=APPS | {"ops"},
                body=NoBody,
                keyed=True,
                idempotent_as="retries",
                answers={200: RetriedDelivery},
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
        found = await self._alerts.page(where, limit + 1, shadow=shadow)
        alerts = found[:limit]
        following = cursor_after(alerts[-1].at, alerts[-1].id) if len(found) > limit else None
        channels = await self._deliveries.views(alerts)
        return Answer(AlertPage([self._shown(who, a, channels.get(a.id, [])) for a in alerts], following))

    def _shown(self, who: Principal, alert: Alert, channels: list[ChannelDelivery]) -> AlertView:
        """The alert with the progress of its channels, and for its recipient with the one-press link."""
        link = self._links.make(alert) if who.kind == "officer" and alert.state == "sent" else None
        return msgspec.structs.replace(view(alert), channels=channels, link=link)

    async def acknowledge(self, call: Call) -> Answer:
        who = call.principal
        alert = await self._alerts.get(who.city, call.path["id"])
        if alert is None or alert.recipient != who.person:
            raise not_found("alert")
        match command_of(alert):
            case None:
                await self._alerts.acknowledge(alert, self._clock.now())
            case command:
                signs = "acknowledge" if command == "claim" else command
                await self._router.command(alert, signs, key=alert.id, person=alert.recipient)
        return Answer(AcknowledgedAlert(alert.id, "recorded", view(alert).case))

    async def retry(self, call: Call) -> Answer:
        """A webhook's delivery, for its app and ops; an alert's, for ops."""
        id_ = call.path["id"]
        delivery = await self._webhooks.queue.find_one({"_id": id_})
        if delivery is None:
            await self._deliveries.queue.retry(await self._alert_delivery(call.principal, id_))
            return Answer(RetriedDelivery(id_, "pending"))
        webhook = await self._webhooks.own(call.principal, delivery.receiver)
        if webhook.state != "active":
            raise conflict("ended", f"The webhook is {webhook.state}: nothing is sent to it any more.")
        await self._webhooks.queue.retry(delivery)
        return Answer(RetriedDelivery(id_, "pending"))

    async def _alert_delivery(self, who: Principal, id_: str) -> AlertDelivery:
        """An alert's delivery, for ops. Raises ``Refusal`` 404."""
        where: Document = {"_id": id_} if who.city == "*" else {"_id": id_, "city": who.city}
        delivery = await self._deliveries.queue.find_one(where) if who.kind == "ops" else None
        if delivery is None:
            raise not_found("delivery")
        return delivery
