"""``GET /v1/deliveries``: what every app was sent about a case, for operators who trace it."""

from typing import Annotated

import msgspec

from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.delivery import AppDelivery, app_delivery
from shared.city.model.entry import Id
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.storage.mongo import Document, IndexModel

LIMIT_MAX = 500
INDEXES = (IndexModel([("case", 1), ("made_at", 1)], name="case"),)


class DeliveriesQuery(msgspec.Struct, forbid_unknown_fields=True):
    case: Id
    limit: Annotated[int, msgspec.Meta(ge=1, le=LIMIT_MAX)] = LIMIT_MAX


class CaseDeliveries(msgspec.Struct, frozen=True):
    items: list[AppDelivery]


class DeliveryRoutes:
    """The deliveries of one case over all webhooks, oldest first; for ops."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/deliveries",
                self.list,
                "Deliveries of a case to all webhooks, oldest first",
                roles=frozenset({"ops"}),
                query=DeliveriesQuery,
                answers={200: CaseDeliveries},
            )
        ]

    async def list(self, call: Call) -> Answer:
        query = call.query_as(DeliveriesQuery)
        where: Document = {"case": query.case}
        if call.principal.city != "*":
            where["city"] = call.principal.city
        found = await self._webhooks.queue.find(where, sort=[("made_at", 1)], limit=query.limit)
        return Answer(CaseDeliveries([app_delivery(d, d.receiver) for d in found]))
