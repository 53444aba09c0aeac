"""Which case each report of a batch belongs to, decided once: the links that are written here hold from then on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.router.cases.case_store import CaseStore
from services.router.cases.dedup_from_pack import rule_of, says
from services.router.dedup.cell_index import CellIndex
from services.router.dedup.report_links import Link, Links
from services.router.domain.attachment import ArrivedReport
from services.router.domain.case import Case
from services.router.domain.events import Opened
from services.router.domain.matching import KnownCase, belongs
from services.router.domain.similarity import SameRule, by_photo
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
    """A new report, and by what its case is searched for."""

    newcomer: Newcomer
    rule: SameRule
    keys: list[str]
    says: FeedbackKind | None

    @property
    def known(self) -> KnownCase:
        """The case that it would open, as later reports of the batch are compared with it."""
        case = self.newcomer.case
        assert case.traits is not None  # noqa: S101 - only such are looked for
        return KnownCase(case.id, case.state, case.traits, case.opened_at, case.opened_at)


class Placement:
    """Decides for each report whether it opens a case or is attached to one."""

    def __init__(self, store: CaseStore, links: Links) -> None:
        self._store = store
        self._links = links

    async def placed(self, newcomers: Sequence[Newcomer]) -> tuple[list[Newcomer], list[JoiningReport]]:
        """Reports that open a case, and reports that belong to another's case. One query for links, two for cases."""
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
                alone.append(replace(newcomer, case=replace(newcomer.case, linked_to=earlier)))
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
        """Report → its link, and the earlier case that its own is linked to; in the order of their arrival."""
        decided: dict[str, tuple[Link, str | None]] = {}
        for one in looked:
            report, case = one.newcomer.report, one.newcomer.case
            own = one.known
            near = around.known(one.keys)
            verdict = belongs(own.traits, report.received_at, case.id, near, one.rule, one.says)
            link = Link(report=report.report, city=case.city, case=case.id, received_at=report.received_at, rev=0)
            if verdict.case is None:
                around.put(own)
            else:
                joined = next(known for known in near if known.id == verdict.case)
                seen = by_photo(own.traits, joined.traits, one.rule)
                link = replace_link(link, verdict.case, report, one.says, seen=seen)
                if one.says is None and report.received_at > joined.reported_at:
                    around.put(replace(joined, reported_at=report.received_at))
            decided[report.report] = link, verdict.linked_to
        return decided


def replace_link(link: Link, case: str, report: ReportSubmitted, says_: FeedbackKind | None, *, seen: bool) -> Link:
    """``link`` to another's case, with what the report said. ``seen``: by its photo alone."""
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
    """An attached report; ``would_be``: the case that it would have opened."""
    text = would_be.description if link.says is not None else ""
    return ArrivedReport(
        report=would_be.reports[0], priority=would_be.priority, says=link.says, text=text, link=link.rev
    )


def _looked(newcomer: Newcomer) -> _Search:
    same = newcomer.pack.categories[newcomer.case.category].same
    traits = newcomer.case.traits
    assert same is not None and traits is not None  # noqa: S101 - traits are made where there is a rule
    rule = rule_of(same)
    return _Search(newcomer, rule, traits.keys(rule.radius_m), says(newcomer.report, newcomer.pack))
