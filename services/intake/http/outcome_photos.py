"""Photos of what was done, by a signed address that needs no key: for the reporter's phone, small and clean.

An address is made for one report's photo and valid for a week; whoever reads the report again gets a new one. It shows
nothing any more once the case no longer has the photo: after it was opened again, say.
"""

from datetime import datetime, timedelta

from starlette.responses import Response

from services.intake.photos.photo_store import PhotoStore
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Call, Route, get
from shared.runtime.http_server.signed_links import SignedLinks

VALID = timedelta(days=7)
_DAY = timedelta(days=1).total_seconds()


class OutcomePhotos:
    """Makes the addresses and serves the pictures."""

    def __init__(self, secret: str, url: str, store: ReportStore, photos: PhotoStore, clock: Clock) -> None:
        self._links = SignedLinks(secret, "photos of what was done")
        self._url = url.rstrip("/")
        self._store = store
        self._photos = photos
        self._clock = clock

    def routes(self) -> list[Route]:
        return [get("/p/{token}", self.show, "A photo of what was done, small", media=("image/jpeg",))]

    def make(self, status: ReportStatus) -> list[str]:
        """An address for each photo of the outcome, in its order; the same all day. None of a confidential report."""
        ends = self._ends()
        return [
            f"{self._url}/p/{self._links.token(f'{status.report.city}/{status.report.id}/{photo}', ends)}"
            for photo in _shown(status)
        ]

    async def show(self, call: Call) -> Response:
        """Raises ``Refusal`` 404 for what is not, or no more, to be seen, and while the photo is being cleaned."""
        found = self._links.read(call.path["token"])
        if found is None or found[1] <= self._clock.now():
            raise not_found("photo")
        city, report, id_ = found[0].split("/")
        status = await self._store.status(city, None, report)
        photo = await self._photos.get(city, id_) if status is not None and id_ in _shown(status) else None
        if photo is None or photo.state == "unreadable":
            raise not_found("photo")
        content = await self._photos.shown(id_, "thumb") if photo.state == "clean" else None
        if content is None:
            raise Refusal(404, "not-clean-yet", "The photo is being cleaned. Ask again in a moment.", retry_after=2)
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
        return Response(content, media_type="image/jpeg", headers=headers)

    def _ends(self) -> datetime:
        now = self._clock.now()
        return now + VALID - timedelta(seconds=now.timestamp() % _DAY)


def _shown(status: ReportStatus) -> list[str]:
    """Ids of the photos that this report's reporter may see of what was done."""
    case = status.case
    if case is None or case.outcome is None or case.confidential or status.report.confidential:
        return []
    return case.outcome.photos
