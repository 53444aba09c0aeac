"""Intake as an application: every part is made here, once, and handed to those that use it.

Reports are durable before they are answered; photos are cleaned before they are shown; reporters see how their reports
get on. ``docs/architecture.md`` shows the whole.
"""

from datetime import timedelta
from typing import Unpack

from starlette.applications import Starlette

from services.intake import consumers
from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import BatchRoutes
from services.intake.http.exchange_routes import ExchangeRoutes
from services.intake.http.kept_numbers import KeptNumbers
from services.intake.http.my_data import MyDataRoutes
from services.intake.http.nearby import NearbyRoutes
from services.intake.http.outcome_photos import OutcomePhotos
from services.intake.http.own_reports import OwnReports
from services.intake.http.person_routes import PersonRoutes
from services.intake.http.photo_routes import PhotoRoutes
from services.intake.http.report_routes import ReportRoutes
from services.intake.http.surroundings import SurroundingsRoutes
from services.intake.http.telephone_search import TelephoneSearch
from services.intake.http.ticket_search import TicketSearch
from services.intake.photo_worker import PhotoWorker
from services.intake.photos import photo_store
from services.intake.photos.buckets import buckets
from services.intake.photos.photo_store import PhotoStore
from services.intake.photos.pictures import Cleaner
from services.intake.privacy import identities as identity_store
from services.intake.privacy import key_rotation
from services.intake.privacy.identities import Identities
from services.intake.privacy.key_rotation import KeyRotation
from services.intake.privacy.master_keys import MasterKeys
from services.intake.privacy.sealing import Vault
from services.intake.reports import unrouted_watch
from services.intake.reports.batch_pace import BatchPace
from services.intake.reports.group_commit import GroupCommit
from services.intake.reports.report_events import submitted_event_of
from services.intake.reports.report_intake import ReportIntake
from services.intake.reports.report_store import PROGRESS_INDEXES, REPORT_INDEXES, ReportStore
from services.intake.reports.reporter_actions import ReporterActions
from services.intake.reports.unrouted_watch import UnroutedWatch
from services.intake.reports.validation import ReportValidator
from services.intake.retention import kept_by_intake
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.pack_library import PackFollower, PackLibrary, RouterPacks
from shared.runtime.retention import Retention
from shared.runtime.service import Service, ServiceOverrides
from shared.runtime.settings import Settings
from shared.runtime.storage.idempotency_keys import INDEXES as KEY_INDEXES

PORT = 8801


def build(settings: Settings, **given: Unpack[ServiceOverrides]) -> Starlette:
    """The application. Nothing connects before it starts; what is not ``given`` is the real thing."""
    return assemble(settings, **given).application()


def assemble(settings: Settings, **given: Unpack[ServiceOverrides]) -> Service:
    """The service, not yet started."""
    service = Service("intake", settings, **given)
    clock, quotas = service.clock, service.quotas
    packs = PackLibrary(service.database, RouterPacks(settings, service.auth, service.transport))
    follower = PackFollower(packs, clock.now)

    keys = MasterKeys(settings.keys_folder)
    vault = Vault(settings.secret_text, keys)
    rotation = KeyRotation(service.database, vault, keys)
    identities = Identities(service.database, vault, rotation)

    store = ReportStore(service.database)
    photos = PhotoStore(service.database, settings.secret_text, buckets(settings, service.database), service.ids)
    outbox = service.outbox(store.reports)
    service.publishes_first_events_of(FirstEvents(store.reports, submitted_event_of))

    commit = GroupCommit(store, identities, outbox)
    validator = ReportValidator(settings.secret_text, timedelta(days=settings.import_days), vault)
    intake = ReportIntake(store, photos, commit, validator, packs, quotas, clock)
    actions = ReporterActions(store, photos, vault, outbox, clock)
    watch = UnroutedWatch(service.database, store, packs, outbox, clock, service.ids, consumers.answered_until(service))
    retention = Retention(service.database, packs, *kept_by_intake(service.events, store, photos, identities, watch))

    public = settings.reporter_address
    answers = AnswerLinks(settings.secret_text, public, store, actions, packs, clock)
    outcomes = OutcomePhotos(settings.secret_text, public, store, photos, clock)
    batch = BatchRoutes(intake, quotas, BatchPace(consumers.live_backlog(service)))
    tickets = TicketSearch(store, KeptNumbers(settings, service.auth, service.transport))
    service.routes = [
        *ReportRoutes(store, intake, batch, actions, packs, answers, outcomes, clock).routes(),
        *OwnReports(store, tickets, validator, packs, answers, outcomes, clock).routes(),
        *answers.routes(),
        *outcomes.routes(),
        *PersonRoutes(store, identities, rotation, validator, vault, packs, service.directory, clock).routes(),
        *MyDataRoutes(store, identities, packs, answers, outcomes, service.directory, clock).routes(),
        *ExchangeRoutes(store, batch, packs).routes(),
        *TelephoneSearch(store, identities).routes(),
        *PhotoRoutes(photos, store, packs, quotas, service.directory).routes(),
        *NearbyRoutes(store, packs).routes(),
        *SurroundingsRoutes(packs).routes(),
        *retention.routes(),
    ]
    consumers.subscribe(service, store, follower)

    service.indexes += [
        (store.keys.aside, KEY_INDEXES),
        (store.reports, REPORT_INDEXES),
        (store.progress, PROGRESS_INDEXES),
        (photos.photos, photo_store.INDEXES),
        (store.reports, key_rotation.INDEXES),
        (identities.reporters, identity_store.INDEXES),
        (watch.rows, unrouted_watch.INDEXES),
    ]
    service.on_open += [packs.open, rotation.open, identities.open]
    service.pack_versions = lambda: packs.cities
    service.checks["pack"] = lambda: None if packs.cities else "no city pack is loaded yet"
    service.health.gauge_readers += [watch.set_gauges, photos.set_gauges]
    service.background("commit", commit.run)
    service.background("keys", rotation.run)
    service.background("packs", follower.run)
    service.background("photos", PhotoWorker(photos, store, Cleaner(), clock).run)
    service.background("unanswered", watch.run)
    service.background("retention", retention.run)
    return service
