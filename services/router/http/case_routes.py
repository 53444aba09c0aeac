"""The router's routes for reading: units, queues, cases and their histories."""

from datetime import date
from typing import Annotated, Literal

import msgspec
import structlog

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_answers import CaseAnswer, HistoryEntry
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import answer, etag, history_view, shows_words
from services.router.cases.readings import Readings
from services.router.cases.sealed_words import SealedWords
from services.router.city_scope import pack_for
from services.router.command_handling.actors import actor_of
from services.router.command_handling.intake_client import IntakePersons
from services.router.dedup.attached_reports import AttachedReports, AttachedReportsQuery
from services.router.domain.case import Case
from services.router.domain.commands.command import Actor
from services.router.http.reading_answers import (
    CaseReportPage,
    HistoryAnswer,
    LocatedAnswer,
    LocatedUnit,
    QueueAnswer,
    UnitAnswer,
)
from services.router.queues.queue_pages import QueueQuery, Queues, check_categories
from services.router.queues.queue_scope import queue_of
from services.router.stream.live_events import LiveEvents
from shared.city.pack import Pack
from shared.city.place.datum import to_wgs84
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid, not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.on_behalf import officer_of
from shared.runtime.http_server.route import Answer, Call, Handler, Route, get
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.kafka.outbox_relay import from_stored
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Collection

log = structlog.get_logger()

READERS = frozenset({"officer", "ops"})
HISTORY_MAX = 1000


class LocateQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``point``: lon,lat in ``crs``; or ``text``: words to find in the gazetteer. ``on``: by the areas of which day,
    in the city's zone; absent: today."""

    point: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)] | None = None
    on: date | None = None
    city: Ident | None = None


class CityQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Only ops, whose token opens several cities, must say which."""

    city: Ident | None = None


class RouterApi:
    """Handlers; each short, what they do is elsewhere."""

    def __init__(
        self,
        store: CaseStore,
        case_access: CaseAccess,
        persons: IntakePersons,
        attached_reports: AttachedReports,
        packs: PackLibrary,
        tail: LiveEvents,
        directory: Directory,
        events: Collection,
        words: SealedWords,
        readings: Readings,
        clock: Clock,
    ) -> None:
        self._store = store
        self._readings = readings
        self._case_access = case_access
        self._persons = persons
        self._hanging = attached_reports
        self._packs = packs
        self._tail = tail
        self._directory = directory
        self._events = events
        self._words = words
        self._clock = clock
        self._queues = Queues(store)

    def routes(self) -> list[Route]:
        def seen(
            path: str, handler: Handler, summary: str, shape: type[msgspec.Struct], query: type = CityQuery
        ) -> Route:
            return get(path, handler, summary, roles=READERS, query=query, answers={200: shape})

        return [
            seen(
                "/v1/units",
                self.locate,
                "Which unit answers for a point or for words, and why",
                LocatedAnswer,
                LocateQuery,
            ),
            seen("/v1/units/{id}", self.unit, "A unit", UnitAnswer),
            seen("/v1/queues/{unit}/cases", self.queue, "A unit's cases, time left first", QueueAnswer, _OpsQueueQuery),
            get(
                "/v1/cases/{id}",
                self.case,
                "A case",
                roles=READERS | {"service"},
                query=CityQuery,
                answers={200: CaseAnswer},
            ),
            seen("/v1/cases/{id}/history", self.history, "Everything that happened to a case", HistoryAnswer),
            seen(
                "/v1/cases/{id}/reports",
                self.reports,
                "The reports that hang on a case",
                CaseReportPage,
                AttachedReportsQuery,
            ),
        ]

    def _pack(self, call: Call, city: str | None) -> Pack:
        return pack_for(call.principal, self._packs, city)

    async def unit(self, call: Call) -> Answer:
        pack = self._pack(call, call.query_as(CityQuery).city)
        found = pack.units.get(call.path["id"])
        if found is None:
            raise not_found("unit")
        return Answer(
            UnitAnswer(
                id=found.id,
                level=found.level,
                name=found.name,
                name_en=found.name_en,
                parent=found.parent,
                path=list(found.path),
                layer=found.layer,
            )
        )

    async def locate(self, call: Call) -> Answer:
        query = call.query_as(LocateQuery)
        pack = self._pack(call, query.city)
        if query.point is None and query.text is None:
            raise invalid(FieldError("?point", "give a point or a text"))
        point = None if query.point is None else _point(query.point, query.crs)
        located = pack.locate(point, query.text, on=query.on or pack.day(self._clock.now()))
        unit = pack.units[located.unit]
        return Answer(
            LocatedAnswer(
                unit=LocatedUnit(unit.id, unit.name, unit.level),
                within=located.within,
                path=list(located.path),
                by=located.by,
                near_border=located.near_border,
                flags=list(located.flags),
                place=located.place,
                why=list(located.why),
            )
        )

    async def queue(self, call: Call) -> Answer:
        query = call.query_as(_OpsQueueQuery)
        pack, unit = queue_of(call, self._packs, query.city)
        check_categories(query, pack.categories)
        stream_from = self._tail.cursor()
        items, following = await self._queues.page(pack.city.id, unit, query, call.principal)
        return Answer(QueueAnswer(items=items, next=following, stream_from=stream_from, shadow=pack.city.shadow))

    async def _seen(self, call: Call, city: str | None) -> Case:
        pack = self._pack(call, city)
        found = await self._case_access.load(call.principal, pack.city.id, call.path["id"])
        if found is None:
            log.info("case.not_seen", case=call.path["id"], by=call.principal.who, trace=call.trace)
            raise not_found("case")
        call.principal, case, _ = found
        return await self._readings.recorded(case, call.principal)

    async def case(self, call: Call) -> Answer:
        """A service is shown what the person sees for whom it asks."""
        if call.principal.kind == "service":
            call.principal = await officer_of(call, self._directory)
        case = await self._seen(call, call.query_as(CityQuery).city)
        actor = self._actor(call.principal, case)
        return Answer(
            self._words.shown(case, actor, answer(case, actor, self._packs.current(case.city))),
            headers={"etag": etag(case)},
        )

    def _actor(self, who: Principal, case: Case) -> Actor | None:
        return actor_of(who, case, self._packs.current(case.city)) if who.kind == "officer" else None

    async def reports(self, call: Call) -> Answer:
        """With who sent them, masked, for officers; a confidential case shows no reporter."""
        query = call.query_as(AttachedReportsQuery)
        case = await self._seen(call, query.city)
        items, following = await self._hanging.page(case, query)
        if call.principal.kind == "officer" and not case.confidential:
            masked = await self._persons.masked(case.city, [item.id for item in items])
            items = [msgspec.structs.replace(item, reporter=masked.get(item.id)) for item in items]
        return Answer(CaseReportPage(items, following))

    async def history(self, call: Call) -> Answer:
        """Older than the newest fifty from the stored events, those from the case itself: every entry once."""
        case = await self._seen(call, call.query_as(CityQuery).city)
        actor = self._actor(call.principal, case)
        pack = self._packs.current(case.city)
        newest = [history_view(entry, pack, words=shows_words(case, actor)) for entry in case.history]
        newest = [self._words.shown(case, actor, line) for line in newest]
        first = case.history[0].version if case.history else 0
        stored = await self._events.find(
            {"subject": case.id, "sequence": {"$lt": first}}, sort=[("sequence", 1)], limit=HISTORY_MAX
        )
        opened = [await self._store.first_event(case.id)] if first > 1 else []
        older = [_from_event(event) for event in (*opened, *map(from_stored, stored))]
        return Answer(HistoryAnswer([*older, *newest], None))


class _OpsQueueQuery(QueueQuery, forbid_unknown_fields=True, kw_only=True):
    city: Ident | None = None


def _from_event(event: Envelope) -> HistoryEntry:
    data = decode(event, CaseEvent)
    return HistoryEntry(
        at=event.time,
        version=event.sequence,
        what=event.type.removesuffix(".v1"),
        by=data.by,
        by_unit=data.by_unit,
        unit=data.case.unit,
        clock=data.clock,
        due_at=data.due_at,
        act=data.act,
        part=data.part,
    )


def _point(text: str, crs: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        lon, lat = (float(part) for part in parts)
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValueError(text)
        return to_wgs84(lon, lat, crs)
    except ValueError as wrong:
        raise invalid(FieldError("?point", "is lon,lat in degrees, in the crs wgs84, gcj02 or bd09")) from wrong
