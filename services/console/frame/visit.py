"""A request for a page: who asks, in which language, what was sent, and how it is answered."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any, Self
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.console.frame import preferences
from services.console.frame.forms import Form, csrf_token
from services.console.frame.languages import Language
from services.console.frame.navigation import NavLink, shown
from services.console.frame.preferences import Preferences, preferences_of
from services.console.frame.presence import is_act
from services.console.frame.security_headers import HEADERS
from services.console.frame.site import Site
from services.console.router_client import Me, NameOf, Services
from services.console.session_cookie import token_of
from shared.case_page.words import Words as CaseWords
from shared.kernel.demonstration import demonstration_notice
from shared.runtime.http_server.route import Call

SAID = "whistle-said"
SAID_MAX = 400
SAID_SECONDS = 20
IN_ADDRESSES = ":/%#?=@[]!$&'()*+,;"
"""What stands for itself in an address, as in a redirect: a header has no other letters than ours."""


@dataclass(frozen=True)
class OpenVisit:
    """Somebody who may be signed in or not. ``demonstration``: the page says that the city only demonstrates."""

    site: Site
    call: Call
    form: Form = field(default_factory=Form)
    demonstration: bool = False

    @property
    def request(self) -> Request:
        return self.call.request

    @property
    def services(self) -> Services:
        return self.site.services

    @property
    def path(self) -> dict[str, str]:
        """What stands in the route's ``{…}``."""
        return dict(self.call.path)

    @property
    def token(self) -> str:
        """The session's; empty where there is none."""
        return token_of(self.request)

    @property
    def csrf(self) -> str:
        """What a form must carry to be of this session."""
        return csrf_token(self.token)

    @cached_property
    def preferences(self) -> Preferences:
        return preferences_of(self.request)

    @property
    def language(self) -> Language:
        return self.preferences.language

    @property
    def case_words(self) -> CaseWords:
        """Names of states, priorities, commands and clocks, and times in words."""
        return self.language.case_words

    def _(self, message: str, **values: object) -> str:
        """A message in the reader's language."""
        return self.language._(message, **values)

    def counted(self, message: tuple[str, str], count: int, **values: object) -> str:
        """A message of ``NN_`` with its number."""
        return self.language.counted(message, count, **values)

    def named(self, entry: NameOf) -> str:
        """A name of the pack in the reader's language."""
        return self.case_words.of((entry.name, entry.name_en or entry.name))

    def demonstrating(self, shows: bool) -> Self:
        """The same visit of a city that only demonstrates, where that is so."""
        return replace(self, demonstration=shows)

    def page(
        self, template: str, status: int = 200, *, part: str = "", said: str = "", at: str = "", **values: Any
    ) -> Response:
        """The page. ``part``: the block that is the whole answer where htmx asks. ``said``: stands above and is read
        out; ``at``: the field that it is about, which is wrong."""
        asks = "hx-request" in self.request.headers and "hx-history-restore-request" not in self.request.headers
        shown = {**self._frame(), "said": said or self._said_before, "at": at, **values}
        text = self.site.render(self.language, template, shown, part=part if asks else "")
        response = HTMLResponse(text, status, HEADERS)
        preferences.keep(response, self.request, self.preferences)
        if self._said_before:
            response.delete_cookie(SAID, path="/")
        return response

    def go(self, path: str, said: str = "") -> Response:
        """See other: what follows a form. ``said``: what came of it, shown by the next page."""
        if "hx-request" in self.request.headers:
            response = Response(
                status_code=204, headers={"cache-control": "no-store", "hx-redirect": quote(path, safe=IN_ADDRESSES)}
            )
        else:
            response = RedirectResponse(path, 303, {"cache-control": "no-store"})
        if said:
            secure = self.request.scope["scheme"] == "https"
            kept = self.site.signed(quote(said[:SAID_MAX]))
            response.set_cookie(SAID, kept, SAID_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
        return response

    @property
    def here(self) -> str:
        """This address, to come back to."""
        query = self.request.scope["query_string"].decode("latin-1")
        path: str = self.request.scope["path"]
        return f"{path}?{query}" if query else path

    @cached_property
    def _said_before(self) -> str:
        """Nothing that this installation did not say itself."""
        return unquote(self.site.unsigned(self.request.cookies.get(SAID, "")))

    def _frame(self) -> dict[str, Any]:
        """What every template knows."""
        notice = demonstration_notice(self.language.code) if self.demonstration else ""
        return {
            "visit": self,
            "theme": self.preferences.theme,
            "changed": lambda **asked: preferences.changed(self.request, **asked),
            "notice": notice,
            "csrf": self.csrf,
            "key": self.site.ids(16),
            "now": None,
            "links": [],
            "who": None,
            "locks_after": 0,
        }


@dataclass(frozen=True, slots=True)
class Who:
    """Who is on, as the head says it in large type."""

    name: str
    unit: str
    role: str


@dataclass(frozen=True)
class Visit(OpenVisit):
    """Somebody who is signed in. ``cursor``: where the live stream stood before anything was read for the page.
    ``locks_after``: seconds without an act after which the session is over; 0: it is not."""

    locks_after: int = field(kw_only=True)
    cursor: str = field(kw_only=True)
    me: Me = field(kw_only=True)
    who: Who = field(kw_only=True)
    zone: tzinfo = field(kw_only=True)

    @classmethod
    async def of(cls, site: Site, call: Call, form: Form) -> Self:
        """Asks the router who it is. Raises ``Refusal``: 401 where the session has ended."""
        token, cursor = token_of(call.request), site.feed.cursor
        me = await site.services.me(token)
        told, demonstration = await asyncio.gather(
            site.names.told(token, me.city, people=[me.person], units=[me.unit]),
            site.demonstrates(token, me.city, me.now),
        )
        words = preferences_of(call.request).language.case_words
        person, unit = told.people.get(me.person), told.units.get(me.unit)
        name, place = (words.of((one.name, one.name_en or one.name)) if one else "" for one in (person, unit))
        locks_after = await site.presence.acts(token, me.now) if is_act(call.request) else 0
        who = Who(name or me.person, place, words.role(me.role or (person.role if person is not None else "")))
        zone = ZoneInfo(told.timezone) if told.timezone else UTC
        return cls(site, call, form, demonstration, locks_after=locks_after, cursor=cursor, me=me, who=who, zone=zone)

    @property
    def now(self) -> datetime:
        """The installation's time."""
        return self.me.now

    def moment(self, at: datetime) -> str:
        """今天19:15, in the city's zone."""
        return self.case_words.moment(at, self.now, self.zone)

    def left(self, due_at: datetime) -> tuple[str, bool]:
        """剩余2小时15分, and whether it is over."""
        return self.case_words.left(due_at, self.now)

    @property
    def links(self) -> list[NavLink]:
        return shown(self.site.links, self.me)

    def _frame(self) -> dict[str, Any]:
        return {
            **super()._frame(),
            "now": self.now,
            "links": self.links,
            "who": self.who,
            "locks_after": self.locks_after,
        }
