"""Who is told of a confidential case: those who may see it, and nobody else.

Where a ladder or a watch names a desk that may not, the named handlers hear of it instead. Where none of them is there,
that desk hears that something lies at a unit, without any words and without the case.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from services.notifier.alerts.on_duty import Lack, reached
from services.notifier.domain.recipients import Notice
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.rota import Changes
from shared.contracts.cases import CaseState
from shared.contracts.sight import names_of

Reached = Mapping[str, tuple[Notice, tuple[Lack, ...]]]
"""By person: the notice that means him, and the posts that he should know to have nobody."""


def told(notices: Iterable[Notice], case: CaseState, pack: Pack, at: datetime, since: Changes) -> Reached:
    """Everybody whom the notices of an event reach, as far as they may see the case."""
    everybody = reached(notices, pack, at, since)
    return _discreet(everybody, case, pack, at, since) if case.confidential else everybody


def _discreet(everybody: Reached, case: CaseState, pack: Pack, at: datetime, since: Changes) -> Reached:
    seeing = set(case.seen_by) or _as_before(case, pack)
    may = {id_: told_ for id_, told_ in everybody.items() if _sees(pack.people[id_], seeing)}
    others = {id_: notice for id_, (notice, _) in everybody.items() if id_ not in may and notice.person != id_}
    if not others:
        return may
    first = next(iter(others.values()))
    for person in _handlers(case, seeing, pack, at, since):
        may.setdefault(person.id, (replace(first, unit=person.unit), ()))
    if may:
        return may
    return {id_: (Notice("unattended", pack.people[id_].unit), ()) for id_ in others}


def _sees(person: Person, seeing: set[str]) -> bool:
    return not names_of(person.unit, person.id).isdisjoint(seeing)


def _as_before(case: CaseState, pack: Pack) -> set[str]:
    """For events of 0.1.0, which do not say it: units whose officers see it; no one above or beside them does."""
    parts = (part.unit for part in case.parts)
    named = (case.unit, case.assignee, case.offered_to, *parts, *case.parties)
    return {unit for unit in named if unit is not None and unit in pack.units}


def _handlers(case: CaseState, seeing: set[str], pack: Pack, at: datetime, since: Changes) -> list[Person]:
    """Those whom the pack names for it who are appointed and not on leave; their shift may be another."""
    return [
        person
        for person in pack.people.values()
        if _sees(person, seeing)
        and pack.trust.is_handler(person.id, case.category, case.unit)
        and pack.posts.present(person.id, at, since)
    ]
