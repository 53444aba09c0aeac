"""Photos' routes: sent, shown when clean, claimed by cases."""

from collections.abc import AsyncGenerator
from typing import Literal

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from services.intake.domain.photo import BYTES_MAX
from services.intake.http.report_access import sees
from services.intake.photos.photo_store import PhotoStore, not_clean_yet
from services.intake.photos.pictures import look
from services.intake.reports.bodies import Photos
from services.intake.reports.group_commit import unknown
from services.intake.reports.report_store import ReportStore
from shared.kernel.errors import FieldError, Refusal, bad_request, invalid, not_found
from shared.kernel.ids import opening_report
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.server import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

SENDERS = frozenset({"rider_app", "importer", "officer"})
VIEWERS = frozenset({"rider_app", "importer", "officer", "ops"})
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/heic", "multipart/form-data")
FORM_MAX = 16 * 1024
"""Bytes that a form may have beside its picture."""


class PhotoQuery(msgspec.Struct, forbid_unknown_fields=True):
    size: Literal["full", "thumb"] = "full"


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident
    photos: Photos
    case: Ident


class PhotoApi:
    """Handlers of photos."""

    def __init__(self, photos: PhotoStore, store: ReportStore, packs: PackLibrary, quotas: Quotas) -> None:
        self._photos = photos
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
                answers={201: None},
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
                answers={200: None, 422: None},
            ),
        ]

    async def photo(self, call: Call) -> Answer:
        content = await _picture_bytes(call)
        if len(content) > BYTES_MAX:
            raise Refusal(413, "too-large", f"At most {BYTES_MAX} bytes.")
        self._quotas.charge_photo(call.principal, len(content))  # first: a look costs something, also at what is none
        picture = look(content)
        id_, replayed = await self._photos.keep(call.principal, call.key, content, picture)
        headers = {"location": f"/v1/photos/{id_}", **({"idempotent-replayed": "true"} if replayed else {})}
        return Answer({"id": id_, "width": picture.width, "height": picture.height}, 201, headers)

    async def shown_photo(self, call: Call) -> Response:
        who = call.principal
        photo = await self._photos.get(None if who.kind == "ops" and who.city == "*" else who.city, call.path["id"])
        if photo is None or not await self._may_see(photo, who):
            raise not_found("photo")
        if photo["state"] != "clean":
            raise not_clean_yet(photo)
        content = await self._photos.shown(photo["_id"], call.query_as(PhotoQuery).size)
        if content is None:
            raise unknown()
        headers = {
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "content-disposition": f'inline; filename="{photo["_id"]}.jpg"',
        }
        return Response(content, media_type="image/jpeg", headers=headers)

    async def _may_see(self, photo: Document, who: Principal) -> bool:
        """Who sent it; the app whose report's case shows it; officers whose subtree holds the case.

        Of what is confidential only who sent it and its handlers; operations do not."""
        if photo["app"] == who.who:
            return True
        if who.kind == "ops":
            return not await self._is_confidential(photo)
        opened_by = _report_of(photo)
        if opened_by is None:
            return False
        where: Document = {"city": who.city, "_id": opened_by}
        if who.kind != "officer":
            return bool(await self._store.reports.count({**where, "app": who.app}, limit=1))
        report = await self._store.get(who.city, None, where["_id"])
        own = await self._store.case_of_its_own(opened_by) if photo.get("case") is not None else None
        if report is None:  # a second matter's case, which no report opened
            if own is None:
                return False
            report = {"confidential": own["confidential"], "category": own["category"], "case": own}
        elif own is not None:  # also those of a case that was merged into another
            report = {**report, "also": [*report.get("also", ()), own]}
        pack = self._packs.current(who.city)
        if report["confidential"]:
            return pack.trust.is_handler(who.person, report["category"], (report.get("case") or {}).get("unit"))
        return sees(who, report, pack)

    async def _is_confidential(self, photo: Document) -> bool:
        """Whether it is for handlers alone: on a confidential report or a case of one, also of its second matter."""
        report = _report_of(photo)
        if report is None:
            return False
        if await self._store.reports.count({"_id": report, "confidential": True}, limit=1):
            return True
        return bool(await self._store.progress.count({"_id": report, "case.confidential": True}, limit=1))

    async def claim_photos(self, call: Call) -> Answer:
        body = call.body_as(ClaimBody)
        missing = await self._photos.claim_for_case(body.city, body.photos, body.case)
        return Answer({"missing": missing}, 422 if missing else 200)


def _report_of(photo: Document) -> str | None:
    """The report that shows it, or that opened the case which does."""
    if photo.get("report") is not None:
        return str(photo["report"])
    return opening_report(photo["case"]) if photo.get("case") is not None else None


async def _picture_bytes(call: Call) -> bytes:
    media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "multipart/form-data":
        if not (media.startswith("image/") or media in ("application/octet-stream", "")):
            raise Refusal(415, "unsupported-media", "Send the picture's bytes, or multipart/form-data with one file.")
        return call.raw

    async def body() -> AsyncGenerator[bytes, None]:
        yield call.raw

    try:
        form = await MultiPartParser(call.request.headers, body(), max_files=1, max_fields=4).parse()
    except (MultiPartException, KeyError) as wrong:
        raise bad_request("not-a-form", f"The form cannot be read: {wrong}") from wrong
    try:
        for value in form.values():
            if isinstance(value, UploadFile):
                return await value.read()
    finally:
        await form.close()
    raise invalid(FieldError("/file", "is required"))
