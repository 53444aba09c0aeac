"""The page on which a reporter answers a question: a signed address, without a key, until the time to answer is over.

GET changes nothing; only POST does. The address is for one question: once that is answered, or asked no more, the page
says so.
"""

from urllib.parse import parse_qs

from starlette.responses import HTMLResponse

from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from services.intake.reports.reporter_actions import ReporterActions
from shared.city.progress_texts import ProgressTexts
from shared.contracts.cases import QuestionState
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.kernel.spelling import as_read
from shared.runtime.http_server.route import Call, Route, get, post
from shared.runtime.http_server.signed_links import SignedLinks
from shared.runtime.http_server.signed_page import Page
from shared.runtime.pack_library import PackLibrary
from shared.runtime.sealed_texts import SealedTexts

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
    """Makes the addresses and serves the pages."""

    def __init__(
        self, secret: str, url: str, store: ReportStore, actions: ReporterActions, packs: PackLibrary, clock: Clock
    ) -> None:
        self._links = SignedLinks(secret, "answers of reporters")
        self._sealed = SealedTexts(secret)
        self._url = url.rstrip("/")
        self._store = store
        self._actions = actions
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        html = ("text/html",)
        form = ("application/x-www-form-urlencoded",)
        return [
            get("/q/{token}", self.show, "What a reporter is asked", media=html, answers=_ANSWERS),
            post(
                "/q/{token}", self.press, "Answer it", raw_max=BODY_MAX, media=form, answer_media=html, answers=_ANSWERS
            ),
        ]

    def make(self, status: ReportStatus) -> str | None:
        """The address where the question that is open on a report can be answered."""
        question = _question(status)
        if question is None:
            return None
        return f"{self._url}/q/{self._links.token(_question_id(status, question), question.until)}"

    def words(self, status: ReportStatus) -> str | None:
        """What the reporter is asked; of a confidential case opened, for nobody but the reporter."""
        question = _question(status)
        if question is None or question.sealed is None:
            return question.text if question is not None else None
        return as_read(self._sealed.opened(question.sealed))

    async def show(self, call: Call) -> HTMLResponse:
        status, page = await self._read(call.path["token"])
        return page if status is None else self._page(200, status, button="send")

    async def press(self, call: Call) -> HTMLResponse:
        status, page = await self._read(call.path["token"])
        question = _question(status) if status is not None else None
        if status is None or question is None:
            return page
        text = _text(call.raw)
        if text is None:
            return self._page(422, status, said="empty", button="send")
        try:
            await self._actions.answer(status.report, text, _question_id(status, question), call.trace)
        except Refusal as refusal:
            if refusal.status == 503 or refusal.errors:
                said = "empty" if refusal.errors else "again"
                return self._page(refusal.status, status, said=said, button="send")
            return self._page(409, status, said="over")
        return self._page(200, status, said="thanks")

    async def _read(self, token: str) -> tuple[ReportStatus | None, HTMLResponse]:
        """The report whose question is still open, or the page that says why not."""
        found = self._links.read(token)
        if found is None:
            return None, Page(language="zh-CN", title=_ZH["foreign"]).answer(404)
        what, ends = found
        city, id_, moment = what.split("/")
        status = await self._store.status(city, None, id_)
        if status is None:
            return None, Page(language="zh-CN", title=_ZH["foreign"]).answer(404)
        if ends <= self._clock.now():
            return None, self._page(410, status, said="ended")
        question = _question(status)
        if question is None or _moment(question) != moment:
            return None, self._page(409, status, said="over")
        return status, self._page(200, status)

    def _page(
        self, status_code: int, status: ReportStatus, *, said: str | None = None, button: str | None = None
    ) -> HTMLResponse:
        pack = self._packs.current(status.report.city)
        language = pack.city.languages[0]
        words = _ZH if language.startswith("zh") else _EN
        asked = button is not None and _question(status) is not None
        return Page(
            language=language,
            title=words["title"],
            heading=ProgressTexts(status, pack, self._clock.now()).question_heading() if asked else None,
            text=(self.words(status) if asked else None) or "",
            said=words[said] if said is not None else None,
            button=words[button] if button is not None else None,
            most=TEXT_MAX,
            notice=pack.notice(),
        ).answer(status_code)


def _question(status: ReportStatus) -> QuestionState | None:
    return status.case.question if status.case is not None else None


def _question_id(status: ReportStatus, question: QuestionState) -> str:
    """Names one question: the address is for it, and it is answered once."""
    return f"{status.report.city}/{status.report.id}/{_moment(question)}"


def _moment(question: QuestionState) -> str:
    return str(int(question.at.timestamp() * 1000))


def _text(body: bytes) -> str | None:
    """The answer in the form; None when there is none, or more than may be said."""
    try:
        given = parse_qs(body.decode(), max_num_fields=4).get("text", [""])[0].strip()
    except ValueError:
        return None
    return given if 0 < len(given) <= TEXT_MAX else None
