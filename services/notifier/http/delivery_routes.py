"""What every app was sent about a case, and what does not arrive at apps and channels, for operators."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.delivery import AppDelivery, Delivery, ShownProgress, app_delivery, progress
from shared.city.model.entry import Id
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document, IndexModel

LIMIT_MAX = 500
UNDELIVERED_MAX = 200
INDEXES = (IndexModel([("case", 1), ("made_at", 1)], name="case"),)


class DeliveriesQuery(msgspec.Struct, forbid_unknown_fields=True):
    case: Id
    limit: Annotated[int, msgspec.Meta(ge=1, le=LIMIT_MAX)] = LIMIT_MAX


class CaseDeliveries(msgspec.Struct, frozen=True):
    items: list[AppDelivery]


class Undelivered(ShownProgress, frozen=True, kw_only=True, omit_defaults=True):
    """One that was tried and has not arrived. ``way``: ``webhook``, or the kind of channel; ``receiver``: the webhook,
    or the pack's id of robot, telephone or mailbox. Of a channel's no case is named: it may not be for everybody."""

    id: str
    city: str
    way: str
    receiver: str
    what: str
    """The event that a webhook is told; of an alert its id."""
    case: str | None = None


class UndeliveredList(msgspec.Struct, frozen=True):
    """``more``: there are more than were looked at."""

    items: list[Undelivered]
    more: bool


class UndeliveredQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``pending``: tried again by itself; ``failed``: given up."""

    state: Literal["pending", "failed"] = "failed"


class DeliveryRoutes:
    """The deliveries of one case over all webhooks, oldest first; what has not arrived, the newest attempt first."""

    def __init__(self, webhooks: Webhooks, deliveries: AlertDeliveries, packs: PackLibrary) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/deliveries",
                self.list,
                "Deliveries of a case to all webhooks, oldest first",
                roles=frozenset({"ops"}),
                query=DeliveriesQuery,
                answers={200: CaseDeliveries},
            ),
            get(
                "/v1/deliveries:undelivered",
                self.undelivered,
                "Deliveries to webhooks and channels that were tried and have not arrived, newest attempt first",
                roles=frozenset({"ops"}),
                query=UndeliveredQuery,
                answers={200: UndeliveredList},
            ),
        ]

    async def list(self, call: Call) -> Answer:
        query = call.query_as(DeliveriesQuery)
        where: Document = {"case": query.case}
        if call.principal.city != "*":
            where["city"] = call.principal.city
        found = await self._webhooks.queue.find(where, sort=[("made_at", 1)], limit=query.limit)
        return Answer(CaseDeliveries([app_delivery(d, d.receiver) for d in found]))

    async def undelivered(self, call: Call) -> Answer:
        """At most ``UNDELIVERED_MAX`` of each kind, found by receiver: no index holds all deliveries for this."""
        state, own = call.query_as(UndeliveredQuery).state, call.principal.city
        cities = [own] if own != "*" else list(self._packs.cities)
        hooks = await self._webhooks.of_city(None if own == "*" else own, UNDELIVERED_MAX)
        receivers = [receiver for city in cities for receiver in self._packs.current(city).receivers.ids]
        tried: Document = {"state": state, "last_at": {"$exists": True}}
        to_apps = await self._webhooks.queue.find(
            {"webhook": {"$in": [hook.id for hook in hooks]}, **tried}, sort=(), limit=UNDELIVERED_MAX
        )
        to_channels = await self._deliveries.queue.find(
            {"receiver": {"$in": receivers}, "city": {"$in": cities}, **tried}, sort=(), limit=UNDELIVERED_MAX
        )
        items = [
            *(_undelivered(one, "webhook", one.type, one.case) for one in to_apps),
            *(_undelivered(one, one.channel, one.alert, None) for one in to_channels),
        ]
        more = max(len(to_apps), len(to_channels)) == UNDELIVERED_MAX
        return Answer(UndeliveredList(sorted(items, key=_tried_at, reverse=True), more))


def _undelivered(delivery: Delivery, way: str, what: str, case: str | None) -> Undelivered:
    return Undelivered(
        id=delivery.id,
        city=delivery.city,
        receiver=delivery.receiver,
        way=way,
        what=what,
        case=case,
        **progress(delivery),
    )


def _tried_at(one: Undelivered) -> datetime:
    return one.last_at or one.made_at
