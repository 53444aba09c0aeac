"""What the router deletes by age: ended cases, with their events, the links of their reports, and numbers elsewhere."""

from collections.abc import Sequence

from services.router.cases.case_store import CaseStore
from services.router.dedup.report_links import Links
from services.router.exchange.kept_numbers import KeptNumbers
from shared.runtime.retention import RetainedKind
from shared.runtime.storage.mongo import Collection, Document


def ended_cases(store: CaseStore, links: Links, numbers: KeptNumbers, events: Collection) -> RetainedKind:
    """Kept for the pack's ``retention.cases``, else as long as reports."""

    async def cases(page: Sequence[Document]) -> int:
        gone = {"$in": [case["_id"] for case in page]}
        await events.delete({"subject": gone})
        await links.links.delete({"case": gone})
        await numbers.forget(gone["$in"])
        await store.keys.forget(gone["$in"])
        return await store.cases.delete({"_id": gone})

    return RetainedKind("cases", ("cases", "reports"), store.cases, "stored_at", cases, {"open": False})
