"""Whether an officer sees a report: as the router decided who sees its case, which came with the case's state."""

from collections.abc import Iterable

from services.intake.reports.progress_record import CaseProgress
from shared.city.pack import Pack
from shared.contracts.sight import as_person
from shared.runtime.identity.directory import Principal


def sees(who: Principal, cases: Iterable[CaseProgress], pack: Pack) -> bool:
    """Whether an officer sees a report of which ``cases`` came: one of them at least. Without a case nobody does."""
    return who.sight is not None and any(
        who.sight.sees(case.seen_by or _as_before(case, pack), confidential=case.confidential) for case in cases
    )


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
