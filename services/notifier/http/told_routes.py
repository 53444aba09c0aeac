"""``/v1/alerts:told``: who was alerted about a case, for whoever sees the case."""

import msgspec

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import UNATTENDED
from services.notifier.http.router_client import RouterClient
from shared.city.model.entry import Id
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Answer, Call, Route, get


class ToldQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``case``: its id."""

    case: Id


class ToldAnswer(msgspec.Struct, frozen=True):
    """``people``: ids, who was alerted last first, without the reader."""

    people: list[str]


class ToldRoutes:
    """The route. The router says whether the officer sees the case."""

    def __init__(self, alerts: AlertStore, router: RouterClient) -> None:
        self._alerts = alerts
        self._router = router

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/alerts:told",
                self.told,
                "Who else was alerted about a case",
                roles=frozenset({"officer"}),
                query=ToldQuery,
                answers={200: ToldAnswer, 404: None, 503: None},
            )
        ]

    async def told(self, call: Call) -> Answer:
        who, alerts = call.principal, await self._alerts.of_case(call.query_as(ToldQuery).case)
        own = [alert for alert in alerts if alert.city == who.city and alert.kind != UNATTENDED]
        if not own or await self._router.case(own[0], who.who) is None:
            raise not_found("case")
        people = dict.fromkeys(alert.recipient for alert in own if alert.recipient != who.person)
        return Answer(ToldAnswer(list(people)))
