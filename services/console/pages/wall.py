"""``/wall/{unit}``: the screen of a unit (大屏), read with its device key; and the keys of screens, ``/walls``."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import segno
from starlette.responses import Response

from services.console import wall_cookie
from services.console.frame.languages import N_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.site import Site
from services.console.frame.visit import OpenVisit, Visit
from services.console.map.picture import Counted, picture
from services.console.map.pins import SHAPES
from services.console.map.wall_calls import Asks, Below, Oldest, Wall, WallCalls, WallKey
from services.console.pages.from_client import from_client
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

RENEWED_AT = timedelta(hours=4)
"""At four in the morning, local time, a screen loads its page anew."""
SIZE, LETTER = (1000, 700), 46
FIELDS = {"/name": "name", "/unit": "unit"}
ASKS_FOR_CODE = ("second-factor", "wrong-code", "no-second-factor")
FULL = N_(
    "This unit has as many keys as a unit may have. Revoke one that no screen needs first, for example “%(name)s”."
)
OFFICES = ("ops", "setup")
"""Those that have the keys of all screens; a supervisor has those of his own units."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the oldest cases. ``tone``: late, soon or nothing."""

    priority: str
    priority_words: str
    what: str
    left: str
    tone: str


class Walls(Page):
    """The screen itself, and the list of screens for who sets the city up, and for supervisors."""

    links = (NavLink("/walls", N_("Wall screens"), 80, offices=frozenset(OFFICES), roles=frozenset({"supervisor"})),)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._calls = WallCalls(site.services)

    def routes(self) -> list[Route]:
        return [
            self.open_get("/wall/{unit}", self.show, "The screen of a unit"),
            self.open_post("/wall/{unit}", self.enter, "Give the screen its key"),
            self.get("/walls", self.screens, "The keys of screens"),
            self.post("/walls", self.make, "A key for a screen"),
            self.post("/walls/revoke", self.revoke, "Revoke a screen's key"),
        ]

    async def show(self, visit: OpenVisit) -> Response:
        key, unit = wall_cookie.key_of(visit.request), visit.path["unit"]
        if not key:
            return self._asks_for_key(visit, 200)
        try:
            wall = await self._calls.wall(key)
            if wall.unit != unit:
                return self._asks_for_key(visit, 200)
            response = await self._page(visit, key, wall)
        except Refusal as refusal:
            if refusal.status in (401, 403, 404):
                return self._asks_for_key(visit, 403)
            return visit.page("wall_key.html", 503, unit=unit, waits=True)
        wall_cookie.keep(response, visit.request, key)
        return response

    async def enter(self, visit: OpenVisit) -> Response:
        """A key that is for this unit stays in the browser."""
        key, unit = visit.form.get("wall_key"), visit.path["unit"]
        try:
            known = bool(wall_cookie.KEY.fullmatch(key)) and (await self._calls.wall(key)).unit == unit
        except Refusal as refusal:
            if refusal.status not in (401, 403, 404):
                return visit.page("wall_key.html", 503, unit=unit, waits=True)
            known = False
        if not known:
            said = visit._("That is no key of this screen, or it is revoked.")
            return visit.page("wall_key.html", 422, unit=unit, waits=False, said=said, at="wall_key")
        response = visit.go(f"/wall/{quote(unit, safe='')}")
        wall_cookie.keep(response, visit.request, key)
        return response

    async def screens(self, visit: Visit) -> Response:
        return await self._screens(visit)

    async def make(self, visit: Visit) -> Response:
        name, unit = visit.form.get("name"), visit.form.get("unit")
        try:
            await self._confirmed(visit)
            made = await self._calls.make(_asks(visit), name, unit)
        except Refusal as refusal:
            return await self._refused(visit, refusal)
        return await self._screens(visit, made=made)

    async def revoke(self, visit: Visit) -> Response:
        try:
            await self._confirmed(visit)
            await self._calls.revoke(_asks(visit), visit.form.get("id"))
        except Refusal as refusal:
            return await self._refused(visit, refusal)
        return visit.go("/walls", said=visit._("The key is revoked: the screen goes dark within seconds."))

    async def _confirmed(self, visit: Visit) -> None:
        if totp := visit.form.get("totp"):
            await self.services.confirm(visit.token, totp, from_client(visit.call))

    async def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        if refusal.kind == "pin-session":
            return await self._screens(visit, 409, said=visit._("Sign in with your password first."))
        if refusal.kind == "too-many" and refusal.status == 409:
            return await self._screens(visit, 409, said=visit._(FULL, name=refusal.extra.get("name", "")))
        at = next((FIELDS[error.pointer] for error in refusal.errors if error.pointer in FIELDS), "")
        if not at and refusal.kind not in ASKS_FOR_CODE:
            raise refusal
        said = {
            "name": visit._("Name it by Latin letters, digits, dots and dashes."),
            "unit": visit._("There is no such unit, or it is not one of yours."),
            "": visit._("Administration needs your one-time code."),
        }[at]
        return await self._screens(visit, 422, said=said, at=at or "totp")

    async def _screens(
        self, visit: Visit, status: int = 200, *, made: WallKey | None = None, said: str = "", at: str = ""
    ) -> Response:
        """Without a one-time code the list is not told; the form asks for it."""
        try:
            keys = await self._calls.keys(_asks(visit))
        except Refusal as refusal:
            if refusal.kind != "second-factor":
                raise
            keys = None
        told = await self.site.names.told(
            visit.token,
            visit.me.city,
            people=list(dict.fromkeys(key.made_by for key in keys or ())),
            units=list(dict.fromkeys(key.unit for key in keys or ())),
        )
        request = visit.request
        address = f"{request.url.scheme}://{request.url.netloc}/wall/{quote(made.unit, safe='')}" if made else ""
        opened = f"{address}#{made.key}" if made else ""
        return visit.page(
            "walls.html",
            status,
            said=said,
            at=at,
            keys=keys,
            people={id_: visit.named(person) for id_, person in told.people.items()},
            units={id_: visit.named(unit) for id_, unit in told.units.items()},
            office=_asks(visit).office,
            made=made,
            address=address,
            picture=segno.make(opened, error="m").svg_data_uri(scale=5, border=2, omitsize=True) if made else "",
            given=visit.form,
        )

    def _asks_for_key(self, visit: OpenVisit, status: int) -> Response:
        return visit.page("wall_key.html", status, unit=visit.path["unit"], waits=False)

    async def _page(self, visit: OpenVisit, key: str, wall: Wall) -> Response:
        ground = await self._calls.ground(key, wall)
        words, now, zone = visit.case_words, wall.counts.now, ZoneInfo(wall.timezone)
        counted = {one.id: _counted(one) for one in wall.below if one.open}
        drawn = picture(
            ground,
            wall.unit,
            wall.points.items,
            now,
            visit.language.code,
            size=SIZE,
            letter=LETTER,
            counted=counted,
        )
        day = (now.astimezone(zone) - RENEWED_AT).date()
        return visit.page(
            "wall.html",
            name=words.of((wall.unit_name, wall.unit_name_en or wall.unit_name)),
            wall=wall,
            map=drawn,
            shapes=SHAPES,
            lines=[self._line(visit, one, wall) for one in wall.oldest],
            at=f"{now.astimezone(zone):%H:%M:%S}",
            edition=f"{self.site.built.edition}-{day:%Y%m%d}",
        )

    def _line(self, visit: OpenVisit, one: Oldest, wall: Wall) -> Line:
        words = visit.case_words
        left, late = words.left(one.due_at, wall.counts.now) if one.due_at is not None else ("", False)
        tone = "late" if late else "soon" if left and _is_soon(one, wall) else ""
        category = words.of((one.category_name, one.category_name_en or one.category_name))
        where = one.place or words.of((one.unit_name, one.unit_name_en or one.unit_name))
        return Line(one.priority, words(f"priority.{one.priority}"), f"{category} · {where}", left, tone)


def _asks(visit: Visit) -> Asks:
    return Asks(visit.token, next((office for office in OFFICES if office in visit.me.offices), ""))


def _is_soon(one: Oldest, wall: Wall) -> bool:
    return one.due_at is not None and one.due_at - wall.counts.now < timedelta(hours=1)


def _counted(one: Below) -> Counted:
    if one.overdue:
        return Counted("late", one.overdue)
    return Counted("soon", one.due_soon) if one.due_soon else Counted("calm", one.open)
