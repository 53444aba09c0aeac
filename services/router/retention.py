"""What the router keeps for a time: cases that have ended, with their events and the links of their reports."""

from collections.abc import Sequence

from services.router.cases.case_store import CaseStore
from services.router.dedup.report_links import Links
from shared.runtime.retention import RetainedKind
from shared.runtime.storage.mongo import Collection, Document


def ended_cases(store: CaseStore, links: Links, events: Collection) -> RetainedKind:
    """By the pack's ``cases``, else as long as reports."""

    async def cases(page: Sequence[Document]) -> int:
        gone = {"$in": [case["_id"] for case in page]}
        await events.delete({"subject": gone})
        await links.links.delete({"case": gone})
        await store.keys.forget(gone["$in"])
        return await store.cases.delete({"_id": gone})

    return RetainedKind("cases", ("cases", "reports"), store.cases, "stored_at", cases, {"open": False})
