"""The router: cases, queues, clocks, the officers' API."""

from dataclasses import dataclass
from typing import Unpack

import structlog
from starlette.applications import Starlette

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import CaseStore
from services.router.cases.readings import Readings
from services.router.cases.sealed_words import SealedWords
from services.router.cases.sla_timers import Timers
from services.router.cases.stored.case_document import opened_event
from services.router.cases.stored.case_indexes import ANSWER_INDEXES, INDEXES
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility_refresh import VisibilityRefresh
from services.router.command_handling.handler import CommandHandler
from services.router.command_handling.intake_client import IntakePersons
from services.router.command_handling.photo_claims import PhotoClaims
from services.router.command_handling.unmasking import ProtectedData
from services.router.consumers import ReportEvents
from services.router.dedup.attached_reports import AttachedReports
from services.router.dedup.attacher import Attachments
from services.router.dedup.merge_saga import INDEXES as INTENT_INDEXES
from services.router.dedup.merge_saga import MergeSaga
from services.router.dedup.placement import Placement
from services.router.dedup.reconciler import Reconciler
from services.router.dedup.report_links import INDEXES as LINK_INDEXES
from services.router.dedup.report_links import Links
from services.router.dedup.shielded_family import ShieldedFamily
from services.router.exchange.export import Export
from services.router.exchange.intake_tickets import IntakeTickets
from services.router.exchange.kept_numbers import INDEXES as NUMBER_INDEXES
from services.router.exchange.kept_numbers import KeptNumbers
from services.router.exchange.moving import DealtRows
from services.router.exchange.number_routes import NumberRoutes
from services.router.exchange.routes import SheetRoutes
from services.router.follow_up_calls.routes import FollowUpCalls
from services.router.http.audit import Audit
from services.router.http.bulk_routes import BulkRoutes
from services.router.http.case_routes import RouterApi
from services.router.http.choice_routes import ChoiceRoutes
from services.router.http.city_routes import Cities
from services.router.http.command_routes import CommandRoutes
from services.router.http.explain import Explain
from services.router.http.kept_answers import KeptAnswers
from services.router.http.key_routes import DevelopmentTokens, KeyRoutes
from services.router.http.name_routes import Names
from services.router.http.rota_routes import RotaRoutes
from services.router.http.security_log_routes import SecurityLogRoutes
from services.router.http.stream_routes import StreamRoutes
from services.router.http.suggest_routes import SuggestRoutes
from services.router.http.unit_geometry import GeometryRoutes
from services.router.http.wall_keys import WallKeyRoutes
from services.router.queues.case_points import PointReader, PointRoutes
from services.router.queues.nearby_routes import NearbyRoutes
from services.router.queues.queue_counts import CountRoutes
from services.router.queues.queue_pages import Queues
from services.router.queues.search_routes import SearchRoutes
from services.router.queues.waiting_routes import WaitingRoutes
from services.router.queues.wall import WallRoutes
from services.router.retention import ended_cases
from services.router.rota.roster_routes import RosterRoutes
from services.router.rota.rota_changes import INDEXES as ROTA_INDEXES
from services.router.rota.rota_changes import Rota
from services.router.rota.stand_ins import StandIns
from services.router.sign_in.parts import sign_in_parts
from services.router.stream.live_events import LiveEvents
from services.router.stream.sessions import Streams
from services.router.visits.patrol_report import Patrols
from services.router.visits.reminders import VisitsDue
from services.router.visits.routes import Visits
from services.router.visits.store import INDEXES as VISIT_INDEXES
from services.router.visits.store import VisitStore
from shared.contracts import cases, reports
from shared.contracts.catalogue import lane_topic
from shared.contracts.envelope import DANGER, LANES, LIVE
from shared.runtime.http_server.route import Route
from shared.runtime.identity.development_keys import DevelopmentKeys
from shared.runtime.kafka.consumer import every_event_consumer
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.kafka.live_subscription import LiveSubscription
from shared.runtime.pack_library import PackLibrary
from shared.runtime.retention import Retention
from shared.runtime.service import Service, ServiceOverrides
from shared.runtime.settings import Settings
from shared.runtime.storage.idempotency_keys import INDEXES as KEY_INDEXES
from shared.runtime.storage.mongo import Collection

log = structlog.get_logger()
PORT = 8802


def build(settings: Settings, **given: Unpack[ServiceOverrides]) -> Starlette:
    """The application. Nothing connects before it starts; what is not ``given`` is the real thing."""
    return assemble(settings, **given).application()


def assemble(settings: Settings, **given: Unpack[ServiceOverrides]) -> Service:
    """The service, not yet started."""
    service = Service("router", settings, **given)
    stores = _stores(service)
    parts = _parts(service, stores)
    service.routes = [*_officers_routes(service, stores, parts), *_other_routes(service, stores, parts)]
    service.on_open += [stores.packs.open, lambda: stores.cases.take_over(stores.packs.cities)]
    _hear_reports(service, stores, parts)
    _follow_cases(service, parts.tail)
    _run(service, stores, parts)
    return service


@dataclass(frozen=True, slots=True)
class _Stores:
    """The router's collections."""

    cases: CaseStore
    links: Links
    cities: Collection
    rota_changes: Collection
    visits: VisitStore
    numbers: KeptNumbers
    packs: PackLibrary


def _stores(service: Service) -> _Stores:
    """With the indexes that they are asked by."""
    database = service.database
    cases_, links, visits = CaseStore(database), Links(database), VisitStore(database, service.ids)
    rota_changes = database.collection("rota_changes")
    packs, numbers = PackLibrary(database, remote=None), KeptNumbers(database)
    service.pack_versions = lambda: packs.cities
    service.publishes_first_events_of(FirstEvents(cases_.cases, opened_event, trace="first_event.trace"))
    service.indexes += [(cases_.cases, INDEXES), (cases_.answers, ANSWER_INDEXES), (links.links, LINK_INDEXES)]
    service.indexes.append((cases_.keys.aside, KEY_INDEXES))
    service.indexes += [(rota_changes, ROTA_INDEXES), (visits.visits, VISIT_INDEXES), (numbers.rows, NUMBER_INDEXES)]
    return _Stores(cases_, links, database.collection("cities"), rota_changes, visits, numbers, packs)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What changes cases, and what shows them."""

    changes: Changes
    words: SealedWords
    attachments: Attachments
    merging: MergeSaga
    photos: PhotoClaims
    rota: Rota
    case_access: CaseAccess
    visits_due: VisitsDue
    tail: LiveEvents
    streams: Streams


def _parts(service: Service, stores: _Stores) -> _Parts:
    """Outboxes are declared here; the poll asks them in this order."""
    settings, clock, packs = service.settings, service.clock, stores.packs
    changes = Changes(stores.cases, packs, service.outbox(stores.cases.cases), service.ids)
    service.outbox(stores.cities)
    rota = Rota(stores.rota_changes, packs, service.outbox(stores.rota_changes), clock)
    service.outbox(stores.visits.visits)
    words = SealedWords(settings.secret_text)
    attachments = Attachments(stores.cases, stores.links, changes, packs, clock)
    merging = MergeSaga(
        service.database,
        stores.cases,
        stores.links,
        changes,
        attachments,
        packs,
        service.publisher,
        words,
        ShieldedFamily(stores.cases, attachments, changes, packs, clock),
        clock,
        service.ids,
    )
    service.indexes.append((merging.intents, INTENT_INDEXES))
    tail = LiveEvents(clock, lambda: packs.cities)
    return _Parts(
        changes,
        words,
        attachments,
        merging,
        PhotoClaims(settings, service.auth, service.transport),
        rota,
        CaseAccess(stores.cases, rota, packs),
        VisitsDue(stores.visits, stores.cases, changes, clock),
        tail,
        Streams(tail, service.directory, most=settings.streams, each=settings.streams_each),
    )


def _officers_routes(service: Service, stores: _Stores, parts: _Parts) -> list[Route]:
    """Cases: reading, commanding, explaining, calling their reporters."""
    packs, clock = stores.packs, service.clock
    handler = CommandHandler(
        stores.cases, parts.case_access, parts.changes, packs, parts.photos, parts.merging, parts.words, clock
    )
    persons = IntakePersons(service.settings, service.auth, service.transport)
    protected, kept = ProtectedData(parts.case_access, packs, persons), KeptAnswers(stores.cases, parts.words)
    readings = Readings(stores.cases, parts.changes, clock)
    attached = AttachedReports(stores.links, parts.attachments)
    api = RouterApi(
        stores.cases,
        parts.case_access,
        persons,
        attached,
        packs,
        parts.tail,
        service.directory,
        service.events,
        parts.words,
        readings,
        clock,
    )
    commands = CommandRoutes(handler, protected, kept, parts.words, readings, packs, service.directory)
    points = PointReader(Queues(stores.cases))
    sheets = SheetRoutes(
        Export(stores.cases, stores.numbers, handler, protected),
        parts.case_access,
        handler,
        DealtRows(stores.cases),
        IntakeTickets(service.settings, service.auth, service.transport),
        stores.numbers,
        packs,
        service.directory,
        clock,
        service.settings.import_days,
    )
    streams = StreamRoutes(parts.streams, packs)
    return [
        *api.routes(),
        *SearchRoutes(stores.cases, stores.links, persons, packs).routes(),
        *CountRoutes(stores.cases, packs, clock).routes(),
        *PointRoutes(points, packs).routes(),
        *WallRoutes(stores.cases, points, packs, clock).routes(),
        *WallKeyRoutes(service.directory, packs, clock).routes(),
        *GeometryRoutes(packs, clock).routes(),
        *NearbyRoutes(stores.cases, packs).routes(),
        *WaitingRoutes(stores.cases, packs).routes(),
        *NumberRoutes(stores.numbers, stores.cases, attached, packs).routes(),
        *streams.routes(),
        *commands.routes(),
        *BulkRoutes(commands, service.directory).routes(),
        *sheets.routes(),
        *Explain(stores.cases, parts.case_access, readings, packs, clock).routes(),
        *FollowUpCalls(stores.cases, packs, persons).routes(),
        *ChoiceRoutes(parts.case_access, packs).routes(),
        *SuggestRoutes(packs, clock).routes(),
    ]


def _other_routes(service: Service, stores: _Stores, parts: _Parts) -> list[Route]:
    """Sign-in, visits, patrols, audit, cities, keys, the rota."""
    packs, clock = stores.packs, service.clock
    readings = Readings(stores.cases, parts.changes, clock)
    visits = Visits(stores.visits, stores.cases, packs, parts.photos, parts.visits_due, parts.words, readings, clock)
    development = DevelopmentKeys(service.identity, service.directory, service.settings.secret_text)
    tokens = DevelopmentTokens(development, packs, clock).routes() if service.settings.dev_tokens else []
    if not service.settings.dev_tokens:
        service.on_open.append(lambda: _no_development_keys(service, development))
    sign_in, sign_in_routes = sign_in_parts(service, packs, parts.rota)
    cities = Cities(
        stores.cities,
        packs,
        service.directory,
        clock,
        parts.streams.wake,
        sign_in.left,
    )
    return [
        *sign_in_routes,
        *SecurityLogRoutes(service.security_log).routes(),
        *visits.routes(),
        *Patrols(stores.visits, packs, clock).routes(),
        *Audit(stores.cases, service.events).routes(),
        *cities.routes(),
        *KeyRoutes(service.directory, packs, clock).routes(),
        *tokens,
        *RotaRoutes(parts.rota, packs, clock).routes(),
        *RosterRoutes(parts.rota, packs, clock).routes(),
        *Names(packs).routes(),
    ]


async def _no_development_keys(service: Service, development: DevelopmentKeys) -> None:
    """Data that was made with development tokens: from now on they open nothing."""
    if revoked := await development.revoke(service.clock.now()):
        log.warning("development.keys_revoked", keys=revoked)


def _hear_reports(service: Service, stores: _Stores, parts: _Parts) -> None:
    """Each lane has a consumer of its own; one handler serves them all."""
    placing = Placement(stores.cases, stores.links)
    heard = ReportEvents(stores.cases, parts.changes, stores.packs, service.publisher, placing, parts.attachments)
    for lane in LANES:
        service.consumes(
            every_event_consumer(
                reports.TOPIC, reports.ROUTER_GROUP, heard.handle, service.dead_letters, service.clock, lane=lane
            )
        )


def _run(service: Service, stores: _Stores, parts: _Parts) -> None:
    """The background loops, and what they say of the service's health."""
    packs, clock, changes = stores.packs, service.clock, parts.changes
    timers = Timers(stores.cases, changes, clock)
    service.health.gauge_readers.append(lambda: stores.cases.set_gauges(clock.now()))
    service.health.checks["clocks"] = timers.unwell
    service.background("streams", parts.streams.run)
    service.background("stand-ins", StandIns(parts.rota, packs, service.directory, clock).run)
    service.background("renewing", VisibilityRefresh(service.database, stores.cases, packs).run)
    service.background("timers", timers.run)
    service.background("merging", parts.merging.run)
    service.background("side-by-side", Reconciler(stores.cases, parts.merging, changes, packs, clock).run)
    service.background("visits", parts.visits_due.run)
    retention = Retention(
        service.database, packs, ended_cases(stores.cases, stores.links, stores.numbers, service.events)
    )
    service.routes += retention.routes()
    service.background("retention", retention.run)


def _follow_cases(service: Service, tail: LiveEvents) -> None:
    """The live queues read two of three lanes: an import of past cases would push all else out of their ring."""
    lanes = [lane_topic(cases.TOPIC, lane) for lane in (LIVE, DANGER)]
    subscription = LiveSubscription(service.settings, service.broker, lanes, "router.stream", tail.take)

    async def start(cluster: str) -> None:
        tail.starts_at(await subscription.offsets(), cluster)

    service.kafka.steps.append(start)
    service.on_stop.append(tail.close)
