"""Routes of visits: planned one by one or as a campaign, held with who came, called off."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.readings import Readings
from services.router.cases.sealed_words import SealedWords
from services.router.command_handling.bodies import Reason
from services.router.command_handling.photo_claims import PhotoClaims
from services.router.domain.case import Case
from services.router.domain.commands.command import DESK
from services.router.domain.visits.visit import Visit, cancelled, held
from services.router.visits.bodies import BATCH_MAX, CampaignBody, HoldBody, VisitBody, VisitQuery
from services.router.visits.planning import invited_units, organiser, organises, place_of, remind_at, same_plan, seen_by
from services.router.visits.reading import VisitReading
from services.router.visits.reminders import VisitsDue
from services.router.visits.store import VisitStore, from_doc
from services.router.visits.views import (
    BatchVisit,
    CampaignView,
    PlannedCampaign,
    VisitPage,
    VisitView,
    batch_view,
    view,
)
from shared.city.pack import Pack
from shared.contracts.sight import Sight
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, conflict, forbidden, invalid, key_reused, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.http_server.pagination import beyond, page
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

log = structlog.get_logger()

OFFICERS = frozenset({"officer"})


class Visits:
    """Handlers of visits, campaigns and patrols."""

    def __init__(
        self,
        store: VisitStore,
        cases: CaseStore,
        packs: PackLibrary,
        photos: PhotoClaims,
        due: VisitsDue,
        words: SealedWords,
        readings: Readings,
        clock: Clock,
    ) -> None:
        self._store = store
        self._due = due
        self._cases = cases
        self._packs = packs
        self._photos = photos
        self._clock = clock
        self._words = words
        self._reading = VisitReading(packs, words, readings)

    def routes(self) -> list[Route]:
        def read(path: str, handler: Any, summary: str, shape: type[msgspec.Struct], query: Any = None) -> Route:
            return get(path, handler, summary, roles=OFFICERS, query=query, answers={200: shape})

        def act(
            path: str, handler: Any, summary: str, body: Any, status: int = 200, shape: type[msgspec.Struct] = VisitView
        ) -> Route:
            return post(
                path,
                handler,
                summary,
                roles=OFFICERS,
                body=body,
                keyed=True,
                idempotent_as="visits",
                replay_answer=self._again,
                answers={status: shape},
            )

        return [
            act("/v1/visits", self.plan, "Plan a visit and invite units", VisitBody, 201),
            read(
                "/v1/visits",
                self.list,
                "Visits that the own unit organises or is invited to, by time",
                VisitPage,
                VisitQuery,
            ),
            read("/v1/visits/{id}", self.one, "A visit", VisitView),
            act("/v1/visits/{id}/hold", self.hold, "It took place: who came, and what came of it", HoldBody),
            act("/v1/visits/{id}/cancel", self.cancel, "Call it off", Reason),
            act("/v1/campaigns", self.campaign, "Plan a batch of visits", CampaignBody, 201, PlannedCampaign),
            read("/v1/campaigns/{id}", self.one_campaign, "A campaign's visits, and how many were held", CampaignView),
        ]

    async def plan(self, call: Call) -> Answer:
        body = call.body_as(VisitBody)

        async def planned(key: str, pack: Pack) -> Answer:
            unit, now, at = organiser(call.principal, body.unit, pack), self._clock.now(), body.at.astimezone(UTC)
            case = await self._case_of(body.case)
            its = Sight(frozenset({unit}))
            if body.case is not None and await self._cases.get(pack.city.id, body.case, its) is None:
                raise invalid(FieldError("/case", f"is no case that {unit} sees"))
            visit = Visit(
                id=plain_id("v", key),
                city=pack.city.id,
                version=1,
                kind=body.kind,
                unit=unit,
                place=place_of(body.place, "/place", pack),
                at=at,
                purpose=self._words.body(case, body).purpose,
                invited=invited_units(body.invited, pack),
                pack_version=pack.version,
                planned_by=call.principal.who,
                planned_at=now,
                case=body.case,
                remind_at=remind_at(at, now, pack),
            )
            wordless = case is not None and case.wordless
            (stored,) = await self._store.plan([(visit, seen_by(visit, pack, case))], call.trace, wordless=wordless)
            self._due.wake()
            if stored is None:
                raise conflict("taken", f"Another visit is at {visit.place} at that time.")
            if not same_plan(self._reading.plain(stored), self._reading.plain(visit)):
                raise key_reused()
            return Answer(await self._reading.read(stored, case, call.principal), 201, stored_body=_kept(stored, case))

        return await self._asked(call, planned)

    async def _case_of(self, id_: str | None) -> Case | None:
        """The case for which a visit is."""
        loaded = await self._cases.load(id_) if id_ is not None else None
        return loaded[0] if loaded is not None else None

    async def campaign(self, call: Call) -> Answer:
        body = call.body_as(CampaignBody)

        async def planned(key: str, pack: Pack) -> Answer:
            id_, unit = plain_id("g", key), organiser(call.principal, body.unit, pack)
            invited, now = invited_units(body.invited, pack), self._clock.now()
            visits: dict[str, Visit] = {}
            for number, stop in enumerate(body.visits):
                place, at = place_of(stop.place, f"/visits/{number}/place", pack), stop.at.astimezone(UTC)
                visit = Visit(
                    id=plain_id("v", id_, place, at.isoformat()),
                    city=pack.city.id,
                    version=1,
                    kind="campaign",
                    unit=unit,
                    place=place,
                    at=at,
                    purpose=body.purpose,
                    invited=invited,
                    pack_version=pack.version,
                    planned_by=call.principal.who,
                    planned_at=now,
                    campaign=id_,
                    campaign_name=body.name,
                    remind_at=remind_at(at, now, pack),
                )
                visits[visit.id] = visit
            stored = await self._store.plan([(v, seen_by(v, pack)) for v in visits.values()], call.trace)
            pairs = zip(visits.values(), stored, strict=True)
            items = [
                batch_view(s) if s is not None else BatchVisit(place=v.place, at=v.at, state="taken") for v, s in pairs
            ]
            return Answer(PlannedCampaign(id_, body.name, items), 201)

        return await self._asked(call, planned)

    async def hold(self, call: Call) -> Answer:
        def ended(visit: Visit, body: HoldBody, by: str, now: datetime) -> Visit:
            return held(visit, came=tuple(body.came), result=body.result, photos=tuple(body.photos), by=by, now=now)

        return await self._end(call, ended)

    async def cancel(self, call: Call) -> Answer:
        def ended(visit: Visit, body: Reason, by: str, now: datetime) -> Visit:
            return cancelled(visit, reason=body.reason, by=by, now=now)

        return await self._end(call, ended)

    async def _end(self, call: Call, ended: Callable[[Visit, Any, str, datetime], Visit]) -> Answer:
        """One guarded update; whoever comes with the same key after a crash finds it done."""

        async def carried_out(key: str, pack: Pack) -> Answer:
            who = call.principal
            found = await self._store.get(pack.city.id, call.path["id"], who.unit)
            if found is None:
                raise not_found("visit")
            visit, ended_under = found
            case = await self._case_of(visit.case)
            if ended_under == key:
                return Answer(await self._reading.read(visit, case, who), stored_body=_kept(visit, case))
            organises(who, visit.unit, pack)
            after = ended(visit, self._words.body(case, call.body), who.who, self._clock.now())
            if after.photos:
                whose = case.id if case is not None and case.confidential else visit.id
                await self._photos.claim(pack.city.id, after.photos, whose)
            wordless = case is not None and case.wordless
            if not await self._store.save(after, key, call.trace, wordless=wordless):
                raise unavailable("Others are changing this visit. Repeat with the same key.", retry_after=1)
            self._due.wake()
            log.info("visit.ended", visit=visit.id, state=after.state, trace=call.trace)
            return Answer(await self._reading.read(after, case, who), stored_body=_kept(after, case))

        return await self._asked(call, carried_out)

    async def _asked(self, call: Call, act: Callable[[str, Pack], Awaitable[Answer]]) -> Answer:
        """``act``, for those who may; under the same key it finds what it did before."""
        who = call.principal
        if who.role not in DESK:
            raise forbidden(f"The role {who.role} plans no visits.")
        key = plain_id("k", who.city, who.who, call.path.get("id", ""), call.key)
        return await act(key, self._packs.current(who.city))

    async def _again(self, call: Call, first: Any) -> Answer:
        """A first answer about a visit: read anew where the words of its case are not for everybody, also where that
        came later; of those none is kept in clear."""
        case = await self._case_of(first.get("case"))
        if set(first) != {"id"} and (case is None or not (case.wordless or case.recused)):
            return Answer(msgspec.Raw(msgspec.json.encode(first)))
        return await self._one(call.principal, first["id"])

    async def one(self, call: Call) -> Answer:
        return await self._one(call.principal, call.path["id"])

    async def _one(self, who: Principal, id_: str) -> Answer:
        found = await self._store.get(who.city, id_, who.unit)
        if found is None:
            raise not_found("visit")
        return Answer(await self._reading.read(found[0], await self._case_of(found[0].case), who))

    async def list(self, call: Call) -> Answer:
        query, who = call.query_as(VisitQuery), call.principal
        where: Document = {"city": who.city, "seen_by": who.unit}
        for name in ("unit", "place", "kind", "state", "case", "campaign"):
            if (value := getattr(query, name)) is not None:
                where[name] = value
        between = {"$gte": query.from_, "$lt": query.to}
        if span := {name: at for name, at in between.items() if at is not None}:
            where["at"] = span
        if query.cursor is not None:
            where["$and"] = [beyond(query.cursor, "at", 1)]
        found, following = page(await self._store.page(where, query.limit + 1), query.limit, "at")
        visits = [from_doc(document) for document in found]
        cases = await self._cases.load_all(sorted({visit.case for visit in visits if visit.case is not None}))
        of = {id_: case for id_, (case, _) in cases.items()}
        return Answer(VisitPage([self._reading.listed(v, of.get(v.case or ""), who) for v in visits], following))

    async def one_campaign(self, call: Call) -> Answer:
        who = call.principal
        where: Document = {"campaign": call.path["id"], "city": who.city, "seen_by": who.unit}
        visits = [from_doc(document) for document in await self._store.page(where, BATCH_MAX)]
        if not visits:
            raise not_found("campaign")
        states = Counter(visit.state for visit in visits)
        shown = CampaignView(
            id=call.path["id"],
            name=visits[0].campaign_name,
            planned=states["planned"],
            held=states["held"],
            cancelled=states["cancelled"],
            visits=[view(visit) for visit in visits],
        )
        return Answer(shown)


def _kept(visit: Visit, case: Case | None) -> dict[str, str] | None:
    """What of an answer is kept in clear; None: all of it."""
    return {"id": visit.id} if case is not None and case.wordless else None
