"""``/ops/find``: "my report is lost": by the telephone's last four, any id, a traceparent or a problem's trace_id."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from services.console.frame.languages import N_, NN_
from services.console.frame.page import Page
from services.console.frame.visit import Visit
from services.console.operations.calls import SignedIn
from services.console.operations.waterfall import waterfall
from services.console.operations.words import service_name
from services.console.pages.ops.office import TABS, check_ops
from shared.operations.asking import Asking
from shared.operations.lookup import Found, NotFound, SeveralReports, find
from shared.operations.story import Happened, story
from shared.runtime.http_server.route import Route
from shared.runtime.timekeeping.wall_clock import real_now

ASKED_MAX = 200
WHY = {
    "no-such-event": N_("No service has stored an event, alert or delivery with this id."),
    "no-such-trace": N_(
        "Nothing is stored in this trace: it is too long ago, or the request was refused. A refusal is in the log of "
        "the service that answered."
    ),
    "no-such-id": N_("No service knows this id."),
}


NO_SUCH_TELEPHONE = NN_(
    "The %(count)s reporter who was seen last has another telephone. Confidential reports are not searched.",
    "None of the %(count)s reporters who were seen last has a telephone that ends so. Confidential reports are not "
    "searched.",
)


class Find(Page):
    def routes(self) -> list[Route]:
        return [self.get("/ops/find", self.show, "Find a report and what happened to it")]

    async def show(self, visit: Visit) -> Response:
        check_ops(visit)
        asked = visit.request.query_params.get("q", "").strip()[:ASKED_MAX]
        if not asked:
            return _page(visit, asked)
        asking = Asking(SignedIn(self.services, visit.token))
        try:
            found = await find(asking, asked)
            told = await story(asking, found, asked, real_now())
        except NotFound as unknown:
            counts = unknown.why == "no-such-telephone"
            said = visit.counted(NO_SUCH_TELEPHONE, unknown.searched) if counts else visit._(WHY[unknown.why])
            return _page(visit, asked, said=said)
        except SeveralReports as several:
            reports = [(one.report, visit.moment(one.received_at), one.app) for one in several.items]
            return _page(visit, asked, reports=reports)
        if not told.items:
            return _page(visit, asked, said=visit._(WHY["no-such-id"]), missing=_missing(visit, asking))
        return await self._story(visit, asked, asking, found, told.items)

    async def _story(
        self, visit: Visit, asked: str, asking: Asking, found: Found, happened: Sequence[Happened]
    ) -> Response:
        details = [one.detail for one in happened]
        people = dict.fromkeys(told[name] for told in details for name in ("by", "recipient") if name in told)
        told_units = (unit for told in details for unit in told.get("tell", "").split(", ") if unit)
        units = dict.fromkeys([*(told["unit"] for told in details if "unit" in told), *told_units])
        names = await self.services.names(visit.token, people=list(people), units=list(units))
        rows = waterfall(visit, happened, names)
        return _page(visit, asked, found=found, rows=rows, missing=_missing(visit, asking))


def _missing(visit: Visit, asking: Asking) -> list[str]:
    return [service_name(visit, service) for service in asking.missing]


def _page(visit: Visit, asked: str, *, said: str = "", **more: Any) -> Response:
    empty: dict[str, Any] = {"found": None, "rows": [], "reports": [], "missing": []}
    return visit.page("ops_find.html", tabs=TABS, asked=asked, said=said, **{**empty, **more})
