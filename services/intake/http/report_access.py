"""Whether an officer sees a report: as the router decided who sees its case, which came with the case's state; and what
he entered for somebody himself."""

from collections.abc import Iterable

from services.intake.http.batch_routes import APPS
from services.intake.reports.progress_record import CaseProgress, ReportStatus
from shared.city.pack import Pack
from shared.contracts.sight import as_person
from shared.kernel.vocabulary import DESK_ROLES
from shared.runtime.identity.directory import Principal


def sees(who: Principal, cases: Iterable[CaseProgress], pack: Pack) -> bool:
    """Whether an officer sees a report of which ``cases`` came: one of them at least. Without a case nobody does."""
    return who.sight is not None and any(
        who.sight.sees(case.seen_by or _as_before(case, pack), closed_to_stand_ins=case.closed_to_stand_ins)
        for case in cases
    )


def entered(who: Principal, status: ReportStatus) -> bool:
    """Whether an officer answers for a report that was entered for somebody: who entered it himself, and unless it is
    confidential the desk of the unit where that was, since the reporter calls there again. Nobody does so once a unit
    is recused from its case: it may be his own."""
    report = status.report
    if report.entered_by is None or any(case.recused for case in status.cases):
        return False
    if report.entered_by == who.person:
        return True
    return not report.confidential and report.entered_unit in who.units and who.role in DESK_ROLES


def as_seen(status: ReportStatus, who: Principal, pack: Pack) -> ReportStatus | None:
    """With those of its cases that an officer sees; None where he sees none and did not enter it. Others see all."""
    if who.kind != "officer" or entered(who, status):
        return status
    seen = status.only(lambda case: sees(who, [case], pack))
    return ReportStatus(status.report) if seen is None and status.report.entered_by == who.person else seen


def reads_words(who: Principal, status: ReportStatus) -> bool:
    """Whether the words of the report are shown: officers read those of a sensitive case on the case, where it is
    recorded."""
    return who.kind in APPS | {"rider"} or not any(case.sensitive for case in status.cases)


def _as_before(case: CaseProgress, pack: Pack) -> set[str]:
    """For states that 0.1.0 stored, which do not say it: owner, ground, whom it is offered or assigned to, all above.

    A confidential one is seen by owner, offered and assigned alone.
    """
    person = {as_person(case.assignee)} if case.assignee else set()
    if case.confidential:
        return person | {name for name in (case.unit, case.offered_to, case.assignee) if name}
    seen = person | set(case.path)
    within = pack.units.get(case.within or "")
    others = [pack.units.get(name or "") for name in (case.offered_to, case.assignee)]
    for unit in (*others, within if within is not None and case.unit in within.path else None):
        if unit is not None:
            seen.update(unit.path)
    return seen
