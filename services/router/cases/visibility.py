"""Who may see a case: units whose subtree holds its owner, a unit that it is offered or assigned to, that is called in
or consulted, or its ground; and the person to whom it is assigned, wherever he is placed.

This is the one place that decides it. The answer is stored with the case (``seen_by``), so that it is checked inside
the query's own filter, and crosses with every event, so that intake, streams and alerts look it up and nothing else.
"""

from services.router.domain.case import Case
from shared.city.pack import Pack
from shared.contracts.sight import as_person


def seen_by(case: Case, pack: Pack) -> list[str]:
    """Units and persons (``shared.contracts.sight``); of a confidential case nobody above or beside those concerned."""
    person, unit = _assigned(case, pack)
    parties = case.consultation.parties if case.consultation is not None else ()
    others = (case.offered_to, *(part.unit for part in case.parts), *parties)
    if case.confidential:
        seeing = {id_ for id_ in (case.unit, unit, *others) if id_ and id_ in pack.units}
    else:
        seeing = _hands(case, pack)
        for other in others:
            if other is not None and other in pack.units:
                seeing.update(pack.units[other].path)
    return sorted(seeing | ({as_person(person)} if person is not None else set()))


def is_guest(case: Case, unit: str, person: str, pack: Pack) -> bool:
    """Whether the case is in others' hands: ``unit`` is offered it, called in or consulted, no more, and it is not
    assigned to ``person``."""
    return unit not in _hands(case, pack) and person != _assigned(case, pack)[0]


def _assigned(case: Case, pack: Pack) -> tuple[str | None, str | None]:
    """The person or the unit that has it in hand. An id that is both means the person, as when it was assigned."""
    id_ = case.assignee
    if id_ is None or id_ in pack.people or id_ not in pack.units:
        return id_, None
    return None, id_


def _hands(case: Case, pack: Pack) -> set[str]:
    """The owner, those above it, and those below whose ground it is or to whom it is assigned."""
    units = {unit.id for unit in case.path}
    for other in (_assigned(case, pack)[1], ground(case, pack)):
        if other is not None and other in pack.units:
            units.update(pack.units[other].path)
    return units


def ground(case: Case, pack: Pack) -> str | None:
    """The unit on whose ground the case lies, as long as it is the owner's ground too."""
    within = pack.units.get(case.within or "")
    return within.id if within is not None and case.unit in within.path else None
