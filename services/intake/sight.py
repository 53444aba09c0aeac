"""Which units see a report: those that see its case, as the router has it."""

from shared.city.pack import Pack
from shared.runtime.mongo import Document


def units_that_see(report: Document, pack: Pack) -> set[str]:
    """Owner, ground, whom it is offered or assigned to, all above; nobody while there is no case."""
    case: Document = report.get("case") or {}
    seen = set(case.get("path", ()))
    within = pack.units.get(case.get("within") or "")
    others = [pack.units.get(case.get(name) or "") for name in ("offered_to", "assignee")]
    for unit in (*others, within if within is not None and case["unit"] in within.path else None):
        if unit is not None:
            seen.update(unit.path)
    return seen
