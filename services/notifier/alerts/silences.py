"""Silence: for a while, alerts about some categories on a unit's ground go to the inbox only, and say which silence.

An estate's planned water stop, for example. Cases are made and timed as ever; danger breaks it.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from services.notifier.city_cache import INDEX, Kept, stamped
from shared.city.model.entry import Id
from shared.city.pack import Pack
from shared.contracts.cases import CaseState
from shared.kernel.clock import Clock, whole_millis
from shared.kernel.errors import FieldError, forbidden, invalid, key_reused, not_found
from shared.kernel.ids import plain_id
from shared.kernel.vocabulary import DESK_ROLES
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.server import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Database, Document, IndexModel

INDEXES = (INDEX, IndexModel([("city", 1), ("until", 1)], name="until"))
LONGEST = timedelta(days=7)
AHEAD = timedelta(days=60)
Moment = Annotated[datetime, Meta(tz=True)]


class SilenceBody(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``categories``: all when empty. ``from``: now when left out. A week at most."""

    unit: Id
    until: Moment
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    categories: Annotated[list[Id], Meta(max_length=20)] = []
    from_: Moment | None = None


class SilenceQuery(msgspec.Struct, forbid_unknown_fields=True):
    city: Id | None = None


class Silences:
    """The ``silences`` of the notifier."""

    def __init__(self, database: Database, packs: PackLibrary, clock: Clock) -> None:
        self.kept: Kept[tuple[Document, ...]] = Kept(database.collection("silences"), tuple, ())
        self._packs = packs
        self._clock = clock

    def over(self, case: CaseState, pack: Pack, at: datetime) -> str | None:
        """The silence that a case's alerts of that time keep; None for danger, and where there is none."""
        silences = self.kept.of(case.city)
        if not silences or case.priority == "danger":
            return None
        ground = pack.units.get(case.within or case.unit)
        path = {*case.path, *(ground.path if ground is not None else ())}
        for silence in silences:
            end: datetime = silence.get("ended_at") or silence["until"]
            holds = silence["unit"] in path and max(silence["from"], silence["made_at"]) <= at < end
            if holds and (not silence["categories"] or case.category in silence["categories"]):
                return str(silence["_id"])
        return None

    def routes(self) -> list[Route]:
        officers = frozenset({"officer"})
        return [
            get(
                "/v1/silences",
                self.list_,
                "Silences that hold or will",
                roles=officers | {"ops"},
                query=SilenceQuery,
            ),
            post(
                "/v1/silences",
                self.make,
                "Keep alerts to the inbox for a while",
                roles=officers,
                body=SilenceBody,
                keyed=True,
                answers={201: None},
            ),
            post(
                "/v1/silences/{id}/end",
                self.end,
                "End a silence now",
                roles=officers,
                body=NoBody,
                keyed=True,
                once="ends of silences",
            ),
        ]

    async def list_(self, call: Call) -> Answer:
        query, who = call.query_as(SilenceQuery), call.principal
        if who.city != EVERY_CITY and query.city not in (None, who.city):
            raise invalid(FieldError("?city", "is not yours: leave it out"))
        city = who.city if who.city != EVERY_CITY else query.city
        where: Document = {"until": {"$gt": self._clock.now()}, "ended_at": None}
        if city is not None:
            where["city"] = city
        found = await self.kept.rows.find(where, sort=[("until", 1)], limit=200)
        if who.kind == "officer":
            pack = self._packs.current(who.city)
            own = who.unit or ""
            found = [s for s in found if {own, s["unit"]} <= pack.units.keys() and pack.tree.related(own, s["unit"])]
        return Answer({"items": [_view(silence) for silence in found]})

    async def make(self, call: Call) -> Answer:
        body, who, now = call.body_as(SilenceBody), call.principal, self._clock.now()
        pack = self._packs.current(who.city)
        self._may(call, pack, body.unit)
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
        if errors:
            raise invalid(*errors)
        id_ = plain_id("q", who.city, who.who, "silence", call.key)
        asked: Document = {
            "unit": body.unit,
            "categories": body.categories,
            "until": whole_millis(body.until),
            "reason": body.reason,
            "asked_from": None if body.from_ is None else whole_millis(body.from_),
        }
        silence = stamped(
            {"_id": id_, "city": who.city, **asked, "from": whole_millis(start), "by": who.who, "made_at": now}
        )
        fresh = await self.kept.rows.insert(silence)
        if not fresh:
            silence = await self.kept.rows.find_one({"_id": id_}) or silence
            if any(silence[name] != value for name, value in asked.items()):
                raise key_reused()
        await self.kept.look()
        return Answer(_view(silence), 201, {} if fresh else {"idempotent-replayed": "true"})

    async def end(self, call: Call) -> Answer:
        """Done once; ending it again answers the same."""
        id_ = call.path["id"]
        silence = await self.kept.rows.find_one({"_id": id_, "city": call.principal.city})
        if silence is None:
            raise not_found("silence")
        self._may(call, self._packs.current(call.principal.city), silence["unit"])
        ended = stamped({"ended_at": self._clock.now(), "ended_by": call.principal.who})
        await self.kept.rows.update({"_id": id_, "ended_at": None}, {"$set": ended})
        await self.kept.look()
        return Answer(_view(await self.kept.rows.find_one({"_id": id_}) or silence))

    @staticmethod
    def _may(call: Call, pack: Pack, unit: str) -> None:
        """Raises ``Refusal``: 403 for a role that runs no desk, 404 for a unit outside of the own subtree."""
        who = call.principal
        if unit not in pack.units or who.unit not in pack.units[unit].path:
            raise not_found("unit")
        if who.role not in DESK_ROLES:
            raise forbidden(f"The role {who.role} may not silence anything.")


def _view(silence: Document) -> dict[str, Any]:
    names = ("unit", "categories", "from", "until", "reason", "by", "made_at", "ended_at", "ended_by")
    return {"id": silence["_id"], **{name: silence[name] for name in names if silence.get(name) is not None}}
