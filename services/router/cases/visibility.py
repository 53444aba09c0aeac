"""Who may see a case: its owner, units that it is offered or assigned to, that are called in or consulted, or on whose
ground it lies, each with the units above it; and the person to whom it is assigned, wherever he is placed. Whoever the
case is about does not see it (``cases.recusal``), whatever else he is.

Only this module makes the list. The result is stored with the case (``seen_by``), so that queries filter by it, and is
in every event, so that intake, streams and alerts use the same list.
"""

from services.router.cases.recusal import is_recused
from services.router.domain.case import Case
from shared.city.pack import Pack
from shared.contracts.sight import as_person


def seen_by(case: Case, pack: Pack) -> list[str]:
    """Units and persons (``shared.contracts.sight``). A confidential case is not seen by units above or beside."""
    person, unit = _assigned(case, pack)
    parties = case.consultation.parties if case.consultation is not None else ()
    others = (case.offered_to, *(part.unit for part in case.parts), *parties)
    if case.confidential:
        seeing = {id_ for id_ in (case.unit, unit, *others) if id_ and id_ in pack.units}
    else:
        seeing = _hands(case, pack)
        for other in (*others, *_may_lie_with(case)):
            if other is not None and other in pack.units:
                seeing.update(pack.units[other].path)
        if case.sensitive is not None and case.sensitive.told in pack.units:
            seeing.add(case.sensitive.told)
    seeing = {unit for unit in seeing if not is_recused(case, unit, pack)}
    if person is not None and person in pack.people and is_recused(case, pack.people[person].unit, pack):
        person = None
    return sorted(seeing | ({as_person(person)} if person is not None else set()))


def is_guest(case: Case, unit: str, person: str, pack: Pack) -> bool:
    """Whether ``unit`` is only a guest: the case is offered to it, or it is called in or consulted, or the place of a
    danger may be its own; and the case is not assigned to ``person``."""
    return unit not in _hands(case, pack) and person != _assigned(case, pack)[0]


def _assigned(case: Case, pack: Pack) -> tuple[str | None, str | None]:
    """The person or the unit to whom it is assigned. An id that is both means the person, as when assigning."""
    id_ = case.assignee
    if id_ is None or id_ in pack.people or id_ not in pack.units:
        return id_, None
    return None, id_


def _hands(case: Case, pack: Pack) -> set[str]:
    """Units that work on it: the owner, those above it, its ground, and a unit to which it is assigned; of a danger
    whose place is asked for, units below the owner where it may be: whoever knows it goes there."""
    units = {unit.id for unit in case.path}
    below = [id_ for id_ in _may_lie_with(case) if id_ in pack.units and case.unit in pack.units[id_].path]
    for other in (_assigned(case, pack)[1], ground(case, pack), *below):
        if other is not None and other in pack.units:
            units.update(pack.units[other].path)
    return units


def _may_lie_with(case: Case) -> tuple[str, ...]:
    """Of a danger whose place is asked for, the units on whose ground it may be."""
    if case.place_question is None or case.priority != "danger":
        return ()
    return tuple(one.unit for one in case.place_question.candidates)


def ground(case: Case, pack: Pack) -> str | None:
    """The unit on whose ground the case lies, if that unit is below the owner; else None."""
    within = pack.units.get(case.within or "")
    return within.id if within is not None and case.unit in within.path else None
