"""One-press links in messages: a signed address that shows an alert and lets its reader claim the case with one press.

GET changes nothing, because message apps fetch previews; only POST does. A link names an alert and so a person. It
expires after a day, and when the person may not see the case any more. Who comes late reads who has the case now.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import HTMLResponse

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import Alert
from services.notifier.http.alert_views import command_of
from services.notifier.http.router_client import RouterClient
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call
from shared.runtime.http_server.signed_links import SignedLinks
from shared.runtime.http_server.signed_page import Page
from shared.runtime.identity.directory import Directory
from shared.runtime.pack_library import PackLibrary

LIFE = timedelta(days=1)
_FOREIGN = Page(language="zh-CN", title="链接无效 · Not a link of ours")


class OnePressLinks:
    """Makes links and serves their pages."""

    def __init__(
        self,
        secret: str,
        public_url: str,
        alerts: AlertStore,
        router: RouterClient,
        packs: PackLibrary,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._links = SignedLinks(secret, "one-press links")
        self._public_url = public_url.rstrip("/")
        self._alerts = alerts
        self._router = router
        self._packs = packs
        self._directory = directory
        self._clock = clock

    def make(self, alert: Alert) -> str:
        """The address for an alert's recipient."""
        token = self._links.token(f"{alert.city}/{alert.id}", alert.at + LIFE)
        return f"{self._public_url}/a/{token}"

    async def _read(self, token: str) -> tuple[Alert, bool] | None:
        """The alert, and whether the link is still valid; None for a token that is not ours."""
        found = self._links.read(token)
        if found is None:
            return None
        what, ends = found
        city, _, id_ = what.partition("/")
        alert = await self._alerts.get(city, id_)
        if alert is None:
            return None
        return alert, ends > self._clock.now()

    async def show(self, call: Call) -> HTMLResponse:
        found = await self._read(call.path["token"])
        if found is None:
            return _FOREIGN.answer(404)
        alert, lives = found
        words = _Words(self._packs.current(alert.city))
        if (instead := await self._not_shown(alert, lives, words)) is not None:
            return instead
        if alert.state != "sent":
            return self._overtaken(alert, words)
        command = command_of(alert)
        page = replace(words.page(alert), **words.time_left(alert.due_at, self._clock.now()))
        return replace(page, button=words(command) if command is not None else None).answer(200)

    async def press(self, call: Call) -> HTMLResponse:
        found = await self._read(call.path["token"])
        if found is None:
            return _FOREIGN.answer(404)
        alert, lives = found
        words = _Words(self._packs.current(alert.city))
        if (instead := await self._not_shown(alert, lives, words)) is not None:
            return instead
        command = command_of(alert)
        if command is None:
            return await self.show(call)
        try:
            await self._router.command(alert, command, key=f"link-{alert.id}", person=alert.recipient)
        except Refusal as refusal:
            if refusal.status == 503:
                return replace(words.page(alert), said=words("again"), button=words(command)).answer(503)
            return self._overtaken(await self._alerts.get(alert.city, alert.id) or alert, words)
        return replace(words.page(alert), said=words(f"{command}_done")).answer(200)

    async def _not_shown(self, alert: Alert, lives: bool, words: "_Words") -> HTMLResponse | None:
        """The page for a link that has expired or whose reader may not see the case any more; None if neither holds.

        The page says nothing of the case, because the reader may have left the office.
        """
        if not lives or await self._directory.person(alert.city, alert.recipient) is None:
            return words.ended().answer(410)
        if command_of(alert) is None or alert.kind == "unrouted":
            return None  # the alert is about no case, or there is none yet
        try:
            return None if await self._router.shows(alert, alert.recipient) else words.ended().answer(410)
        except Refusal as away:
            return words.later().answer(away.status)

    def _overtaken(self, alert: Alert, words: "_Words") -> HTMLResponse:
        said = words("over") if alert.state == "over" else words("taken", words.person(alert.acked_by))
        return replace(words.page(alert), said=said).answer(409)


class _Words:
    """The page's words in the city's first language."""

    _ZH = {
        "claim": "接单",
        "claim_done": "已接单，工单在您名下。",
        "report_in": "报到",
        "report_in_done": "已报到。",
        "taken": "已由{}接单。",
        "over": "该工单已办结。",
        "ended": "链接已过期，请在待办工单中查看。",
        "again": "暂未记录，请再按一次。",
        "title": "工单提醒",
        "later": "暂时无法打开，请稍后再试。",
        "nobody": "他人",
    }
    _EN = {
        "claim": "Claim",
        "claim_done": "It is yours now.",
        "report_in": "Report in",
        "report_in_done": "You have reported in.",
        "taken": "{} has it now.",
        "over": "The case has ended.",
        "ended": "This link has ended; look in your queue.",
        "again": "Not recorded, press again.",
        "title": "Case reminder",
        "later": "It cannot be opened now; try again in a moment.",
        "nobody": "Somebody else",
    }

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self.language = pack.city.languages[0]
        self._chinese = self.language.startswith("zh")

    def __call__(self, name: str, *values: str) -> str:
        return (self._ZH if self._chinese else self._EN)[name].format(*values)

    def page(self, alert: Alert) -> Page:
        return Page(language=self.language, title=alert.title, text=alert.text)

    def ended(self) -> Page:
        return Page(language=self.language, title=self("title"), text=self("ended"))

    def later(self) -> Page:
        return Page(language=self.language, title=self("title"), text=self("later"))

    def person(self, id_: str | None) -> str:
        person = self._pack.people.get(id_ or "")
        return person.name if person is not None else self("nobody")

    def time_left(self, due_at: datetime | None, now: datetime) -> dict[str, Any]:
        """剩余2小时15分, 已超时40分钟."""
        if due_at is None:
            return {}
        minutes = int(abs((due_at - now).total_seconds()) // 60)
        late = due_at <= now
        hours, rest = divmod(minutes, 60)
        if self._chinese:
            span = (f"{hours}小时{rest}分" if rest else f"{hours}小时") if hours else f"{rest}分钟"
            return {"left": f"{'已超时' if late else '剩余'}{span}", "late": late}
        span = f"{hours} h {rest} min" if hours else f"{rest} min"
        return {"left": f"{span} overdue" if late else f"{span} left", "late": late}
