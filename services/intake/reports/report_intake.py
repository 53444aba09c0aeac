"""Takes in one report: quota, checks, photos, and then the group commit that makes it durable."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.intake.domain.submission import Submission
from services.intake.photos.photo_store import PhotoStore
from services.intake.reports.bodies import ReportBody
from services.intake.reports.group_commit import REPEATED, REPORTS, GroupCommit, Receipt
from services.intake.reports.report_store import ReportStore
from services.intake.reports.validation import ReportValidator
from shared.city.model.sorting import Elsewhere
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, invalid, key_reused
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary

LOOKUPS_MAX = 16
"""Keys that are looked up at once because their reports were refused or have photos. The others wait for their turn."""
CheckSame = Callable[[str], Awaitable[None]]
_OUTCOMES = {422: REPORTS.labels("refused"), 429: REPORTS.labels("limited"), 503: REPORTS.labels("unavailable")}


class ReportIntake:
    """The way of a report from its body to its receipt."""

    def __init__(
        self,
        store: ReportStore,
        photos: PhotoStore,
        commit: GroupCommit,
        validator: ReportValidator,
        packs: PackLibrary,
        quotas: Quotas,
        clock: Clock,
    ) -> None:
        self._store = store
        self._photos = photos
        self._commit = commit
        self._validator = validator
        self._packs = packs
        self._quotas = quotas
        self._clock = clock
        self._lookups = asyncio.Semaphore(LOOKUPS_MAX)

    async def submit(
        self, body: ReportBody, who: Principal, key: str, trace: str, check_same: CheckSame | None = None
    ) -> Receipt | Elsewhere:
        """Durable when this returns a receipt; where to go, for what is not dealt with here: nothing is stored of that.
        ``check_same``: refuses a case that the report may not hang on, unless the report is stored already.
        Raises ``Refusal``, which is counted by its kind."""
        try:
            return await self._submit(body, who, key, trace, check_same)
        except Refusal as refusal:
            _OUTCOMES.get(refusal.status, _OUTCOMES[422]).inc()
            raise

    async def _submit(
        self, body: ReportBody, who: Principal, key: str, trace: str, check_same: CheckSame | None
    ) -> Receipt | Elsewhere:
        """Photos are claimed for the report before it is stored, so that none is swept away under it.

        Where the pack changed since, a repeat of a stored report may fail its checks, or find its photos taken by
        itself: so the key is looked up before a refusal, and before photos are claimed.
        """
        if body.reporter is not None or who.reporter is not None:
            self._quotas.charge_reporter(who, who.reporter or (body.reporter.ref if body.reporter is not None else ""))
        pack = self._packs.current(who.city)
        try:
            report = await self._validated(body, who, key, pack)
        except Refusal:
            receipt = await self._first_receipt(body, who, key)
            if receipt is None:
                raise
            return receipt
        elsewhere = _elsewhere(body, pack)
        if elsewhere is not None:
            return await self._first_receipt(body, who, key) or elsewhere
        after = () if body.handled is None else body.handled.photos
        if body.photos or after or body.same_as is not None:
            receipt = await self._first_receipt(body, who, key)
            if receipt is not None:
                return receipt
        if body.same_as is not None:
            if check_same is None:
                raise invalid(FieldError("/same_as", "is for a report that is sent alone"))
            await check_same(body.same_as)
        if after:
            await self._photos.claim_for_report(who, after, report.id, "/handled/photos")
        if body.photos:
            looks = await self._photos.claim_for_report(who, body.photos, report.id)
            if looks and not report.confidential:
                report = replace(report, looks=looks)
        return await self._commit.commit(report, trace, self._validator.person(body, who))

    def is_danger(self, body: ReportBody, who: Principal) -> bool:
        """Whether it goes before all others, by its category or its words."""
        return not (body.historic or body.open) and self._packs.current(who.city).danger(
            body.category, body.description
        )

    async def _validated(self, body: ReportBody, who: Principal, key: str, pack: Pack) -> Submission:
        """A confidential report is categorized by its words here, which takes long: in a thread beside the loop."""
        asked = (body, who, key, pack, self._clock.now())
        if body.reporter is None or not body.reporter.confidential:
            return self._validator.submission(*asked)
        return await asyncio.to_thread(self._validator.submission, *asked)

    async def _first_receipt(self, body: ReportBody, who: Principal, key: str) -> Receipt | None:
        """What this key was answered first, if a report is stored under it. Raises ``Refusal`` 422 for another body."""
        id_ = self._validator.report_id(who, key)
        async with self._lookups:
            first = (await self._store.first_answers([id_])).get(id_)
        if first is None:
            return None
        if first.fingerprint not in self._validator.fingerprints(body):
            raise key_reused()
        REPEATED.inc()
        return Receipt(first.id, first.received_at, first.category, replayed=True)


def _elsewhere(body: ReportBody, pack: Pack) -> Elsewhere | None:
    """Where a report belongs that is not dealt with here. Danger is, and so is what importers bring in."""
    if body.historic or body.open or pack.danger(body.category, body.description):
        return None
    return pack.elsewhere.decided(body.kind, body.category, body.elsewhere)
