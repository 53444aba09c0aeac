"""Who is on duty, and swaps and leave that come while the city is at work.

A swap or a leave is one document, inserted once under an id that follows from its idempotency key, and never edited.
It holds from the next full minute that is at least ten seconds away, so that whoever alerts people has heard of it by
then, and so that a time that has passed is never answered in another way.
"""

import hashlib
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
import structlog

from services.router.domain.commands.command import DESK
from services.router.http.city_scope import pack_for
from shared.city.checks.rota import AHEAD, gaps
from shared.city.pack import Pack
from shared.city.people.on_duty import NONE_SINCE, OnDuty
from shared.city.people.rota import DAY, Change, Changes, Turn, midnight
from shared.contracts import rota as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, forbidden, invalid, key_reused, not_found, unavailable
from shared.kernel.ids import event_id, plain_id
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.server import Answer, Call, Route, get, post
from shared.runtime.kafka.outbox_relay import Outbox, as_pending
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Collection, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

INDEXES = (IndexModel([("city", 1), ("till_at", 1)], name="till"),)
AHEAD_OF_HOLDING = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=366)
CHANGES_MAX = 5000
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class SwapBody(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``to`` takes the duty of ``from`` that begins on the day ``on``; ``from`` that of ``to`` on ``in_return``."""

    from_: Ident
    to: Ident
    on: date
    in_return: date | None = None
    reason: Reason | None = None


class LeaveBody(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``person`` is away from ``from`` until before ``until``; seconds are cut off. ``reason`` stays here."""

    person: Ident
    from_: Moment
    until: Moment
    reason: Reason | None = None


class OnDutyQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``at``: now when left out."""

    at: Moment | None = None
    city: Ident | None = None


class RotaQuery(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident | None = None


class Rota:
    """The ``rota_changes`` of the router, and what is read of them."""

    def __init__(self, rows: Collection, packs: PackLibrary, outbox: Outbox, clock: Clock) -> None:
        self._rows = rows
        self._packs = packs
        self._outbox = outbox
        self._clock = clock

    def routes(self) -> list[Route]:
        readers, officers = frozenset({"officer", "ops"}), frozenset({"officer"})
        made: dict[int, Any] = {201: None}
        return [
            get("/v1/units/{id}/on-duty", self.on_duty, "Who is on duty, and why", roles=readers, query=OnDutyQuery),
            get("/v1/rota", self.coming, "Swaps and leave to come, own subtree", roles=readers, query=RotaQuery),
            post(
                "/v1/rota/swaps",
                self.swap,
                "Swap a shift",
                roles=officers,
                body=SwapBody,
                keyed=True,
                answers=made,
            ),
            post(
                "/v1/rota/leave",
                self.leave,
                "Put somebody on leave",
                roles=officers,
                body=LeaveBody,
                keyed=True,
                answers=made,
            ),
        ]

    async def on_duty(self, call: Call) -> Answer:
        """As of ``at``: what was decided later changes nothing about it."""
        query = call.query_as(OnDutyQuery)
        pack = pack_for(call.principal, self._packs, query.city)
        unit = pack.units.get(call.path["id"])
        own = call.principal.unit
        if unit is None or (own is not None and (own not in pack.units or not pack.tree.related(own, unit.id))):
            raise not_found("unit")
        at = (query.at or self._clock.now()).replace(second=0, microsecond=0)
        since = await self._decided(pack.city.id, at, at)
        kept: list[str | None] = [post for at_unit, post in pack.posts.kept() if at_unit == unit.id]
        posts = kept or [None]
        shown = [_post(post, pack.posts.standing(unit.id, at, post, since)) for post in posts]
        return Answer({"unit": unit.id, "at": at, "pack_version": pack.version, "posts": shown})

    async def coming(self, call: Call) -> Answer:
        """What is not over yet."""
        pack = pack_for(call.principal, self._packs, call.query_as(RotaQuery).city)
        where: Document = {"city": pack.city.id, "till_at": {"$gt": self._clock.now()}}
        if call.principal.unit is not None:
            where["seen_by"] = call.principal.unit
        found = await self._rows.find(where, sort=[("till_at", 1)], limit=200)
        return Answer({"items": [_view(row) for row in found]})

    async def swap(self, call: Call) -> Answer:
        """``from`` has a duty that day, his own or one that he took over, be he on leave or not; both are the officer's
        own people, and nobody swaps alone."""
        body = call.body_as(SwapBody)
        pack = self._packs.current(call.principal.city)
        self._own_people(call, pack, {"/from": body.from_, "/to": body.to})
        if (first := await self._made_before(call)) is not None:
            return first
        zone = pack.posts.zone
        today = self._clock.now().astimezone(zone).date()
        days = [day for day in (body.on, body.in_return) if day is not None]
        if any(not today - DAY <= day <= today + LONGEST for day in days):
            decided = NONE_SINCE
        else:
            start, till = midnight(min(days), zone), midnight(max(days) + 2 * DAY, zone)
            decided = await self._decided(pack.city.id, start, till)
        errors = []
        if body.from_ == body.to:
            errors.append(FieldError("/to", "is the same person"))
        given = (("/on", body.from_, body.on), ("/in_return", body.to, body.in_return))
        for place, person, day in given:
            if day is None:
                continue
            if not today - DAY <= day <= today + LONGEST:
                errors.append(FieldError(place, "is over, or more than a year away"))
            elif not _has_duty(pack, person, day, decided):
                errors.append(FieldError(place, f"{person} has no duty that begins on that day"))
        if errors:
            raise invalid(*errors)
        # In the minute after any swap that this one may pass on: who hears of both carries them out in this order.
        since = max(self._since(), *(decided.last_swap(day) + MINUTE for day in days))
        change = Change(kind="swap", person=body.from_, by=body.to, on=body.on, in_return=body.in_return, since=since)
        return await self._made(call, pack, change, midnight(min(days), zone), midnight(max(days) + 2 * DAY, zone))

    async def leave(self, call: Call) -> Answer:
        """Of one of the officer's own people, for at most a year."""
        body = call.body_as(LeaveBody)
        pack = self._packs.current(call.principal.city)
        self._own_people(call, pack, {"/person": body.person})
        if (first := await self._made_before(call)) is not None:
            return first
        start, until = (at.replace(second=0, microsecond=0) for at in (body.from_, body.until))
        if not start < until <= start + LONGEST:
            raise invalid(FieldError("/until", "is after `from`, by a year at most"))
        if not self._clock.now() < until <= self._clock.now() + 2 * LONGEST:
            raise invalid(FieldError("/until", "is over, or too far away"))
        change = Change(kind="leave", person=body.person, start=start, until=until, since=self._since())
        return await self._made(call, pack, change, start, until)

    def _own_people(self, call: Call, pack: Pack, named: dict[str, str]) -> None:
        """Raises ``Refusal``: 403 for a role that runs no desk, 422 for people outside of the officer's subtree."""
        who = call.principal
        if who.role not in DESK:
            raise forbidden(f"The role {who.role} may not change the rota.")
        wrong = [
            FieldError(place, "is nobody of your units")
            for place, id_ in named.items()
            if (person := pack.people.get(id_)) is None or who.unit not in pack.units[person.unit].path
        ]
        if wrong:
            raise invalid(*wrong)

    def _since(self) -> datetime:
        at = self._clock.now() + AHEAD_OF_HOLDING
        return at.replace(second=0, microsecond=0) + MINUTE

    async def _made(self, call: Call, pack: Pack, change: Change, start: datetime, till: datetime) -> Answer:
        """The change on record, once for its key; its event leaves from its document."""
        who, now, id_ = call.principal, self._clock.now(), _id(call)
        event = _event(id_, change, who.city, who.who, now, call.trace)
        units = {unit for p in (change.person, change.by) if p for unit in pack.units[pack.people[p].unit].path}
        row = {
            "_id": id_,
            "city": who.city,
            "version": 1,
            "change": msgspec.to_builtins(change, builtin_types=(datetime,)),
            "reason": getattr(call.body, "reason", None),
            "made_by": who.who,
            "made_at": now,
            "from_at": start,
            "till_at": till,
            "seen_by": sorted(units),
            "fingerprint": _fingerprint(call),
            "unstaffed": await self._unstaffed(pack, change, max(start, change.since), till),
            "pending": as_pending([event]),
            "outbox": {"lane": 0, "since": real_now()},
        }
        if await self._rows.insert(row):
            self._outbox.offer(id_, 1, [event])
            log.info("rota.changed", kind=change.kind, change=id_, trace=call.trace)
            return Answer(_view(row), 201)
        if (first := await self._made_before(call)) is None:
            raise unavailable("It is not known whether this was recorded. Repeat with the same key.", retry_after=1)
        return first

    async def _made_before(self, call: Call) -> Answer | None:
        """The first answer to the key, however the rota has changed since. Raises ``Refusal`` 422 for another body."""
        row = await self._rows.find_one({"_id": _id(call)})
        if row is None:
            return None
        if row["fingerprint"] != _fingerprint(call):
            raise key_reused()
        return Answer(_view(row), 201, {"idempotent-replayed": "true"})

    async def _unstaffed(self, pack: Pack, change: Change, start: datetime, till: datetime) -> list[Document]:
        """Posts that would have nobody because of this, in the six weeks from its start."""
        till = min(till, start + AHEAD)
        decided = await self._decided(pack.city.id, start, till)
        since = Changes([*decided.all, msgspec.structs.replace(change, since=start)])
        named = [id_ for id_ in (change.person, change.by) if id_ is not None]
        days = [day for day in (change.on, change.in_return) if day is not None]
        held = {turn.instead_of for id_ in named for day in days for turn in _duties(pack, id_, day, decided)}
        people = [pack.people[id_] for id_ in (*named, *sorted(filter(None, held)))]
        return [
            {"unit": unit, "post": post, "from": gap.start, "until": gap.end}
            for unit, post in dict.fromkeys((p.unit, p.post) for p in people if p.post is not None)
            for gap in gaps(pack, unit, post, start, till, since)[:20]
        ]

    async def decided(self, city: str, start: datetime, till: datetime) -> Changes:
        """The changes that touch a stretch of time; the same object as long as there are none."""
        return found if (found := await self._decided(city, start, till)).all else NONE_SINCE

    async def _decided(self, city: str, start: datetime, till: datetime) -> Changes:
        """The changes that touch a stretch of time."""
        where = {"city": city, "till_at": {"$gt": start}, "from_at": {"$lte": till + DAY}}
        found = await self._rows.find(where, {"change": 1}, sort=[("till_at", 1)], limit=CHANGES_MAX)
        return Changes(msgspec.convert(row["change"], Change) for row in found)


def _id(call: Call) -> str:
    return plain_id("g", call.principal.city, call.principal.who, call.request.url.path, call.key)


def _fingerprint(call: Call) -> str:
    return hashlib.sha256(msgspec.json.encode(call.body)).hexdigest()


def _duties(pack: Pack, person: str, day: date, decided: Changes) -> list[Turn]:
    """What ``person`` has on that day, own ones and those taken over, on leave or not."""
    return pack.posts.duties(pack.people[person], day, day, decided)


def _has_duty(pack: Pack, person: str, day: date, decided: Changes) -> bool:
    """Whether ``person`` has a duty to pass on; one that he gave away before may be given to another instead."""
    return bool(_duties(pack, person, day, decided) or _duties(pack, person, day, NONE_SINCE))


def _event(id_: str, change: Change, city: str, by: str, now: datetime, trace: str) -> Envelope:
    data: msgspec.Struct
    if change.kind == "swap" and change.by is not None and change.on is not None:
        type_ = "rota.shift_swapped.v1"
        data = contract.ShiftSwapped(
            change=id_,
            person=change.person,
            by=change.by,
            on=change.on,
            in_return=change.in_return,
            since=change.since,
            made_by=by,
        )
    else:
        assert change.start is not None and change.until is not None  # noqa: S101 - a leave has both
        type_ = "rota.leave_taken.v1"
        data = contract.LeaveTaken(
            change=id_, person=change.person, start=change.start, until=change.until, since=change.since, made_by=by
        )
    return Envelope(
        id=event_id(id_, 1, 0),
        type=type_,
        topic=contract.TOPIC,
        key=city,
        subject=id_,
        city=city,
        sequence=1,
        time=now,
        lane=0,
        trace=trace,
        data=encode(data),
    )


def _post(post: str | None, found: tuple[OnDuty, ...]) -> dict[str, Any]:
    people = [
        {
            "id": one.person.id,
            "name": one.person.name,
            "role": one.person.role,
            "unit": one.person.unit,
            "why": one.why,
            **({"instead_of": one.instead_of} if one.instead_of is not None else {}),
        }
        for one in found
    ]
    return {"post": post, "people": people, "nobody": not people}


def _view(row: Document) -> dict[str, Any]:
    change = {name: value for name, value in row["change"].items() if value is not None}
    return {
        "id": row["_id"],
        **change,
        "reason": row["reason"],
        "made_by": row["made_by"],
        "made_at": row["made_at"],
        "unstaffed": row["unstaffed"],
    }
