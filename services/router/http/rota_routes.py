"""Routes of the rota: who is on duty, and swaps and leave."""

from datetime import date, datetime
from typing import Literal

import msgspec

from services.router.city_scope import pack_for
from services.router.rota.bodies import LeaveBody, Moment, SwapBody
from services.router.rota.change_record import RecordedChange, Unstaffed
from services.router.rota.rota_changes import PATHS, Rota, RotaRequest, RotaResult
from shared.city.people.on_duty import OnDuty
from shared.city.people.rota import Why
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.kernel.vocabulary import Role
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.pack_library import PackLibrary


class OnDutyQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``at``: now when left out."""

    at: Moment | None = None
    city: Ident | None = None


class RotaQuery(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident | None = None


class PersonOnDuty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``instead_of``: whose duty it was."""

    id: str
    name: str
    role: Role
    unit: str
    why: Why
    instead_of: str | None = None


class PostOnDuty(msgspec.Struct, frozen=True):
    """``post``: null in a unit without posts."""

    post: str | None
    people: list[PersonOnDuty]
    nobody: bool


class OnDutyAnswer(msgspec.Struct, frozen=True):
    unit: str
    at: datetime
    pack_version: str
    posts: list[PostOnDuty]


class ShownChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A swap has ``by`` and ``on``, a leave ``start`` and ``until``. ``unstaffed``: posts that nobody holds by it."""

    id: str
    kind: Literal["swap", "leave"]
    person: str
    since: datetime
    by: str | None = None
    on: date | None = None
    in_return: date | None = None
    start: datetime | None = None
    until: datetime | None = None
    reason: str | None
    made_by: str
    made_at: datetime
    unstaffed: list[Unstaffed]


class ComingChanges(msgspec.Struct, frozen=True):
    items: list[ShownChange]


class RotaRoutes:
    def __init__(self, rota: Rota, packs: PackLibrary, clock: Clock) -> None:
        self._rota = rota
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        readers, officers = frozenset({"officer", "ops"}), frozenset({"officer"})
        made = {201: ShownChange}
        return [
            get(
                "/v1/units/{id}/on-duty",
                self.on_duty,
                "Who is on duty, and why",
                roles=readers,
                query=OnDutyQuery,
                answers={200: OnDutyAnswer},
            ),
            get(
                "/v1/rota",
                self.coming,
                "Swaps and leave to come, own subtree",
                roles=readers,
                query=RotaQuery,
                answers={200: ComingChanges},
            ),
            post(
                PATHS[SwapBody],
                self.swap,
                "Swap a shift",
                roles=officers,
                body=SwapBody,
                keyed=True,
                answers=made,
            ),
            post(
                PATHS[LeaveBody],
                self.leave,
                "Put somebody on leave",
                roles=officers,
                body=LeaveBody,
                keyed=True,
                answers=made,
            ),
        ]

    async def on_duty(self, call: Call) -> Answer:
        """As of ``at``: a change that was decided later does not change the answer."""
        query = call.query_as(OnDutyQuery)
        pack = pack_for(call.principal, self._packs, query.city)
        unit = pack.units.get(call.path["id"])
        own = call.principal.unit
        if unit is None or (own is not None and (own not in pack.units or not pack.tree.related(own, unit.id))):
            raise not_found("unit")
        at = (query.at or self._clock.now()).replace(second=0, microsecond=0)
        decided = await self._rota.decided(pack.city.id, at, at)
        kept: list[str | None] = [post for at_unit, post in pack.posts.staffed_posts() if at_unit == unit.id]
        posts = kept or [None]
        shown = [_post(post, pack.posts.on_duty_with_reasons(unit.id, at, post, decided)) for post in posts]
        return Answer(OnDutyAnswer(unit.id, at, pack.version, shown))

    async def coming(self, call: Call) -> Answer:
        """Swaps and leave that are not over yet."""
        pack = pack_for(call.principal, self._packs, call.query_as(RotaQuery).city)
        found = await self._rota.coming(pack.city.id, call.principal.unit)
        return Answer(ComingChanges([_view(change) for change in found]))

    async def swap(self, call: Call) -> Answer:
        body = call.body_as(SwapBody)
        request = RotaRequest(body=body, by=call.principal, key=call.key, trace=call.trace)
        return _made(await self._rota.swap(request))

    async def leave(self, call: Call) -> Answer:
        body = call.body_as(LeaveBody)
        request = RotaRequest(body=body, by=call.principal, key=call.key, trace=call.trace)
        return _made(await self._rota.leave(request))


def _made(result: RotaResult) -> Answer:
    headers = {"idempotent-replayed": "true"} if result.replayed else {}
    return Answer(_view(result.recorded), 201, headers)


def _post(post: str | None, found: tuple[OnDuty, ...]) -> PostOnDuty:
    people = [
        PersonOnDuty(
            id=one.person.id,
            name=one.person.name,
            role=one.person.role,
            unit=one.person.unit,
            why=one.why,
            instead_of=one.instead_of,
        )
        for one in found
    ]
    return PostOnDuty(post, people, not people)


def _view(recorded: RecordedChange) -> ShownChange:
    change = recorded.change
    return ShownChange(
        id=recorded.id,
        kind=change.kind,
        person=change.person,
        since=change.since,
        by=change.by,
        on=change.on,
        in_return=change.in_return,
        start=change.start,
        until=change.until,
        reason=recorded.reason,
        made_by=recorded.made_by,
        made_at=recorded.made_at,
        unstaffed=list(recorded.unstaffed),
    )
