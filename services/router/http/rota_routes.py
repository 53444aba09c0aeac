"""Routes of the rota: who is on duty, and swaps and leave."""

from datetime import datetime
from typing import Any

import msgspec

from services.router.city_scope import pack_for
from services.router.rota.bodies import LeaveBody, Moment, SwapBody
from services.router.rota.change_record import RecordedChange
from services.router.rota.rota_changes import PATHS, Rota, RotaRequest, RotaResult
from shared.city.people.on_duty import OnDuty
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.pack_library import PackLibrary


class OnDutyQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``at``: now when left out."""

    at: Moment | None = None
    city: Ident | None = None


class RotaQuery(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident | None = None


class RotaRoutes:
    def __init__(self, rota: Rota, packs: PackLibrary, clock: Clock) -> None:
        self._rota = rota
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        readers, officers = frozenset({"officer", "ops"}), frozenset({"officer"})
        made: dict[int, Any] = {201: None}
        return [
            get("/v1/units/{id}/on-duty", self.on_duty, "Who is on duty, and why", roles=readers, query=OnDutyQuery),
            get("/v1/rota", self.coming, "Swaps and leave to come, own subtree", roles=readers, query=RotaQuery),
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
        return Answer({"unit": unit.id, "at": at, "pack_version": pack.version, "posts": shown})

    async def coming(self, call: Call) -> Answer:
        """Swaps and leave that are not over yet."""
        pack = pack_for(call.principal, self._packs, call.query_as(RotaQuery).city)
        found = await self._rota.coming(pack.city.id, call.principal.unit)
        return Answer({"items": [_view(change) for change in found]})

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


def _view(recorded: RecordedChange) -> dict[str, Any]:
    change = msgspec.to_builtins(recorded.change, builtin_types=(datetime,))
    return {
        "id": recorded.id,
        **{name: value for name, value in change.items() if value is not None},
        "reason": recorded.reason,
        "made_by": recorded.made_by,
        "made_at": recorded.made_at,
        "unstaffed": recorded.unstaffed,
    }
