"""A person's turns of duty as an iCalendar feed (RFC 5545), at an address that is signed and can be revoked.

The address is all that a calendar program shows: whoever has it reads when that person is on duty, and nothing else.
"""

import asyncio
import hmac
import struct
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response

from services.notifier.alert_rules import NoBody
from services.notifier.decided import Decided
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.rota import Turn
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.runtime import one_spelling
from shared.runtime.http_server import Answer, Call, Route, get, post
from shared.runtime.mongo import Database
from shared.runtime.packs import PackLibrary
from shared.runtime.settings import Settings

if TYPE_CHECKING:
    from icalendar import Event

BACK = timedelta(days=14)
AHEAD = timedelta(days=60)
HEADERS = {"cache-control": "private, max-age=300", "x-content-type-options": "nosniff"}


class CalendarQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing to ask."""


class CalendarFeeds:
    """The ``calendars`` of the notifier: which address of a person holds, if any."""

    def __init__(
        self, database: Database, settings: Settings, packs: PackLibrary, decided: Decided, clock: Clock
    ) -> None:
        self._rows = database.collection("calendars")
        self._key = hmac.digest(settings.secret_text.encode(), b"calendar addresses", "sha256")
        self._public_url = (settings.public_url or settings.notifier_url).rstrip("/")
        self._packs = packs
        self._decided = decided
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
                once="calendars",
                again=self._made,
                answers={201: None},
            ),
            post(
                "/v1/me/calendar:revoke",
                self.revoke,
                "Let my calendar's address end",
                roles=officers,
                body=NoBody,
                keyed=True,
                once="ends of calendars",
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
        """The address that holds, a new one where the last was revoked."""
        who = call.principal
        id_ = f"{who.city}/{who.who}"
        fresh = {"city": who.city, "person": who.who, "generation": 1, "live": True}
        await self._rows.insert({"_id": id_, **fresh})
        await self._rows.update({"_id": id_, "live": False}, {"$set": {"live": True}, "$inc": {"generation": 1}})
        row = await self._rows.find_one({"_id": id_})
        if row is None:
            raise unavailable("The address is not yet on record. Repeat with the same key.", retry_after=1)
        return await self._made(call, {"generation": row["generation"]})

    async def _made(self, call: Call, kept: dict[str, int]) -> Answer:
        """The address of a generation, which is all that is kept of it."""
        token = self._token(f"{call.principal.city}/{call.principal.who}", kept["generation"])
        return Answer({"url": f"{self._public_url}/v1/calendars/{token}.ics"}, 201, kept=kept)

    async def revoke(self, call: Call) -> Answer:
        who = call.principal
        await self._rows.update({"_id": f"{who.city}/{who.who}"}, {"$set": {"live": False}})
        return Answer({"status": "revoked"})

    async def feed(self, call: Call) -> Response:
        """From two weeks ago to two months ahead."""
        row = await self._rows.find_one(self._read(call.path["token"]))
        if row is None:
            raise not_found("calendar")
        try:
            pack = self._packs.current(row["city"])
        except Refusal:
            raise unavailable("The city has no pack loaded yet.", retry_after=5) from None
        person = pack.people.get(row["person"])
        if person is None:
            raise not_found("calendar")
        today = self._clock.now().astimezone(pack.posts.zone).date()
        turns = pack.posts.turns(person, today - BACK, today + AHEAD, self._decided.of(row["city"]))
        content = await asyncio.to_thread(calendar, pack, person, turns)
        return Response(content, 200, HEADERS, "text/calendar; charset=utf-8")

    def _token(self, id_: str, generation: int) -> str:
        body = struct.pack(">I", generation) + id_.encode()
        return one_spelling.encoded(self._signed(body) + body)

    def _signed(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:16]

    def _read(self, token: str) -> dict[str, object]:
        """What the address names; raises ``Refusal`` 404 for one that is not ours."""
        try:
            raw = one_spelling.decoded(token)
            signed, body = raw[:16], raw[16:]
            if len(body) > 4 and hmac.compare_digest(signed, self._signed(body)):
                return {"_id": body[4:].decode(), "generation": struct.unpack(">I", body[:4])[0], "live": True}
        except ValueError:
            pass
        raise not_found("calendar")


def calendar(pack: Pack, person: Person, turns: list[Turn]) -> bytes:
    """The turns in the city's time zone. Who is always on duty has nothing to look up: only turns with hours are in."""
    from icalendar import Calendar  # a third of a second, in the thread of the first who asks

    zone = ZoneInfo(pack.city.timezone)
    made = Calendar()
    made.add("prodid", "-//Whistle//duty rota//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", f"{pack.city.name} · {person.name}")
    for turn in turns:
        if turn.why != "always":
            made.add_component(_event(pack, person, turn, zone))
    made.add_missing_timezones()
    found: bytes = made.to_ical()
    return found


def _event(pack: Pack, person: Person, turn: Turn, zone: ZoneInfo) -> "Event":
    from icalendar import Event

    chinese = pack.city.languages[0].startswith("zh")
    of = pack.people.get(turn.instead_of or "", person)
    place = pack.units[of.unit].name
    post = (f"{of.post}岗" if chinese else f"post {of.post}") if of.post is not None else ""
    instead = "" if turn.instead_of is None else (f"（替{of.name}）" if chinese else f" (for {of.name})")
    event = Event()
    event.add("uid", f"{plain_id('i', pack.city.id, person.id, turn.start.isoformat())}@whistle")
    event.add("dtstamp", turn.start)
    event.add("dtstart", turn.start.astimezone(zone))
    event.add("dtend", turn.end.astimezone(zone))
    event.add("summary", f"{place}{post}值班{instead}" if chinese else f"Duty: {place} {post}".rstrip() + instead)
    return event
