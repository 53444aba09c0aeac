"""``/ops/deliveries``: what does not arrive at apps and channels, and the apps' webhooks."""

import asyncio
from urllib.parse import urlsplit

from starlette.responses import Response

from services.console.frame.page import Page
from services.console.frame.visit import Visit
from services.console.operations.calls import OperationsCalls, Undelivered
from services.console.operations.words import WEBHOOK, outcome, way
from services.console.pages.ops.office import TABS, check_ops
from shared.operations.event_names import STEPS
from shared.runtime.http_server.route import Route


class Deliveries(Page):
    def routes(self) -> list[Route]:
        return [
            self.get("/ops/deliveries", self.show, "Deliveries that have not arrived"),
            self.post("/ops/deliveries/{id}", self.retry, "Send a delivery again"),
        ]

    async def show(self, visit: Visit) -> Response:
        check_ops(visit)
        calls, token = OperationsCalls(self.services), visit.token
        pending, failed, webhooks = await asyncio.gather(
            calls.undelivered(token, "pending"), calls.undelivered(token, "failed"), calls.webhooks(token)
        )
        groups = [
            (visit._("Tried again by itself"), [_shown(visit, one) for one in pending.items], pending.more),
            (visit._("Given up"), [_shown(visit, one) for one in failed.items], failed.more),
        ]
        hooks = [(one, urlsplit(one.url).hostname or "") for one in webhooks]
        return visit.page("ops_deliveries.html", tabs=TABS, groups=groups, webhooks=hooks)

    async def retry(self, visit: Visit) -> Response:
        check_ops(visit)
        await OperationsCalls(self.services).retry(visit.token, visit.path["id"], visit.form.key)
        return visit.go("/ops/deliveries", said=visit._("It is sent again."))


def _shown(visit: Visit, one: Undelivered) -> dict[str, object]:
    """``about``: the event of which an app is told; of a channel's delivery the case or alert is found by its id."""
    code = one.what.rpartition(".v")[0] or one.what
    status = str(one.last_status) if one.last_status is not None else ""
    return {
        "it": one,
        "way": way(visit, one.way),
        "about": visit.case_words.of(STEPS.get(code, (code, code))) if one.way == WEBHOOK else "",
        "outcome": outcome(visit, one.last_outcome or "", status),
        "last": visit.moment(one.last_at) if one.last_at is not None else "",
    }
