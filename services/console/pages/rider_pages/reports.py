"""``/r/reports`` 我的上报 and ``/r/data`` 我的数据: how a rider's reports get on, and what is kept of him."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response

from services.console.frame.languages import N_
from services.console.frame.visit import OpenVisit
from services.console.pages.rider_pages.questions import said_to
from services.console.pages.rider_pages.session import RiderPage, why
from services.console.rider_client import City, Clock, Report, RiderCategories, RiderCategory
from services.console.rider_cookie import Rider, keep
from shared.kernel.errors import Refusal, invalid, not_found
from shared.kernel.pictures import PICTURE_BYTES_MAX
from shared.runtime.http_server.route import Call, Route, get

BODY_MAX = PICTURE_BYTES_MAX + 64 * 1024
STEPS = (N_("Reported"), N_("Handed on"), N_("Claimed"), N_("Being handled"), N_("Closed"))
REACHED = {
    "accepted": 1,
    "queued": 2,
    "returned": 2,
    "acknowledged": 3,
    "claimed": 3,
    "on_site": 4,
    "in_progress": 4,
    "waiting_reporter": 4,
    "reopened": 4,
    "resolved": 4,
    "closed": 5,
    "rejected": 5,
    "merged": 5,
}
"""State → how many of the five steps are behind."""
BEFORE_LAST = {"rejected": 2, "merged": 2}
"""State → how many of the others come before its last step: nobody has worked on what was not taken on."""
OWN_NAME = {"acknowledged": (2, N_("Acknowledged")), "resolved": (3, N_("Dealt with"))}
"""State → which step it is, and how it is called while the report stands there."""
LAST = {"rejected": N_("Not taken on"), "merged": N_("Joined to the same matter")}
RATED = ((3, N_("Satisfied")), (2, N_("Fairly satisfied")), (1, N_("Dissatisfied")))
PROMISED = ("acknowledge", "on_site", "resolve")


@dataclass(frozen=True, slots=True)
class StepLine:
    """One of the five. ``now``: where the report stands."""

    name: str
    done: bool
    now: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Values of a page about reports: the city's zone and time."""

    categories: RiderCategories

    @property
    def city(self) -> City:
        return self.categories.city

    def moment(self, visit: OpenVisit, at: datetime) -> str:
        return visit.case_words.moment(at, self.city.now, ZoneInfo(self.city.timezone))

    def name(self, visit: OpenVisit, code: str) -> str:
        found = next((one for one in self.categories.items if one.code == code), None)
        return visit.case_words.of((found.name, found.name_en or found.name)) if found is not None else ""

    def answered(self, visit: OpenVisit, report: Report) -> list[tuple[str, str]]:
        """What he answered to the questions of the category."""
        code = report.case.category if report.case is not None else ""
        found = next((one for one in self.categories.items if one.code == code), RiderCategory(code, ""))
        return said_to(found, report.answers, (visit._("Yes"), visit._("No")))

    def advice(self, visit: OpenVisit, code: str) -> str:
        found = next((one for one in self.categories.items if one.code == code), None)
        return visit.case_words.of((found.advice, found.advice_en or found.advice)) if found is not None else ""


class RiderReports(RiderPage):
    """The pages."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/r/reports", self.mine, "My reports"),
            self.open_get("/r/reports/{id}", self.one, "My report"),
            self.open_post("/r/reports/{id}", self.press, "Say more about my report", most=BODY_MAX),
            get("/r/photos/{id}", self._photo, "A photo of my report", media=("image/jpeg",), answers={200: None}),
            self.open_get("/r/data", self.data, "My data"),
            get("/r/data.json", self._export, "Everything that is kept of me", media=("application/json",)),
            self.open_post("/r/data", self.erase, "Erase me"),
        ]

    async def mine(self, visit: OpenVisit) -> Response:
        async def act(token: str) -> Response:
            if not token:
                return visit.page("rider_reports.html", lines=[], more="")
            found, told = await asyncio.gather(
                self.riders.reports(token, visit.request.query_params.get("after", "")), self._told(token)
            )
            lines = [(one, told.moment(visit, one.received_at), _steps(visit, one)) for one in found.items]
            return visit.page("rider_reports.html", lines=lines, more=found.next or "")

        return await self.shown(visit, act)

    async def one(self, visit: OpenVisit) -> Response:
        async def act(token: str) -> Response:
            return await self._one(visit, token)

        return await self.shown(visit, act)

    async def _one(self, visit: OpenVisit, token: str, status: int = 200, *, said: str = "", at: str = "") -> Response:
        if not token:
            raise not_found("report")
        report, told = await asyncio.gather(self.riders.report(token, visit.path["id"]), self._told(token))
        case = report.case
        question = report.question
        values: dict[str, Any] = {
            "report": report,
            "sent": "sent" in visit.request.query_params,
            "five": _steps(visit, report),
            "received": told.moment(visit, report.received_at),
            "answered": told.answered(visit, report),
            "category": told.name(visit, case.category) if case is not None else "",
            "advice": told.advice(visit, case.category) if case is not None and report.emergency else "",
            "promised": [_promise(visit, told, clock) for clock in _promises(case.clocks if case is not None else [])],
            "steps": [(told.moment(visit, step.at), step.text) for step in report.steps if step.text],
            "answer": urlsplit(question.link).path if question is not None and question.link else "",
            "until": told.moment(visit, question.until) if question is not None else "",
            "outcome": [urlsplit(link).path for link in report.outcome.links] if report.outcome is not None else [],
            "object_until": told.moment(visit, report.objection.until) if report.objection is not None else "",
            "scores": [(score, visit._(name)) for score, name in RATED],
            "given": visit.form.typed,
            "other": _elsewhere(visit, told, report),
        }
        shown = visit.demonstrating(told.categories.notice is not None)
        return shown.page("rider_report.html", status, said=said, at=at, **values)

    async def press(self, visit: OpenVisit) -> Response:
        """One of the forms of the report's page."""
        form, report = visit.form, visit.path["id"]

        async def act(token: str) -> Response:
            if not token:
                raise not_found("report")
            if form.get("do") == "add":
                await self._add(visit, token, report)
            elif form.get("do") in ("rate", "object"):
                score = "1" if form.get("do") == "object" else form.get("score")
                if score not in ("1", "2", "3"):
                    raise invalid()
                body = {"score": int(score), **({"text": form.get("text")} if form.get("text") else {})}
                await self.riders.rate(token, report, body, form.key)
            elif form.get("do") == "elsewhere":
                return await self._agree(visit, token, report)
            elif form.get("do") == "withdraw":
                await self.riders.withdraw(token, report, {"reason": form.get("text")}, form.key)
            else:
                raise invalid()
            return visit.go(f"/r/reports/{report}", said=visit._("Received, thank you."))

        try:
            return await self.as_rider(visit, act)
        except Refusal as refusal:
            return await self._pressed_wrong(visit, refusal)

    async def _agree(self, visit: OpenVisit, token: str, report: str) -> Response:
        """It is a matter for somebody else: it is taken back, and he reads where to go."""
        told = await self._told(token)
        office = next((one for one in told.categories.elsewhere if one.id == visit.form.get("to")), None)
        if office is None:
            raise invalid()
        await self.riders.withdraw(token, report, {"reason": office.name}, visit.form.key)
        return visit.go(f"/r/elsewhere/{office.id}", said=visit._("Your report was taken back."))

    async def _pressed_wrong(self, visit: OpenVisit, refusal: Refusal) -> Response:
        _, said = why(visit, refusal)

        async def again(token: str) -> Response:
            return await self._one(visit, token, refusal.status, said=said, at=visit.form.get("do"))

        return self.said(visit, refusal) if refusal.status in (401, 404) else await self.shown(visit, again)

    async def _add(self, visit: OpenVisit, token: str, report: str) -> None:
        form, body = visit.form, dict[str, Any]()
        if form.get("text"):
            body["text"] = form.get("text")
        if "photo" in form.files:
            body["photos"] = [await self.riders.send_photo(token, form.files["photo"], f"{form.key}-added")]
        if form.get("fixed"):
            body["fixed"] = True
        await self.riders.add(token, report, body, form.key)

    async def _photo_of(self, visit: OpenVisit) -> Response:
        async def act(token: str) -> Response:
            if not token:
                raise not_found("photo")
            content = await self.riders.photo(token, visit.path["id"])
            headers = {"cache-control": "private, max-age=600", "x-content-type-options": "nosniff"}
            return Response(content, 200, headers, "image/jpeg")

        try:
            return await self.as_rider(visit, act)
        except Refusal as refusal:
            return Response(status_code=404 if refusal.status in (401, 403, 404) else refusal.status)

    async def _photo(self, call: Call) -> Response:
        return await self._photo_of(OpenVisit(self.site, call))

    async def data(self, visit: OpenVisit) -> Response:
        async def act(token: str) -> Response:
            return visit.page("rider_data.html", known=bool(token))

        return await self.shown(visit, act)

    async def _export(self, call: Call) -> Response:
        visit = OpenVisit(self.site, call)

        async def act(token: str) -> Response:
            found = await self.riders.my_data(token) if token else {"items": []}
            headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="my-data.json"'}
            return Response(json.dumps(found, ensure_ascii=False, indent=2), 200, headers, "application/json")

        return await self.shown(visit, act)

    async def erase(self, visit: OpenVisit) -> Response:
        async def act(token: str) -> Response:
            if not visit.form.get("sure"):
                said = visit._("Tick that you are sure.")
                return visit.page("rider_data.html", 422, said=said, at="sure", known=bool(token))
            if token:
                await self.riders.erase(token, visit.form.key)
            return RedirectResponse("/r/data?erased=1", 303, {"cache-control": "no-store"})

        response = await self.shown(visit, act)
        if response.status_code == 303:  # this browser is nobody any more: what it sends next is another's
            keep(response, visit.request, Rider("", "", of_app=False))
        return response

    async def _told(self, token: str) -> Told:
        return Told(await self.riders.categories(token))


def _steps(visit: OpenVisit, report: Report) -> list[StepLine]:
    """The five steps of a report, fewer where nobody worked on it. The last says how it ended."""
    state = report.case.state if report.case is not None else report.status
    reached = REACHED.get(state, 1)
    names = [*STEPS[: BEFORE_LAST.get(state, len(STEPS) - 1)], LAST.get(state, STEPS[-1])]
    if own := OWN_NAME.get(state):
        names[own[0]] = own[1]
    return [
        StepLine(visit._(name), n < reached - 1 or reached == len(STEPS), n == reached - 1 and reached < len(STEPS))
        for n, name in enumerate(names)
    ]


def _elsewhere(visit: OpenVisit, told: Told, report: Report) -> tuple[str, str, str] | None:
    """Of what may be a matter for somebody else, as the receipt said: id, name and where to go."""
    asked = visit.request.query_params.get("to", "")
    found = next((one for one in told.categories.elsewhere if one.id == asked), None)
    if found is None or report.withdrawn or report.status in ("closed", "rejected", "merged"):
        return None
    return found.id, found.name, visit.case_words.of((found.text, found.text_en or found.text))


def _promises(clocks: list[Clock]) -> list[Clock]:
    """What is still promised, and what came of what was: a void clock promises nothing any more."""
    return [one for one in clocks if one.superseded_at is None and one.state != "void" and one.kind in PROMISED]


def _promise(visit: OpenVisit, told: Told, clock: Clock) -> tuple[str, str, str]:
    """What was promised, until when, and what came of it."""
    words = visit.case_words
    came = {"met": "met", "breached": "breached", "paused": "paused"}.get(clock.state)
    left, _ = words.left(clock.due_at, told.city.now)
    return words(f"clock.{clock.kind}"), told.moment(visit, clock.due_at), words(came) if came else left
