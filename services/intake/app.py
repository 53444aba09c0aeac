"""Intake: reports in, durable before they are answered; photos; what the reporter may see of progress."""

from collections.abc import Sequence
from datetime import timedelta

from starlette.applications import Starlette

from services.intake import photos as photo_module
from services.intake.accept import Acceptance
from services.intake.answer_links import AnswerLinks
from services.intake.api import ReportApi
from services.intake.commit import GroupCommit
from services.intake.generations import Generations
from services.intake.growing_old import grown_old
from services.intake.identities import INDEXES as IDENTITY_INDEXES
from services.intake.identities import Identities
from services.intake.keeping import PhotoKeeper
from services.intake.nearby import Nearby
from services.intake.persons_api import PersonsApi
from services.intake.photo_api import PhotoApi
from services.intake.photos import PhotoStore, buckets
from services.intake.pictures import Cleaner
from services.intake.progress import Progress
from services.intake.reporters import Reporters
from services.intake.rewrapping import INDEXES as CONFIDENTIAL_INDEXES
from services.intake.rewrapping import Rewrapping
from services.intake.sealing import Vault
from services.intake.store import PROGRESS_INDEXES, ReportStore, submitted_event
from services.intake.unanswered import INDEXES, Unanswered
from shared.contracts import cases, cities
from shared.contracts.envelope import Envelope
from shared.runtime.births import Births
from shared.runtime.consume import LEISURE_SECONDS, effect, projection
from shared.runtime.packs import PackFollower, PackLibrary, RouterPacks
from shared.runtime.retention import Retention
from shared.runtime.service import Service
from shared.runtime.settings import Settings

PORT = 8801


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
    persons = PersonsApi(store, identities, rewrapping, acceptance, vault)
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

    progress = Progress(store)
    service.consumes(
        effect(cases.TOPIC, "intake.progress", progress.handle, service.dead, service.clock, spacing=LEISURE_SECONDS)
    )
    service.consumes(projection(cities.TOPIC, "intake.cities", city_loaded, service.dead, service.clock))
    unanswered = Unanswered(service.database, store, packs, relay, service.clock)
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
