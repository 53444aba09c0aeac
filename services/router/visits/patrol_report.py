"""An estate's joint enforcements of a month: wanted by the pack, held, planned, missing."""

from collections import Counter

import msgspec

from services.router.domain.visits.visit import PATROLS
from services.router.months import Month, bounds
from services.router.visits.store import VisitStore
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

COUNTED_MAX = 10_000
"""Visits of one month that are counted at most."""


class PatrolQuery(msgspec.Struct, forbid_unknown_fields=True):
    month: Month
    unit: Ident | None = None


class EstatePatrols(msgspec.Struct, frozen=True, kw_only=True):
    """``missing``: how many more the month needs, beside those that were held and that are still ahead."""

    place: str
    name: str
    wanted: int
    held: int
    planned: int
    overdue: int
    missing: int


class PatrolReport(msgspec.Struct, frozen=True):
    month: str
    unit: str
    items: list[EstatePatrols]


class Patrols:
    """``GET /v1/patrols``."""

    def __init__(self, store: VisitStore, packs: PackLibrary, clock: Clock) -> None:
        self._store = store
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        summary = "Joint enforcements of a month by estate"
        return [
            get(
                "/v1/patrols",
                self.patrols,
                summary,
                roles=frozenset({"officer"}),
                query=PatrolQuery,
                answers={200: PatrolReport},
            )
        ]

    async def patrols(self, call: Call) -> Answer:
        """``missing``: how many more the month needs, beside those that were held and that are still ahead."""
        query, who = call.query_as(PatrolQuery), call.principal
        pack = self._packs.current(who.city)
        unit = query.unit or who.unit or ""
        if unit not in pack.units or (who.unit or "") not in pack.units[unit].path:
            raise not_found("unit")
        estates = _estates(unit, pack)
        begins, ends = bounds(query.month, pack)
        where: Document = {"city": who.city, "place": {"$in": [id_ for id_, _ in estates]}}
        where |= {"at": {"$gte": begins, "$lt": ends}, "kind": {"$in": list(PATROLS)}}
        count: Counter[tuple[str, str]] = Counter()
        now = self._clock.now()
        for document in await self._store.page(where, COUNTED_MAX):
            overdue = document["state"] == "planned" and document["at"] < now
            count[document["place"], "overdue" if overdue else document["state"]] += 1
        items = [
            EstatePatrols(
                place=id_,
                name=name,
                wanted=pack.city.patrols,
                held=count[id_, "held"],
                planned=count[id_, "planned"],
                overdue=count[id_, "overdue"],
                missing=max(0, pack.city.patrols - count[id_, "held"] - count[id_, "planned"]),
            )
            for id_, name in estates
        ]
        return Answer(PatrolReport(query.month, unit, items))


def _estates(unit: str, pack: Pack) -> list[tuple[str, str]]:
    """Ids and names of the estates of a unit's subtree."""
    units = [(u.id, u.name) for u in pack.units.values() if u.level == "estate" and unit in u.path]
    places = [
        (place.known_as, place.name)
        for place in pack.places
        if place.kind == "estate" and place.unit is not None and unit in pack.units[place.unit].path
    ]
    return sorted({*units, *places})
