"""Whether an officer sees a report: as the router decided who sees its case, which came with the case's state."""

from shared.city.pack import Pack
from shared.contracts.sight import as_person
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Document


def sees(who: Principal, report: Document, pack: Pack) -> bool:
    """Whether an officer sees ``report``: one of the cases that came of it. Nobody does while there is none."""
    cases: list[Document] = [case for case in (report.get("case"), *report.get("also", ())) if case]
    return who.sight is not None and any(
        who.sight.sees(case.get("seen_by") or _as_before(case, pack), confidential=bool(case.get("confidential")))
        for case in cases
    )


def _as_before(case: Document, pack: Pack) -> set[str]:
    """For states that 0.1.0 stored, which do not say it: owner, ground, whom it is offered or assigned to, all above.

    A confidential one is seen by owner, offered and assigned alone.
    """
    person = {as_person(case["assignee"])} if case.get("assignee") else set()
    if case.get("confidential"):
        return person | {case[name] for name in ("unit", "offered_to", "assignee") if case.get(name)}
    seen = person | set(case.get("path", ()))
    within = pack.units.get(case.get("within") or "")
    others = [pack.units.get(case.get(name) or "") for name in ("offered_to", "assignee")]
    for unit in (*others, within if within is not None and case["unit"] in within.path else None):
        if unit is not None:
            seen.update(unit.path)
    return seen
