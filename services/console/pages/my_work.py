"""``/me``: what is open for the person who is signed in, time left first. Where expired links lead."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from services.console.pages.page import go_to, page, words_for
from services.console.router_client import WORK_MAX, Category, Row, Services
from services.console.session_cookie import token_of
from services.console.words import Words
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call, Route, get


@dataclass(frozen=True, slots=True)
class Line:
    """A case as the page shows it."""

    id: str
    priority: str
    category: str
    place: str
    summary: str
    state: str
    left: str
    late: bool


class MyWork:
    """The page."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        answers = {200: None, 303: None, 503: None}
        return [
            get("/", self.home, "The first page", media=("text/html",), answers={303: None}),
            get("/me", self.show, "My open work", media=("text/html",), answers=answers),
        ]

    async def home(self, _: Call) -> Response:
        return go_to("/me")

    async def show(self, call: Call) -> Response:
        words, token = words_for(call.request), token_of(call.request)
        if not token:
            return go_to(f"/signin?lang={words.code}")
        try:
            me = await self._services.me(token)
            unit, mine, work, categories = await asyncio.gather(
                self._services.unit(token, me.unit),
                self._services.work(token, me.unit, mine=True),
                self._services.work(token, me.unit, mine=False),
                self._services.categories(token),
            )
        except Refusal as refusal:
            if refusal.status in (401, 403):
                return go_to(f"/signin?ended&lang={words.code}")
            return page("said.html", words, 503, title=words("my_work"), said=words("away"))
        own, others = (
            [_line(row, categories, words, me.now) for row in rows]
            for rows in (mine.items, [row for row in work.items if row.assignee != me.person])
        )
        name = unit.name if words.code == "zh" else unit.name_en or unit.name
        return page(
            "work.html",
            words,
            person=me.person,
            unit=name,
            groups=[(words("mine"), own), (words("queue", name), others)],
            more=words("more", WORK_MAX) if mine.next is not None or work.next is not None else None,
        )


def _line(row: Row, categories: dict[str, Category], words: Words, now: datetime) -> Line:
    category = categories.get(row.category or "")
    name = "" if category is None else category.name if words.code == "zh" else category.name_en or category.name
    left, late = words("no_clock"), False
    if row.due_at is not None:
        late = row.due_at <= now
        minutes = int(abs((row.due_at - now).total_seconds()) // 60)
        left = words("late" if late else "left", words.span(minutes))
    return Line(
        id=row.id,
        priority=words(row.priority),
        category=name,
        place=row.place or "",
        summary=row.summary,
        state=words(row.state),
        left=left,
        late=late,
    )
