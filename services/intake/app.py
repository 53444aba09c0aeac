"""Intake: reports in, durable before they are answered; photos; what the reporter may see of progress."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from starlette.applications import Starlette

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.nearby import Nearby
from services.intake.http.person_routes import PersonsApi
from services.intake.http.photo_routes import PhotoApi
from services.intake.http.report_routes import ReportApi
from services.intake.photo_worker import PhotoKeeper
from services.intake.photos import photo_store as photo_module
from services.intake.photos.photo_store import PhotoStore, buckets
from services.intake.photos.pictures import Cleaner
from services.intake.privacy.identities import INDEXES as IDENTITY_INDEXES
from services.intake.privacy.identities import Identities
from services.intake.privacy.key_rotation import INDEXES as CONFIDENTIAL_INDEXES
from services.intake.privacy.key_rotation import Rewrapping
from services.intake.privacy.master_keys import Generations
from services.intake.privacy.sealing import Vault
from services.intake.reports.accept import Acceptance
from services.intake.reports.group_commit import GroupCommit
from services.intake.reports.progress import Progress
from services.intake.reports.report_store import PROGRESS_INDEXES, ReportStore, submitted_event
from services.intake.reports.reporter_actions import Reporters
from services.intake.reports.unrouted_watch import INDEXES, AnsweredUntil, Unanswered
from services.intake.retention import grown_old
from shared.contracts import cases, cities, reports
from shared.contracts.catalogue import lane_group, lane_topic
from shared.contracts.envelope import DANGER, HISTORY, LANES, LIVE, Envelope
from shared.runtime.kafka.consumer import LEISURE_SECONDS, effect, projection
from shared.runtime.kafka.first_events import Births
from shared.runtime.kafka.group_offsets import Answered, Passed
from shared.runtime.pack_library import PackFollower, PackLibrary, RouterPacks
from shared.runtime.retention import Retention
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.storage.idempotency_keys import INDEXES as KEY_INDEXES
from shared.runtime.timekeeping.wall_clock import real_now

PORT = 8801
PROGRESS = "intake.progress"


def build(settings: Settings) -> Starlette:
    """Everything real is chosen here; nothing connects before the application starts."""
    return assemble(settings).application()


def assemble(settings: Settings) -> Service:
    """The service, not yet started."""
    service = Service("intake", settings)
    store = ReportStore(service.database)
    photos = PhotoStore(service.database, settings.secret_text, buckets(settings, service.database))
    relay = service.emits_from(store.reports)
    service.begins_with(Births(store.reports, submitted_event))
    service.indexes.append((store.keys.aside, KEY_INDEXES))
    service.indexes += [(store.progress, PROGRESS_INDEXES), (photos.photos, photo_module.INDEXES)]
    packs = PackLibrary(service.database, RouterPacks(settings, service.auth))
    service.holds = lambda: packs.cities
    follower = PackFollower(packs, service.clock.now)
    keys = Generations(settings.keys_folder)
    vault = Vault(settings.secret_text, keys)
    acceptance = Acceptance(settings.secret_text, timedelta(days=settings.import_days), vault)
    rewrapping = Rewrapping(service.database, vault, keys)
    service.indexes.append((store.reports, CONFIDENTIAL_INDEXES))
    identities = Identities(service.database, vault, rewrapping)
    service.indexes.append((identities.reporters, IDENTITY_INDEXES))
    commit = GroupCommit(store, identities, relay)
    reporters = Reporters(store, photos, vault, relay, service.clock)
    reporter_url = settings.reporter_url or settings.intake_url
    links = AnswerLinks(settings.secret_text, reporter_url, store, reporters, packs, service.clock)
    api = ReportApi(store, photos, commit, acceptance, reporters, packs, service.quotas, service.clock, links)
    persons = PersonsApi(store, identities, rewrapping, acceptance, vault, packs, service.directory)
    photo_api = PhotoApi(photos, store, packs, service.quotas)
    service.routes = [
        *api.routes(),
        *links.routes(),
        *persons.routes(),
        *photo_api.routes(),
        *Nearby(store, packs).routes(),
    ]
    service.on_open += [packs.open, rewrapping.open, identities.open]
    service.checks["pack"] = lambda: None if packs.cities else "no city pack is loaded yet"

    async def city_loaded(_: Sequence[Envelope]) -> None:
        follower.wake()

    _shows_progress(service, Progress(store))
    service.consumes(projection(cities.TOPIC, "intake.cities", city_loaded, service.dead, service.clock))
    unanswered = Unanswered(service.database, store, packs, relay, service.clock, _answers(service))
    service.indexes.append((unanswered.unanswered, INDEXES))
    service.vitals.looks += [unanswered.look, photos.look]
    service.background("commit", commit.run)
    service.background("keys", rewrapping.run)
    service.background("packs", follower.run)
    service.background("photos", PhotoKeeper(photos, store, Cleaner(), service.clock).run)
    service.background("unanswered", unanswered.run)
    retention = Retention(service.database, packs, *grown_old(service.events, store, photos, identities, unanswered))
    service.routes += retention.routes()
    service.background("retention", retention.run)
    return service


def _answers(service: Service) -> AnsweredUntil:
    """How far the router has come with reports, and this service with what it answered, in each lane."""

    def of(lane: int) -> Answered:
        told = (HISTORY,) if lane == HISTORY else (DANGER, LIVE)
        progress = [Passed(service.kafka, lane_group(PROGRESS, one), lane_topic(cases.TOPIC, one)) for one in told]
        router = Passed(service.kafka, lane_group(reports.ROUTER, lane), lane_topic(reports.TOPIC, lane))
        return Answered(router, progress)

    lanes = {lane: of(lane) for lane in LANES}

    async def until(lane: int) -> datetime:
        return await lanes[lane].until(real_now())

    return until


def _shows_progress(service: Service, progress: Progress) -> None:
    for lane in LANES:
        service.consumes(
            effect(
                cases.TOPIC,
                PROGRESS,
                progress.handle,
                service.dead,
                service.clock,
                spacing=LEISURE_SECONDS,
                lane=lane,
            )
        )
