"""Who may see a case: units whose subtree holds its owner, a unit that it is offered or assigned to, that is called in
or consulted, or its ground.

The answer is stored with the case (``seen_by``), so that the subtree is checked inside the query's own filter.
"""

from services.router.domain.case import Case
from shared.city.pack import Pack


def seen_by(case: Case, pack: Pack) -> list[str]:
    """Ids of every unit that sees the case."""
    units = _hands(case, pack)
    parties = case.consultation.parties if case.consultation is not None else ()
    for other in (case.offered_to, *(part.unit for part in case.parts), *parties):
        if other is not None and other in pack.units:
            units.update(pack.units[other].path)
    return sorted(units)


def is_guest(case: Case, unit: str, pack: Pack) -> bool:
    """Whether the case is in others' hands: ``unit`` is offered it, called in or consulted, no more."""
    return unit not in _hands(case, pack)


def _hands(case: Case, pack: Pack) -> set[str]:
    """The owner, those above it, and those below whose ground it is or to whom it is assigned."""
    units = {unit.id for unit in case.path}
    for other in (case.assignee, ground(case, pack)):
        if other is not None and other in pack.units:
            units.update(pack.units[other].path)
    return units


def ground(case: Case, pack: Pack) -> str | None:
    """The unit on whose ground the case lies, as long as it is the owner's ground too."""
    within = pack.units.get(case.within or "")
    return within.id if within is not None and case.unit in within.path else None
