"""The router: cases, queues, clocks, the officers' API."""

import structlog
from starlette.applications import Starlette

from services.router.cases.case_access import Sightings
from services.router.cases.case_store import ANSWER_INDEXES, INDEXES, CaseStore, opened_event
from services.router.cases.sealed_words import SealedWords
from services.router.cases.sla_timers import Timers
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility_refresh import Renewing
from services.router.commands.handler import Officers
from services.router.commands.intake_client import IntakePersons
from services.router.commands.photo_claims import PhotoClaims
from services.router.consumers import ReportEvents
from services.router.dedup.attached_reports import Hanging
from services.router.dedup.attacher import Attachments
from services.router.dedup.merge_saga import INDEXES as INTENT_INDEXES
from services.router.dedup.merge_saga import Merging
from services.router.dedup.placement import Placing
from services.router.dedup.reconciler import SideBySide
from services.router.dedup.report_links import INDEXES as LINK_INDEXES
from services.router.dedup.report_links import Links
from services.router.http.audit import Audit
from services.router.http.case_routes import RouterApi
from services.router.http.city_routes import Cities
from services.router.http.explain import Explain
from services.router.on_duty import rota_routes as rota_module
from services.router.on_duty.rota_routes import Rota
from services.router.on_duty.stand_ins import StandIns
from services.router.retention import ended_cases
from services.router.stream.sessions import Streams
from services.router.stream.tail import Tail
from services.router.visits.patrol_report import Patrols
from services.router.visits.reminders import VisitsDue
from services.router.visits.routes import Visits
from services.router.visits.store import INDEXES as VISIT_INDEXES
from services.router.visits.store import VisitStore
from shared.contracts import cases, reports
from shared.contracts.catalogue import lane_topic
from shared.contracts.envelope import DANGER, LANES, LIVE
from shared.runtime.identity.development_keys import DevelopmentKeys
from shared.runtime.kafka.consumer import effect
from shared.runtime.kafka.first_events import Births
from shared.runtime.kafka.live_subscription import Following
from shared.runtime.pack_library import PackLibrary
from shared.runtime.retention import Retention
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.storage.idempotency_keys import INDEXES as KEY_INDEXES

log = structlog.get_logger()
PORT = 8802


def build(settings: Settings) -> Starlette:
    """Everything real is chosen here; nothing connects before the application starts."""
    return assemble(settings).application()


def assemble(settings: Settings) -> Service:
    """The service, not yet started."""
    service = Service("router", settings)
    store = CaseStore(service.database)
    links = Links(service.database)
    cities = service.database.collection("cities")
    rota_changes = service.database.collection("rota_changes")
    visits = VisitStore(service.database)
    relay = service.emits_from(store.cases, cities, rota_changes, visits.visits)
    service.begins_with(Births(store.cases, opened_event))
    service.indexes += [(store.cases, INDEXES), (store.answers, ANSWER_INDEXES), (links.links, LINK_INDEXES)]
    service.indexes.append((store.keys.aside, KEY_INDEXES))
    service.indexes += [(rota_changes, rota_module.INDEXES), (visits.visits, VISIT_INDEXES)]
    packs = PackLibrary(service.database, remote=None)
    service.holds = lambda: packs.cities
    changes, words = Changes(store, packs, relay), SealedWords(settings.secret_text)
    attachments = Attachments(store, links, changes, packs, service.clock)
    merging = Merging(
        service.database, store, links, changes, attachments, packs, service.publisher, words, service.clock
    )
    service.indexes.append((merging.intents, INTENT_INDEXES))
    photos = PhotoClaims(settings, service.auth)
    rota = Rota(rota_changes, packs, relay, source=2, clock=service.clock)
    sightings = Sightings(store, rota, packs)
    officers = Officers(store, sightings, changes, packs, photos, merging, words, service.clock)
    tail = Tail()
    streams = Streams(tail, service.directory, most=settings.streams, each=settings.streams_each)
    hanging, persons = Hanging(links, attachments), IntakePersons(settings, service.auth)
    api = RouterApi(
        store,
        sightings,
        officers,
        persons,
        hanging,
        packs,
        tail,
        streams,
        service.directory,
        service.events,
        words,
        service.clock,
    )
    visits_due = VisitsDue(visits, store, changes, service.clock)
    development = DevelopmentKeys(service.identity, service.directory, settings.secret_text)
    if not settings.dev_tokens:
        service.on_open.append(lambda: _no_development_keys(service, development))
    explain = Explain(store, sightings, packs, service.clock)
    service.routes = [
        *api.routes(),
        *explain.routes(),
        *Visits(visits, store, packs, photos, visits_due, words, service.clock).routes(),
        *Patrols(visits, packs, service.clock).routes(),
        *Audit(store, service.events).routes(),
        *Cities(service, cities, packs, relay, 1, streams.wake, development).routes(),
        *rota.routes(),
    ]
    service.on_open += [packs.open, lambda: store.take_over(packs.cities)]
    heard = ReportEvents(store, changes, packs, service.publisher, Placing(store, links), attachments)
    for lane in LANES:
        service.consumes(effect(reports.TOPIC, reports.ROUTER, heard.handle, service.dead, service.clock, lane=lane))
    _follow_cases(service, tail)
    timers = Timers(store, changes, service.clock)
    service.vitals.looks.append(lambda: store.look(service.clock.now()))
    service.vitals.checks["clocks"] = timers.unwell
    service.background("streams", streams.run)
    service.background("stand-ins", StandIns(rota, packs, service.directory, service.clock).run)
    service.background("renewing", Renewing(service.database, store, packs).run)
    service.background("timers", timers.run)
    service.background("merging", merging.run)
    service.background("side-by-side", SideBySide(store, merging, changes, packs, service.clock).run)
    service.background("visits", visits_due.run)
    retention = Retention(service.database, packs, ended_cases(store, links, service.events))
    service.routes += retention.routes()
    service.background("retention", retention.run)
    return service


async def _no_development_keys(service: Service, development: DevelopmentKeys) -> None:
    """Data that was made with development tokens: from now on they open nothing."""
    if revoked := await development.revoke(service.clock.now()):
        log.warning("development.keys_revoked", keys=revoked)


def _follow_cases(service: Service, tail: Tail) -> None:
    """What is live: cases of times gone by are in no live queue, and an import would push all else out of the ring."""
    lanes = [lane_topic(cases.TOPIC, lane) for lane in (LIVE, DANGER)]
    following = Following(service.settings, service.broker, lanes, "router.stream", tail.take)

    async def start(cluster: str) -> None:
        tail.starts_at(await following.offsets(), cluster)

    service.kafka.steps.append(start)
    service.on_stop.append(tail.close)
