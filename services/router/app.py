"""The router: cases, queues, clocks, the officers' API."""

from dataclasses import dataclass
from typing import Unpack

import structlog
from starlette.applications import Starlette

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import ANSWER_INDEXES, INDEXES, CaseStore, opened_event
from services.router.cases.sealed_words import SealedWords
from services.router.cases.sla_timers import Timers
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
from services.router.http.audit import Audit
from services.router.http.case_routes import RouterApi
from services.router.http.city_routes import Cities
from services.router.http.command_routes import CommandRoutes
from services.router.http.explain import Explain
from services.router.http.kept_answers import KeptAnswers
from services.router.http.rota_routes import RotaRoutes
from services.router.http.security_log_routes import SecurityLogRoutes
from services.router.retention import ended_cases
from services.router.rota.rota_changes import INDEXES as ROTA_INDEXES
from services.router.rota.rota_changes import Rota
from services.router.rota.stand_ins import StandIns
from services.router.sign_in.account import Accounts
from services.router.sign_in.failures import INDEXES as FAILURE_INDEXES
from services.router.sign_in.failures import Failures
from services.router.sign_in.invitations_sent import INDEXES as INVITATION_INDEXES
from services.router.sign_in.invitations_sent import InvitationsSent
from services.router.sign_in.one_time_codes import OneTimeCodes
from services.router.sign_in.routes import SignInRoutes
from services.router.sign_in.sign_in import SignIn
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
from shared.runtime.identity.security_log import INDEXES as SECURITY_LOG_INDEXES
from shared.runtime.identity.sessions import INDEXES as SESSION_INDEXES
from shared.runtime.kafka.consumer import every_event_consumer
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.kafka.live_subscription import LiveSubscription
from shared.runtime.pack_library import PackLibrary
from shared.runtime.retention import Retention
from shared.runtime.service import Service, ServiceOverrides
from shared.runtime.settings import Settings
from shared.runtime.storage.idempotency_keys import INDEXES as KEY_INDEXES
from shared.runtime.storage.mongo import Collection
from shared.runtime.timekeeping.wall_clock import real_now

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
    packs: PackLibrary


def _stores(service: Service) -> _Stores:
    """With the indexes that they are asked by."""
    database = service.database
    cases_, links, visits = CaseStore(database), Links(database), VisitStore(database, service.ids)
    rota_changes = database.collection("rota_changes")
    packs = PackLibrary(database, remote=None)
    service.pack_versions = lambda: packs.cities
    service.publishes_first_events_of(FirstEvents(cases_.cases, opened_event, trace="first_event.trace"))
    service.indexes += [(cases_.cases, INDEXES), (cases_.answers, ANSWER_INDEXES), (links.links, LINK_INDEXES)]
    service.indexes.append((cases_.keys.aside, KEY_INDEXES))
    service.indexes += [(rota_changes, ROTA_INDEXES), (visits.visits, VISIT_INDEXES)]
    return _Stores(cases_, links, database.collection("cities"), rota_changes, visits, packs)


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
        clock,
        service.ids,
    )
    service.indexes.append((merging.intents, INTENT_INDEXES))
    tail = LiveEvents()
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
    """Cases: reading, commanding, explaining."""
    packs, clock = stores.packs, service.clock
    handler = CommandHandler(
        stores.cases, parts.case_access, parts.changes, packs, parts.photos, parts.merging, parts.words, clock
    )
    persons = IntakePersons(service.settings, service.auth, service.transport)
    protected, kept = ProtectedData(parts.case_access, packs, persons), KeptAnswers(stores.cases, parts.words)
    api = RouterApi(
        stores.cases,
        parts.case_access,
        persons,
        AttachedReports(stores.links, parts.attachments),
        packs,
        parts.tail,
        parts.streams,
        service.directory,
        service.events,
        parts.words,
        clock,
    )
    commands = CommandRoutes(handler, protected, kept, parts.words, packs, service.directory)
    return [*api.routes(), *commands.routes(), *Explain(stores.cases, parts.case_access, packs, clock).routes()]


def _other_routes(service: Service, stores: _Stores, parts: _Parts) -> list[Route]:
    """Visits, patrols, audit, cities, the rota."""
    packs, clock = stores.packs, service.clock
    visits = Visits(stores.visits, stores.cases, packs, parts.photos, parts.visits_due, parts.words, clock)
    development = DevelopmentKeys(service.identity, service.directory, service.settings.secret_text)
    if not service.settings.dev_tokens:
        service.on_open.append(lambda: _no_development_keys(service, development))
    sign_in = _sign_in(service, packs)
    cities = Cities(
        stores.cities,
        packs,
        service.directory,
        service.settings,
        clock,
        parts.streams.wake,
        development,
        sign_in.left,
    )
    url = service.settings.public_url
    return [
        *SignInRoutes(sign_in, service.directory, packs, service.security_log, _sent(service), url, clock).routes(),
        *SecurityLogRoutes(service.security_log).routes(),
        *visits.routes(),
        *Patrols(stores.visits, packs, clock).routes(),
        *Audit(stores.cases, service.events).routes(),
        *cities.routes(),
        *RotaRoutes(parts.rota, packs, clock).routes(),
    ]


def _sign_in(service: Service, packs: PackLibrary) -> SignIn:
    """Accounts lie in the router's database, sessions and the security log where every service reads them."""
    accounts, failures = Accounts(service.database), Failures(service.database)
    service.indexes += [
        (failures.rows, FAILURE_INDEXES),
        (service.directory.sessions.rows, SESSION_INDEXES),
        (service.security_log.rows, SECURITY_LOG_INDEXES),
    ]
    secret = service.settings.secret_text
    codes = OneTimeCodes(secret, real_now)
    return SignIn(accounts, failures, service.directory, packs, secret, codes, service.clock, service.ids)


def _sent(service: Service) -> InvitationsSent:
    rows = service.database.collection("invitations")
    service.indexes.append((rows, INVITATION_INDEXES))
    return InvitationsSent(rows, service.outbox(rows))


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
    retention = Retention(service.database, packs, ended_cases(stores.cases, stores.links, service.events))
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
