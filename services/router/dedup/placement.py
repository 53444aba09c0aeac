"""Decides which case each report of a batch belongs to, and stores the decision as links, which are not revised."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.router.cases.case_store import CaseStore
from services.router.cases.dedup_from_pack import rule_of, says
from services.router.dedup.cell_index import CellIndex
from services.router.dedup.report_links import Link, Links
from services.router.domain.attachment import ArrivedReport
from services.router.domain.case import Case
from services.router.domain.events import Opened
from services.router.domain.matching import KnownCase, belongs
from services.router.domain.same_hazard.similarity import SameRule, by_photo
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.contracts.reports import ReportSubmitted
from shared.kernel.vocabulary import FeedbackKind


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A new report with the case that it would open."""

    report: ReportSubmitted
    case: Case
    opened: Opened
    pack: Pack
    trace: str


@dataclass(frozen=True, slots=True)
class JoiningReport:
    """A report that belongs to ``link.case``, which another report opened."""

    link: Link
    arrived: ArrivedReport
    trace: str


@dataclass(frozen=True, slots=True)
class _Search:
    """A new report with the rule and the cell keys by which its case is searched."""

    newcomer: Newcomer
    rule: SameRule
    keys: list[str]
    says: FeedbackKind | None

    @property
    def known(self) -> KnownCase:
        """The case that it would open, in the form with which later reports of the batch are compared."""
        case = self.newcomer.case
        assert case.traits is not None  # noqa: S101 - only such are looked for
        handled = case.found is not None
        return KnownCase(case.id, case.state, case.traits, case.opened_at, case.opened_at, handled=handled)


class Placement:
    """Decides for each report whether it opens a case or is attached to one."""

    def __init__(self, store: CaseStore, links: Links) -> None:
        self._store = store
        self._links = links

    async def placed(self, newcomers: Sequence[Newcomer]) -> tuple[list[Newcomer], list[JoiningReport]]:
        """Reports that open a case, and reports that belong to another's case. One query for links, two for cases."""
        chosen = [one for one in newcomers if one.report.same_as is not None]
        alone, joining = await self._as_chosen(chosen) if chosen else ([], [])
        searched = [one for one in newcomers if one.report.same_as is None]
        found = await self._as_found(searched)
        return [*alone, *found[0]], [*joining, *found[1]]

    async def _as_chosen(self, chosen: Sequence[Newcomer]) -> tuple[list[Newcomer], list[JoiningReport]]:
        """Of reports for which an officer named a case: they hang on it while it is open; else each opens its own."""
        links = await self._links.by_report([one.report.report for one in chosen])
        fresh = [one for one in chosen if one.report.report not in links]
        cities = await self._store.open_cities([one.report.same_as or "" for one in fresh])
        links |= await self._links.decide([_chosen(one, cities) for one in fresh])
        alone: list[Newcomer] = []
        joining: list[JoiningReport] = []
        for one in chosen:
            link = links[one.report.report]
            if link.said is None:
                alone.append(one)
            elif link.on is None:
                joining.append(JoiningReport(link, arrived(link, one.case), one.trace))
        return alone, joining

    async def _as_found(self, newcomers: Sequence[Newcomer]) -> tuple[list[Newcomer], list[JoiningReport]]:
        alone = [one for one in newcomers if one.case.traits is None]
        looked = [_looked(one) for one in newcomers if one.case.traits is not None]
        if not looked:
            return alone, []
        looked.sort(key=lambda one: (one.newcomer.report.received_at, one.newcomer.report.report))
        links = await self._links.by_report([one.newcomer.report.report for one in looked])
        fresh = [one for one in looked if one.newcomer.report.report not in links]
        decided = self._decided(fresh, await self._around(fresh)) if fresh else {}
        links |= await self._links.decide([link for link, _ in decided.values()])
        joining: list[JoiningReport] = []
        for one in looked:
            newcomer, link = one.newcomer, links[one.newcomer.report.report]
            if link.case == newcomer.case.id and link.said is None:
                earlier = decided[link.report][1] if link.report in decided else None
                alone.append(dataclasses.replace(newcomer, case=replace(newcomer.case, linked_to=earlier)))
            elif link.on is None:
                joining.append(JoiningReport(link, arrived(link, newcomer.case), newcomer.trace))
        return alone, joining

    async def _around(self, looked: Sequence[_Search]) -> CellIndex:
        keys = {key for one in looked for key in one.keys}
        first = min(one.newcomer.report.received_at for one in looked)
        around = CellIndex(await self._store.places(sorted(keys), first - timedelta(seconds=1)))
        near = {id_ for o in looked for id_ in around.within(o.known.traits, o.keys, o.rule.radius_m)}
        for known in await self._store.compared(sorted(near)):
            around.put(known)
        return around

    def _decided(self, looked: Sequence[_Search], around: CellIndex) -> dict[str, tuple[Link, str | None]]:
        """Report → its link, and the earlier case that its own case is linked to. Decided in the order of arrival."""
        decided: dict[str, tuple[Link, str | None]] = {}
        for one in looked:
            report, case = one.newcomer.report, one.newcomer.case
            own = one.known
            near = around.known(one.keys)
            handled = report.handled is not None
            verdict = belongs(own.traits, report.received_at, case.id, near, one.rule, one.says, handled=handled)
            link = Link(report=report.report, city=case.city, case=case.id, received_at=report.received_at, rev=0)
            if verdict.case is None:
                around.put(own)
            else:
                joined = next(known for known in near if known.id == verdict.case)
                seen = by_photo(own.traits, joined.traits, one.rule)
                link = replace_link(link, verdict.case, report, one.says, seen=seen)
                if one.says is None and report.received_at > joined.reported_at:
                    around.put(dataclasses.replace(joined, reported_at=report.received_at))
            decided[report.report] = link, verdict.linked_to
        return decided


def _chosen(newcomer: Newcomer, cities: Mapping[str, str]) -> Link:
    """``cities``: the city of each case that is open and may be chosen. What is about the unit that has that case, or
    may be sensitive, opens its own: its words are not for those who read that one."""
    report, own = newcomer.report, newcomer.case
    link = Link(report=report.report, city=own.city, case=own.id, received_at=report.received_at, rev=0)
    named = report.same_as
    if named is None or named == own.id or own.discreet or cities.get(named) != own.city:
        return link
    return replace_link(link, named, report, "fixed" if report.handled is not None else None, seen=False)


def replace_link(link: Link, case: str, report: ReportSubmitted, says_: FeedbackKind | None, *, seen: bool) -> Link:
    """``link`` pointing to another report's case, with the report's content. ``seen``: matched by its photo alone."""
    return Link(
        report=link.report,
        city=link.city,
        case=case,
        received_at=link.received_at,
        says=says_,
        said=report,
        by_photo=seen,
    )


def arrived(link: Link, would_be: Case) -> ArrivedReport:
    """An attached report; ``would_be``: the case that it would have opened; its first line has what a finder did."""
    handled = would_be.history[0] if link.said is not None and link.said.handled is not None else None
    text = would_be.description if link.says is not None else ""
    return ArrivedReport(
        report=would_be.reports[0],
        priority=would_be.priority,
        says=link.says,
        text=text,
        link=link.rev,
        quiet=would_be.quiet_until is not None,
        handled=handled,
    )


def _looked(newcomer: Newcomer) -> _Search:
    same = newcomer.pack.categories[newcomer.case.category].same
    traits = newcomer.case.traits
    assert same is not None and traits is not None  # noqa: S101 - traits are made where there is a rule
    rule = rule_of(same)
    return _Search(newcomer, rule, traits.keys(rule.radius_m), says(newcomer.report, newcomer.pack))
