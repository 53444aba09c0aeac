"""Swaps and leave: they are checked, stored once and published.

A swap or a leave is one document, inserted once under an id derived from its idempotency key, and never edited. It
takes effect at the next full minute that is at least ten seconds away: by then the notifier has received it, and
answers about past times never change.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import structlog

from services.router.domain.commands.command import DESK
from services.router.rota.bodies import LeaveBody, SwapBody
from services.router.rota.change_record import RecordedChange, Unstaffed, event_of
from shared.city.checks.rota import AHEAD, gaps
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import DAY, RotaChange, RotaChanges, Turn, midnight
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, forbidden, invalid, key_reused, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.outbox_relay import Outbox, as_pending
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Collection, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

INDEXES = (IndexModel([("city", 1), ("till_at", 1)], name="till"),)
AHEAD_OF_HOLDING = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=366)
PAGE = 5000
PERSON_MAX = 100
"""Changes of one person that are not over. Without a limit one desk could slow down reading for all others."""
PATHS: dict[type[msgspec.Struct], str] = {SwapBody: "/v1/rota/swaps", LeaveBody: "/v1/rota/leave"}
"""Where they are sent to. The path is part of the id under which a change is stored."""

B = TypeVar("B", SwapBody, LeaveBody)


@dataclass(frozen=True, kw_only=True)
class RotaRequest(Generic[B]):
    """A swap or a leave as an officer sent it; ``key``: his idempotency key."""

    body: B
    by: Principal
    key: str
    trace: str = ""

    @cached_property
    def id(self) -> str:
        """The id of the change that is stored for the key."""
        return plain_id("g", self.by.city, self.by.who, PATHS[type(self.body)], self.key)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the decoded body. Stored with the change, so the algorithm must not change."""
        return hashlib.sha256(msgspec.json.encode(self.body)).hexdigest()


@dataclass(frozen=True, slots=True)
class RotaResult:
    """The change as it is stored. ``replayed``: it was stored before under the same key."""

    recorded: RecordedChange
    replayed: bool = False


class Rota:
    """The changes of the rota, in ``rota_changes``."""

    def __init__(self, rows: Collection, packs: PackLibrary, outbox: Outbox, clock: Clock) -> None:
        self._rows = rows
        self._packs = packs
        self._outbox = outbox
        self._clock = clock

    async def swap(self, request: RotaRequest[SwapBody]) -> RotaResult:
        """``from`` has a duty on that day, his own or one that he took over, also when he is on leave. Both are people
        of the officer's own units. Raises ``Refusal`` 403, 422, 503."""
        body, pack = request.body, self._packs.current(request.by.city)
        _check_own_people(request.by, pack, {"/from": body.from_, "/to": body.to})
        if (first := await self._recorded_before(request)) is not None:
            return first
        zone = pack.posts.zone
        today = self._clock.now().astimezone(zone).date()
        days = [day for day in (body.on, body.in_return) if day is not None]
        decided = NO_CHANGES
        if all(_may_be_swapped(day, today) for day in days):
            decided = await self._decided(pack.city.id, *_span(days, zone))
        if errors := _swap_errors(body, pack, today, decided):
            raise invalid(*errors)
        await self._check_room(pack.city.id, {"/from": body.from_, "/to": body.to})
        # A minute after the swaps that this one may build on, so that all services apply them in this order.
        people = (body.from_, body.to)
        since = max(self._since(), *(decided.last_swap(day, people) + MINUTE for day in days))
        change = RotaChange(
            kind="swap", person=body.from_, by=body.to, on=body.on, in_return=body.in_return, since=since
        )
        return await self._record(request, pack, change, *_span(days, zone))

    async def leave(self, request: RotaRequest[LeaveBody]) -> RotaResult:
        """Leave of somebody of the officer's own units, for at most a year. Raises ``Refusal`` 403, 422, 503."""
        body, pack = request.body, self._packs.current(request.by.city)
        _check_own_people(request.by, pack, {"/person": body.person})
        if (first := await self._recorded_before(request)) is not None:
            return first
        start, until = (at.replace(second=0, microsecond=0) for at in (body.from_, body.until))
        if not start < until <= start + LONGEST:
            raise invalid(FieldError("/until", "is after `from`, by a year at most"))
        if not self._clock.now() < until <= self._clock.now() + 2 * LONGEST:
            raise invalid(FieldError("/until", "is over, or too far away"))
        await self._check_room(pack.city.id, {"/person": body.person})
        change = RotaChange(kind="leave", person=body.person, start=start, until=until, since=self._since())
        return await self._record(request, pack, change, start, until)

    async def coming(self, city: str, unit: str | None) -> list[RecordedChange]:
        """Changes that are not over yet, of people in the subtree of ``unit`` or of all: 200 at most."""
        where: Document = {"city": city, "till_at": {"$gt": self._clock.now()}}
        if unit is not None:
            where["seen_by"] = unit
        found = await self._rows.find(where, sort=[("till_at", 1)], limit=200)
        return [RecordedChange.from_row(row) for row in found]

    async def decided(self, city: str, start: datetime, till: datetime) -> RotaChanges:
        """The changes that affect the time from ``start`` to ``till``; always the same object while there are none."""
        return found if (found := await self._decided(city, start, till)).all else NO_CHANGES

    async def _decided(self, city: str, start: datetime, till: datetime) -> RotaChanges:
        where = {"city": city, "till_at": {"$gt": start}, "from_at": {"$lte": till + DAY}}
        changes: list[RotaChange] = []
        page = await self._page(where)
        while page:
            changes += (msgspec.convert(row["change"], RotaChange) for row in page)
            last = page[-1]
            beyond = {
                "$or": [
                    {"till_at": {"$gt": last["till_at"]}},
                    {"till_at": last["till_at"], "_id": {"$gt": last["_id"]}},
                ]
            }
            page = await self._page({"$and": [where, beyond]}) if len(page) == PAGE else []
        return RotaChanges(changes)

    async def _page(self, where: Document) -> list[Document]:
        return await self._rows.find(where, {"change": 1, "till_at": 1}, sort=[("till_at", 1), ("_id", 1)], limit=PAGE)

    async def _check_room(self, city: str, named: dict[str, str]) -> None:
        """``named``: people by the pointer of their field. Raises ``Refusal`` 422 for one who has too many changes."""
        now = self._clock.now()
        for place, person in named.items():
            theirs = [{"change.person": person}, {"change.by": person}]
            where: Document = {"city": city, "till_at": {"$gt": now}, "$or": theirs}
            if await self._rows.count(where, limit=PERSON_MAX) >= PERSON_MAX:
                raise invalid(FieldError(place, f"has {PERSON_MAX} changes that are not over"))

    def _since(self) -> datetime:
        """The next full minute that is at least ten seconds away."""
        at = self._clock.now() + AHEAD_OF_HOLDING
        return at.replace(second=0, microsecond=0) + MINUTE

    async def _record(
        self, request: RotaRequest[B], pack: Pack, change: RotaChange, start: datetime, till: datetime
    ) -> RotaResult:
        """Stores the change, once for its key; its event is published from the document."""
        by, now = request.by, self._clock.now()
        recorded = RecordedChange(
            id=request.id,
            change=change,
            reason=request.body.reason,
            made_by=by.who,
            made_at=now,
            unstaffed=await self._unstaffed(pack, change, max(start, change.since), till),
        )
        event = event_of(recorded, by.city, request.trace)
        units = {unit for p in (change.person, change.by) if p for unit in pack.units[pack.people[p].unit].path}
        row = {
            **recorded.to_row(),
            "city": by.city,
            "version": 1,
            "from_at": start,
            "till_at": till,
            "seen_by": sorted(units),
            "fingerprint": request.fingerprint,
            "pending": as_pending([event]),
            "outbox": {"lane": 0, "since": real_now()},
        }
        if await self._rows.insert(row):
            self._outbox.offer(request.id, 1, [event])
            log.info("rota.changed", kind=change.kind, change=request.id, trace=request.trace)
            return RotaResult(recorded)
        if (first := await self._recorded_before(request)) is None:
            raise unavailable("It is not known whether this was recorded. Repeat with the same key.", retry_after=1)
        return first

    async def _recorded_before(self, request: RotaRequest[B]) -> RotaResult | None:
        """The change that was stored under the key, if any. Raises ``Refusal`` 422 for another body."""
        row = await self._rows.find_one({"_id": request.id})
        if row is None:
            return None
        if row["fingerprint"] != request.fingerprint:
            raise key_reused()
        return RotaResult(RecordedChange.from_row(row), replayed=True)

    async def _unstaffed(
        self, pack: Pack, change: RotaChange, start: datetime, till: datetime
    ) -> tuple[Unstaffed, ...]:
        """Posts that nobody would hold because of the change, in the six weeks from its start."""
        till = min(till, start + AHEAD)
        decided = await self._decided(pack.city.id, start, till)
        since = RotaChanges([*decided.all, msgspec.structs.replace(change, since=start)])
        named = [id_ for id_ in (change.person, change.by) if id_ is not None]
        days = [day for day in (change.on, change.in_return) if day is not None]
        held = {turn.instead_of for id_ in named for day in days for turn in _duties(pack, id_, day, decided)}
        people = [pack.people[id_] for id_ in (*named, *sorted(filter(None, held)))]
        return tuple(
            Unstaffed(unit=unit, post=post, from_=gap.start, until=gap.end)
            for unit, post in dict.fromkeys((p.unit, post) for p in people for post in p.posts)
            for gap in gaps(pack, unit, post, start, till, since)[:20]
        )


def _check_own_people(who: Principal, pack: Pack, named: dict[str, str]) -> None:
    """``named``: people by the pointer of their field.

    Raises ``Refusal``: 403 for a role that runs no desk, 422 for people outside of the officer's subtree."""
    if who.role not in DESK:
        raise forbidden(f"The role {who.role} may not change the rota.")
    wrong = [
        FieldError(place, "is nobody of your units")
        for place, id_ in named.items()
        if (person := pack.people.get(id_)) is None or who.unit not in pack.units[person.unit].path
    ]
    if wrong:
        raise invalid(*wrong)


def _span(days: list[date], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first day's midnight until the duties of the last day are over."""
    return midnight(min(days), zone), midnight(max(days) + 2 * DAY, zone)


def _may_be_swapped(day: date, today: date) -> bool:
    """A duty of yesterday may still go on."""
    return today - DAY <= day <= today + LONGEST


def _swap_errors(body: SwapBody, pack: Pack, today: date, decided: RotaChanges) -> list[FieldError]:
    errors = []
    if body.from_ == body.to:
        errors.append(FieldError("/to", "is the same person"))
    for place, person, day in (("/on", body.from_, body.on), ("/in_return", body.to, body.in_return)):
        if day is None:
            continue
        if not _may_be_swapped(day, today):
            errors.append(FieldError(place, "is over, or more than a year away"))
        elif not _has_duty(pack, person, day, decided):
            errors.append(FieldError(place, f"{person} has no duty that begins on that day"))
    return errors


def _duties(pack: Pack, person: str, day: date, decided: RotaChanges) -> list[Turn]:
    """The duties of ``person`` on that day, own ones and those taken over, also when on leave."""
    return pack.posts.duties(pack.people[person], day, day, decided)


def _has_duty(pack: Pack, person: str, day: date, decided: RotaChanges) -> bool:
    """Whether ``person`` has a duty to pass on; one that was given away before may be given to another instead."""
    return bool(_duties(pack, person, day, decided) or _duties(pack, person, day, NO_CHANGES))
