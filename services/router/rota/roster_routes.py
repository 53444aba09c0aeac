"""``GET /v1/units/{id}/roster``: who has a unit's posts on some days, whole turns, and when nobody does."""

import asyncio
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Annotated

import msgspec

from services.router.city_scope import pack_for
from services.router.domain.commands.command import DESK
from services.router.rota.rota_changes import Rota
from shared.city.duty_roster import WHOLE, Roster, RosterTurn, Vacancy, roster
from shared.city.model.channels import ChannelKind
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.rota import DAY, RotaChanges, Why, midnight
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid, not_found
from shared.kernel.vocabulary import Role
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary

DAYS_MAX = 14
AWAY_MAX = timedelta(days=366)
PEOPLE_MAX = 300


class RosterQuery(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``from``: the first day, today when left out."""

    from_: date | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] = 7
    city: Ident | None = None


class RosterPerson(msgspec.Struct, frozen=True, kw_only=True):
    """``channels``: how somebody is reached beside the inbox, no number or address. ``name_en``: empty where the pack
    has none."""

    id: str
    name: str
    name_en: str
    unit: str
    role: Role
    post: str | None
    channels: list[ChannelKind]


class HeldTurn(msgspec.Struct, frozen=True, kw_only=True):
    """``on``: the day on which the duty begins, as a swap names it; null for cover. ``instead_of``: whose duty it was,
    for cover the unit."""

    start: datetime
    end: datetime
    person: str
    why: Why
    instead_of: str | None
    on: date | None


class LeftTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A duty that can be passed on by a swap."""

    person: str
    on: date


class ShownVacancy(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is on duty. ``left``: duties of that time whose holders are away."""

    start: datetime
    end: datetime
    left: list[LeftTurn]


class PostRoster(msgspec.Struct, frozen=True):
    """``post``: null in a unit without posts."""

    post: str | None
    turns: list[HeldTurn]
    vacancies: list[ShownVacancy]


class UnitRoster(msgspec.Struct, frozen=True, kw_only=True):
    """From midnight until midnight of the city. ``may_change``: whether the asker may enter swaps and leave here.
    ``people``: those who are named, the asker, and for who may change it all who may take a turn."""

    unit: str
    pack_version: str
    start: datetime
    end: datetime
    may_change: bool
    posts: list[PostRoster]
    people: list[RosterPerson]


class RosterRoutes:
    """The route."""

    def __init__(self, rota: Rota, packs: PackLibrary, clock: Clock) -> None:
        self._rota = rota
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/units/{id}/roster",
                self.roster,
                "Who has the posts of a unit on some days, and when nobody does",
                roles=frozenset({"officer", "ops"}),
                query=RosterQuery,
                answers={200: UnitRoster},
            )
        ]

    async def roster(self, call: Call) -> Answer:
        """Of one's own subtree and of the units above it."""
        query = call.query_as(RosterQuery)
        pack = pack_for(call.principal, self._packs, query.city)
        unit, own = pack.units.get(call.path["id"]), call.principal.unit
        if unit is None or (own is not None and (own not in pack.units or not pack.tree.related(own, unit.id))):
            raise not_found("unit")
        today = self._clock.now().astimezone(pack.posts.zone).date()
        first = query.from_ or today
        if abs(first - today) > AWAY_MAX:
            raise invalid(FieldError("?from", "is more than a year away"))
        start, end = midnight(first, pack.posts.zone), midnight(first + query.days * DAY, pack.posts.zone)
        decided = await self._rota.decided(pack.city.id, start - WHOLE, end + WHOLE)
        may_change = call.principal.role in DESK and own in unit.path
        asked = (pack, unit.id, start, end, decided)
        return Answer(await asyncio.to_thread(_unit_roster, *asked, me=call.principal.person, may_change=may_change))


def _unit_roster(
    pack: Pack, unit: str, start: datetime, end: datetime, decided: RotaChanges, *, me: str | None, may_change: bool
) -> UnitRoster:
    kept: list[str | None] = [post for at_unit, post in pack.posts.staffed_posts() if at_unit == unit]
    found = [(post, roster(pack, unit, post, start, end, decided)) for post in kept or [None]]
    named = dict.fromkeys(id_ for _, one in found for id_ in _named(one))
    if me is not None:
        named[me] = None
    if may_change:
        below = (p.id for p in pack.people.values() if unit in pack.units[p.unit].path)
        named |= dict.fromkeys(islice(below, PEOPLE_MAX))
    return UnitRoster(
        unit=unit,
        pack_version=pack.version,
        start=start,
        end=end,
        may_change=may_change,
        posts=[PostRoster(post, [*map(_turn, one.turns)], [*map(_vacancy, one.vacancies)]) for post, one in found],
        people=[_person(pack.people[id_], pack) for id_ in named if id_ in pack.people],
    )


def _named(found: Roster) -> list[str]:
    turns = [id_ for turn in found.turns for id_ in (turn.person.id, turn.instead_of) if id_ is not None]
    return turns + [id_ for vacancy in found.vacancies for id_, _ in vacancy.left]


def _person(person: Person, pack: Pack) -> RosterPerson:
    return RosterPerson(
        id=person.id,
        name=person.name,
        name_en=person.name_en,
        unit=person.unit,
        role=person.role,
        post=person.post,
        channels=list(dict.fromkeys(receiver.kind for receiver in pack.receivers.of_person(person.id))),
    )


def _turn(turn: RosterTurn) -> HeldTurn:
    return HeldTurn(
        start=turn.start,
        end=turn.end,
        person=turn.person.id,
        why=turn.why,
        instead_of=turn.instead_of,
        on=turn.on,
    )


def _vacancy(vacancy: Vacancy) -> ShownVacancy:
    left = [LeftTurn(person=person, on=on) for person, on in vacancy.left]
    return ShownVacancy(start=vacancy.start, end=vacancy.end, left=left)
