"""What intake keeps for a time: photos, who reported, and reports whose case has ended."""

from collections.abc import Sequence

from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.identities import Identities
from services.intake.reports.report_store import ReportStore
from services.intake.reports.unrouted_watch import Unanswered
from shared.runtime.retention import Retained
from shared.runtime.storage.mongo import Collection, Document


def grown_old(
    events: Collection, store: ReportStore, photos: PhotoStore, identities: Identities, unanswered: Unanswered
) -> tuple[Retained, ...]:
    """The kinds, each with the pack's word for it."""

    async def persons(page: Sequence[Document]) -> int:
        return sum([await identities.erase(row["_id"], "by age") for row in page])

    async def reports(page: Sequence[Document]) -> int:
        """A case that is still open keeps its reports."""
        ids = [report["_id"] for report in page]
        open_ = await store.progress.find({"_id": {"$in": ids}, "case.open": True}, {"_id": 1}, limit=len(ids))
        gone = {"$in": sorted(set(ids) - {progress["_id"] for progress in open_})}
        for collection, name in ((events, "subject"), (unanswered.unanswered, "_id"), (store.progress, "_id")):
            await collection.delete({name: gone})
        await store.keys.forget(gone["$in"])
        if any("sealed" in report for report in page):
            await identities.owe()
        return await store.reports.delete({"_id": gone})

    return (
        Retained("photos", ("photos",), photos.photos, "sent_at", photos.forget, {"claimed": True}),
        Retained("reporters", ("personal",), identities.reporters, "seen_at", persons, {}),
        Retained("reports", ("reports",), store.reports, "stored_at", reports, {}),
    )
