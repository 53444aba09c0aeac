"""The router: cases, queues, clocks, the officers' API."""

import structlog
from starlette.applications import Starlette

from services.router import rota as rota_module
from services.router.api import RouterApi
from services.router.attachments import Attachments
from services.router.audit import Audit
from services.router.changes import Changes
from services.router.cities import Cities
from services.router.consumers import ReportEvents
from services.router.explain import Explain
from services.router.growing_old import ended_cases
from services.router.hanging import Hanging
from services.router.intake_persons import IntakePersons
from services.router.links import INDEXES as LINK_INDEXES
from services.router.links import Links
from services.router.merging import INDEXES as INTENT_INDEXES
from services.router.merging import Merging
from services.router.officers import Officers
from services.router.patrols import Patrols
from services.router.photos import PhotoClaims
from services.router.placing import Placing
from services.router.renewing import Renewing
from services.router.rota import Rota
from services.router.sealed_words import SealedWords
from services.router.side_by_side import SideBySide
from services.router.sightings import Sightings
from services.router.standing_in import StandIns
from services.router.store import ANSWER_INDEXES, INDEXES, CaseStore, opened_event
from services.router.stream import Tail
from services.router.streams import Streams
from services.router.timers import Timers
from services.router.visit_store import INDEXES as VISIT_INDEXES
from services.router.visit_store import VisitStore
from services.router.visits import Visits
from services.router.visits_due import VisitsDue
from shared.contracts import cases, reports
from shared.contracts.catalogue import lane_topic
from shared.contracts.envelope import DANGER, LANES, LIVE
from shared.runtime.births import Births
from shared.runtime.consume import effect
from shared.runtime.following import Following
from shared.runtime.packs import PackLibrary
from shared.runtime.remembered import INDEXES as KEY_INDEXES
from shared.runtime.retention import Retention
from shared.runtime.service import Service
from shared.runtime.settings import Settings

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
    explain = Explain(store, sightings, packs, service.clock)
    service.routes = [
        *api.routes(),
        *explain.routes(),
        *Visits(visits, store, packs, photos, visits_due, words, service.clock).routes(),
        *Patrols(visits, packs, service.clock).routes(),
        *Audit(store, service.events).routes(),
        *Cities(service, cities, packs, relay, source=1, switched=streams.wake).routes(),
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


def _follow_cases(service: Service, tail: Tail) -> None:
    """What is live: cases of times gone by are in no live queue, and an import would push all else out of the ring."""
    lanes = [lane_topic(cases.TOPIC, lane) for lane in (LIVE, DANGER)]
    following = Following(service.settings, service.broker, lanes, "router.stream", tail.take)

    async def start(cluster: str) -> None:
        tail.starts_at(await following.offsets(), cluster)

    service.kafka.steps.append(start)
    service.on_stop.append(tail.close)
