"""``/ops/parked``: messages that could not be handled: look, try dry, replay to their own topic, drop."""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.visit import Visit
from services.console.operations.calls import OperationsCalls, Parked
from services.console.operations.words import service_name
from services.console.pages.ops.office import TABS, check_ops
from shared.kernel.errors import not_found
from shared.operations.answers import SERVICES, ServiceName
from shared.runtime.http_server.route import Route

STATES: Mapping[str, str] = {"parked": N_("Parked"), "replayed": N_("Replayed"), "dropped": N_("Dropped")}
OUTCOMES = {
    "handled": N_("It was delivered again and handled."),
    "parked": N_("It was delivered again and could not be handled: it is parked anew."),
    "waiting": N_("It was delivered again; its consumer has not come to it yet. Look again in a moment."),
}
OUTCOME_WITHIN_S, ASKED_EVERY_S = 10.0, 0.25
"""How long the page waits for what becomes of a message that is delivered again; a consumer takes a moment."""


class ParkedMessages(Page):
    def routes(self) -> list[Route]:
        return [
            self.get("/ops/parked", self.list, "Parked messages"),
            self.get("/ops/parked/{service}/{id}", self.show, "One parked message"),
            self.post("/ops/parked/{service}/{id}", self.press, "Try, replay or drop a parked message"),
        ]

    @property
    def _calls(self) -> OperationsCalls:
        return OperationsCalls(self.services)

    async def list(self, visit: Visit) -> Response:
        check_ops(visit)
        asked = visit.request.query_params.get("state", "parked")
        state = asked if asked in STATES else "parked"
        found, away = await self._calls.parked(visit.token, state)
        rows = [(one, service_name(visit, one.service), visit.moment(one.parked_at), address(one)) for one in found]
        missing = [service_name(visit, name) for name in away]
        return visit.page("ops_parked.html", tabs=TABS, rows=rows, state=state, states=STATES.items(), missing=missing)

    async def show(self, visit: Visit) -> Response:
        check_ops(visit)
        return self._page(visit, await self._asked(visit))

    async def press(self, visit: Visit) -> Response:
        check_ops(visit)
        letter, act = await self._asked(visit), visit.form.get("act")
        if letter.state != "parked":
            said = visit._("Somebody has decided about this message already.")
            return self._page(visit, letter, 409, said=said, bad=True)
        if act == "dry":
            tried = await self._calls.decide(visit.token, letter.service, letter.id, "replay", dry=True)
            return self._page(visit, letter, said=_tried(visit, tried), bad=tried.unreadable is not None)
        if act not in ("replay", "drop"):
            raise not_found("act")
        await self._calls.decide(visit.token, letter.service, letter.id, act)
        if act == "drop":
            return visit.go("/ops/parked", said=visit._("Dropped; it stays on record."))
        after = await self._outcome(visit, letter)
        return visit.go(address(after), said=visit._(OUTCOMES[after.outcome or "waiting"]))

    async def _outcome(self, visit: Visit, letter: Parked) -> Parked:
        """The message once it is known what became of it, or as it is after ``OUTCOME_WITHIN_S``."""
        for _ in range(int(OUTCOME_WITHIN_S / ASKED_EVERY_S)):
            after = await self._calls.one_parked(visit.token, letter.service, letter.id)
            if after.outcome in ("handled", "parked"):
                return after
            await asyncio.sleep(ASKED_EVERY_S)
        return after

    async def _asked(self, visit: Visit) -> Parked:
        service: ServiceName | None = next((name for name in SERVICES if name == visit.path["service"]), None)
        if service is None:
            raise not_found("service")
        return await self._calls.one_parked(visit.token, service, visit.path["id"])

    def _page(self, visit: Visit, letter: Parked, status: int = 200, *, said: str = "", bad: bool = False) -> Response:
        return visit.page(
            "ops_parked_one.html",
            status,
            tabs=TABS,
            letter=letter,
            here=address(letter),
            service=service_name(visit, letter.service),
            state=visit._(STATES[letter.state]),
            outcome=visit._(OUTCOMES[letter.outcome]) if letter.outcome in OUTCOMES else "",
            first=_at(letter, letter.first) if letter.first else "",
            again=_at(letter, letter.again) if letter.again else "",
            report=_subject(letter),
            said=said,
            bad=bad,
        )


def address(letter: Parked) -> str:
    return _at(letter, letter.id)


def _at(letter: Parked, id_: str) -> str:
    return f"/ops/parked/{letter.service}/{quote(id_, safe=':')}"


def _subject(letter: Parked) -> str:
    """The report or case that it is about, to be found; empty where its headers do not say."""
    subject = letter.headers.get("ce_subject", "")
    return subject if subject[:1] in ("r", "c") else ""


def _tried(visit: Visit, tried: Parked) -> str:
    if tried.unreadable is not None:
        return visit._("Tried dry: it would park again: %(why)s", why=tried.unreadable)
    return visit._("Tried dry: it can be read. Whether it is handled shows when it is delivered again.")
