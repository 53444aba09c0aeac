"""Which case a report belongs to now: follows ``merged_into`` from case to case until one that was not merged.

Everything that writes to "the case of that report" uses this. What was done on any case of the chain counts as done, so
that nothing is applied a second time because the case was merged in between.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from services.router.cases.case_store import CaseStore
from services.router.dedup.report_links import Links
from services.router.domain.case import Case
from shared.kernel.ids import opening_report

Loaded = dict[str, tuple[Case, set[str]]]
"""Cases by id, each with the reports attached to it, or the keys applied to it."""


class MergeChain:
    """Follows ``merged_into`` from case to case. It visits each case once, so that a circle ends."""

    def __init__(self, store: CaseStore, links: Links | None = None) -> None:
        """``links``: where the report of a case that was never opened is attached; None: not looked up."""
        self._store = store
        self._links = links

    async def ends_of(self, cases: Iterable[str]) -> Loaded:
        """For each of ``cases`` the end of its chain (itself if not merged), with the reports attached along the chain.

        Raises ``TimeoutError`` for a case that is not stored yet, ``LookupError`` for a chain that is a circle.
        """
        asked = list(cases)
        homes = await self._walk(asked, self._store.load_all)
        if away := [case for case in asked if case not in homes]:
            raise TimeoutError(f"the case {away[0]} is not there yet")
        return homes

    async def unless_done(self, case: str, key: str) -> tuple[Case, bool] | None:
        """The end of the chain of ``case``, and whether ``key`` was applied to any case of it; None: no such case.

        Raises ``LookupError`` for a chain that is a circle.
        """

        async def load(ids: Sequence[str]) -> Loaded:
            found = await self._store.load_keyed(ids)
            came = {id_: await self._store.keys.find(document, key) for id_, (_, document) in found.items()}
            return {id_: (there, set() if came[id_] is None else {key}) for id_, (there, _) in found.items()}

        found = (await self._walk([case], load)).get(case)
        return None if found is None else (found[0], bool(found[1]))

    async def _walk(self, cases: Iterable[str], load: Callable[[Sequence[str]], Awaitable[Loaded]]) -> Loaded:
        homes: Loaded = {}
        at = {case: case for case in cases}
        done: dict[str, set[str]] = {case: set() for case in at}
        passed: dict[str, set[str]] = {case: {case} for case in at}
        while at:
            loaded = await load(sorted(set(at.values())))
            onward: dict[str, str] = {}
            for asked, here in at.items():
                if here in loaded:
                    case, keys = loaded[here]
                    done[asked] |= keys
                    if (following := case.merged_into) is None:
                        homes[asked] = case, done[asked]
                else:
                    following = await self._instead(here)
                if following in passed[asked]:
                    raise LookupError(f"the case {asked} was merged round in a circle, by {following}")
                if following is not None:
                    passed[asked].add(following)
                    onward[asked] = following
            at = onward
        return homes

    async def _instead(self, case: str) -> str | None:
        """For a case that was never opened, because its report was attached elsewhere: the case that has the report."""
        if self._links is None:
            return None
        report = opening_report(case)
        link = (await self._links.by_report([report])).get(report)
        return link.case if link is not None and link.case != case else None
