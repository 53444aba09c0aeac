"""``/v1/silences``: desks list, make and end silences."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from services.notifier.alerts.silences import Silences
from services.notifier.documents.silence import Around, Silence
from shared.city.model.entry import Id
from shared.city.pack import Pack
from shared.city.place.datum import Crs, to_wgs84
from shared.kernel.clock import Clock, whole_millis
from shared.kernel.errors import FieldError, forbidden, invalid, key_reused, not_found
from shared.kernel.ids import plain_id
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.pack_library import PackLibrary

DESK = frozenset({"duty_officer", "grid_leader", "supervisor", "department_officer", "property"})
LONGEST = timedelta(days=7)
AHEAD = timedelta(days=60)
Moment = Annotated[datetime, Meta(tz=True)]


class MutedGround(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``metres`` around a point in ``crs``; ``place``: what it is called."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    crs: Crs
    metres: Annotated[int, Meta(ge=20, le=1000)] = 200
    place: Annotated[str, Meta(max_length=200)] = ""


class SilenceBody(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``categories``: all when empty. ``from``: now when left out. A week at most. ``around``: only cases that come
    meanwhile at a place, and only for the unit's own people."""

    unit: Id
    until: Moment
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    categories: Annotated[list[Id], Meta(max_length=20)] = []
    from_: Moment | None = None
    around: MutedGround | None = None


class SilenceQuery(msgspec.Struct, forbid_unknown_fields=True):
    city: Id | None = None


class SilenceView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """A silence as the API shows it; ``ended_at`` and ``ended_by`` where somebody ended it early."""

    id: str
    unit: str
    categories: list[str]
    from_: datetime
    until: datetime
    reason: str
    around: Around | None = None
    by: str
    made_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


class SilenceList(msgspec.Struct, frozen=True):
    items: list[SilenceView]


class SilenceRoutes:
    """Handlers of silences."""

    def __init__(self, silences: Silences, packs: PackLibrary, clock: Clock) -> None:
        self._silences = silences
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        officers = frozenset({"officer"})
        return [
            get(
                "/v1/silences",
                self.list_,
                "Silences that hold or will",
                roles=officers | {"ops"},
                query=SilenceQuery,
                answers={200: SilenceList},
            ),
            post(
                "/v1/silences",
                self.make,
                "Keep alerts to the inbox for a while",
                roles=officers,
                body=SilenceBody,
                keyed=True,
                answers={201: SilenceView},
            ),
            post(
                "/v1/silences/{id}/end",
                self.end,
                "End a silence now",
                roles=officers,
                body=NoBody,
                keyed=True,
                idempotent_as="ends of silences",
                answers={200: SilenceView},
            ),
        ]

    async def list_(self, call: Call) -> Answer:
        """Silences of one's own subtree and of the units above it; for operators those of their city, or of all."""
        query, who = call.query_as(SilenceQuery), call.principal
        if who.city != EVERY_CITY and query.city not in (None, who.city):
            raise invalid(FieldError("?city", "is not yours: leave it out"))
        city = who.city if who.city != EVERY_CITY else query.city
        units = None
        if who.kind == "officer":
            pack, own = self._packs.current(who.city), who.unit or ""
            units = [unit for unit in pack.units if own in pack.units and pack.tree.related(own, unit)]
        silences = await self._silences.unended(city, self._clock.now(), units)
        return Answer(SilenceList([_view(silence) for silence in silences]))

    async def make(self, call: Call) -> Answer:
        """Done once under a key; 409 when the key came with another silence before."""
        body, who, now = call.body_as(SilenceBody), call.principal, self._clock.now()
        pack = self._packs.current(who.city)
        _check_allowed(call, pack, body.unit)
        if errors := _wrong(body, pack, now):
            raise invalid(*errors)
        asked = Silence(
            id=plain_id("q", who.city, who.who, "silence", call.key),
            city=who.city,
            unit=body.unit,
            categories=body.categories,
            until=whole_millis(body.until),
            reason=body.reason,
            asked_from=None if body.from_ is None else whole_millis(body.from_),
            from_=whole_millis(body.from_ or now),
            around=_around(body.around) if body.around is not None else None,
            by=who.who,
            made_at=now,
        )
        if await self._silences.add(asked):
            return Answer(_view(asked), 201)
        stored = await self._silences.get(who.city, asked.id) or asked
        if _request(stored) != _request(asked):
            raise key_reused()
        return Answer(_view(stored), 201, {"idempotent-replayed": "true"})

    async def end(self, call: Call) -> Answer:
        """Done once; ending it again answers the same."""
        who = call.principal
        silence = await self._silences.get(who.city, call.path["id"])
        if silence is None:
            raise not_found("silence")
        _check_allowed(call, self._packs.current(who.city), silence.unit)
        return Answer(_view(await self._silences.end(silence, who.who, self._clock.now())))


def _check_allowed(call: Call, pack: Pack, unit: str) -> None:
    """Raises ``Refusal``: 403 for a role that runs no desk, 404 for a unit outside of one's own subtree."""
    who = call.principal
    if unit not in pack.units or who.unit not in pack.units[unit].path:
        raise not_found("unit")
    if who.role not in DESK:
        raise forbidden(f"The role {who.role} may not silence anything.")


def _wrong(body: SilenceBody, pack: Pack, now: datetime) -> list[FieldError]:
    start = body.from_ or now
    errors = [
        FieldError(f"/categories/{n}", "is no category of this city")
        for n, code in enumerate(body.categories)
        if code not in pack.categories
    ]
    if start > now + AHEAD:
        errors.append(FieldError("/from", "is more than sixty days away"))
    if not max(start, now) < body.until <= start + LONGEST:
        errors.append(FieldError("/until", "is after `from` and to come, by a week at most"))
    return errors


def _around(there: MutedGround) -> Around:
    lon, lat = to_wgs84(there.lon, there.lat, there.crs)
    return Around(lon=lon, lat=lat, metres=there.metres, place=there.place)


def _request(silence: Silence) -> tuple[str, list[str], datetime, str, datetime | None, Around | None]:
    """What was asked for: a repeated key must come with the same."""
    return silence.unit, silence.categories, silence.until, silence.reason, silence.asked_from, silence.around


def _view(silence: Silence) -> SilenceView:
    return SilenceView(
        id=silence.id,
        unit=silence.unit,
        categories=silence.categories,
        from_=silence.from_,
        until=silence.until,
        reason=silence.reason,
        around=silence.around,
        by=silence.by,
        made_at=silence.made_at,
        ended_at=silence.ended_at,
        ended_by=silence.ended_by,
    )
