"""The page on which a reporter answers a question: a signed address, without a key, until the time to answer is over.

Looking changes nothing; only POST does. It belongs to one question: once that is answered, or asked no more, the page
says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse

from services.intake.reports.progress_texts import Telling
from services.intake.reports.report_store import ReportStore
from services.intake.reports.reporter_actions import Reporters
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.runtime.http_server.server import Call, Route, get, post
from shared.runtime.http_server.signed_links import SignedLinks
from shared.runtime.http_server.signed_page import Page
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

TEXT_MAX = 2000
BODY_MAX = 16_384
_ANSWERS = {200: None, 404: None, 409: None, 410: None, 422: None, 503: None}
_ZH = {
    "title": "请补充信息",
    "send": "提交",
    "thanks": "已收到，谢谢！",
    "ended": "链接已过期。",
    "over": "该问题已答复，或不再需要答复。",
    "again": "暂未记录，请再按一次。",
    "empty": "请写一两句话。",
    "foreign": "链接无效 · Not a link of ours",
}
_EN = {
    "title": "One question about your report",
    "send": "Send",
    "thanks": "Received, thank you.",
    "ended": "This link has ended.",
    "over": "The question is answered already, or asked no more.",
    "again": "Not recorded, press again.",
    "empty": "Write a sentence or two.",
    "foreign": "链接无效 · Not a link of ours",
}


class AnswerLinks:
    """Makes the links and answers them."""

    def __init__(
        self, secret: str, url: str, store: ReportStore, reporters: Reporters, packs: PackLibrary, clock: Clock
    ) -> None:
        self._links = SignedLinks(secret, "answers of reporters")
        self._url = url.rstrip("/")
        self._store = store
        self._reporters = reporters
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        html = ("text/html",)
        form = ("application/x-www-form-urlencoded",)
        return [
            get("/q/{token}", self.show, "What a reporter is asked", media=html, answers=_ANSWERS),
            post("/q/{token}", self.press, "Answer it", raw_max=BODY_MAX, media=form, answers=_ANSWERS),
        ]

    def make(self, report: Mapping[str, Any]) -> str | None:
        """The address where the question that is open on ``report`` can be answered."""
        question = _question(report)
        if question is None:
            return None
        return f"{self._url}/q/{self._links.token(_what(report, question), question['until'])}"

    async def show(self, call: Call) -> HTMLResponse:
        report, page = await self._read(call.path["token"])
        return page if report is None else self._page(200, report, button="send")

    async def press(self, call: Call) -> HTMLResponse:
        report, page = await self._read(call.path["token"])
        question = _question(report) if report is not None else None
        if report is None or question is None:
            return page
        text = _text(call.raw)
        if text is None:
            return self._page(422, report, said="empty", button="send")
        try:
            await self._reporters.answer(report, text, _what(report, question), call.trace)
        except Refusal as refusal:
            if refusal.status == 503 or refusal.errors:
                said = "empty" if refusal.errors else "again"
                return self._page(refusal.status, report, said=said, button="send")
            return self._page(409, report, said="over")
        return self._page(200, report, said="thanks")

    async def _read(self, token: str) -> tuple[Document | None, HTMLResponse]:
        """The report whose question is still open, or the page that says why not."""
        found = self._links.read(token)
        if found is None:
            return None, Page(language="zh-CN", title=_ZH["foreign"]).answer(404)
        what, ends = found
        city, id_, moment = what.split("/")
        report = await self._store.get(city, None, id_)
        if report is None:
            return None, Page(language="zh-CN", title=_ZH["foreign"]).answer(404)
        if ends <= self._clock.now():
            return None, self._page(410, report, said="ended")
        question = _question(report)
        if question is None or _moment(question) != moment:
            return None, self._page(409, report, said="over")
        return report, self._page(200, report)

    def _page(
        self, status: int, report: Document, *, said: str | None = None, button: str | None = None
    ) -> HTMLResponse:
        pack = self._packs.current(report["city"])
        language = pack.city.languages[0]
        words = _ZH if language.startswith("zh") else _EN
        question = _question(report) if button is not None else None
        asked = Telling(report, pack).asked() if question is not None else None
        return Page(
            language=language,
            title=words["title"],
            heading=asked,
            text=(question or {}).get("text") or "",
            said=words[said] if said is not None else None,
            button=words[button] if button is not None else None,
            most=TEXT_MAX,
        ).answer(status)


def _question(report: Mapping[str, Any]) -> Document | None:
    question: Document | None = (report.get("case") or {}).get("question")
    return question


def _what(report: Mapping[str, Any], question: Mapping[str, Any]) -> str:
    """The question: the link is for it, and it is answered once."""
    return f"{report['city']}/{report['_id']}/{_moment(question)}"


def _moment(question: Mapping[str, Any]) -> str:
    at: datetime = question["at"]
    return str(int(at.timestamp() * 1000))


def _text(body: bytes) -> str | None:
    """The answer in the form; None when there is none, or more than may be said."""
    try:
        given = parse_qs(body.decode(), max_num_fields=4).get("text", [""])[0].strip()
    except ValueError:
        return None
    return given if 0 < len(given) <= TEXT_MAX else None
