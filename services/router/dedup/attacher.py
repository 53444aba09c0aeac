"""Attaches reports to existing cases: one guarded update per case for all its reports, then the links are marked.

If the process dies in between, the batch is delivered again and its links are found: reports that the case already has
are skipped, the others are attached. If a case was merged meanwhile, its reports are attached to the older case.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
import structlog

from services.router.cases.case_store import CaseStore, Change
from services.router.cases.dedup_from_pack import rising_of, rule_of
from services.router.cases.routing import fresh_resolve_clock
from services.router.cases.unit_of_work import Changes
from services.router.dedup.merge_chain import MergeChain
from services.router.dedup.placement import JoiningReport
from services.router.dedup.report_links import Links
from services.router.domain.attachment import AttachmentRules, attach
from services.router.domain.case import Case
from services.router.domain.timer_rules import as_of
from shared.contracts.cases import ATTACHED_MAX
from shared.kernel.clock import Clock
from shared.kernel.ids import opening_report
from shared.runtime.observability.log_ids import ids_of
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()

ROUNDS_MAX = 5
FAMILY_MAX = 1000
"""At most so many merged cases are included in a count."""


class LostRaceError(TimeoutError):
    """Others changed the case five times in a row; the batch waits and is tried again."""


class Attachments:
    """Attaches reports."""

    def __init__(self, store: CaseStore, links: Links, changes: Changes, packs: PackLibrary, clock: Clock) -> None:
        self._store = store
        self._links = links
        self.merge_chain = MergeChain(store, links)
        self._changes = changes
        self._packs = packs
        self._clock = clock

    async def join(self, joining: Sequence[JoiningReport]) -> None:
        """Attaches every report to its case, at most ``ATTACHED_MAX`` in one update. Raises ``LostRaceError``."""
        by_case: dict[str, list[JoiningReport]] = defaultdict(list)
        for one in joining:
            by_case[one.link.case].append(one)
        while by_case:
            now = {case: waiting[:ATTACHED_MAX] for case, waiting in by_case.items()}
            await self._join(now)
            by_case = {case: waiting[ATTACHED_MAX:] for case, waiting in by_case.items() if len(waiting) > ATTACHED_MAX}
            by_case = defaultdict(list, by_case)

    async def _join(self, waiting: dict[str, list[JoiningReport]]) -> None:
        """Cases that were merged into the same case are updated one after the other. A round counts as lost only if
        another process changed a case first."""
        lost = 0
        while waiting:
            loaded = await self.merge_chain.ends_of(waiting)
            changes: list[tuple[str, Change, list[JoiningReport]]] = []
            rest: dict[str, list[JoiningReport]] = {}
            for asked, joining in waiting.items():
                case, attached = loaded[asked]
                new = [one for one in joining if one.link.report not in attached]
                if case.id != asked:
                    new = [await self._led(one, case) for one in new]
                if not new:
                    await self._told(joining, case)
                    continue
                if any(change.after.id == case.id for _, change, _ in changes):
                    rest[asked] = joining
                    continue
                done = [one for one in joining if one.link.report in attached]
                changes.append((asked, await self._change(case, new), [*done, *new]))
            took = {change.mark for change in await self._changes.save_all([change for _, change, _ in changes])}
            for asked, change, joining in changes:
                if change.mark in took:
                    ids = ids_of("report", [one.link.report for one in joining])
                    log.info("reports.attached", case=change.after.id, reports=len(joining), **ids)
                    await self._told(joining, change.after)
                else:
                    rest[asked] = joining
            lost += len(took) < len(changes)
            if lost == ROUNDS_MAX:
                raise LostRaceError(f"cases {sorted(rest)[:3]}")
            waiting = rest

    async def _led(self, one: JoiningReport, case: Case) -> JoiningReport:
        """Makes the link name a case that exists. If the case of the link was never opened, that is ``case``."""
        if await self._store.load(one.link.case) is not None:
            return one
        if not await self._links.move(one.link, case.id):
            raise LostRaceError(f"report {one.link.report} was moved meanwhile")
        link = msgspec.structs.replace(one.link, case=case.id, rev=one.link.rev + 1)
        return replace(one, link=link, arrived=replace(one.arrived, link=link.rev))

    async def _told(self, joining: Sequence[JoiningReport], case: Case) -> None:
        await self._links.mark_told([one.link for one in joining], case.version)

    async def _change(self, stored: Case, joining: Sequence[JoiningReport]) -> Change:
        now = self._clock.now()
        case = as_of(stored, now)
        count = await self.count(case, {one.link.case for one in joining})
        happened = attach(case, [one.arrived for one in joining], count, self._rules(case), now)
        change = self._changes.of(stored, happened, trace=joining[0].trace)
        return replace(change, attached=tuple(one.link.report for one in joining))

    def _rules(self, case: Case) -> AttachmentRules:
        pack = self._packs.current(case.city)
        category = pack.categories.get(case.category)
        if category is None or category.same is None:
            return AttachmentRules()
        return AttachmentRules(
            rising=rising_of(category.same),
            reopens_up=rule_of(category.same).reopens_up,
            clock=fresh_resolve_clock(case, pack, self._clock.now()),
        )

    async def family(self, case: Case, more: Iterable[str] = ()) -> list[str]:
        """Ids of the case, of ``more``, and of all cases that were merged into them, directly or not."""
        family = dict.fromkeys((case.id, *more))
        level = [one for one in family if one != case.id or case.absorbed]
        while level and len(family) <= FAMILY_MAX:
            below = [one for above in level for one in await self._store.merged_into(above, FAMILY_MAX)]
            level = [one for one in below if one not in family]
            family |= dict.fromkeys(level)
        return list(family)

    async def count(self, case: Case, more: Iterable[str] = (), without: Iterable[str] = ()) -> int:
        """Counts the reports of a case and of the cases that were merged into it.

        ``more``: further cases to include; ``without``: merged cases to leave out.
        """
        family = sorted({*await self.family(case, more)} - {*without})
        openings = [opening_report(one) for one in family]
        linked = await self._links.by_report(openings)
        return await self._links.count(family) + len(openings) - len(linked)
