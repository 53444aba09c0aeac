"""``/live``: one stream for a browser. Every row is rendered once for each language, whoever hears of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from services.console.frame.languages import Language
from services.console.frame.page import Page
from services.console.frame.service_names import ServiceNames
from services.console.frame.visit import OpenVisit, Visit
from services.console.live.feed import Kind, Listener, Numbered
from services.console.pages.queue_rows import shown_row
from services.console.queue_client import Holder, QueueRow
from services.console.router_client import Categories, NamesTold
from shared.kernel.errors import Refusal, unauthorized, unavailable
from shared.runtime.http_server.route import Call, Route, get
from shared.runtime.identity.tokens import token_hash
from shared.runtime.timekeeping.wall_clock import real_now

STREAMS_MAX, EACH_MAX = 2000, 10
AT_ONCE = 50
"""Changes that are sent as one piece."""
REST_SECONDS = 0.25
"""After a whole piece: nobody reads two hundred rows a second."""
BEHIND_SECONDS = 1.0
"""Between more changes than that, and the word to read the page again."""
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}


class Live(Page):
    """The stream."""

    def routes(self) -> list[Route]:
        answers = dict.fromkeys((200, 401, 403, 429, 503))
        return [get("/live", self.open, "Changes of cases as they come", media=("text/event-stream",), answers=answers)]

    async def open(self, call: Call) -> Response:
        """Raises ``Refusal``: no page, for a program alone reads this."""
        feed, visit = self.site.feed, OpenVisit(self.site, call)
        if not visit.token:
            raise unauthorized()
        if not feed.is_live or len(feed.listeners) >= STREAMS_MAX:
            raise unavailable("There is no live stream at the moment.", retry_after=2)
        known = await Visit.of(self.site, call, visit.form)
        me, token = known.me, visit.token
        holder = Holder(me.city, me.person, me.unit, me.on_duty_for)
        if sum((one.holder.city, one.holder.person) == (me.city, me.person) for one in feed.listeners) >= EACH_MAX:
            raise Refusal(429, "too-many-streams", f"At most {EACH_MAX} streams a person.", retry_after=5)
        cursor = call.request.headers.get("last-event-id") or call.request.query_params.get("from", "")
        listener = Listener(token_hash(token), holder, token)
        feed.listen(listener, cursor)
        return _Stream(self._sent(listener, known.language), lambda: feed.leave(listener))

    async def _sent(self, listener: Listener, language: Language) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        while listener.ending is None:
            await listener.wake.wait()
            listener.wake.clear()
            while (listener.waiting or listener.behind) and listener.ending is None:
                if listener.behind:
                    await asyncio.sleep(BEHIND_SECONDS)
                    yield listener.catch_up()
                    continue
                count = min(AT_ONCE, len(listener.waiting))
                told = [listener.waiting.popleft() for _ in range(count)]
                yield b"".join([await self._frame(one, listener, language) for one in told])
                if count == AT_ONCE:
                    await asyncio.sleep(REST_SECONDS)
        yield listener.ending

    async def _frame(self, told: Numbered | bytes, listener: Listener, language: Language) -> bytes:
        if isinstance(told, bytes):
            return told
        kind = listener.hears(told.change)
        if kind is None:
            return b""
        which = (language.code, kind)
        if which not in told.made:
            told.made[which] = asyncio.ensure_future(self._made(told, kind, language, listener.token))
        return self.site.feed.identified(told, await asyncio.shield(told.made[which]))

    async def _made(self, told: Numbered, kind: Kind, language: Language, token: str) -> bytes:
        """What a browser is told of a change."""
        change, row = told.change, told.change.row
        if kind == "gone" or not change.open:
            return msgspec.json.encode({"id": row.id, "version": row.version, "gone": True, "state": row.state})
        names = await self._named(change.city, row, token, language)
        now = self.site.feed.now or real_now()
        shown = shown_row(row, names, now, names.zone)
        return msgspec.json.encode(
            {
                "id": row.id,
                "version": row.version,
                "due": row.due_at,
                "state": row.state,
                "priority": row.priority,
                "category": row.category,
                "assignee": row.assignee,
                "queues": change.queues,
                "below": [name for name in change.seen_by if not name.startswith("@")],
                "html": self.site.part(language, "queue_row.html", row=shown, ticked=False),
            }
        )

    async def _named(self, city: str, row: QueueRow, token: str, language: Language) -> ServiceNames:
        """The names in a row, in a language; those that are not known are asked for as whoever hears of it first."""
        people, units = ([one] if one else [] for one in (row.assignee, row.unit))
        categories, told = Categories([]), NamesTold()
        with contextlib.suppress(Refusal):  # the row is told all the same
            categories = await self.site.names.categories(token, city)
            told = await self.site.names.told(token, city, people=people, units=units)
        return ServiceNames(told, categories, language.case_words)


class _Stream(StreamingResponse):
    """Frees its place however it ends, also if it never began."""

    def __init__(self, sent: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        super().__init__(sent, headers=HEADERS, media_type="text/event-stream")
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()
