"""Intake: reports in, durable before they are answered; photos; what the reporter may see of progress."""

from collections.abc import Sequence

from starlette.applications import Starlette

from services.intake import photos as photo_module
from services.intake.accept import Acceptance
from services.intake.api import ReportApi
from services.intake.commit import GroupCommit
from services.intake.keeping import PhotoKeeper
from services.intake.nearby import Nearby
from services.intake.photo_api import PhotoApi
from services.intake.photos import PhotoStore, buckets
from services.intake.pictures import Cleaner
from services.intake.progress import Progress
from services.intake.reporters import Reporters
from services.intake.store import PROGRESS_INDEXES, ReportStore, submitted_event
from services.intake.unanswered import INDEXES, Unanswered
from shared.contracts import cases, cities
from shared.contracts.envelope import Envelope
from shared.runtime.births import Births
from shared.runtime.consume import effect, projection
from shared.runtime.packs import PackFollower, PackLibrary, RouterPacks
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
    packs = PackLibrary(service.database, RouterPacks(settings))
    follower = PackFollower(packs, service.clock.now)
    commit = GroupCommit(store, relay)
    reporters = Reporters(store, photos, relay, service.clock)
    api = ReportApi(
        store, photos, commit, Acceptance(settings.secret_text), reporters, packs, service.quotas, service.clock
    )
    service.routes = [*api.routes(), *PhotoApi(photos, store, packs).routes(), *Nearby(store).routes()]
    service.on_open.append(packs.open)
    service.checks["pack"] = lambda: None if packs.cities else "no city pack is loaded yet"

    async def city_loaded(_: Sequence[Envelope]) -> None:
        follower.wake()

    progress = Progress(store)
    service.consumes(effect(cases.TOPIC, "intake.progress", progress.handle, service.dead, service.clock))
    service.consumes(projection(cities.TOPIC, "intake.cities", city_loaded, service.dead, service.clock))
    unanswered = Unanswered(service.database, store, packs, relay, service.clock)
    service.indexes.append((unanswered.unanswered, INDEXES))
    service.vitals.looks += [unanswered.look, photos.look]
    service.background("commit", commit.run)
    service.background("packs", follower.run)
    service.background("photos", PhotoKeeper(photos, store, Cleaner()).run)
    service.background("unanswered", unanswered.run)
    return service
