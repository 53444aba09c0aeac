"""Where a report hangs by now: the walk from a case to the one that it was merged into, be that merged again or not.

All who write on "the case of that report" take this walk. What was done on a case on the way is done, so that nothing
is applied a second time because the case was merged in between.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from services.router.cases.case_store import CaseStore
from services.router.dedup.report_links import Links
from services.router.domain.case import Case
from shared.kernel.ids import opening_report

Loaded = dict[str, tuple[Case, set[str]]]
"""Cases by id, each with a set of what was done on it."""


class MergeChain:
    """Follows ``merged_into`` from case to case. It visits each case once, so that a circle ends."""

    def __init__(self, store: CaseStore, links: Links | None = None) -> None:
        """``links``: where the report of a case hangs that nobody opened; None: such cases are not asked for."""
        self._store = store
        self._links = links

    async def ends_of(self, cases: Iterable[str]) -> Loaded:
        """By each of ``cases`` the one that it is or was merged into, with the reports attached there and on the way.

        Raises ``TimeoutError`` for a case that is not there yet, ``LookupError`` for one that leads round in a circle.
        """
        asked = list(cases)
        homes = await self._walk(asked, self._store.load_all)
        if away := [case for case in asked if case not in homes]:
            raise TimeoutError(f"the case {away[0]} is not there yet")
        return homes

    async def unless_done(self, case: str, key: str) -> tuple[Case, bool] | None:
        """The case that ``case`` is or was merged into, and whether ``key`` changed it or one on the way; None: not
        there.

        Raises ``LookupError`` for one that leads round in a circle.
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
        """Of a case that was never opened, because others had placed its report: where that hangs."""
        if self._links is None:
            return None
        report = opening_report(case)
        link = (await self._links.by_report([report])).get(report)
        return link.case if link is not None and link.case != case else None
