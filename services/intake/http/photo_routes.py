"""Photos' routes: apps send photos, readers get them when they are clean, the router claims them for cases."""

from typing import Literal

import msgspec
from starlette.responses import Response

from services.intake.domain.photo import BYTES_MAX
from services.intake.http.photo_form import file_of
from services.intake.http.report_access import sees
from services.intake.photos.photo_record import PhotoRecord
from services.intake.photos.photo_store import PhotoStore
from services.intake.photos.pictures import read_header
from services.intake.reports.bodies import Photos
from services.intake.reports.group_commit import unknown
from services.intake.reports.progress_record import CaseProgress
from services.intake.reports.report_store import ReportStore
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.on_behalf import officer_of
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal
from shared.runtime.pack_library import PackLibrary

SENDERS = frozenset({"rider_app", "rider", "importer", "officer", "service"})
VIEWERS = frozenset({"rider_app", "rider", "importer", "officer", "ops", "service"})
"""A service asks in the name of a person, as behind the link of an alert."""
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/heic", "multipart/form-data")
FORM_MAX = 16 * 1024
"""Bytes that a form may have beside its picture."""


class PhotoQuery(msgspec.Struct, forbid_unknown_fields=True):
    size: Literal["full", "thumb"] = "full"


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident
    photos: Photos
    case: Ident


class StoredPhoto(msgspec.Struct, frozen=True):
    """Pixels as they were sent."""

    id: str
    width: int
    height: int


class ClaimedPhotos(msgspec.Struct, frozen=True):
    """``missing``: ids of which there is no photo; with 422 none was claimed."""

    missing: list[str]


class PhotoRoutes:
    """Handlers of photos."""

    def __init__(
        self, photos: PhotoStore, store: ReportStore, packs: PackLibrary, quotas: Quotas, directory: Directory
    ) -> None:
        self._photos = photos
        self._directory = directory
        self._quotas = quotas
        self._store = store
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/photos",
                self.photo,
                "A photo, to be attached by its id",
                roles=SENDERS,
                raw_max=BYTES_MAX + FORM_MAX,
                media=PICTURES,
                keyed=True,
                answers={201: StoredPhoto},
            ),
            get(
                "/v1/photos/{id}",
                self.shown_photo,
                "A cleaned photo",
                roles=VIEWERS,
                query=PhotoQuery,
                media=("image/jpeg",),
            ),
            post(
                "/v1/photos:claim",
                self.claim_photos,
                "Photos of an officer's command belong to its case",
                roles=frozenset({"service"}),
                body=ClaimBody,
                answers={200: ClaimedPhotos, 422: ClaimedPhotos},
            ),
        ]

    async def _who(self, call: Call) -> Principal:
        """Who sends or looks: the caller, or the person for whom a service asks. Raises ``Refusal`` 403."""
        return await officer_of(call, self._directory) if call.principal.kind == "service" else call.principal

    async def photo(self, call: Call) -> Answer:
        who = await self._who(call)
        content = await _picture_bytes(call)
        if len(content) > BYTES_MAX:
            raise Refusal(413, "too-large", f"At most {BYTES_MAX} bytes.")
        self._quotas.charge_photo(who, len(content))  # first: a look costs something, also at what is none
        picture = read_header(content)
        id_, replayed = await self._photos.keep(who, call.key, content, picture)
        headers = {"location": f"/v1/photos/{id_}", **({"idempotent-replayed": "true"} if replayed else {})}
        return Answer(StoredPhoto(id_, picture.width, picture.height), 201, headers)

    async def shown_photo(self, call: Call) -> Response:
        who = await self._who(call)
        photo = await self._photos.get(
            None if who.kind == "ops" and who.city == EVERY_CITY else who.city, call.path["id"]
        )
        if photo is None or not await self._may_see(photo, who):
            raise not_found("photo")
        if photo.state != "clean":
            raise _not_clean(photo)
        content = await self._photos.shown(photo.id, call.query_as(PhotoQuery).size)
        if content is None:
            raise unknown()
        headers = {
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "content-disposition": f'inline; filename="{photo.id}.jpg"',
        }
        return Response(content, media_type="image/jpeg", headers=headers)

    async def _may_see(self, photo: PhotoRecord, who: Principal) -> bool:
        """Who sent it; the app whose report's case shows it, and its rider whose report that is; officers whose subtree
        holds the case.

        Of what is confidential only who sent it and its handlers; operations do not."""
        if photo.app == who.who:
            return True
        if who.kind == "ops":
            return not await self._is_confidential(photo)
        opened_by = photo.opened_by
        if opened_by is None:
            return False
        if who.reporter is not None:
            return await self._store.status(who.city, who.app, opened_by, who.reporter) is not None
        if who.kind != "officer":
            return await self._store.is_of_app(who.city, who.app, opened_by)
        own = await self._store.case_opened_by(opened_by) if photo.case is not None else None
        return await self._officer_sees(who, opened_by, own)

    async def _officer_sees(self, who: Principal, opened_by: str, own: CaseProgress | None) -> bool:
        """``own``: the case that claimed the photo. No report opened it where it is of a second matter; it stands for
        itself where it was merged into another."""
        status = await self._store.status(who.city, None, opened_by)
        pack = self._packs.current(who.city)
        if status is not None and status.report.confidential:
            unit = status.case.unit if status.case is not None else None
            return pack.handlers.is_handler(who.person, status.report.category or "", unit)
        if status is None and own is not None and own.confidential:
            return pack.handlers.is_handler(who.person, own.category, own.unit)
        cases = [*(status.cases if status is not None else ()), *((own,) if own is not None else ())]
        return sees(who, cases, pack)

    async def _is_confidential(self, photo: PhotoRecord) -> bool:
        """Whether it is for handlers alone: on a confidential report or a case of one, also of its second matter."""
        return photo.opened_by is not None and await self._store.is_confidential(photo.opened_by)

    async def claim_photos(self, call: Call) -> Answer:
        body = call.body_as(ClaimBody)
        missing = await self._photos.claim_for_case(body.city, body.photos, body.case)
        return Answer(ClaimedPhotos(missing), 422 if missing else 200)


def _not_clean(photo: PhotoRecord) -> Refusal:
    """Why a photo is not shown."""
    if photo.state == "unreadable":
        return Refusal(404, "unreadable", "The photo could not be read; send it again.")
    return Refusal(404, "not-clean-yet", "The photo is being cleaned. Ask again in a moment.", retry_after=2)


async def _picture_bytes(call: Call) -> bytes:
    media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "multipart/form-data":
        if not (media.startswith("image/") or media in ("application/octet-stream", "")):
            raise Refusal(415, "unsupported-media", "Send the picture's bytes, or multipart/form-data with one file.")
        return call.raw

    return await file_of(call.raw, call.request.headers["content-type"])
