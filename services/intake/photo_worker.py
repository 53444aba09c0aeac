"""What intake does with photos in the background: cleans them, and deletes those that nobody claimed."""

import asyncio

import structlog
from prometheus_client import Counter

from services.intake.photos.photo_record import PhotoRecord
from services.intake.photos.photo_store import PhotoStore
from services.intake.photos.pictures import Cleaner
from services.intake.reports.report_record import OwnStep
from services.intake.reports.report_store import ReportStore
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.runtime.storage.mongo import MongoError
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

LOOK_SECONDS = 5.0
"""How often to look for photos that another process left uncleaned; photos that arrive here are cleaned at once."""
SWEEP_SECONDS = 600.0
_CLEANED = Counter("whistle_photos_cleaned_total", "Photos by what cleaning found: clean, unreadable.", ["outcome"])


class PhotoWorker:
    """Cleans photos one by one, and sweeps every ten minutes."""

    def __init__(self, photos: PhotoStore, reports: ReportStore, cleaner: Cleaner, clock: Clock) -> None:
        self._photos = photos
        self._reports = reports
        self._cleaner = cleaner
        self._clock = clock

    async def run(self) -> None:
        swept = 0.0
        try:
            while True:
                try:
                    busy = await self.clean_one()
                    if asyncio.get_running_loop().time() - swept > SWEEP_SECONDS:
                        swept = asyncio.get_running_loop().time()
                        await self._photos.sweep(real_now())
                except (MongoError, Refusal) as error:
                    log.warning("photo_worker.retry", error=str(error), kind=type(error).__name__)
                    busy = False
                if not busy:
                    await self._photos.wait_for_one(LOOK_SECONDS)
        finally:
            self._cleaner.close()

    async def clean_one(self) -> bool:
        """Cleans one waiting photo; False if none waits."""
        waiting = await self._photos.next_to_clean()
        if waiting is None:
            return False
        photo, content = waiting
        cleaned = await self._cleaner.clean(content, photo.media)
        finished = await self._photos.finish(photo.id, cleaned)
        if cleaned is None and finished is not None:
            await self._unreadable(finished)
        _CLEANED.labels("clean" if cleaned is not None else "unreadable").inc()
        log.info("photo.cleaned", photo=photo.id, readable=cleaned is not None)
        return True

    async def _unreadable(self, photo: PhotoRecord) -> None:
        """Adds a step to the report, so that the reporter sees that a photo cannot be read."""
        if photo.report is None:
            return
        at, text = self._clock.now(), "照片无法读取，请重新上传"
        step = OwnStep(at=at, what="photo.unreadable", text=text, photo=photo.id)
        await self._reports.add_photo_step(photo.report, step)
