"""Who may see a case: units whose subtree holds its owner, the unit it is offered or assigned to, or its ground.

The answer is stored with the case (``seen_by``), so that the subtree is checked inside the query's own filter.
"""

from services.router.domain.case import Case
from shared.city.pack import Pack


def seen_by(case: Case, pack: Pack) -> list[str]:
    """Ids of every unit that sees the case; of a confidential one nobody above or beside who has it."""
    if case.confidential:
        return sorted({unit for unit in (case.unit, case.offered_to, case.assignee) if unit and unit in pack.units})
    units = {unit.id for unit in case.path}
    for other in (case.offered_to, case.assignee, ground(case, pack)):
        if other is not None and other in pack.units:
            units.update(pack.units[other].path)
    return sorted(units)


def is_guest(case: Case, unit: str, pack: Pack) -> bool:
    """Whether ``unit`` neither has the case, nor lies above or below who has it: it sees what is offered, no more."""
    known = pack.units.get(unit)
    return all(unit != on_path.id for on_path in case.path) and (known is None or case.unit not in known.path)


def ground(case: Case, pack: Pack) -> str | None:
    """The unit on whose ground the case lies, as long as it is the owner's ground too."""
    within = pack.units.get(case.within or "")
    return within.id if within is not None and case.unit in within.path else None
