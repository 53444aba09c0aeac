"""A person's duty turns as an iCalendar feed (RFC 5545), at a signed address that can be revoked.

Calendar programs send no credentials: whoever has the address reads when that person is on duty, and nothing else.
"""

import asyncio
import hmac
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response

from services.notifier.alerts.duty_words import posts_name
from services.notifier.alerts.rota_projection import RotaProjection
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.rota import DAY, RotaChanges, Turn
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity import canonical_base64
from shared.runtime.identity.directory import Directory
from shared.runtime.pack_library import PackLibrary
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Database, Document, Filter

if TYPE_CHECKING:
    from icalendar import Event, Timezone, TimezoneDaylight, TimezoneStandard

BACK = timedelta(days=14)
AHEAD = timedelta(days=60)
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Before any revision. ``SEQUENCE`` counts seconds from here, so that a later revision has a larger one."""
MARGIN = timedelta(days=2)
HEADERS = {"cache-control": "private, max-age=300", "x-content-type-options": "nosniff"}


class CalendarQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing to ask."""


class CalendarAddress(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A document of ``calendars``: only the address of the last ``generation`` is valid, and only while ``live``."""

    id: str
    city: str
    person: str
    generation: int
    live: bool


def to_doc(address: CalendarAddress) -> Document:
    document: Document = msgspec.to_builtins(address)
    return document


def from_doc(document: Document) -> CalendarAddress:
    """The address that ``to_doc`` stored; fields of a newer version are passed over."""
    return msgspec.convert(document, CalendarAddress)


class CalendarLink(msgspec.Struct, frozen=True):
    url: str


class RevokedCalendar(msgspec.Struct, frozen=True):
    status: Literal["revoked"] = "revoked"


class CalendarFeeds:
    """The ``calendars`` collection, and the feeds at its addresses."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        packs: PackLibrary,
        rota: RotaProjection,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._rows = database.collection("calendars")
        self._key = hmac.digest(settings.secret_text.encode(), b"calendar addresses", "sha256")
        self._public_url = (settings.public_url or settings.notifier_url).rstrip("/")
        self._packs = packs
        self._rota = rota
        self._directory = directory
        self._clock = clock

    def routes(self) -> list[Route]:
        officers = frozenset({"officer"})
        return [
            post(
                "/v1/me/calendar",
                self.make,
                "The address of my duty calendar",
                roles=officers,
                body=NoBody,
                keyed=True,
                idempotent_as="calendars",
                replay_answer=self._made,
                answers={201: CalendarLink},
            ),
            post(
                "/v1/me/calendar:revoke",
                self.revoke,
                "Let my calendar's address end",
                roles=officers,
                body=NoBody,
                keyed=True,
                idempotent_as="ends of calendars",
                answers={200: RevokedCalendar},
            ),
            get(
                "/v1/calendars/{token}.ics",
                self.feed,
                "A person's duty calendar",
                query=CalendarQuery,
                media=("text/calendar",),
                answers={200: None},
            ),
        ]

    async def make(self, call: Call) -> Answer:
        """The valid address; a new one if the last was revoked."""
        who = call.principal
        id_ = f"{who.city}/{who.who}"
        await self._rows.insert(to_doc(CalendarAddress(id=id_, city=who.city, person=who.who, generation=1, live=True)))
        await self._rows.update({"_id": id_, "live": False}, {"$set": {"live": True}, "$inc": {"generation": 1}})
        row = await self._rows.find_one({"_id": id_})
        if row is None:
            raise unavailable("The address is not yet on record. Repeat with the same key.", retry_after=1)
        return await self._made(call, {"generation": from_doc(row).generation})

    async def _made(self, call: Call, kept: dict[str, int]) -> Answer:
        """The address of a generation; only the generation is kept for a repeated request."""
        token = self._token(f"{call.principal.city}/{call.principal.who}", kept["generation"])
        return Answer(CalendarLink(f"{self._public_url}/v1/calendars/{token}.ics"), 201, stored_body=kept)

    async def revoke(self, call: Call) -> Answer:
        who = call.principal
        await self._rows.update({"_id": f"{who.city}/{who.who}"}, {"$set": {"live": False}})
        return Answer(RevokedCalendar())

    async def feed(self, call: Call) -> Response:
        """From two weeks ago to two months ahead."""
        row = await self._rows.find_one(self._read(call.path["token"]))
        if row is None:
            raise not_found("calendar")
        address = from_doc(row)
        try:
            pack = self._packs.current(address.city)
        except Refusal:
            raise unavailable("The city has no pack loaded yet.", retry_after=5) from None
        person = pack.people.get(address.person)
        if person is None or await self._directory.person(address.city, person.id) is None:
            raise not_found("calendar")  # who left has no feed, even before the new pack is loaded here
        today = self._clock.now().astimezone(pack.posts.zone).date()
        rota = self._rota.changes(address.city)
        turns = pack.posts.turns(person, today - BACK, today + AHEAD, rota)
        revised = revised_at(person, await self._packs.since(address.city), rota)
        content = await asyncio.to_thread(calendar, pack, person, turns, revised)
        return Response(content, 200, HEADERS, "text/calendar; charset=utf-8")

    def _token(self, id_: str, generation: int) -> str:
        body = struct.pack(">I", generation) + id_.encode()
        return canonical_base64.encoded(self._signed(body) + body)

    def _signed(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:16]

    def _read(self, token: str) -> Filter:
        """The filter of what the address names; raises ``Refusal`` 404 for one that is not ours."""
        try:
            raw = canonical_base64.decoded(token)
            signed, body = raw[:16], raw[16:]
            if len(body) > 4 and hmac.compare_digest(signed, self._signed(body)):
                return {"_id": body[4:].decode(), "generation": struct.unpack(">I", body[:4])[0], "live": True}
        except ValueError:
            pass
        raise not_found("calendar")


def revised_at(person: Person, pack_since: datetime | None, rota: RotaChanges) -> datetime:
    """When the person's duties were last revised: the pack was loaded, or a swap or leave of theirs took effect."""
    own = (change.since for change in rota.all if person.id in (change.person, change.by))
    return max((EPOCH, *own, *([pack_since] if pack_since is not None else [])))


def calendar(pack: Pack, person: Person, turns: list[Turn], revised: datetime = EPOCH) -> bytes:
    """The turns in the city's time zone, each as of ``revised``. Who is always on duty has nothing to look up: only
    turns with hours are in. The zone is in, be there turns or not: a calendar has at least one component."""
    from icalendar import Calendar  # a third of a second, in the thread of the first who asks

    zone = ZoneInfo(pack.city.timezone)
    shown = [turn for turn in turns if turn.why != "always"]
    made = Calendar()
    made.add("prodid", "-//Whistle//duty rota//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", f"{pack.city.name} · {person.name}")
    first = min((turn.start for turn in shown), default=revised)
    last = max((turn.end for turn in shown), default=first)
    made.add_component(timezone(zone, first - MARGIN, last + MARGIN))
    for turn in shown:
        made.add_component(_event(pack, person, turn, zone, revised))
    found: bytes = made.to_ical()
    return found


def timezone(zone: ZoneInfo, first: datetime, last: datetime) -> "Timezone":
    """The zone's rules from ``first`` to ``last``, every change of the clocks as it is.

    icalendar's own looks at the zone in long steps and passes over a short stretch, such as the month of Ramadan in
    which Morocco's clocks go back.
    """
    from icalendar import Timezone

    found = Timezone()
    found.add("tzid", zone.key)
    found.add_component(_observance(first, first, zone))
    at = first
    while at < last:
        following = min(at + DAY, last)
        if at.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            found.add_component(_observance(at, _changes_at(at, following, zone), zone))
        at = following
    return found


def _changes_at(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second in between from which the offset of ``after`` holds."""
    was = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == was else (before, middle)
    return after.replace(microsecond=0)


def _observance(before: datetime, since: datetime, zone: ZoneInfo) -> "TimezoneStandard | TimezoneDaylight":
    """What holds from ``since`` on, told by the clock on the wall that held ``before``."""
    from icalendar import TimezoneDaylight, TimezoneStandard

    local, was = since.astimezone(zone), before.astimezone(zone).utcoffset() or timedelta()
    found = TimezoneDaylight() if local.dst() else TimezoneStandard()
    found.add("dtstart", since.replace(tzinfo=None) + was)
    found.add("tzoffsetfrom", was)
    found.add("tzoffsetto", local.utcoffset() or timedelta())
    found.add("tzname", local.tzname() or zone.key)
    return found


def _event(pack: Pack, person: Person, turn: Turn, zone: ZoneInfo, revised: datetime) -> "Event":
    from icalendar import Event

    chinese = pack.city.languages[0].startswith("zh")
    of = pack.people.get(turn.instead_of or "", person)
    place = pack.units[of.unit].name
    post = posts_name(of, chinese=chinese)
    instead = "" if turn.instead_of is None else (f"（替{of.name}）" if chinese else f" (for {of.name})")
    event = Event()
    event.add("uid", f"{plain_id('i', pack.city.id, person.id, turn.start.isoformat())}@whistle")
    event.add("dtstamp", revised)
    event.add("last-modified", revised)
    event.add("sequence", max(0, int((revised - EPOCH).total_seconds())))
    event.add("dtstart", turn.start.astimezone(zone))
    event.add("dtend", turn.end.astimezone(zone))
    event.add("summary", f"{place}{post}值班{instead}" if chinese else f"Duty: {place} {post}".rstrip() + instead)
    return event
