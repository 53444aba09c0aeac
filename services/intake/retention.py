"""What intake deletes by age: photos, persons, and reports whose cases have ended. The pack says after how long."""

from collections.abc import Sequence

from services.intake.photos import photo_record
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.identities import Identities
from services.intake.reports.report_record import from_doc
from services.intake.reports.report_store import ReportStore
from services.intake.reports.unrouted_watch import UnroutedWatch
from shared.runtime.retention import RetainedKind
from shared.runtime.storage.mongo import Collection, Document


def kept_by_intake(
    events: Collection, store: ReportStore, photos: PhotoStore, identities: Identities, unrouted: UnroutedWatch
) -> tuple[RetainedKind, ...]:
    """The kinds, each with the pack's word for it."""

    async def persons(page: Sequence[Document]) -> int:
        return sum([await identities.erase(row["_id"], "by age") for row in page])

    async def reports(page: Sequence[Document]) -> int:
        """With everything that lies beside them. A case that is still open keeps its reports."""
        old = [from_doc(document) for document in page]
        still_open = await store.with_progress([report.id for report in old], open_only=True)
        gone = sorted({report.id for report in old} - still_open)
        await events.delete({"subject": {"$in": gone}})
        await unrouted.forget(gone)
        await store.progress.delete({"_id": {"$in": gone}})
        await store.keys.forget(gone)
        if any(report.sealed is not None for report in old):
            await identities.request_rotation()
        return await store.reports.delete({"_id": {"$in": gone}})

    async def claimed_photos(page: Sequence[Document]) -> int:
        return await photos.forget([photo_record.from_doc(document) for document in page])

    return (
        RetainedKind("photos", ("photos",), photos.photos, "sent_at", claimed_photos, {"claimed": True}),
        RetainedKind("reporters", ("personal",), identities.reporters, "seen_at", persons, {}),
        RetainedKind("reports", ("reports",), store.reports, "stored_at", reports, {}),
    )
